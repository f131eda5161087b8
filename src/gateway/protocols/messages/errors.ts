/**
 * Parapet's errors in the shape that Anthropic's clients expect. `type` is one of Anthropic's; what really happened is in `code`,
 * which is the same at every door, so that blocked, failed and timed out stay apart.
 */
import type { ErrorBody, JsonObject } from '../../../contract/index.ts'
import type { ErrorCode } from '../../../spec/index.ts'
import type { WireErrorType } from './wire.ts'

const TYPES: Readonly<Record<ErrorCode, WireErrorType>> = {
  policy_invalid: 'api_error',
  policy_not_found: 'api_error',
  input_invalid: 'invalid_request_error',
  input_too_large: 'invalid_request_error',
  content_filter: 'invalid_request_error',
  refused: 'invalid_request_error',
  held: 'invalid_request_error',
  guard_failed: 'api_error',
  guard_timeout: 'timeout_error',
  guard_unknown: 'api_error',
  upstream_error: 'api_error',
  upstream_timeout: 'timeout_error',
  engine_unavailable: 'overloaded_error',
  vault_key_missing: 'api_error',
  unauthorized: 'authentication_error',
  rate_limited: 'rate_limit_error',
  aborted: 'invalid_request_error',
  not_found: 'not_found_error',
  method_not_allowed: 'invalid_request_error',
  shutting_down: 'overloaded_error',
  record_unavailable: 'overloaded_error',
  conflict: 'conflict_error',
  forbidden: 'permission_error',
  configuration: 'api_error',
  internal: 'api_error',
}

/** `{ type: 'error', error: { type, message, code, … }, request_id }`; the request's id is the decision's. */
export function messagesErrorBody({ error }: ErrorBody): JsonObject {
  const { message, code, ...rest } = error
  return {
    type: 'error',
    // Anthropic's SDK reads `details.error_code` into its errors.
    error: { ...rest, type: typeOf(error), message, code, details: { error_code: code } },
    request_id: error.decision_id ?? null,
  }
}

function typeOf({ code, upstream_status: status }: ErrorBody['error']): WireErrorType {
  if (code === 'upstream_error' && status === 529) return 'overloaded_error'
  return Object.hasOwn(TYPES, code) ? TYPES[code as ErrorCode] : 'api_error'
}
