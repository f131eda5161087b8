/**
 * Errors and decisions as HTTP answers: status, `{ error: … }` body and headers.
 *
 * The messages are Parapet's own. Nothing of a prompt, an answer or another server's error text is in them; what is not a
 * `ParapetError` becomes `internal` with a fixed message.
 */
import type { ErrorBody, JsonObject } from '../../contract/index.ts'
import { ERROR_STATUS, ERROR_TYPE } from '../../contract/index.ts'
import type { CheckResult, ErrorCode } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { pollPath } from '../held.ts'
import type { Reply } from '../http/exchange.ts'

/** The parts of a decision that an answer tells. */
export type DecisionHead = Pick<CheckResult, 'decision' | 'decisionId'>

/** Headers of every answer for which a decision was made. */
export function decisionHeaders(decision: DecisionHead | null): Record<string, string> {
  return decision === null
    ? {}
    : { 'x-parapet-decision': decision.decision, 'x-parapet-decision-id': decision.decisionId }
}

/** A thing thrown, as a `ParapetError`. */
export function toParapetError(thrown: unknown): ParapetError {
  if (ParapetError.isInstance(thrown)) return thrown
  return new ParapetError('internal', 'A defect in Parapet; the log names it.', { cause: thrown })
}

/** The body for an error. */
export function errorBody(error: ParapetError, decision: DecisionHead | null): ErrorBody {
  const { code, status } = wireCode(error)
  const { param } = error.details
  return {
    error: {
      message: MESSAGES[code] ?? error.message,
      type: ERROR_TYPE[code],
      code,
      param: typeof param === 'string' ? param : null,
      ...(decision === null ? {} : { decision_id: decision.decisionId }),
      ...(status === undefined ? {} : { upstream_status: status }),
      ...(code === 'held' && decision !== null ? { poll_url: pollPath(decision.decisionId) } : {}),
    },
  }
}

export interface ErrorReplyOptions {
  readonly decision?: DecisionHead | null
  readonly headers?: Readonly<Record<string, string>>
  /** The shape that the interface's clients expect. */
  readonly shape?: (body: ErrorBody) => JsonObject
}

/** The answer for an error. */
export function errorReply(error: ParapetError, options: ErrorReplyOptions = {}): Reply {
  const { decision = null, headers = {}, shape } = options
  const { code } = wireCode(error)
  const { httpStatus, retryAfter } = error.details
  const status = typeof httpStatus === 'number' ? httpStatus : ERROR_STATUS[code]
  const body = errorBody(error, decision)
  return jsonReply(shape === undefined ? body : shape(body), status, {
    ...(NEVER_RETRY.has(code) ? { 'x-should-retry': 'false' } : {}),
    ...(typeof retryAfter === 'string'
      ? { 'retry-after': retryAfter }
      : code === 'rate_limited' || code === 'record_unavailable'
        ? { 'retry-after': '1' }
        : {}),
    ...(code === 'unauthorized' ? { 'www-authenticate': 'Bearer' } : {}),
    ...decisionHeaders(decision),
    ...headers,
  })
}

export function jsonReply(body: unknown, status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  }
}

/** Asking again would get the same answer, or hit a guard that is already in trouble. */
const NEVER_RETRY: ReadonlySet<ErrorCode> = new Set([
  'content_filter',
  'refused',
  'held',
  'guard_failed',
  'guard_timeout',
])

/** Fixed messages where the error's own might tell too much, or too little. */
const MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  content_filter: 'The content was blocked by the policy. Change it, or ask the operator with the decision id.',
  refused: 'The policy refused to answer. Change the request, or ask the operator with the decision id.',
  held: 'The content waits for a human. Ask again at the poll URL.',
  guard_failed:
    'A guard failed and the policy treats that as a stop. The operator finds the reason under the decision id.',
  guard_timeout:
    'A guard did not answer in time and the policy treats that as a stop. The operator finds it under the decision id.',
  internal: 'A defect in Parapet; its log names the cause.',
}

/** A model server that is rate limiting is told as such, so that clients wait; any other refusal of it is `upstream_error`. */
function wireCode(error: ParapetError): { readonly code: ErrorCode; readonly status?: number } {
  const { status } = error.details
  if (error.code !== 'upstream_error' || typeof status !== 'number') return { code: error.code }
  return { code: status === 429 ? 'rate_limited' : 'upstream_error', status }
}

/** The answer for content that waits for a human. */
export function heldReply(decision: DecisionHead): Reply {
  const url = pollPath(decision.decisionId)
  const body = {
    id: decision.decisionId,
    object: 'parapet.decision',
    status: 'held',
    decision_id: decision.decisionId,
    poll_url: url,
  }
  return jsonReply(body, 202, { location: url, 'x-should-retry': 'false', ...decisionHeaders(decision) })
}
