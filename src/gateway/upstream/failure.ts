/** What went wrong with a model server, as errors. They never repeat what the server said: such messages quote prompts and keys. */
import { ParapetError } from '../../spec/index.ts'

/** `status` is the server's HTTP status, when it answered with one. */
export function upstreamError(
  message: string,
  details: { status?: number; retryAfter?: string } = {},
  cause?: unknown,
): ParapetError {
  return new ParapetError('upstream_error', message, { details, ...(cause === undefined ? {} : { cause }) })
}

export function upstreamTimeout(message: string): ParapetError {
  return new ParapetError('upstream_timeout', message)
}
