import { describe, expect, test } from 'vitest'
import {
  collect,
  drain,
  FedSource,
  judgeWith,
  partsOf,
  reading,
  scriptedGuard,
  shown,
  texts,
  wordGuard,
} from '../../../test/support/stream.ts'
import type { Policy, StreamBuffer, StreamPart, StreamStep } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { GuardedParts } from './guard-parts.ts'
import { guardParts } from './index.ts'

const FINISH: StreamPart = { type: 'finish', reason: 'stop' }
const LONG = 'a quiet day by the sea, and nothing else to tell of it '.repeat(4)
const never = (): Promise<never> => new Promise(() => undefined)
const step = (buffer: StreamBuffer, extra: Partial<StreamStep> = {}): StreamStep => ({
  findings: [],
  settled: buffer.end,
  keep: buffer.end,
  ...extra,
})

describe('a guard that fails', () => {
  const finding = (start: number, end: number, score = 1) => ({ label: 'x', score, span: { start, end } })
  const rubbish: readonly (readonly [string, (buffer: StreamBuffer) => unknown])[] = [
    [
      'throws',
      () => {
        throw new TypeError('boom')
      },
    ],
    [
      'throws nothing',
      () => {
        throw undefined
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
    ['returns undefined', () => undefined],
    ['returns a string', () => 'fine'],
    ['has no findings', (buffer) => ({ settled: buffer.end, keep: 0 })],
    ['settles NaN', (buffer) => step(buffer, { settled: Number.NaN })],
    ['settles what it has not seen', (buffer) => step(buffer, { settled: buffer.end + 1 })],
    ['keeps infinity', (buffer) => step(buffer, { keep: Infinity })],
    ['finds beyond the text', (buffer) => step(buffer, { findings: [finding(0, buffer.end + 5)] })],
    ['finds backwards', (buffer) => step(buffer, { findings: [finding(3, 2)] })],
    ['scores 7', (buffer) => step(buffer, { findings: [finding(0, 1, 7)] })],
    [
      'settles backwards',
      (() => {
        const seen = new WeakSet<StreamBuffer>()
        return (buffer: StreamBuffer) => {
          if (seen.has(buffer)) return step(buffer, { settled: 1, keep: 1 })
          seen.add(buffer)
          return step(buffer)
        }
      })(),
    ],
    ['allocates until it throws', () => 'x'.repeat(2 ** 30)],
  ]

  test.each(rubbish)('%s: the stream ends as guard_failed, nothing unjudged left', async (name, advance) => {
    const { judge } = judgeWith([scriptedGuard('g', advance as never)], { stream: { window: 20 } })
    const source = new FedSource()
    source.feed(...texts('x'.repeat(30), 'y'.repeat(30)), FINISH)
    const stream = guardParts(source, { judge })
    const out = await collect(stream)
    expect(out.at(-1)).toMatchObject({ type: 'error', error: { code: 'guard_failed' } })
    expect(shown(out)).toHaveLength(name === 'settles backwards' ? 30 : 0)
    expect(source.left).toBe(true)
    const result = await stream.result
    expect(result).toMatchObject({
      decision: 'error',
      error: { code: 'guard_failed' },
      guards: [{ guard: 'g', status: 'error' }],
    })
    expect(JSON.stringify(result)).not.toContain('boom')
  })

  test.each(rubbish)('%s: with onError pass it is dropped and recorded, the others go on', async (_, advance) => {
    const mask = wordGuard('m', ['sea'], { action: 'modify', replacement: 'C' })
    const { judge } = judgeWith([scriptedGuard('g', advance as never), mask], {
      onError: 'pass',
      stream: { window: 20 },
    })
    const stream = guardParts(partsOf([...texts(...(LONG.match(/.{1,7}/g) ?? [])), FINISH]), { judge })
    expect(shown(await collect(stream))).toBe(LONG.replaceAll('sea', 'C'))
    const result = await stream.result
    expect(result.decision).toBe('modify')
    expect(result.guards[0]).toMatchObject({ status: 'error' })
    expect(result.warnings).toHaveLength(1)
  })

  test('hangs: the stream ends as guard_timeout at its deadline', async () => {
    const { judge, clock } = judgeWith([scriptedGuard('g', never)], { deadlines: { guard: 100, stage: 1000 } })
    const stream = guardParts(partsOf([...texts(LONG.repeat(5)), FINISH]), { judge })
    const { parts, done } = reading(stream)
    await clock.advance(99)
    expect(parts).toEqual([])
    await clock.advance(1)
    await done
    expect(parts).toMatchObject([{ type: 'error', error: { code: 'guard_timeout' } }])
    expect((await stream.result).decision).toBe('timeout')
    expect(clock.pending).toBe(0)
  })

  test('hangs: with onError pass the text leaves after the deadline, once', async () => {
    const { judge, clock } = judgeWith([scriptedGuard('g', never)], {
      onError: 'pass',
      deadlines: { guard: 100, stage: 1000 },
    })
    const stream = guardParts(partsOf([...texts(LONG, LONG, LONG), FINISH]), { judge })
    const { parts, done } = reading(stream)
    await clock.advance(100)
    await done
    expect(shown(parts)).toBe(LONG.repeat(3))
    expect((await stream.result).guards[0]).toMatchObject({ status: 'timeout' })
  })

  test('a late answer of a guard that ran out of time is ignored', async () => {
    let answer: (value: StreamStep) => void = () => undefined
    const late = scriptedGuard(
      'g',
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    const { judge, clock } = judgeWith([late], { onError: 'pass', deadlines: { guard: 10, stage: 10 } })
    const source = new FedSource()
    const stream = guardParts(source, { judge })
    const { parts, done } = reading(stream)
    source.feed(...texts('hello'))
    await clock.advance(50)
    answer({ findings: [finding(0, 5)], settled: 5, keep: 5 })
    source.end()
    await clock.advance(1)
    await done
    expect(shown(parts)).toBe('hello')
    expect((await stream.result).decision).toBe('pass')
  })

  test('an early block does not wait for a guard that hangs', async () => {
    let signal: AbortSignal | undefined
    const hanging = scriptedGuard('h', never, { open: (request) => ((signal = request.signal), { advance: never }) })
    const { judge } = judgeWith([hanging, wordGuard('a', ['sea'], { later: true })])
    const stream = guardParts(partsOf([...texts(LONG), FINISH]), { judge })
    expect((await collect(stream)).at(-1)).toMatchObject({ error: { code: 'content_filter' } })
    expect(signal?.aborted).toBe(true)
    expect((await stream.result).guards.map(({ status }) => status)).toEqual(['cancelled', 'judged'])
  })

  test('a guard that does not exist stops the stream', async () => {
    const { judge } = judgeWith([wordGuard('a', ['zz'])])
    const gone = { ...judge, parts: { ...judge.parts, guards: new Map() } }
    const out = await collect(guardParts(partsOf(texts('hello')), { judge: gone }))
    expect(out).toMatchObject([{ type: 'error', error: { code: 'guard_failed' } }])
  })

  test('one that never settles although its spans are short is failed, not fed for ever', async () => {
    const { judge } = judgeWith([scriptedGuard('g', (buffer) => step(buffer, { settled: 0, keep: 0 }))], {
      stream: { window: 50 },
    })
    const endless = (async function* () {
      for (;;) yield { type: 'text', text: LONG } satisfies StreamPart
    })()
    expect(await collect(guardParts(endless, { judge }))).toMatchObject([
      { type: 'error', error: { code: 'guard_failed' } },
    ])
  })

  test.each([
    ['says nothing of its spans', undefined, 100],
    ['has short spans', 300, 300],
    ['has spans without measure', 1e9, 4096],
  ])('one that never settles and %s holds back so much and no more', async (_, maxSpan, held) => {
    const guard = scriptedGuard('g', (buffer) => step(buffer, { settled: buffer.ended ? buffer.end : 0, keep: 0 }))
    const { maxSpan: _own, ...rest } = guard
    const { judge } = judgeWith([maxSpan === undefined ? rest : { ...rest, maxSpan }], { stream: { window: 100 } })
    const source = new FedSource()
    const { parts } = reading(guardParts(source, { judge }))
    source.feed(...texts('x'.repeat(5000)))
    await drain()
    expect(shown(parts)).toHaveLength(5000 - held)
  })
})

describe('upstream', () => {
  const policy: Partial<Policy> = { stream: { window: 16 } }

  test.each([
    ['a plain error', new Error('socket'), 'upstream_error'],
    ['one of ours', new ParapetError('upstream_timeout', 'too slow'), 'upstream_timeout'],
  ])('that breaks with %s: unjudged text stays, the code is kept', async (_, cause, code) => {
    const { judge, clock } = judgeWith([wordGuard('a', ['hunter2'])], policy)
    const source = new FedSource()
    const stream = guardParts(source, { judge })
    const { parts, done } = reading(stream)
    source.feed(...texts(`${LONG}hunte`))
    await clock.advance(10)
    source.break(cause)
    await done
    expect(shown(parts)).not.toContain('hunt')
    expect(parts.at(-1)).toMatchObject({ type: 'error', error: { code } })
    expect(await stream.result).toMatchObject({
      decision: code === 'upstream_timeout' ? 'timeout' : 'error',
      error: { code },
    })
  })

  test.each([
    null,
    7,
    {},
    { type: 'text' },
    { type: 'text', text: 5 },
    { type: 'magic' },
    { type: 'text', text: 'x', choice: -1 },
    { type: 'file', data: '' },
    { type: 'tool-input', text: '' },
  ])('that sends %j instead of a part is an upstream error', async (part) => {
    const { judge } = judgeWith([wordGuard('a', ['zz'])])
    const out = await collect(guardParts(partsOf([part as never]), { judge }))
    expect(out).toMatchObject([{ type: 'error', error: { code: 'upstream_error' } }])
  })

  test('that stalls: what arrived is judged and shown meanwhile', async () => {
    const { judge, clock } = judgeWith([wordGuard('a', ['xy'])])
    const source = new FedSource()
    const { parts } = reading(guardParts(source, { judge }))
    source.feed(...texts('hi'))
    await clock.advance(10)
    expect(shown(parts)).toBe('')
    source.feed(...texts(' there'))
    await clock.advance(10)
    expect(shown(parts)).toBe('hi')
    source.end()
    await clock.advance(10)
    expect(shown(parts)).toBe('hi there')
  })

  test('is pulled only when something is wanted', async () => {
    const { judge } = judgeWith([wordGuard('a', ['xy'])], policy)
    let pulled = 0
    const endless = (async function* () {
      for (;;) {
        pulled += 1
        yield { type: 'text', text: 'word and word ' } satisfies StreamPart
      }
    })()
    const stream = guardParts(endless, { judge })[Symbol.asyncIterator]()
    for (let index = 0; index < 20; index += 1) await stream.next()
    await drain()
    expect(pulled).toBeLessThan(30)
    await stream.return?.()
  })
})

describe('a client that leaves', () => {
  test('by return while upstream hangs: answered at once, upstream cancelled', async () => {
    const { judge } = judgeWith([wordGuard('a', ['xy'])])
    const source = new FedSource()
    const upstream = new AbortController()
    const stream = guardParts(source, { judge, upstream })
    const iterator = stream[Symbol.asyncIterator]()
    const pending = iterator.next()
    await drain()
    await iterator.return?.()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(source.left).toBe(true)
    expect(upstream.signal.aborted).toBe(true)
    expect(await stream.result).toMatchObject({ decision: 'error', error: { code: 'aborted' } })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  test('by breaking out of the loop', async () => {
    const { judge } = judgeWith([wordGuard('a', ['xy'])], { stream: { window: 16 } })
    const source = new FedSource()
    const stream = guardParts(source, { judge })
    source.feed(...texts(LONG, LONG))
    for await (const _ of stream) break
    expect(source.left).toBe(true)
    expect((await stream.result).error?.code).toBe('aborted')
  })

  test.each(['while waiting', 'before it began', 'while a guard thinks'])('by its signal %s', async (when) => {
    const { judge, clock } = judgeWith([
      when === 'while a guard thinks' ? scriptedGuard('g', never) : wordGuard('a', ['xy']),
    ])
    const client = new AbortController()
    if (when === 'before it began') client.abort()
    const source = new FedSource()
    const stream = guardParts(source, { judge, signal: client.signal })
    const { parts, done } = reading(stream)
    source.feed(...texts(LONG))
    await clock.advance(5)
    client.abort()
    await done
    expect(parts.at(-1)).toMatchObject({ type: 'error', error: { code: 'aborted' } })
    expect(source.left).toBe(true)
    expect((await stream.result).decision).toBe('error')
    expect(clock.pending).toBe(0)
  })
})

describe('size', () => {
  test('5 MB in single and in huge pieces: memory stays near the window, the text is read about once', async () => {
    for (const size of [7, 1_000_000]) {
      let read = 0
      const { judge } = judgeWith(
        [wordGuard('m', ['sea'], { action: 'modify', replacement: 'C', onRead: (length) => (read += length) })],
        {
          stream: { window: 200 },
        },
      )
      const piece = LONG.repeat(Math.ceil(size / LONG.length)).slice(0, size)
      const count = Math.ceil(5_000_000 / size)
      const source = (async function* () {
        for (let index = 0; index < count; index += 1) yield { type: 'text', text: piece } satisfies StreamPart
      })()
      const producer = new GuardedParts(source, { judge })
      let most = 0
      let length = 0
      for (let part = await producer.produce(); part !== null; part = await producer.produce()) {
        most = Math.max(most, producer.source.answer.retained)
        length += 'text' in part ? part.text.length : 0
      }
      expect(length).toBeGreaterThan(4_500_000)
      expect(most).toBeLessThan(200 + size)
      expect(read).toBeLessThan(5_000_000 * 1.2)
    }
  })
})
