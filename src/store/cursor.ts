/** Where a page of decisions ended, as text that means nothing to whoever carries it. */
import { ParapetError } from '../spec/errors.ts'

/** The last record of a page. */
export interface Position {
  readonly at: number
  readonly id: string
}

const LONGEST = 1024

export function toCursor({ at, id }: Position): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url')
}

/** @throws ParapetError `input_invalid` */
export function fromCursor(cursor: string): Position {
  try {
    if (cursor.length > LONGEST) throw new RangeError('too long')
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (!Array.isArray(value)) throw new TypeError('no position')
    const [at, id] = value as readonly unknown[]
    if (typeof at !== 'number' || !Number.isFinite(at) || typeof id !== 'string') throw new TypeError('no position')
    return { at, id }
  } catch (cause) {
    const message = 'The cursor is not one of this list: pass `next_cursor` of the page before, or none.'
    throw new ParapetError('input_invalid', message, { cause, details: { param: 'cursor' } })
  }
}

/** @throws ParapetError `input_invalid` */
export function checkedLimit(limit = 50): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 500) return limit
  const details = { param: 'limit' }
  throw new ParapetError('input_invalid', 'The limit must be a whole number from 1 to 500.', { details })
}
