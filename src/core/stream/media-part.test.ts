/** Files of a model's answer that are no text: judged by guards of media, in streams. */
import { describe, expect, test } from 'vitest'
import {
  collect,
  drain,
  FedSource,
  judgeWith,
  ManualClock,
  partsOf,
  reading,
  shown,
  texts,
  wordGuard,
} from '../../../test/support/stream.ts'
import type { FilePart, Guard, GuardReport, MediaCheck, MediaRequest, Policy, StreamPart } from '../../spec/index.ts'
import { converse, guardParts } from './index.ts'

const FINISH: StreamPart = { type: 'finish', reason: 'stop' }
const IMAGE: FilePart = { type: 'file', mediaType: 'image/png', data: 'iVBORw0KGgo=' }
const clean: GuardReport = { findings: [] }
const finds = (action: 'flag' | 'modify' | 'retry' | 'refuse' | 'block'): GuardReport => ({
  findings: [{ label: 'image.odd', score: 1, action, reason: 'No such pictures.' }],
})

function eye(check: MediaCheck['check'], extra: Partial<Guard> = {}): { guard: Guard; asked: MediaRequest[] } {
  const asked: MediaRequest[] = []
  const media: MediaCheck = {
    types: ['image/*'],
    check(request) {
      asked.push(request)
      return check(request)
    },
  }
  return { asked, guard: { ...wordGuard('eye', ['never said']), media, ...extra } }
}

async function run(parts: readonly StreamPart[], guards: readonly Guard[], policy: Partial<Policy> = {}) {
  const { judge } = judgeWith(guards, policy)
  const stream = guardParts(partsOf(parts), { judge, prompt: 'draw', caller: { user: 'ann' } })
  const out = await collect(stream)
  return { out, result: await stream.result }
}

test('what the guard lets through goes on untouched, whatever the rule for media', async () => {
  for (const later of [false, true]) {
    const { guard, asked } = eye(() => (later ? Promise.resolve(clean) : clean))
    const { out, result } = await run([...texts('see '), IMAGE, FINISH], [guard])
    expect(out).toContain(IMAGE)
    expect(out.at(-1)).toBe(FINISH)
    expect(result.decision).toBe('pass')
    expect(asked).toMatchObject([
      {
        stage: 'output',
        field: 'response',
        aside: 'file',
        mediaType: 'image/png',
        source: IMAGE.data,
        prompt: 'draw',
        caller: { user: 'ann' },
      },
    ])
    expect(result.guards.map(({ guard, status }) => [guard, status])).toEqual([['eye', 'judged']])
  }
})

test('a flag shows it, a block ends the stream without it', async () => {
  const flagged = await run([IMAGE, FINISH], [eye(() => finds('flag')).guard])
  expect(flagged.out).toEqual([IMAGE, FINISH])
  expect(flagged.result.decision).toBe('flag')
  for (const action of ['block', 'refuse'] as const) {
    const { out, result } = await run([...texts('a'), IMAGE, ...texts('b'), FINISH], [eye(() => finds(action)).guard], {
      media: 'pass',
    })
    expect(out.filter(({ type }) => type !== 'text')).toMatchObject([{ type: 'error' }])
    expect(shown(out)).not.toContain('b')
    expect(result.decision).toBe(action)
  }
})

test('under modify a text stands in its place, in order, and is judged with the rest', async () => {
  const words = wordGuard('w', ['before [IMAGE.ODD]'], { action: 'modify', replacement: '#' })
  const parts: StreamPart[] = [
    ...texts('before '),
    IMAGE,
    ...texts(' after'),
    { ...IMAGE, choice: 1 },
    FINISH,
    { ...FINISH, choice: 1 },
  ]
  const { guard } = eye(() => finds('modify'))
  const { out, result } = await run(parts, [guard])
  expect(out.some(({ type }) => type === 'file')).toBe(false)
  expect(shown(out)).toBe('before [IMAGE.ODD] after')
  expect(shown(out, 'text', 1)).toBe('[IMAGE.ODD]')
  expect(result.decision).toBe('modify')
  expect(shown((await run(parts, [guard, words])).out)).toBe('# after')
  const beside = await run([{ ...IMAGE, beside: true }, ...texts('words'), FINISH], [guard])
  expect(beside.out).toMatchObject([{ type: 'text', text: 'words' }, FINISH])
})

test('every source is judged; without any the rule for media holds', async () => {
  const album: FilePart = { ...IMAGE, data: '{"album":2}', sources: ['https://a.example/1', 'https://a.example/2'] }
  const { guard, asked } = eye(({ source }) => (source.endsWith('2') ? finds('modify') : clean))
  expect(shown((await run([album, FINISH], [guard])).out)).toBe('[IMAGE.ODD]')
  expect(asked.map(({ source }) => source)).toEqual(album.sources)
  expect((await run([{ ...album, sources: [] }, FINISH], [guard])).result.decision).toBe('block')
  expect((await run([{ ...album, sources: [] }, FINISH], [guard], { media: 'flag' })).result.decision).toBe('flag')
  expect((await run([{ ...IMAGE, mediaType: 'audio/wav' }, FINISH], [guard])).result.decision).toBe('block')
  expect(asked).toHaveLength(2)
  const wrong = await run([{ ...album, sources: [1] as never }, FINISH], [guard])
  expect(wrong.result.error).toMatchObject({ code: 'upstream_error' })
})

test('a text file is still judged as text', async () => {
  const { guard, asked } = eye(() => clean, { media: { types: ['*/*'], check: () => finds('block') } })
  const note: FilePart = { type: 'file', mediaType: 'text/plain', data: 'words' }
  expect((await run([note, FINISH], [guard])).out).toEqual([note, FINISH])
  expect(asked).toHaveLength(0)
})

describe('a guard that fails', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['answers rubbish', () => null as never],
  ] satisfies [string, MediaCheck['check']][])('%s: nothing is shown', async (_name, check) => {
    const { out, result } = await run([IMAGE, FINISH], [eye(check).guard], { media: 'pass' })
    expect(out).toMatchObject([{ type: 'error', error: { code: 'guard_failed' } }])
    expect(result.decision).toBe('error')
    const lenient = await run([IMAGE, FINISH], [eye(check).guard], { onError: 'pass' })
    expect(lenient.out).toEqual([IMAGE, FINISH])
    expect(lenient.result.warnings).toHaveLength(1)
  })

  test('hangs: the stream ends at its deadline', async () => {
    const clock = new ManualClock()
    const { guard, asked } = eye(() => new Promise(() => undefined))
    const { judge } = judgeWith([guard], { deadlines: { guard: 300 } }, clock)
    const source = new FedSource()
    const stream = guardParts(source, { judge })
    const { parts, done } = reading(stream)
    source.feed(IMAGE, FINISH)
    await clock.advance(299)
    expect(parts).toEqual([])
    await clock.advance(1)
    await done
    expect(parts).toMatchObject([{ type: 'error', error: { code: 'guard_timeout' } }])
    expect(source.left).toBe(true)
    expect(asked[0]?.signal.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })
})

test('a reader that leaves cancels the guard', async () => {
  const { guard, asked } = eye(() => new Promise(() => undefined))
  const leave = new AbortController()
  const stream = guardParts(partsOf([IMAGE, FINISH]), { judge: judgeWith([guard]).judge, signal: leave.signal })
  const { parts, done } = reading(stream)
  await expect.poll(() => asked.length).toBe(1)
  leave.abort()
  await done
  expect(parts).toMatchObject([{ type: 'error', error: { code: 'aborted' } }])
  await drain()
  expect(asked[0]?.signal.aborted).toBe(true)
})

describe('in shadow', () => {
  const rails = { output: [{ guard: 'eye', shadow: true }] }

  test('nobody waits for the guard, and what it found is in the result', async () => {
    let answer: (report: GuardReport) => void = () => undefined
    const { guard } = eye(() => new Promise((resolve) => (answer = resolve)))
    const { judge } = judgeWith([guard], { rails, media: 'flag' })
    const stream = guardParts(partsOf([IMAGE, FINISH]), { judge })
    expect(await collect(stream)).toEqual([IMAGE, FINISH])
    answer(finds('block'))
    expect(await stream.result).toMatchObject({ decision: 'flag', shadowDecision: 'block' })
  })

  test('the rule for media decides, and would not without shadow', async () => {
    const { out, result } = await run([IMAGE, FINISH], [eye(() => clean).guard], { rails })
    expect(out).toMatchObject([{ type: 'error' }])
    expect(result).toMatchObject({ decision: 'block', shadowDecision: 'pass' })
    const whole = await run([IMAGE, FINISH], [eye(() => finds('block')).guard], { shadow: true })
    expect(whole.out).toEqual([IMAGE, FINISH])
    expect(whole.result).toMatchObject({ decision: 'pass', shadowDecision: 'block' })
  })

  test('of a whole policy nobody waits either, and the guard is asked once', async () => {
    let answer: (report: GuardReport) => void = () => undefined
    const { guard, asked } = eye(() => new Promise((resolve) => (answer = resolve)))
    const { judge } = judgeWith([guard], { shadow: true })
    const stream = guardParts(partsOf([IMAGE, FINISH]), { judge })
    expect(await collect(stream)).toEqual([IMAGE, FINISH])
    answer(finds('refuse'))
    expect(await stream.result).toMatchObject({ decision: 'pass', shadowDecision: 'refuse' })
    expect(asked).toHaveLength(1)
  })

  test('a stream that was stopped does not wait for it', async () => {
    const { guard } = eye(() => new Promise(() => undefined))
    const { out } = await run([IMAGE, ...texts('bad'), FINISH], [guard, wordGuard('w', ['bad'])], {
      rails: { output: [{ guard: 'eye', shadow: true }, 'w'] },
      media: 'pass',
    })
    expect(out.at(-1)).toMatchObject({ type: 'error', error: { code: 'content_filter' } })
  })
})

test('with `after` it is shown first and judged then; what nobody judges is not shown', async () => {
  const policy: Partial<Policy> = { stream: { mode: 'after' } }
  const seen = await run([IMAGE, ...texts('b'), FINISH], [eye(() => finds('block')).guard], policy)
  expect(seen.out).toMatchObject([IMAGE, { type: 'error' }])
  const kept = await run([IMAGE, FINISH], [eye(() => finds('modify')).guard], policy)
  expect(kept.out).toEqual([IMAGE, FINISH])
  const none = await run([{ ...IMAGE, mediaType: 'audio/wav' }, FINISH], [eye(() => clean).guard], policy)
  expect(none.out).toMatchObject([{ type: 'error' }])
})

test('a retry asks the model again', async () => {
  const { guard } = eye(({ source }) => (source === 'first' ? finds('retry') : clean))
  const { judge } = judgeWith([guard])
  const feedback: (string | undefined)[] = []
  const stream = converse(
    { messages: [{ role: 'user', content: 'draw' }] },
    async (_messages, options) => {
      feedback.push(options.feedback)
      return partsOf([{ ...IMAGE, data: options.attempt === 0 ? 'first' : 'second' }, FINISH])
    },
    { judge },
  )
  expect(await collect(stream)).toEqual([{ ...IMAGE, data: 'second' }, FINISH])
  expect(feedback).toEqual([undefined, 'No such pictures.'])
})

test('a long answer of texts and files has one line for each guard', async () => {
  const { guard } = eye(() => finds('flag'))
  const parts = Array.from({ length: 100 }, (_, choice): StreamPart[] => [
    { ...IMAGE, choice },
    { type: 'text', choice, text: 'words' },
    { type: 'file', mediaType: 'audio/wav', data: 'AAAA', choice },
    { ...FINISH, choice },
  ]).flat()
  const { out, result } = await run(parts, [guard, wordGuard('w', ['words'], { action: 'flag' })], { media: 'flag' })
  expect(out).toHaveLength(400)
  expect(result.guards.map(({ guard }) => guard).toSorted()).toEqual(['eye', 'media', 'w'])
  expect(result.guards.find(({ guard }) => guard === 'w')?.labels).toEqual(['rule.w'])
})
