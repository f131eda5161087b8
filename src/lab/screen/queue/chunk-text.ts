/**
 * A chunk of rows as text and back: a line of JSON that says where each row begins and how long it is, then the bytes of all rows, all packed.
 * Rows travel as they stand in their file, so that what is no UTF-8 or no JSON is told there as here.
 */
import { ParapetError } from '../../../spec/errors.ts'
import type { RawRow } from '../read/raw-row.ts'
import { pack, unpack } from './packed-text.ts'

/** Line, bytes (-1 for none to look at), what is wrong. */
type Entry = readonly [line: number, length: number, problem?: string]

export function rowsToText(rows: readonly RawRow[]): string {
  const entries = rows.map(({ line, bytes, problem }): Entry => {
    const length = bytes?.length ?? -1
    return problem === undefined ? [line, length] : [line, length, problem]
  })
  const head = Buffer.from(`${JSON.stringify(entries)}\n`)
  return pack(Buffer.concat([head, ...rows.map(({ bytes }) => bytes ?? new Uint8Array())]))
}

/** Throws `input_invalid` for a text that is not of `rowsToText`. */
export function rowsFromText(text: string): readonly RawRow[] {
  const bytes = unpack(text)
  if (bytes === null) throw damaged()
  const end = bytes.indexOf(10)
  const entries = entriesOf(bytes.subarray(0, Math.max(0, end)).toString('utf8'))
  let at = end + 1
  const rows = entries.map(([line, length, problem]): RawRow => {
    const start = at
    at += Math.max(0, length)
    return {
      ...{ line, bytes: length < 0 ? null : bytes.subarray(start, at) },
      ...(problem === undefined ? {} : { problem }),
    }
  })
  if (at !== bytes.length) throw damaged()
  return rows
}

function entriesOf(text: string): readonly Entry[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw damaged()
  }
  if (!Array.isArray(value) || !value.every(isEntry)) throw damaged()
  return value
}

function isEntry(value: unknown): value is Entry {
  if (!Array.isArray(value)) return false
  const [line, length, problem] = value as readonly unknown[]
  return Number.isInteger(line) && Number.isInteger(length) && (problem === undefined || typeof problem === 'string')
}

function damaged(): ParapetError {
  return new ParapetError('input_invalid', 'A task of the queue is damaged. Start the screen again.')
}
