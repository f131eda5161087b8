/** Reads values of a server's JSON. What is not of the form is a `malformed` failure, never a guess. */
import { engineFailure } from '../calls/failure.ts'

export type WireRecord = Readonly<Record<string, unknown>>

export function malformed(what: string): unknown {
  return engineFailure(
    'malformed',
    `The answer of the model server is of another form than its interface says: ${what}. Check dialect and api.`,
  )
}

export function isRecord(value: unknown): value is WireRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function record(value: unknown, what: string): WireRecord {
  if (!isRecord(value)) throw malformed(`${what} is not an object`)
  return value
}

export function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw malformed(`${what} is not a text`)
  return value
}

/** A count, or undefined for whatever is none. */
export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
