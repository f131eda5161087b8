/**
 * What a stream that did not end well looks like to whoever asked.
 *
 * The model's own errors are thrown as they came: frameworks decide by them whether to ask again. Blocked, held and failed turns
 * become a `BlockedError` with the decision's id.
 */
import type { CheckResult, ErrorCode, StreamErrorPart } from '../../spec/index.ts'
import { BlockedError, ParapetError } from '../../spec/index.ts'

const STOPS: readonly ErrorCode[] = [
  'content_filter',
  'refused',
  'held',
  'guard_failed',
  'guard_timeout',
  'guard_unknown',
]
const BLOCKS: readonly ErrorCode[] = ['content_filter', 'refused', 'held']

/** How a turn failed. */
export interface Failure {
  /** To throw, or to show as an `error` part. */
  readonly error: unknown
  /** The model, or whoever asked, broke off: there is no answer to end. */
  readonly broken: boolean
  /** A judgement, not a failure. */
  readonly blocked: boolean
  readonly result: CheckResult
}

export function failureOf({ error, result }: StreamErrorPart, signal: AbortSignal | undefined): Failure {
  const blocked = BLOCKS.includes(error.code)
  if (error.code === 'aborted' && signal?.aborted === true) {
    return { error: signal.reason as unknown, broken: true, blocked, result }
  }
  const { cause } = error
  if (error.code === 'upstream_error' && cause !== undefined && !ParapetError.isInstance(cause)) {
    return { error: cause, broken: true, blocked, result }
  }
  const stopped = STOPS.includes(error.code)
  return {
    error: stopped ? new BlockedError(error.code, error.message, result.decisionId) : error,
    broken: false,
    blocked,
    result,
  }
}
