import { expect, test } from 'vitest'
import type { SessionBody } from '../../../contract/index.ts'
import { ProblemError, networkProblem, problemOf } from '../../data/problem.ts'
import { createSessionStore } from './session-state.ts'

const session = (policyVersion: string): SessionBody => ({
  object: 'parapet.session',
  keyed: true,
  key: 'desk',
  role: 'operator',
  policyVersion,
  version: '0',
  rails: {},
  recording: true,
})

const refused = (status = 401): ProblemError =>
  new ProblemError(
    problemOf(
      status,
      { error: { message: 'm', type: 'authentication_error', code: 'unauthorized', param: null } },
      null,
    ),
  )

/** A gateway that answers what it is told to, one after the other. */
function gatewayOf(...answers: readonly (SessionBody | Error)[]): () => Promise<SessionBody> {
  const rest = [...answers]
  return () => {
    const answer = rest.shift() ?? new ProblemError(networkProblem())
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }
}

test('asking again changes what is shown and closes nothing, whatever comes back', async () => {
  const store = createSessionStore(gatewayOf(session('1'), session('2'), new ProblemError(networkProblem())), null)
  await store.open()
  await store.refresh()
  expect(store.state.value).toEqual({ kind: 'open', session: session('2') })
  await store.refresh()
  expect(store.state.value).toEqual({ kind: 'open', session: session('2') })
})

test('a key that is no longer accepted locks the page and is dropped', async () => {
  const store = createSessionStore(gatewayOf(refused(), session('1'), refused()), null)
  await store.open()
  expect(store.state.value).toEqual({ kind: 'locked', rejected: false })
  await store.unlock('the-key', false)
  expect(store.key()).toBe('the-key')
  await store.refresh()
  expect(store.state.value).toEqual({ kind: 'locked', rejected: true })
  expect(store.key()).toBeNull()
})

test('a gateway that answers its own machine only does not ask for a key', async () => {
  const store = createSessionStore(gatewayOf(refused(403)), null)
  await store.open()
  expect(store.state.value).toMatchObject({
    kind: 'trouble',
    problem: { title: 'This gateway answers its own machine only' },
  })
})
