/** The options by which commands choose decisions, as a query of the gateway. */
import { usageError } from './exit.ts'

const FIELDS = ['decision', 'door', 'user', 'application', 'conversation', 'key', 'review'] as const

/** `?…` for these options; empty when none is given. */
export function decisionFilter(
  options: Readonly<Record<string, unknown>>,
  extra: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(extra)
  for (const field of FIELDS) {
    const value = options[field]
    if (typeof value === 'string') query.set(field, value)
  }
  for (const field of ['from', 'to'] as const) {
    const value = options[field]
    if (typeof value === 'string') query.set(field, moment(value, `--${field}`))
  }
  if (options['feedback'] === true) query.set('feedback', 'true')
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

/** A date or a date and time; without a zone it is UTC, so that the same command means the same everywhere. */
function moment(value: string, option: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(value)
  const time = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? '00:00'}${match[3] ?? 'Z'}`)
  if (Number.isNaN(time)) {
    throw usageError(`${option} must be a date such as 2026-11-26 or a time such as 2026-11-26T14:00Z.`)
  }
  return new Date(time).toISOString()
}
