/** Texts that are complete before their choice is, parts beside the answer, and turns that are shown as a whole. */
import { describe, expect, test } from 'vitest'
import {
  collect,
  FedSource,
  judgeWith,
  ManualClock,
  partsOf,
  reading,
  shown,
  wordGuard,
} from '../../../test/support/stream.ts'
import type { Guard, StreamPart } from '../../spec/index.ts'
import { converse, guardParts } from './index.ts'

const FINISH: StreamPart = { type: 'finish', reason: 'stop' }
const text = (words: string, more: object = {}): StreamPart => ({ type: 'text', text: words, ...more })
const thought = (words: string, more: object = {}): StreamPart => ({ type: 'reasoning', text: words, ...more })
/** Wants the whole text, and objects to an empty one. */
const whole: Guard = {
  specVersion: 'v1',
  id: 'whole',
  version: '1',
  stages: ['output'],
  check: ({ text: { original }, aside }) => ({
    findings:
      original === '' && aside === undefined ? [{ label: 'rule.empty', score: 1, action: 'block' as const }] : [],
  }),
}

async function run(parts: readonly StreamPart[], guards: readonly Guard[]) {
  const { judge } = judgeWith(guards)
  const stream = guardParts(partsOf(parts), { judge })
  return { out: await collect(stream), result: await stream.result }
}

describe('a text that is complete', () => {
  test.each([text, thought])('leaves at once, however much is held', async (part) => {
    const { judge } = judgeWith([whole])
    const source = new FedSource()
    const read = reading(guardParts(source, { judge }))
    source.feed(part('held'), part('', { last: true }))
    await new ManualClock().advance(0)
    expect(read.parts).toMatchObject([part('held'), part('')])
    source.feed(text('rest'), FINISH)
    source.end()
    await read.done
    expect(shown(read.parts)).toMatch(/rest$/)
  })

  test('and the next one is judged by itself', async () => {
    const guard = wordGuard('a', ['mango'], { action: 'modify', replacement: '*' })
    const { out } = await run([text('man', { last: true }), text('go mango'), FINISH], [guard])
    expect(shown(out)).toBe('mango *')
    const call = (words: string, more: object = {}): StreamPart => ({
      type: 'tool-input',
      call: 'c',
      text: words,
      ...more,
    })
    const calls = await run([call('{"a":"man'), call('go"}', { last: true }), FINISH], [guard])
    expect(shown(calls.out, 'tool-input')).toBe('{"a":"*"}')
  })

  test('has been said: nothing is missing at the end', async () => {
    expect((await run([text('x', { last: true }), FINISH], [whole])).result.decision).toBe('pass')
    expect((await run([thought('x', { last: true }), FINISH], [whole])).result.decision).toBe('block')
    expect((await run([text('', { last: true }), FINISH], [whole])).result.decision).toBe('block')
  })

  test('that is blocked stops the stream', async () => {
    const { out } = await run(
      [text('fine ', { last: true }), text('bad', { last: true }), text('never'), FINISH],
      [wordGuard('a', ['bad'], { action: 'block' })],
    )
    expect(shown(out)).toBe('fine ')
    expect(out.at(-1)).toMatchObject({ type: 'error' })
  })
})

describe('a part beside the answer', () => {
  const beside = (data: string): StreamPart => ({ type: 'file', mediaType: 'text/plain', data, beside: true })

  test('is judged, and is no answer', async () => {
    const guard = wordGuard('a', ['bad'], { action: 'modify', replacement: '*' })
    const { out, result } = await run([beside('so bad'), FINISH], [guard, whole])
    expect(shown(out, 'file')).toBe('so *')
    expect(result.decision).toBe('block')
    expect((await run([beside('so bad')], [wordGuard('a', ['bad'], { action: 'block' })])).out).toMatchObject([
      { type: 'error' },
    ])
  })

  test('leaves `retry` possible, which a text that was shown does not', async () => {
    const retry = wordGuard('a', ['bad'], { action: 'retry' })
    const turn = async (first: StreamPart, request: { whole?: boolean } = {}) => {
      const { judge } = judgeWith([retry])
      let calls = 0
      const stream = converse(
        { messages: [{ role: 'user', content: 'hi' }], ...request },
        () => Promise.resolve(partsOf((calls += 1) === 1 ? [first, text('bad'), FINISH] : [text('good'), FINISH])),
        { judge },
      )
      await collect(stream)
      return [(await stream.result).decision, calls]
    }
    expect(await turn(beside('metadata'))).toEqual(['pass', 2])
    expect(await turn(text('shown', { last: true }))).toEqual(['block', 1])
    expect(await turn(text('shown', { last: true }), { whole: true })).toEqual(['pass', 2])
  })

  test('a refusal of a turn that is shown as a whole stands alone', async () => {
    const { judge } = judgeWith([wordGuard('a', ['bad'], { action: 'refuse' })])
    const parts = [text('shown', { last: true }), text('bad'), FINISH]
    const words = async (whole: boolean): Promise<string> => {
      const turn = converse(
        { messages: [{ role: 'user', content: 'hi' }], whole },
        () => Promise.resolve(partsOf(parts)),
        { judge },
      )
      return shown(await collect(turn)).slice('shown'.length)
    }
    expect(await words(true)).toBe('I cannot help with this request.')
    expect(await words(false)).toBe('\n\nI cannot help with this request.')
  })
})

describe('times', () => {
  test('a result says when it began, and each guard when it was asked', async () => {
    const clock = new ManualClock()
    await clock.advance(500)
    const { judge } = judgeWith([wordGuard('a', ['bad'])], {}, clock)
    const checked = await judge.check({ prompt: 'x' })
    expect([checked.startedAt, checked.guards[0]?.startedAt, checked.guards[0]?.endedAt]).toEqual([500, 500, undefined])
    const stream = guardParts(partsOf([text('x', { last: true }), text('y'), FINISH]), { judge })
    await collect(stream)
    const streamed = await stream.result
    expect([streamed.startedAt, streamed.guards[0]?.startedAt, streamed.guards[0]?.endedAt]).toEqual([500, 500, 500])
  })

  test('nobody was asked, nothing is said', async () => {
    const { judge } = judgeWith([], { media: 'flag' })
    const { guards } = await judge.check({
      messages: [{ role: 'user', content: [{ type: 'media', mediaType: 'image/png', source: '' }] }],
    })
    expect(guards[0]).not.toHaveProperty('startedAt')
  })
})
