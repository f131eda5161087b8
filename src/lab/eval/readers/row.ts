/**
 * One row of a published file, with its place: every access checks the type and throws with file, line and column, so that no
 * reader has to. It does not know what a column means, and an error never quotes a text, only short label values.
 */
import { ParapetError } from '../../../spec/index.ts'

/** Which columns a form of a file has. Any other is an error: it may be a revision whose labels mean something else. */
export interface Columns {
  readonly required: readonly string[]
  /** Columns that other published revisions have, or lack. */
  readonly optional?: readonly string[]
}

/** Throws unless the row has exactly the columns that are known. */
export function checkColumns(row: Row, columns: Columns): void {
  const known = [...columns.required, ...(columns.optional ?? [])]
  for (const column of columns.required)
    if (!row.has(column)) row.fail(column, `a column of this name; the row has ${list(row.columns)}`, 'missing')
  for (const column of row.columns)
    if (!known.includes(column)) row.fail(column, `one of ${list(known)}`, 'an unknown column')
}

/** One row, or one object inside a row. */
export class Row {
  /** Position in its file, from 1. */
  readonly number: number
  /** File and line, for messages. */
  readonly place: string
  readonly #values: Readonly<Record<string, unknown>>
  readonly #csv: boolean
  readonly #path: string

  constructor(number: number, place: string, values: Readonly<Record<string, unknown>>, csv: boolean, path = '') {
    this.number = number
    this.place = place
    this.#values = values
    this.#csv = csv
    this.#path = path
  }

  get columns(): readonly string[] {
    return Object.keys(this.#values)
  }

  has(column: string): boolean {
    return Object.hasOwn(this.#values, column)
  }

  /** A string, which may be empty. */
  text(column: string): string {
    const value = this.#values[column]
    return typeof value === 'string' ? value : this.fail(column, 'a string')
  }

  /** A string with more than blank space in it. */
  filled(column: string): string {
    const value = this.text(column)
    return value.trim() === '' ? this.fail(column, 'a text', 'an empty one') : value
  }

  /** A string, or null where the value is null, absent, or an empty CSV cell. */
  textOrNull(column: string): string | null {
    const value = this.#values[column]
    if (value === null || value === undefined || (this.#csv && value === '')) return null
    return this.text(column)
  }

  /** A source's own id: a non-empty string or a whole number. */
  key(column: string): string {
    const value = this.#values[column]
    if (typeof value === 'number' && Number.isInteger(value)) return String(value)
    return typeof value === 'string' && value.trim() !== '' ? value : this.fail(column, 'an id (text or whole number)')
  }

  /** A finite number; in a CSV its decimal form. */
  decimal(column: string): number {
    const value = this.#values[column]
    const number = this.#csv && typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    return typeof number === 'number' && Number.isFinite(number) ? number : this.fail(column, 'a number')
  }

  /** true or false, or 1 or 0; in a CSV also their words in any case. */
  flag(column: string): boolean {
    const value = this.#values[column]
    if (value === true || value === 1) return true
    if (value === false || value === 0) return false
    const word = this.#csv && typeof value === 'string' ? value.trim().toLowerCase() : ''
    if (word === 'true' || word === '1') return true
    if (word === 'false' || word === '0') return false
    return this.fail(column, 'true or false (or 1 or 0)')
  }

  /** One of the values that the table gives a meaning. */
  choice<T>(column: string, meanings: Readonly<Record<string, T>>): T {
    const value = this.#values[column]
    if (typeof value === 'string' && Object.hasOwn(meanings, value)) return meanings[value] as T
    return this.fail(column, `one of ${list(Object.keys(meanings))}`)
  }

  /** As `choice`, null where the value is null, absent, or an empty CSV cell. */
  choiceOrNull<T>(column: string, meanings: Readonly<Record<string, T>>): T | null {
    return this.textOrNull(column) === null ? null : this.choice(column, meanings)
  }

  /** An object inside the row. */
  object(column: string): Row {
    const value = this.#values[column]
    if (!isObject(value)) return this.fail(column, 'an object')
    return new Row(this.number, this.place, value, false, `${this.#path}${column}.`)
  }

  /** A list of objects inside the row. */
  objects(column: string): readonly Row[] {
    return this.#list(column, 'a list of objects').map((value, index) =>
      isObject(value)
        ? new Row(index + 1, this.place, value, false, `${this.#path}${column}[${index}].`)
        : this.fail(`${column}[${index}]`, 'an object', describe(value)),
    )
  }

  /** A list of strings inside the row. */
  texts(column: string): readonly string[] {
    return this.#list(column, 'a list of strings').map((value, index) =>
      typeof value === 'string' ? value : this.fail(`${column}[${index}]`, 'a string', describe(value)),
    )
  }

  /** The value as it stands, for shapes that only a reader knows. */
  value(column: string): unknown {
    return this.#values[column]
  }

  /** Throws: file, line, column, what was expected and what was found. */
  fail(column: string, expected: string, found: string = describe(this.#values[column])): never {
    throw new ParapetError(
      'input_invalid',
      `${this.place}, column "${this.#path}${column}": expected ${expected}, found ${found}. Get the file as published, or name its format with --format.`,
      { details: { place: this.place, column: `${this.#path}${column}` } },
    )
  }

  #list(column: string, expected: string): readonly unknown[] {
    const value = this.#values[column]
    return Array.isArray(value) ? (value as readonly unknown[]) : this.fail(column, expected)
  }
}

/** An object that is not a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Type of a value, with the value itself only where it is short enough to be a label. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'string') return value.length <= 24 ? `"${value}"` : `a text of ${value.length} characters`
  return typeof value === 'object' ? 'an object' : `${typeof value} ${String(value)}`
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `"${name}"`).join(', ')
}
