/**
 * The body of every HTTP answer that is not a success, and which status and type belong to which code.
 *
 * The shape is OpenAI's, so that existing clients show the message; `type` alone tells blocked, refused, held, failed, timed
 * out and upstream trouble apart. Messages never hold anything of a prompt or an answer.
 */
import { z } from 'zod'
import type { ErrorCode } from '../spec/index.ts'

/** What went wrong, by kind. */
export type ErrorType =
  | 'content_filter'
  | 'refused'
  | 'held'
  | 'guard_failed'
  | 'guard_timeout'
  | 'upstream_error'
  | 'upstream_timeout'
  | 'invalid_request_error'
  | 'authentication_error'
  | 'rate_limit_error'
  | 'permission_error'
  | 'record_unavailable'
  | 'server_error'

/** HTTP status of each code. `docs/reference/errors.md` lists the same. */
export const ERROR_STATUS: Readonly<Record<ErrorCode, number>> = {
  policy_invalid: 500,
  policy_not_found: 500,
  input_invalid: 400,
  input_too_large: 413,
  content_filter: 400,
  refused: 200,
  held: 202,
  guard_failed: 503,
  guard_timeout: 504,
  guard_unknown: 500,
  upstream_error: 502,
  upstream_timeout: 504,
  engine_unavailable: 503,
  vault_key_missing: 500,
  unauthorized: 401,
  rate_limited: 429,
  aborted: 499,
  not_found: 404,
  method_not_allowed: 405,
  shutting_down: 503,
  record_unavailable: 503,
  conflict: 409,
  forbidden: 403,
  configuration: 500,
  internal: 500,
}

/** `error.type` of each code. */
export const ERROR_TYPE: Readonly<Record<ErrorCode, ErrorType>> = {
  policy_invalid: 'server_error',
  policy_not_found: 'server_error',
  input_invalid: 'invalid_request_error',
  input_too_large: 'invalid_request_error',
  content_filter: 'content_filter',
  refused: 'refused',
  held: 'held',
  guard_failed: 'guard_failed',
  guard_timeout: 'guard_timeout',
  guard_unknown: 'server_error',
  upstream_error: 'upstream_error',
  upstream_timeout: 'upstream_timeout',
  engine_unavailable: 'server_error',
  vault_key_missing: 'server_error',
  unauthorized: 'authentication_error',
  rate_limited: 'rate_limit_error',
  aborted: 'invalid_request_error',
  not_found: 'invalid_request_error',
  method_not_allowed: 'invalid_request_error',
  shutting_down: 'server_error',
  record_unavailable: 'record_unavailable',
  conflict: 'invalid_request_error',
  forbidden: 'permission_error',
  configuration: 'server_error',
  internal: 'server_error',
}

/** Schema of the body. */
export const errorBodySchema: z.ZodType<ErrorBody> = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    code: z.string(),
    param: z.string().nullable(),
    decision_id: z.string().optional(),
    upstream_status: z.number().optional(),
    poll_url: z.string().optional(),
  }),
})

/** `{ error: { message, type, code, param, decision_id? } }`. */
export interface ErrorBody {
  readonly error: {
    /** What to do next. */
    readonly message: string
    readonly type: string
    readonly code: string
    /** The field of the request that is wrong, for example `messages[1].content`; null when none is. */
    readonly param: string | null
    /** Present when a decision was made. */
    readonly decision_id?: string | undefined
    /** Status of the model server, when it answered with one that is not a success. */
    readonly upstream_status?: number | undefined
    /** Where to ask for a held decision. */
    readonly poll_url?: string | undefined
  }
}
