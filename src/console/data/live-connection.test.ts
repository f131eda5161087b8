import { expect, test } from 'vitest'
import type { LiveConnectionOptions, LiveState } from './live-connection.ts'
import { createLiveConnection } from './live-connection.ts'
import { ProblemError, networkProblem, problemOf } from './problem.ts'

const DECISION = {
  object: 'parapet.decision',
  id: 'dec_1',
  at: '2026-11-26T00:00:00.000Z',
  door: 'guard',
  decision: 'pass',
  shadowDecision: 'pass',
  policyVersion: 'v',
  ms: 1,
  scores: {},
  categories: {},
  guards: [],
  spans: [],
  exceptions: [],
  warnings: [],
  error: null,
  feedback: [],
  critiques: [],
}

const streamOf = (text: string): ReadableStream<Uint8Array<ArrayBuffer>> => new Blob([text]).stream()

const failure = (status: number, code: string): ProblemError =>
  new ProblemError(problemOf(status, { error: { message: 'm', type: 'server_error', code, param: null } }, null))

interface Run {
  readonly states: string[]
  readonly pauses: number[]
  readonly decisions: string[]
  missed: number
  opened: number
}

/** Opens the given streams one after the other and stops when there are no more. */
async function run(steps: readonly (string | Error)[], extra: Partial<LiveConnectionOptions> = {}): Promise<Run> {
  const told: Run = { states: [], pauses: [], decisions: [], missed: 0, opened: 0 }
  const rest = [...steps]
  await new Promise<void>((resolve) => {
    const connection = createLiveConnection({
      open() {
        const step = rest.shift()
        if (step === undefined) {
          connection.stop()
          resolve()
          return Promise.reject(new ProblemError(networkProblem()))
        }
        return step instanceof Error ? Promise.reject(step) : Promise.resolve(streamOf(step))
      },
      onDecision: ({ id }) => told.decisions.push(id),
      onMissed: (count) => void (told.missed += count),
      onOpen: () => void told.opened++,
      onState: (state: LiveState) => {
        told.states.push(state.kind)
        if (state.kind === 'failed') resolve()
      },
      sleep: (ms) => {
        told.pauses.push(ms)
        return Promise.resolve()
      },
      ...extra,
    })
    connection.start()
    // A second start while one runs changes nothing.
    connection.start()
  })
  return told
}

const event = (type: string, body: unknown): string => `event: ${type}\ndata: ${JSON.stringify(body)}\n\n`

test('tells decisions and what was missed; leaves alone what it does not know', async () => {
  const text =
    event('decision', DECISION) +
    event('missed', { missed: 3 }) +
    event('weather', {}) +
    event('decision', { object: 'x' })
  const told = await run([text])
  expect(told.decisions).toEqual(['dec_1'])
  expect(told.missed).toBe(3)
  expect(told.opened).toBe(1)
  expect(told.states.slice(0, 3)).toEqual(['connecting', 'live', 'waiting'])
  expect(told.states.at(-1)).toBe('off')
})

test('connects again with growing pauses up to a limit; a connection that stood begins anew', async () => {
  const down = new ProblemError(networkProblem())
  const told = await run([down, down, down, down, down, down, down, ': live\n\n', down])
  const expected = [1, 2, 4, 8, 16, 30, 30, 1, 2].map((seconds) => seconds * 1000)
  expect(told.pauses).toHaveLength(expected.length)
  told.pauses.forEach((pause, index) => {
    expect(pause).toBeGreaterThanOrEqual((expected[index] ?? 0) * 0.75)
    expect(pause).toBeLessThanOrEqual((expected[index] ?? 0) * 1.25)
  })
})

test.each([
  ['unauthorized', 401],
  ['forbidden', 403],
  ['not_found', 404],
])('gives up where asking again is pointless: %s', async (code, status) => {
  const told = await run([failure(status, code)])
  expect(told.states).toEqual(['connecting', 'failed'])
  expect(told.pauses).toEqual([])
})

test('comes back from an event that cannot be read', async () => {
  const told = await run(['event: decision\ndata: {broken\n\n', event('decision', DECISION)])
  expect(told.decisions).toEqual(['dec_1'])
  expect(told.states).toContain('waiting')
})

test('a connection that falls silent is dropped', async () => {
  let opened = 0
  const aborted: boolean[] = []
  const told = await run([''], {
    silence: 5,
    open(signal) {
      opened++
      if (opened > 1) return Promise.reject(failure(404, 'not_found'))
      return Promise.resolve(
        new ReadableStream<Uint8Array<ArrayBuffer>>({
          start(controller) {
            signal.addEventListener('abort', () => {
              aborted.push(true)
              controller.error(signal.reason)
            })
          },
        }),
      )
    },
  })
  expect(aborted).toEqual([true])
  expect(told.states).toEqual(['connecting', 'live', 'waiting', 'connecting', 'failed'])
})

test('connects at once when asked to, after waiting and after giving up', async () => {
  const states: string[] = []
  let opened = 0
  await new Promise<void>((resolve) => {
    const connection = createLiveConnection({
      open() {
        opened++
        if (opened === 1) return Promise.reject(new ProblemError(networkProblem()))
        if (opened === 2) return Promise.reject(failure(401, 'unauthorized'))
        connection.stop()
        resolve()
        return Promise.reject(new ProblemError(networkProblem()))
      },
      onDecision: () => undefined,
      onMissed: () => undefined,
      onOpen: () => undefined,
      onState: ({ kind }) => {
        states.push(kind)
        // After the loop has begun to wait, or has ended.
        if (kind === 'waiting' || kind === 'failed') setTimeout(() => connection.retry(), 1)
      },
    })
    connection.start()
  })
  expect(opened).toBe(3)
  expect(states).toEqual(['connecting', 'waiting', 'connecting', 'failed', 'connecting', 'off'])
})
