import { describe, expect, test } from 'vitest'
import {
  collect,
  FedSource,
  judgeWith,
  partsOf,
  reading,
  scriptedGuard,
  shown,
  texts,
  wordGuard,
} from '../../../test/support/stream.ts'
import type { Guard, Message, Policy, StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { CallModel, CallOptions } from './index.ts'
import { converse } from './index.ts'

const FINISH: StreamPart = { type: 'finish', reason: 'stop' }
const ask = (content: string): readonly Message[] => [{ role: 'user', content }]

/** A model that gives one answer after the other, and remembers how it was asked. */
function model(...answers: readonly (readonly string[])[]) {
  const calls: { messages: readonly Message[]; options: CallOptions }[] = []
  const call: CallModel = async (messages, options) => {
    calls.push({ messages, options })
    return partsOf([...texts(...(answers[calls.length - 1] ?? ['again'])), FINISH])
  }
  return { calls, call }
}

async function turn(guards: readonly Guard[], policy: Partial<Policy>, content: string, call: CallModel) {
  const { judge, events } = judgeWith(guards, policy)
  const stream = converse({ messages: ask(content) }, call, { judge })
  const out = await collect(stream)
  const decisions = events.filter(({ type }) => type === 'decision-made')
  expect(decisions).toHaveLength(1)
  return { out, result: await stream.result, decisions }
}

const input = (guard: string) => ({ rails: { input: [guard], output: [] } })
const output = (guard: string) => ({ rails: { input: [], output: [guard] } })

describe('a turn', () => {
  test('passes both ways with one decision', async () => {
    const { call, calls } = model(['fine', ' day'])
    const { out, result } = await turn([wordGuard('a', ['bad'])], {}, 'hello', call)
    expect(shown(out)).toBe('fine day')
    expect(out.at(-1)).toEqual(FINISH)
    expect(result.decision).toBe('pass')
    expect(result.guards.map(({ stage }) => stage)).toEqual(['input', 'output'])
    expect(calls).toHaveLength(1)
  })

  test('a blocked input never reaches the model', async () => {
    const { call, calls } = model()
    const { out, result } = await turn([wordGuard('a', ['bad'])], input('a'), 'bad', call)
    expect(out).toMatchObject([{ type: 'error', error: { code: 'content_filter' }, result: { decision: 'block' } }])
    expect(result).toBe((out[0] as { result: unknown }).result)
    expect(calls).toHaveLength(0)
  })

  test('a modified input reaches it modified', async () => {
    const { call, calls } = model()
    const { result } = await turn(
      [wordGuard('a', ['bad'], { action: 'modify', replacement: '*' })],
      input('a'),
      'so bad',
      call,
    )
    expect(calls[0]?.messages).toEqual(ask('so *'))
    expect(result.decision).toBe('modify')
  })

  test('a refused input and a refused answer are told in the policy’s words', async () => {
    const guard = wordGuard('a', ['bad'], { action: 'refuse' })
    const words = 'I cannot help with this request.'
    const asked = await turn([guard], input('a'), 'bad', model().call)
    expect(asked.out).toEqual([
      { type: 'text', choice: 0, text: words },
      { type: 'finish', choice: 0, reason: 'content_filter' },
    ])
    expect(asked.result).toMatchObject({ decision: 'refuse', text: words })
    const answered = await turn(
      [guard],
      { ...output('a'), stream: { window: 16 } },
      'hi',
      model(['something bad']).call,
    )
    expect(shown(answered.out)).toBe(words)
    const late = await turn(
      [guard],
      { ...output('a'), stream: { window: 16 } },
      'hi',
      model(['a long and decent beginning, ', 'and then bad']).call,
    )
    expect(shown(late.out)).toMatch(/^a long[^]*\n\nI cannot help with this request\.$/)
    expect(shown(late.out)).not.toContain('bad')
  })

  test('retry asks again with the reason, and says so', async () => {
    const guard = wordGuard('a', ['bad'], { action: 'retry', reason: 'Do not say it.' })
    const { call, calls } = model(['bad'], ['good'])
    const { out, result } = await turn([guard], output('a'), 'hi', call)
    expect(shown(out)).toBe('good')
    expect(calls[1]?.messages).toHaveLength(2)
    expect(calls[1]?.options).toMatchObject({ attempt: 1, feedback: 'Do not say it.' })
    expect(calls[0]?.options.signal.aborted).toBe(true)
    expect(result.decision).toBe('pass')
    expect(result.warnings).toHaveLength(1)
  })

  test('retry becomes a block when the retries are used up or something was shown', async () => {
    const guard = wordGuard('a', ['bad'], { action: 'retry' })
    const often = model(['bad'], ['bad'], ['bad'])
    const { out, result } = await turn([guard], { ...output('a'), retries: 1 }, 'hi', often.call)
    expect(often.calls).toHaveLength(2)
    expect(out).toMatchObject([{ type: 'error', error: { code: 'content_filter' } }])
    expect(result.decision).toBe('block')
    const late = model(['a long and decent beginning, ', 'and then bad'])
    const shownThen = await turn([guard], { ...output('a'), stream: { window: 16 } }, 'hi', late.call)
    expect(late.calls).toHaveLength(1)
    expect(shownThen.result.decision).toBe('block')
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('x')
      },
      'upstream_error',
    ],
    ['rejects', () => Promise.reject(new Error('secret detail')), 'upstream_error'],
    ['times out', () => Promise.reject(new ParapetError('upstream_timeout', 'slow')), 'upstream_timeout'],
    ['is limited', () => Promise.reject(new ParapetError('rate_limited', 'slow down')), 'rate_limited'],
    ['answers nonsense', () => Promise.resolve(5), 'upstream_error'],
  ] as const)('a model that %s', async (_, call, code) => {
    const { out, result } = await turn([wordGuard('a', ['bad'])], {}, 'hi', call as never)
    expect(out).toMatchObject([{ type: 'error', error: { code } }])
    expect(JSON.stringify(result)).not.toContain('secret')
  })

  test('an invalid conversation is input_invalid', async () => {
    const { judge } = judgeWith([wordGuard('a', ['bad'])])
    const out = await collect(converse({ messages: [{ role: 'user', content: 5 as never }] }, model().call, { judge }))
    expect(out).toMatchObject([{ type: 'error', error: { code: 'input_invalid' } }])
  })
})

describe('speculative', () => {
  const gate = () => {
    let open: () => void = () => undefined
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    return { open: () => open(), opened }
  }
  const slow = (opened: Promise<void>, action: 'block' | 'modify' | 'flag'): Guard =>
    scriptedGuard('s', () => ({ findings: [], settled: 0, keep: 0 }), {
      check: async ({ text }) => {
        await opened
        return {
          findings: [
            { label: 'x', score: 1, action, span: { start: 0, end: text.original.length }, replacement: 'clean' },
          ],
        }
      },
    })

  function start(action: 'block' | 'modify' | 'flag') {
    const { opened, open } = gate()
    const { judge, clock } = judgeWith([slow(opened, action)], { speculative: true, ...input('s') })
    const sources: FedSource[] = []
    const calls: { messages: readonly Message[]; options: CallOptions }[] = []
    const stream = converse(
      { messages: ask('hello') },
      async (messages, options) => {
        calls.push({ messages, options })
        const source = new FedSource()
        source.feed(...texts('answer'), FINISH)
        source.end()
        sources.push(source)
        return source
      },
      { judge },
    )
    return { open, clock, calls, sources, ...reading(stream), stream }
  }

  test('the model starts at once, nothing is shown before the verdict', async () => {
    const { open, clock, calls, sources, parts, done } = start('flag')
    await clock.advance(1)
    expect(calls).toHaveLength(1)
    expect(sources[0]?.pulls).toBe(1)
    expect(parts).toEqual([])
    open()
    await clock.advance(1)
    await done
    expect(shown(parts)).toBe('answer')
    expect(calls).toHaveLength(1)
  })

  test('a block aborts the call', async () => {
    const { open, clock, calls, sources, parts, done } = start('block')
    await clock.advance(1)
    open()
    await clock.advance(1)
    await done
    expect(parts).toMatchObject([{ type: 'error', error: { code: 'content_filter' } }])
    expect(calls[0]?.options.signal.aborted).toBe(true)
    expect(sources[0]?.left).toBe(true)
  })

  test('a modified input aborts it and asks anew', async () => {
    const { open, clock, calls, parts, done } = start('modify')
    await clock.advance(1)
    open()
    await clock.advance(1)
    await done
    expect(calls.map(({ messages }) => messages[0]?.content)).toEqual(['hello', 'clean'])
    expect(calls.map(({ options }) => options.signal.aborted)).toEqual([true, false])
    expect(shown(parts)).toBe('answer')
  })
})

describe('a client that leaves a turn', () => {
  test.each(['the input is judged', 'the model is called', 'the answer streams'])('while %s', async (when) => {
    const hanging = scriptedGuard('h', () => new Promise(() => undefined), {
      check: () => new Promise(() => undefined),
    })
    const { judge, clock } = judgeWith([when === 'the input is judged' ? hanging : wordGuard('a', ['bad'])])
    const client = new AbortController()
    let signal: AbortSignal | undefined
    const source = new FedSource()
    const stream = converse(
      { messages: ask('hi'), signal: client.signal },
      (_, options) => {
        signal = options.signal
        return when === 'the model is called' ? new Promise(() => undefined) : Promise.resolve(source)
      },
      { judge },
    )
    const { parts, done } = reading(stream)
    await clock.advance(1)
    client.abort()
    await clock.advance(1)
    await done
    expect(parts).toMatchObject([{ type: 'error', error: { code: 'aborted' } }])
    expect(await stream.result).toMatchObject({ decision: 'error', error: { code: 'aborted' } })
    if (when !== 'the input is judged') expect(signal?.aborted).toBe(true)
  })

  test('by return', async () => {
    const { judge, clock } = judgeWith([wordGuard('a', ['bad'])])
    const source = new FedSource()
    const stream = converse({ messages: ask('hi') }, async () => source, { judge })
    const iterator = stream[Symbol.asyncIterator]()
    const pending = iterator.next()
    await clock.advance(1)
    await iterator.return?.()
    expect((await pending).done).toBe(true)
    await clock.advance(1)
    expect(source.left).toBe(true)
    expect((await stream.result).error?.code).toBe('aborted')
  })
})
