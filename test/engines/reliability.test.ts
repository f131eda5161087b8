/** Retries, limits, budgets and coalescing, on a clock that stands still until told to move. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ReliabilityOptions } from '../../src/engines/calls/index.ts'
import { createReliableEngine, engineFailure, failureReason } from '../../src/engines/calls/index.ts'
import type { Completion, CompletionEngine, CompletionOptions, EngineFailureReason } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import { createFakeClock } from '../../src/testing/index.ts'
import { completion, question, scriptedEngine, type ScriptedEngine } from './scripted-engine.ts'

const busy = engineFailure('server_error', 'Busy.', { status: 503 })

/** What became of a call: its text, the reason of its failure, or the code of its error; undefined while it is out. */
class Outcome {
  value: string | undefined

  constructor(call: Promise<Completion>) {
    call.then(
      ({ text }) => (this.value = text),
      (cause: unknown) => (this.value = failureReason(cause) ?? (cause as ParapetError).code),
    )
  }
}

interface Bench {
  readonly clock: ReturnType<typeof createFakeClock>
  readonly inner: ScriptedEngine
  readonly engine: CompletionEngine
  ask(text?: string, options?: CompletionOptions): Outcome
}

/** An engine with waits of exactly their bound, unless told otherwise. */
function bench(options: ReliabilityOptions = {}, inner: ScriptedEngine = scriptedEngine()): Bench {
  const clock = createFakeClock(1_000)
  const engine = createReliableEngine(inner, { clock, random: () => 0.999_999_999, ...options })
  return { clock, inner, engine, ask: (text, call) => new Outcome(engine.complete(question(text), call)) }
}

describe('retries', () => {
  test('waits double, up to a bound, and the number of attempts is limited', async () => {
    const { clock, inner, ask } = bench({ retries: 3, firstWait: 100, longestWait: 150 })
    const asked = ask()
    for (const [attempt, wait] of [100, 150, 150].entries()) {
      await clock.advance(0)
      inner.calls[attempt]?.fail(busy)
      await clock.advance(wait - 1)
      expect(inner.calls).toHaveLength(attempt + 1)
      await clock.advance(1)
      expect(inner.calls).toHaveLength(attempt + 2)
    }
    inner.calls[3]?.fail(busy)
    await clock.advance(10_000)
    expect([asked.value, inner.calls.length, clock.pending]).toEqual(['server_error', 4, 0])
  })

  test('an attempt that succeeds is the answer', async () => {
    const { clock, ask } = bench(
      {},
      scriptedEngine((_request, call) => {
        if (call === 0) throw engineFailure('unreachable', 'Down.')
        return completion('ok')
      }),
    )
    const asked = ask()
    await clock.advance(1_000)
    expect(asked.value).toBe('ok')
  })

  test.each<readonly [EngineFailureReason, number]>([
    ['unreachable', 3],
    ['timeout', 3],
    ['rate_limited', 3],
    ['server_error', 3],
    ['broken_off', 3],
    ['unauthorized', 1],
    ['not_found', 1],
    ['rejected', 1],
    ['redirected', 1],
    ['wrong_type', 1],
    ['malformed', 1],
    ['empty', 1],
    ['too_large', 1],
    ['truncated', 1],
    ['no_logprobs', 1],
    ['overloaded', 1],
    ['budget_exceeded', 1],
  ])('%s: %i attempts', async (reason, attempts) => {
    const { clock, inner, ask } = bench(
      {},
      scriptedEngine(() => {
        throw engineFailure(reason, 'No.')
      }),
    )
    const asked = ask()
    await clock.advance(60_000)
    expect([asked.value, inner.calls.length]).toEqual([reason, attempts])
  })

  test('never before the server wants to be asked again, and not at all when that is far away', async () => {
    const later = (retryAfter: number): ParapetError =>
      engineFailure('rate_limited', 'Later.', { status: 429, retryAfter })
    const near = bench({ random: () => 0 })
    near.ask()
    await near.clock.advance(0)
    near.inner.calls[0]?.fail(later(3_000))
    await near.clock.advance(2_999)
    expect(near.inner.calls).toHaveLength(1)
    await near.clock.advance(1)
    expect(near.inner.calls).toHaveLength(2)
    const far = bench()
    const asked = far.ask()
    await far.clock.advance(0)
    far.inner.calls[0]?.fail(later(60_000))
    await far.clock.advance(0)
    expect(asked.value).toBe('rate_limited')
  })

  test('a wait past the deadline is not begun; a caller who leaves ends it', async () => {
    const { clock, inner, ask } = bench({ firstWait: 100 })
    const late = ask('late', { deadline: 1_050 })
    const controller = new AbortController()
    const left = ask('left', { signal: controller.signal })
    await clock.advance(0)
    for (const call of inner.calls) call.fail(busy)
    await clock.advance(10)
    expect(late.value).toBe('server_error')
    controller.abort()
    await clock.advance(1_000)
    expect([left.value, inner.calls.length, clock.pending]).toEqual(['aborted', 2, 0])
  })

  test('the jitter is full: a wait lies anywhere below its bound', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 999 }), async (drawn) => {
        const { clock, inner, ask } = bench({ firstWait: 1_000, random: () => drawn / 1_000 })
        ask()
        await clock.advance(0)
        inner.calls[0]?.fail(busy)
        await clock.advance(drawn - 0.5)
        expect(inner.calls).toHaveLength(1)
        await clock.advance(1)
        expect(inner.calls).toHaveLength(2)
      }),
      { numRuns: 30 },
    )
  })
})

describe('concurrency', () => {
  test('so many at once, the rest in line in order, the line bounded', async () => {
    const { clock, inner, ask } = bench({ concurrency: 2, queue: 2 })
    const asked = ['a', 'b', 'c', 'd', 'e'].map((text) => ask(text))
    await clock.advance(0)
    expect(asked.map(({ value }) => value)).toEqual([undefined, undefined, undefined, undefined, 'overloaded'])
    expect(inner.calls).toHaveLength(2)
    inner.calls[1]?.answer('B')
    await clock.advance(0)
    expect(inner.calls[2]?.request).toEqual(question('c'))
    inner.calls[0]?.fail(engineFailure('rejected', 'No.'))
    await clock.advance(0)
    expect(inner.calls[3]?.request).toEqual(question('d'))
    inner.calls[2]?.answer('C')
    inner.calls[3]?.answer('D')
    await clock.advance(0)
    expect(asked.map(({ value }) => value)).toEqual(['rejected', 'B', 'C', 'D', 'overloaded'])
  })

  test('who waits past its deadline, or leaves, is out of the line', async () => {
    const { clock, inner, ask } = bench({ concurrency: 1 })
    ask('a')
    const controller = new AbortController()
    const late = ask('late', { deadline: 1_500 })
    const left = ask('left', { signal: controller.signal })
    const stays = ask('stays')
    controller.abort()
    await clock.advance(500)
    expect([late.value, left.value]).toEqual(['overloaded', 'aborted'])
    inner.calls[0]?.answer()
    await clock.advance(0)
    inner.calls[1]?.answer('now')
    await clock.advance(0)
    expect([stays.value, inner.calls.length, clock.pending]).toEqual(['now', 2, 0])
  })

  test('who could not be answered in time, as calls have lasted, is turned away at once', async () => {
    const { clock, inner, ask } = bench({ concurrency: 1 })
    ask('a')
    await clock.advance(400)
    inner.calls[0]?.answer()
    ask('b')
    await clock.advance(0)
    const hopeless = ask('c', { deadline: clock.now() + 500 })
    const hopeful = ask('d', { deadline: clock.now() + 900 })
    await clock.advance(0)
    expect([hopeless.value, hopeful.value]).toEqual(['overloaded', undefined])
  })

  test('a place is never lost nor given twice, whatever callers do', async () => {
    const step = fc.record({ act: fc.constantFrom('ask', 'answer', 'fail', 'leave'), which: fc.nat({ max: 20 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { clock, inner, ask } = bench({ concurrency: 2, queue: 50, retries: 0 })
        const controllers: AbortController[] = []
        const done = new Set<number>()
        const outcomes: Outcome[] = []
        for (const { act, which } of steps) {
          if (act === 'ask') {
            const controller = new AbortController()
            controllers.push(controller)
            outcomes.push(ask(`text ${controllers.length}`, { signal: controller.signal }))
          } else if (act === 'leave') controllers[which]?.abort()
          else if (act === 'answer') inner.calls[which]?.answer()
          else inner.calls[which]?.fail(busy)
          if (act === 'answer' || act === 'fail') done.add(which)
          await clock.advance(0)
          const out = inner.calls.filter(({ options }, at) => !done.has(at) && options.signal?.aborted !== true).length
          expect(out).toBeLessThanOrEqual(2)
        }
        for (let at = 0; at < inner.calls.length; at += 1) {
          inner.calls[at]?.answer()
          await clock.advance(0)
        }
        expect(outcomes.every(({ value }) => value !== undefined)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})

describe('budget', () => {
  const usage = { promptTokens: 60, completionTokens: 40 }
  const replies = (parts: Partial<Completion> = { usage }): ScriptedEngine =>
    scriptedEngine(() => completion('ok', parts))

  test('tokens: what the server counted is charged, and a spent budget is a failure until its window ends', async () => {
    const { clock, inner, ask } = bench({ budget: { tokens: 250, window: 60_000 } }, replies())
    const first = ask('a')
    await clock.advance(0)
    const second = ask('b')
    await clock.advance(0)
    const third = ask('d'.repeat(150))
    await clock.advance(0)
    expect([first.value, second.value, third.value]).toEqual(['ok', 'ok', 'budget_exceeded'])
    const calls = inner.calls.length
    await clock.advance(60_000)
    const later = ask('e')
    await clock.advance(0)
    expect([later.value, inner.calls.length]).toEqual(['ok', calls + 1])
  })

  test('money: by the prices of prompt, cached and answered tokens', async () => {
    const prices = { prompt: 10, cached: 1, completion: 100 }
    const cached = { promptTokens: 1_000_000, cachedTokens: 900_000, completionTokens: 10_000 }
    // 0.1 M × 10 + 0.9 M × 1 + 0.01 M × 100 = 2.9 of the currency for each call.
    const { clock, inner, ask } = bench({ budget: { money: 6, prices } }, replies({ usage: cached }))
    const outcomes: Outcome[] = []
    for (const text of ['a', 'b', 'c', 'd']) {
      outcomes.push(ask(text))
      await clock.advance(0)
    }
    expect(outcomes.map(({ value }) => value)).toEqual(['ok', 'ok', 'ok', 'budget_exceeded'])
    expect(inner.calls).toHaveLength(3)
  })

  test('time: calls that are out add up', async () => {
    const { clock, inner, ask } = bench({ budget: { time: 1_000 } })
    ask('a')
    await clock.advance(1_000)
    inner.calls[0]?.answer()
    await clock.advance(0)
    const after = ask('b')
    await clock.advance(0)
    expect(after.value).toBe('budget_exceeded')
  })

  test('calls side by side cannot overdraw it: what they may cost is set aside', async () => {
    const { clock, inner, ask } = bench({ budget: { tokens: 25 } })
    const outcomes = ['a', 'b', 'c'].map((text) => ask(text))
    await clock.advance(0)
    // Each may cost 1 token of prompt and 10 of answer.
    expect([outcomes.map(({ value }) => value), inner.calls.length]).toEqual([
      [undefined, undefined, 'budget_exceeded'],
      2,
    ])
    inner.calls[0]?.answer('ok', { usage: { promptTokens: 1, completionTokens: 1 } })
    await clock.advance(0)
    const next = ask('d')
    await clock.advance(0)
    expect(next.value).toBeUndefined()
  })

  test('a call that no server worked for is free', async () => {
    const down = scriptedEngine(() => {
      throw engineFailure('unreachable', 'Down.')
    })
    const { clock, inner, ask } = bench({ budget: { tokens: 12 }, retries: 0 }, down)
    for (const text of ['a', 'b', 'c']) {
      const asked = ask(text)
      await clock.advance(0)
      expect(asked.value).toBe('unreachable')
    }
    expect(inner.calls).toHaveLength(3)
  })
})

describe('coalescing', () => {
  test('equal requests in flight are one call; others, and later ones, are not', async () => {
    const { clock, inner, ask } = bench()
    const asked = [ask('same'), ask('same'), ask('other')]
    await clock.advance(0)
    expect(inner.calls).toHaveLength(2)
    inner.calls[0]?.answer('shared')
    await clock.advance(0)
    expect(asked.map(({ value }) => value)).toEqual(['shared', 'shared', undefined])
    ask('same')
    await clock.advance(0)
    expect(inner.calls).toHaveLength(3)
  })

  test('who leaves takes nothing from the others; the last to leave ends the call', async () => {
    const { clock, inner, ask } = bench()
    const controllers = [new AbortController(), new AbortController()]
    const asked = controllers.map(({ signal }) => ask('same', { signal }))
    controllers[0]?.abort()
    await clock.advance(0)
    expect([asked.map(({ value }) => value), inner.calls[0]?.options.signal?.aborted]).toEqual([
      ['aborted', undefined],
      false,
    ])
    controllers[1]?.abort()
    await clock.advance(0)
    expect([asked[1]?.value, inner.calls[0]?.options.signal?.aborted]).toEqual(['aborted', true])
    // What comes after asks anew, and does not join a call that was cancelled.
    ask('same')
    await clock.advance(0)
    expect(inner.calls).toHaveLength(2)
  })

  test('a deadline is its asker’s own', async () => {
    const { clock, inner, ask } = bench()
    const patient = ask('same')
    const hasty = ask('same', { deadline: 1_100 })
    await clock.advance(100)
    expect([hasty.value, patient.value, inner.calls.length]).toEqual(['timeout', undefined, 1])
    // A call that may give up early is not joined by somebody who has more time.
    const short = bench()
    short.ask('same', { deadline: 1_100 })
    short.ask('same')
    await short.clock.advance(0)
    expect(short.inner.calls).toHaveLength(2)
  })

  test('a deadline beyond the longest timer starts none that would end at once', async () => {
    const [lengths, inner] = [[] as number[], scriptedEngine()]
    const clock = {
      now: () => 0,
      setTimeout: (_call: () => void, ms: number) => lengths.push(ms),
      clearTimeout: () => {},
    }
    const engine = createReliableEngine(inner, { clock, concurrency: 1 })
    for (const deadline of [2 ** 40, Infinity]) {
      const asked = ['runs', 'waits'].map((text) => engine.complete(question(text), { deadline }))
      // Of the two askers, and of the place in the line where it has an end.
      expect(lengths.splice(0)).toEqual(Array.from({ length: deadline === Infinity ? 2 : 3 }, () => 2 ** 31 - 1))
      for (const one of asked) {
        inner.calls.at(-1)?.answer()
        await one
      }
    }
  })

  test('answers drawn by chance are drawn one by one', async () => {
    const { clock, inner, engine } = bench()
    for (const parts of [
      { temperature: 1 },
      { temperature: 1 },
      { temperature: 1, seed: 1 },
      { temperature: 1, seed: 1 },
    ])
      void engine.complete(question('same', parts))
    await clock.advance(0)
    expect(inner.calls).toHaveLength(3)
  })
})

test.each<ReliabilityOptions>([
  { retries: -1 },
  { concurrency: 0 },
  { queue: Number.NaN },
  { budget: { tokens: 0 } },
  { budget: { money: 1 } },
  { budget: { money: 1, prices: { prompt: -1, completion: 0 } } },
])('%#: wrong settings are refused', (options) => {
  expect(() => createReliableEngine(scriptedEngine(), options)).toThrow(
    expect.objectContaining({ code: 'configuration' }),
  )
})
