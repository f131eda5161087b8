/**
 * A PostgreSQL that takes SQL: the embedded one (`embedded-database.ts`) or a server (`postgres-database.ts`). Both speak the same
 * SQL, and values come back as strings, numbers, booleans and null alike, as long as statements cast anything else to `text`.
 *
 * What is kept in it is the business of the files that use it.
 */
import { ParapetError } from '../spec/errors.ts'

export type SqlValue = string | number | boolean | null
/** What is passed for `$1`, `$2`…; a list becomes an SQL array. */
export type SqlParameter = SqlValue | readonly SqlValue[]
export type SqlRow = Readonly<Record<string, SqlValue>>

/** Something that runs statements: a database, or a transaction in it. */
export interface SqlRunner {
  /** One statement. */
  query(sql: string, parameters?: readonly SqlParameter[]): Promise<readonly SqlRow[]>
  /** Several statements without parameters; the rows of the last. */
  script(sql: string): Promise<readonly SqlRow[]>
}

export interface SqlDatabase extends SqlRunner {
  /** What it is, for people; never holds a password. */
  readonly name: string
  /** It runs nothing by itself: somebody has to vacuum. */
  readonly unattended: boolean
  /** All of what `work` does, or nothing when it rejects. */
  transaction<T>(work: (runner: SqlRunner) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** A failure told by the database, with its five-letter SQLSTATE when there is one. */
export class SqlError extends Error {
  readonly sqlState: string | null

  constructor(message: string, sqlState: string | null, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SqlError'
    this.sqlState = sqlState
  }
}

/** Settings are wrong, so waiting does not help: wrong password, unknown database, missing privilege. */
const SETTINGS: readonly string[] = ['28', '3D', '42501', '3F']
/** The data are wrong, so another attempt with the same data does not help. */
const DATA: readonly string[] = ['22', '23', '54']

/** A database's failure as the rest of Parapet sees it. `what` ends the sentence `The store of decisions …`. */
export function toStoreError(cause: unknown): ParapetError {
  if (ParapetError.isInstance(cause)) return cause
  const state = cause instanceof SqlError ? (cause.sqlState ?? '') : ''
  const told = state === '' ? '' : ` (SQLSTATE ${state})`
  if (DATA.some((prefix) => state.startsWith(prefix)))
    return new ParapetError('input_invalid', `The store cannot hold these data${told}.`, { cause })
  if (SETTINGS.some((prefix) => state.startsWith(prefix))) {
    return new ParapetError(
      'configuration',
      `The store refuses its user${told}: check name, password, database and privileges in its URL.`,
      { cause },
    )
  }
  return new ParapetError(
    'record_unavailable',
    `The store of decisions cannot be used just now${told}; try again later.`,
    {
      cause,
    },
  )
}
