/**
 * What went wrong with a call of a model, as errors with a named reason, and which reasons are worth another try. Messages say what to
 * do; they never repeat a prompt, an answer, a key or what a server said, since servers quote all of these.
 */
import type { EngineFailureReason, ErrorCode } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'

export interface FailureFacts {
  /** The server's HTTP status. */
  readonly status?: number
  /** Milliseconds after which the server wants to be asked again. */
  readonly retryAfter?: number
  /** Of an open circuit: the failure that opened it. */
  readonly last?: EngineFailureReason
  readonly cause?: unknown
}

const CODES: Readonly<Partial<Record<EngineFailureReason, ErrorCode>>> = {
  timeout: 'upstream_timeout',
  rate_limited: 'rate_limited',
  overloaded: 'rate_limited',
  budget_exceeded: 'rate_limited',
}

/** Reasons of the moment. Whatever the server said with a clear answer stays as it is. */
const PASSING: ReadonlySet<EngineFailureReason> = new Set([
  'unreachable',
  'timeout',
  'rate_limited',
  'server_error',
  'broken_off',
])

export function engineFailure(reason: EngineFailureReason, message: string, facts: FailureFacts = {}): ParapetError {
  const { cause, ...rest } = facts
  return new ParapetError(CODES[reason] ?? 'upstream_error', message, {
    details: { reason, ...rest },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The reason in an error of an engine; null for other errors. */
export function failureReason(cause: unknown): EngineFailureReason | null {
  if (!ParapetError.isInstance(cause)) return null
  const { reason } = cause.details
  return typeof reason === 'string' ? (reason as EngineFailureReason) : null
}

/** Whether the same call may succeed a moment later. */
export function mayPass(cause: unknown): boolean {
  const reason = failureReason(cause)
  return reason !== null && PASSING.has(reason)
}

/** Milliseconds the server asked to wait, if it did. */
export function retryAfterOf(cause: unknown): number | null {
  const wait = ParapetError.isInstance(cause) ? cause.details['retryAfter'] : undefined
  return typeof wait === 'number' ? wait : null
}

export function callAborted(): ParapetError {
  return new ParapetError('aborted', 'The call of the model was cancelled.')
}
