/**
 * Rows of a published file, whatever the container: CSV, JSON Lines, a JSON list, or one JSON object.
 *
 * It knows no format, and an error names file and line but never quotes the text there.
 */
import { parse as parseCsv } from 'csv-parse/sync'
import { ParapetError } from '../../../spec/index.ts'
import { Row, describe, isObject } from './row.ts'
import { type SourceFile, sourceText } from './source-file.ts'

/** Longest row, in UTF-16 units: far above any published sample, so that a file without line ends is caught here. */
export const MAX_ROW_LENGTH = 16_000_000

export interface Table {
  readonly name: string
  readonly container: 'csv' | 'json'
  /** Columns of all rows. */
  readonly columns: ReadonlySet<string>
  readonly rows: readonly Row[]
}

/** Reads a file's rows. */
export function readTable(file: SourceFile): Table {
  const text = sourceText(file)
  const first = text.trimStart()[0]
  const table = first === '{' || first === '[' ? jsonTable(file.name, text) : csvTable(file.name, text)
  if (table.rows.length === 0)
    throw new ParapetError('input_invalid', `${file.name} has no rows. Expected at least one; get the file again.`)
  return table
}

function csvTable(name: string, text: string): Table {
  const records = csvRecords(name, text)
  const header = records[0]?.record ?? []
  const repeated = header.find((column, index) => header.indexOf(column) !== index)
  if (repeated !== undefined)
    throw new ParapetError(
      'input_invalid',
      `${name}:1, column "${repeated}": stands twice in the header. Expected every column once; get the file as published.`,
    )
  let ended = records[0]?.line ?? 1
  const rows = records.slice(1).map(({ record, line }, index) => {
    const place = `${name}:${ended + 1}`
    ended = line
    if (record.reduce((length, cell) => length + cell.length, 0) > MAX_ROW_LENGTH) throw tooLong(place)
    return new Row(index + 1, place, Object.fromEntries(header.map((column, at) => [column, record[at] ?? ''])), true)
  })
  return { name, container: 'csv', columns: new Set(header), rows }
}

function csvRecords(name: string, text: string): readonly { record: readonly string[]; line: number }[] {
  try {
    const options = { info: true, skip_empty_lines: true } as const
    const records = parseCsv(text, options) as unknown as { record: string[]; info: { lines: number } }[]
    return records.map(({ record, info }) => ({ record, line: info.lines }))
  } catch (error) {
    const { code, lines } = error as { code?: string; lines?: number }
    const place = `${name}:${lines ?? '?'}`
    const problem = CSV_PROBLEMS[code ?? ''] ?? 'is not a row of CSV'
    throw new ParapetError(
      'input_invalid',
      `${place} ${problem}. Expected comma-separated values as in RFC 4180; get the file as published.`,
    )
  }
}

const CSV_PROBLEMS: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'has more or fewer cells than the header',
  CSV_QUOTE_NOT_CLOSED: 'opens a quote that is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'has text after a closing quote',
  INVALID_OPENING_QUOTE: 'has a quote inside an unquoted cell',
}

function jsonTable(name: string, text: string): Table {
  const rows = jsonRows(name, text)
  return { name, container: 'json', columns: new Set(rows.flatMap((row) => row.columns)), rows }
}

function jsonRows(name: string, text: string): readonly Row[] {
  const lines = text.split('\n')
  if (text.trimStart().startsWith('[')) return listRows(name, parseJson(name, text, 1))
  const first = lines.find((line) => line.trim() !== '') ?? ''
  if (!parses(first) && parses(text)) return [jsonRow(name, JSON.parse(text), 1, 1)]
  return lines.flatMap((line, index) =>
    line.trim() === '' ? [] : [jsonRow(name, parseJson(name, line, index + 1), index + 1, index + 1)],
  )
}

function listRows(name: string, value: unknown): readonly Row[] {
  return (value as readonly unknown[]).map((item, index) => jsonRow(name, item, index + 1, `item ${index + 1}`))
}

function jsonRow(name: string, value: unknown, number: number, at: number | string): Row {
  const place = typeof at === 'number' ? `${name}:${at}` : `${name}, ${at}`
  if (isObject(value)) return new Row(number, place, value, false)
  throw new ParapetError('input_invalid', `${place}: expected a JSON object, found ${describe(value)}.`)
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The engine's own message quotes the text, so only its position is kept. */
function parseJson(name: string, text: string, line: number): unknown {
  if (text.length > MAX_ROW_LENGTH && !text.trimStart().startsWith('[')) throw tooLong(`${name}:${line}`)
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? text.length)
    const before = text.slice(0, position).split('\n')
    const place = `${name}:${line + before.length - 1}:${(before.at(-1) ?? '').length + 1}`
    throw new ParapetError(
      'input_invalid',
      `${place} is not valid JSON. Expected one JSON object a line, or one list of objects; the file may be cut off.`,
    )
  }
}

function tooLong(place: string): ParapetError {
  return new ParapetError(
    'input_too_large',
    `${place}: the row is longer than ${MAX_ROW_LENGTH.toLocaleString('en-GB')} characters. Expected one sample a row; check the line ends.`,
  )
}
