/**
 * What went wrong between the page and the gateway, in words for the person in front of it: what happened, what the gateway
 * said, and what to do next. Nothing is shown here; `ui/problem-note` does.
 */
import type { ErrorBody } from '../../contract/index.ts'
import { isJsonObject } from '../../contract/json.ts'

/** A failure that can be shown. */
export interface Problem {
  /** Exact code of the gateway, or `network` and `unreadable` for what happened before it could say one. */
  readonly code: string
  readonly title: string
  /** The gateway's own sentence; it never holds a judged text. */
  readonly message: string
  /** What to do next. */
  readonly remedy: string
  /** HTTP status; null when there was no answer. */
  readonly status: number | null
  /** Field of the request that is wrong. */
  readonly param: string | null
  readonly decisionId: string | null
  /** Seconds after which to ask again, when the gateway said so. */
  readonly retryAfter: number | null
}

/** A problem as something to throw. */
export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.title)
    this.name = 'ProblemError'
    this.problem = problem
  }
}

const TITLES: Readonly<Record<string, string>> = {
  invalid_request_error: 'The request was not accepted',
  authentication_error: 'The key was not accepted',
  permission_error: 'This key may not do that',
  rate_limit_error: 'Too many requests',
  record_unavailable: 'The decision could not be recorded',
  guard_failed: 'A guard failed',
  guard_timeout: 'A guard ran out of time',
  upstream_error: 'The model server failed',
  upstream_timeout: 'The model server was too slow',
}

const REMEDIES: Readonly<Record<string, string>> = {
  input_invalid: 'Correct the field that is named and judge again.',
  input_too_large: 'Send a shorter text, or ask the operator for a higher limit of the body.',
  unauthorized: 'Enter a key that this gateway knows.',
  forbidden: 'Use a key with the role operator.',
  rate_limited: 'Wait a moment and try again.',
  not_found: 'It may have been deleted, or this gateway does not keep decisions.',
  method_not_allowed: 'This gateway is of another version than the page; reload the page.',
  conflict: 'Somebody else was faster; the decision was read again.',
  shutting_down: 'The gateway is stopping. Try again when it is back.',
  record_unavailable: 'Run `parapet doctor` on the server: it says what is wrong with the store.',
  engine_unavailable: 'Run `parapet doctor` on the server: it names the model or library that is missing.',
  guard_failed: 'Look up the guard that failed below, or set `onError: pass` for it if it may fail open.',
  guard_timeout: 'Raise the guard’s deadline in the policy, or shorten the text.',
  internal: 'This is a defect in Parapet. The gateway’s log names the cause.',
}

const ELSE = 'Try again. If it stays like this, the gateway’s log says more.'

/** What to do about a code, be it of an HTTP error or of a decision that was not reached. */
export function remedyFor(code: string): string {
  return REMEDIES[code] ?? ELSE
}

/** The problem told by an answer that is not a success. */
export function problemOf(status: number, body: unknown, retryAfter: string | null): Problem {
  const seconds = retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : null
  if (!isErrorBody(body)) {
    return {
      code: 'unreadable',
      title: 'The answer was not understood',
      message: `Something answered with status ${status}, but not in the words of a Parapet gateway.`,
      remedy: 'Check that the address leads to the gateway and that no proxy answers in its place.',
      status,
      param: null,
      decisionId: null,
      retryAfter: seconds,
    }
  }
  const { code, type, message, param, decision_id: decisionId } = body.error
  // Without keys a gateway answers its own machine only; no key would help there.
  const elsewhere = code === 'unauthorized' && status === 403
  return {
    code,
    title: elsewhere ? 'This gateway answers its own machine only' : (TITLES[type] ?? 'The gateway has a problem'),
    message,
    remedy: elsewhere ? 'Open the page on the machine the gateway runs on, or give the gateway keys.' : remedyFor(code),
    status,
    param,
    decisionId: decisionId ?? null,
    retryAfter: seconds,
  }
}

/** Nothing answered. */
export function networkProblem(): Problem {
  return {
    code: 'network',
    title: 'The gateway cannot be reached',
    message: 'There was no answer, or the connection broke off.',
    remedy: 'Check that `parapet serve` is running and that you are connected, then try again.',
    status: null,
    param: null,
    decisionId: null,
    retryAfter: null,
  }
}

/** The problem in something thrown. */
export function problemFrom(thrown: unknown): Problem {
  return thrown instanceof ProblemError ? thrown.problem : networkProblem()
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (!isJsonObject(body) || !isJsonObject(body['error'])) return false
  const { message, type, code, param } = body['error']
  return (
    typeof message === 'string' &&
    typeof type === 'string' &&
    typeof code === 'string' &&
    (param === null || typeof param === 'string')
  )
}
