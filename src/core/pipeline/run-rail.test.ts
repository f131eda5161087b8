/** The signal of a rail: made when it is asked for, the same for everybody, and aborted once the rail is over. */
import { expect, test } from 'vitest'
import type { Guard, GuardReport, GuardRequest, Policy } from '../../spec/index.ts'
import { createFakeClock } from '../../testing/index.ts'
import { compilePolicy } from '../policy/index.ts'
import { createJudge } from './index.ts'

const NOTHING: GuardReport = { findings: [] }

function guard(id: string, check: Guard['check']): Guard {
  return { specVersion: 'v1', id, version: '1', stages: ['input'], check }
}

async function checkWith(guards: readonly Guard[], options: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
  const policy: Policy = { parapet: 1, rails: { input: guards.map(({ id }) => id) } }
  const compiled = compilePolicy(policy)
  const judge = createJudge({
    policy: () => compiled,
    guards: new Map(guards.map((one) => [one.id, one])),
    clock: createFakeClock(),
  })
  return judge.check({ prompt: 'x' }, options)
}

test('copies of a request keep the signal', async () => {
  const signals: unknown[] = []
  const keep = (request: GuardRequest): GuardReport => {
    const copy = { ...request }
    signals.push(request.signal, copy.signal, request.signal.aborted)
    return NOTHING
  }
  await checkWith([guard('one', keep), guard('two', keep)])
  const [signal] = signals
  expect(signal).toBeInstanceOf(AbortSignal)
  expect(signals).toEqual([signal, signal, false, signal, signal, false])
})

test('asked for early or late, it is aborted when the caller leaves or has left', async () => {
  const asked: GuardRequest[] = []
  const early: AbortSignal[] = []
  const hang = (request: GuardRequest): Promise<GuardReport> => {
    asked.push(request)
    if (asked.length === 1) early.push(request.signal)
    return new Promise(() => undefined)
  }
  const leave = new AbortController()
  for (const turn of [1, 2]) {
    const pending = checkWith([guard(`hangs-${turn}`, hang)], { signal: leave.signal })
    const outcome = expect(pending).rejects.toMatchObject({ code: 'aborted' })
    leave.abort()
    await outcome
  }
  expect(early.map(({ aborted }) => aborted)).toEqual([true])
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true])
})
