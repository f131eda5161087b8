/** The circuit breaker of engines, on a clock that stands still until told to move, and in a judge's guard. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CircuitChange, ReliabilityOptions } from '../../src/engines/calls/index.ts'
import { createReliableEngine, engineFailure, failureReason } from '../../src/engines/calls/index.ts'
import { createTextView } from '../../src/core/text/index.ts'
import { createJudgeGuard } from '../../src/guards/judge/index.ts'
import type { Clock, CompletionEngine, CompletionOptions, EngineFailureReason } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import { createFakeClock } from '../../src/testing/index.ts'
import { completion, question, scriptedEngine, type OpenCall } from './scripted-engine.ts'

const down = (reason: EngineFailureReason = 'unreachable'): ParapetError => engineFailure(reason, 'No.')

/** An engine without retries whose waits are exactly their bound. */
function bench(options: ReliabilityOptions = {}) {
  const clock = createFakeClock(1_000)
  const inner = scriptedEngine()
  const changes: CircuitChange[] = []
  const { circuit = {} } = options
  const engine = createReliableEngine(inner, {
    ...{ clock, random: () => 0.999_999_999, retries: 0 },
    ...options,
    circuit: circuit === false ? false : { onChange: (change) => changes.push(change), ...circuit },
  })
  const outcomes: (string | undefined)[] = []
  /** Asks something new; gives what became of it once it is known, under its number. */
  const ask = async (call?: CompletionOptions): Promise<number> => {
    const number = outcomes.push(undefined) - 1
    engine.complete(question(`text ${number}`), call).then(
      ({ text }) => (outcomes[number] = text),
      (cause: unknown) => (outcomes[number] = failureReason(cause) ?? (cause as ParapetError).code),
    )
    await clock.advance(0)
    return number
  }
  const last = (): OpenCall => inner.calls.at(-1) as OpenCall
  const fail = async (times: number, reason: EngineFailureReason = 'unreachable', after = 0): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      await ask()
      await clock.advance(after)
      last().fail(down(reason))
      await clock.advance(0)
    }
  }
  return { clock, inner, engine, changes, outcomes, ask, last, fail }
}

describe('opens', () => {
  test('after five failures in a row, and then fails at once without asking', async () => {
    const { clock, inner, changes, outcomes, ask, fail } = bench()
    await fail(4)
    expect(changes).toEqual([])
    await fail(1)
    await ask()
    expect([outcomes.at(-1), inner.calls.length, clock.pending]).toEqual(['circuit_open', 5, 0])
    expect(changes).toEqual([
      { engine: 'scripted', state: 'open', reason: 'unreachable', wait: expect.closeTo(5_000, 3) },
    ])
  })

  test('with an error that names the failure, how often, and when it is tried again', async () => {
    const { clock, engine, fail } = bench({ circuit: { failures: 2 } })
    await fail(2, 'server_error')
    await clock.advance(3_500)
    const error = await engine.complete(question()).catch((cause: unknown) => cause)
    expect(error).toMatchObject({
      code: 'upstream_error',
      message: expect.stringMatching(/failed 2 times in a row \(server_error\); it is tried again in 2 s/),
      details: { reason: 'circuit_open', last: 'server_error', retryAfter: 1_500 },
    })
  })

  test.each<readonly [EngineFailureReason, boolean]>([
    ['unreachable', true],
    ['timeout', true],
    ['server_error', true],
    ['broken_off', true],
    ['rate_limited', false],
    ['unauthorized', false],
    ['not_found', false],
    ['rejected', false],
    ['redirected', false],
    ['wrong_type', false],
    ['malformed', false],
    ['empty', false],
    ['too_large', false],
    ['truncated', false],
    ['no_logprobs', false],
  ])('%s counts: %s', async (reason, counts) => {
    const { outcomes, ask, fail } = bench()
    await fail(5, reason, 500)
    await ask()
    expect(outcomes.at(-1)).toBe(counts ? 'circuit_open' : undefined)
  })

  test('not when an answer came in between, whatever the answer was', async () => {
    for (const answer of ['good', 'bad']) {
      const { clock, outcomes, ask, last, fail } = bench()
      await fail(4)
      await ask()
      if (answer === 'good') last().answer()
      else last().fail(down('malformed'))
      await clock.advance(0)
      await fail(4)
      await ask()
      expect(outcomes.at(-1)).toBeUndefined()
    }
  })

  test('for calls that were taken back, only where they had waited long', async () => {
    for (const [after, deadline, opens] of [
      [100, undefined, false],
      [4_900, undefined, false],
      [5_000, undefined, true],
      [600, 600, true],
      [100, 100, false],
    ] as const) {
      const { clock, outcomes, ask } = bench()
      for (let time = 0; time < 5; time += 1) {
        const controller = new AbortController()
        await ask({
          signal: controller.signal,
          ...(deadline === undefined ? {} : { deadline: clock.now() + deadline }),
        })
        await clock.advance(after)
        controller.abort()
        await clock.advance(0)
      }
      await ask()
      expect([after, deadline, outcomes.at(-1)]).toEqual([after, deadline, opens ? 'circuit_open' : undefined])
    }
  })

  test('for those in line as well: none of them waits for a model that is left alone', async () => {
    const { clock, inner, outcomes, ask } = bench({ concurrency: 5, queue: 10 })
    for (let time = 0; time < 12; time += 1) await ask()
    await clock.advance(30_000)
    for (const call of inner.calls) call.fail(down('timeout'))
    await clock.advance(0)
    expect(inner.calls).toHaveLength(5)
    expect(outcomes).toEqual([...Array<string>(5).fill('timeout'), ...Array<string>(7).fill('circuit_open')])
  })

  test('and who comes while all places hang is told before the line', async () => {
    const { clock, outcomes, ask, inner } = bench({ concurrency: 2, circuit: { failures: 1 } })
    await ask()
    await ask()
    await ask()
    await clock.advance(1_000)
    inner.calls[0]?.fail(down('timeout'))
    await clock.advance(0)
    await ask()
    expect(outcomes).toEqual(['timeout', undefined, 'circuit_open', 'circuit_open'])
  })

  test('during the retries of one call, which then end', async () => {
    const { clock, inner, outcomes, ask } = bench({ retries: 9, circuit: { failures: 2 } })
    await ask()
    inner.calls[0]?.fail(down())
    await clock.advance(1_000)
    inner.calls[1]?.fail(down())
    await clock.advance(10_000)
    expect([outcomes, inner.calls.length]).toEqual([['circuit_open'], 2])
  })

  test('never where it is switched off', async () => {
    const { outcomes, ask, fail } = bench({ circuit: false })
    await fail(20)
    await ask()
    expect(outcomes.at(-1)).toBeUndefined()
  })
})

describe('tries again', () => {
  test('with one probe, whose success closes it', async () => {
    const { clock, inner, changes, outcomes, ask, last, fail } = bench()
    await fail(5)
    await clock.advance(4_999)
    await ask()
    expect(outcomes.at(-1)).toBe('circuit_open')
    await clock.advance(1)
    const probe = await ask()
    await ask()
    expect([outcomes[probe], outcomes.at(-1), inner.calls.length]).toEqual([undefined, 'circuit_open', 6])
    last().answer('back')
    await clock.advance(0)
    await ask()
    expect([outcomes[probe], outcomes.at(-1), inner.calls.length]).toEqual(['back', undefined, 7])
    expect(changes.map(({ state }) => state)).toEqual(['open', 'half-open', 'closed'])
  })

  test('an answer that is an error closes it too; so does a late one', async () => {
    const one = bench()
    await one.fail(5)
    await one.clock.advance(5_000)
    await one.ask()
    one.last().fail(down('rate_limited'))
    await one.clock.advance(0)
    await one.ask()
    expect(one.outcomes.at(-1)).toBeUndefined()

    const two = bench({ circuit: { failures: 1 } })
    await two.ask()
    await two.fail(1)
    two.inner.calls[0]?.answer('late')
    await two.clock.advance(0)
    await two.ask()
    expect([two.outcomes[0], two.outcomes.at(-1)]).toEqual(['late', undefined])
  })

  test('and waits twice as long after each failed probe, up to a bound', async () => {
    const { clock, changes, fail } = bench({ circuit: { failures: 1, cooldown: 1_000, longestCooldown: 3_000 } })
    await fail(1)
    for (const wait of [1_000, 2_000, 3_000]) {
      await clock.advance(wait)
      await fail(1, 'timeout', 500)
    }
    const waits = changes.filter(({ state }) => state === 'open').map(({ wait }) => Math.round(wait))
    expect(waits).toEqual([1_000, 2_000, 3_000, 3_000])
  })

  test('after a wait drawn from the upper half below its bound', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 999 }), async (drawn) => {
        const { clock, outcomes, ask, fail } = bench({ random: () => drawn / 1_000, circuit: { failures: 1 } })
        await fail(1)
        await clock.advance(2_500 + 2.5 * drawn - 0.5)
        await ask()
        expect(outcomes.at(-1)).toBe('circuit_open')
        await clock.advance(1)
        await ask()
        expect(outcomes.at(-1)).toBeUndefined()
      }),
      { numRuns: 30 },
    )
  })

  test('a probe that is taken back leaves its place to the next', async () => {
    const { clock, outcomes, ask, fail, last } = bench()
    await fail(5)
    await clock.advance(5_000)
    const controller = new AbortController()
    await ask({ signal: controller.signal })
    controller.abort()
    await clock.advance(0)
    const next = await ask()
    last().answer('back')
    await clock.advance(0)
    expect(outcomes[next]).toBe('back')
  })
})

describe('is not stuck, and not opened by one for others', () => {
  test('where a probe is taken back and its model is deaf to that', async () => {
    const clock = createFakeClock(1_000)
    const asked: string[] = []
    let isDown = true
    const inner: CompletionEngine = {
      ...{ specVersion: 'v1', kind: 'completion', id: 'deaf', version: '1' },
      complete: async ({ chat }) => {
        asked.push(chat?.messages[0]?.content ?? '')
        if (isDown) throw down()
        return asked.length === 2 ? new Promise(() => undefined) : completion('back')
      },
    }
    const circuit = { failures: 1, cooldown: 1_000 }
    const engine = createReliableEngine(inner, { clock, circuit, random: () => 0, retries: 0 })
    await expect(engine.complete(question('one'))).rejects.toMatchObject({ details: { reason: 'unreachable' } })
    await clock.advance(1_000)
    isDown = false
    const controller = new AbortController()
    const probe = engine.complete(question('two'), { signal: controller.signal })
    await clock.advance(0)
    controller.abort()
    await expect(probe).rejects.toMatchObject({ code: 'aborted' })
    expect((await engine.complete(question('three'))).text).toBe('back')
    expect(asked).toEqual(['one', 'two', 'three'])
  })

  test('where the clock is set back while it is open', async () => {
    const { clock: real, inner, engine } = bench({ circuit: false })
    let shift = 0
    const clock: Clock = { ...real, now: () => real.now() + shift }
    const reliable = createReliableEngine(engine, { clock, circuit: { failures: 1 }, random: () => 0, retries: 0 })
    const failing = reliable.complete(question('first'))
    await real.advance(0)
    inner.calls[0]?.fail(down())
    await expect(failing).rejects.toMatchObject({ details: { reason: 'unreachable' } })
    shift = -86_400_000
    await expect(reliable.complete(question())).rejects.toMatchObject({ details: { retryAfter: 2_500 } })
    await real.advance(2_500)
    const probe = reliable.complete(question())
    await real.advance(0)
    inner.calls.at(-1)?.answer('back')
    expect((await probe).text).toBe('back')
  })

  test('by callers who leave early while the model answers others', async () => {
    const { clock, inner, outcomes, ask } = bench()
    for (let time = 0; time < 6; time += 1) {
      const controller = new AbortController()
      await ask({ signal: controller.signal })
      const other = await ask()
      await clock.advance(4_000)
      inner.calls.at(-1)?.answer('here')
      await clock.advance(2_000)
      expect(outcomes[other]).toBe('here')
      controller.abort()
      await clock.advance(0)
    }
    const controllers = Array.from({ length: 6 }, () => new AbortController())
    for (const { signal } of controllers) await ask({ signal })
    await ask()
    await clock.advance(6_000)
    inner.calls.at(-1)?.answer('here')
    await clock.advance(0)
    for (const controller of controllers) controller.abort()
    await clock.advance(0)
    await ask()
    expect(outcomes.at(-1)).toBeUndefined()
  })

  test.each<readonly [string, unknown]>([
    ['a spent budget', down('budget_exceeded')],
    ['a full line', down('overloaded')],
    ['a broken question', new ParapetError('input_invalid', 'No.')],
    ['what cannot be asked', new ParapetError('configuration', 'No.')],
    ['a defect', new RangeError('No.')],
  ])('by %s, also as a probe', async (_what, cause) => {
    const { clock, inner, outcomes, ask, last, fail } = bench({ circuit: { failures: 2 } })
    const failOnce = async (): Promise<void> => {
      await ask()
      last().fail(cause)
      await clock.advance(0)
    }
    for (let time = 0; time < 5; time += 1) await failOnce()
    await fail(2)
    await clock.advance(5_000)
    await failOnce()
    const next = await ask()
    expect([inner.calls.length, outcomes[next]]).toEqual([9, undefined])
    last().answer('back')
    await clock.advance(0)
    expect(outcomes[next]).toBe('back')
  })

  test('equal questions fail alike while it is open, and share the probe', async () => {
    const { clock, inner, engine, fail, last } = bench()
    await fail(5)
    const same = (): Promise<unknown> =>
      engine.complete(question('same')).catch((cause: unknown) => failureReason(cause))
    expect(await Promise.all([same(), same(), same()])).toEqual(Array<string>(3).fill('circuit_open'))
    await clock.advance(5_000)
    const answers = Promise.all([same(), same()])
    await clock.advance(0)
    last().answer('back')
    expect(await answers).toMatchObject([{ text: 'back' }, { text: 'back' }])
    expect(inner.calls).toHaveLength(6)
  })
})

test('whatever happens: while it is open nothing is asked, and a model that is back is asked again', async () => {
  const step = fc.record({
    act: fc.constantFrom('ask', 'answer', 'fail', 'wait'),
    ms: fc.integer({ min: 1, max: 3_000 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let state = 'closed'
      const { clock, inner, ask, outcomes, last } = bench({
        concurrency: 3,
        circuit: { failures: 2, cooldown: 1_000, longestCooldown: 4_000, onChange: (change) => (state = change.state) },
      })
      const settled = new Set<OpenCall>()
      for (const { act, ms } of steps) {
        const open = inner.calls.find((call) => !settled.has(call))
        if (act === 'ask') {
          const [calls, before] = [inner.calls.length, state]
          await ask()
          if (inner.calls.length > calls && before === 'open') expect(state).toBe('half-open')
        } else if (act === 'wait') await clock.advance(ms)
        else if (open !== undefined) {
          settled.add(open)
          if (act === 'answer') open.answer()
          else open.fail(down())
          await clock.advance(0)
        }
      }
      for (const call of inner.calls) call.fail(down())
      await clock.advance(10_000)
      const number = await ask()
      last().answer('back')
      await clock.advance(0)
      expect([outcomes[number], state]).toEqual(['back', 'closed'])
    }),
    { numRuns: 100 },
  )
})

test('an observer that throws changes nothing', async () => {
  const onChange = (): never => {
    throw new Error('observer')
  }
  const { clock, outcomes, ask, last, fail } = bench({ circuit: { onChange } })
  await fail(5)
  await ask()
  await clock.advance(5_000)
  await ask()
  last().answer('back')
  await clock.advance(0)
  expect(outcomes.slice(-2)).toEqual(['circuit_open', 'back'])
})

test('a judge behind an open circuit gives an error, never a clean text', async () => {
  const inner = scriptedEngine(() => {
    throw down()
  })
  const engine = createReliableEngine(inner, { retries: 0, clock: createFakeClock(), circuit: { failures: 2 } })
  const judge = createJudgeGuard({ engine, format: 'llama-guard-3' })
  const check = async (): Promise<unknown> => {
    const text = createTextView('a text')
    return judge.check({ stage: 'input', field: 'prompt', text, caller: {}, signal: new AbortController().signal })
  }
  for (const reason of ['unreachable', 'unreachable', 'circuit_open', 'circuit_open'])
    await expect(check()).rejects.toMatchObject({ details: { reason } })
  expect(inner.calls).toHaveLength(2)
})

test.each([{ failures: 0 }, { cooldown: Number.NaN }, { longestCooldown: 0 }, { slow: -1 }])(
  '%#: wrong settings are refused',
  (circuit) => {
    expect(() => createReliableEngine(scriptedEngine(), { circuit })).toThrow(
      expect.objectContaining({ code: 'configuration', message: expect.stringContaining("circuit's") }),
    )
  },
)
