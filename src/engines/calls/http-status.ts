/** What the status and the headers of an HTTP answer say of a failure. Words for people are the engines'. */
import type { EngineFailureReason } from '../../spec/index.ts'

/** The reason behind a status that is no success. */
export function reasonOfStatus(status: number): EngineFailureReason {
  if (status >= 300 && status < 400) return 'redirected'
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 404) return 'not_found'
  if (status === 408) return 'timeout'
  if (status === 429) return 'rate_limited'
  return status >= 500 ? 'server_error' : 'rejected'
}

/** Milliseconds from a `Retry-After`: seconds, or an HTTP date. */
export function parseRetryAfter(value: string, now: number = Date.now()): number | null {
  const text = value.trim()
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(text)) return Math.round(Number(text) * 1000)
  const date = /^[A-Za-z]{3}, /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
