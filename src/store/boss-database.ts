/** How pg-boss speaks to our databases, and how it is loaded: when it is first wanted, because it costs 25 MB. */
import type PgBoss from 'pg-boss'
import { ParapetError } from '../spec/errors.ts'
import { SqlError, type SqlParameter, type SqlRunner } from './database.ts'

/** By this end the statements with which pg-boss says what became of a job. */
const OUTCOME = 'SELECT COUNT(*) FROM results'

/**
 * pg-boss speaks to a database, or within a transaction, through this; a statement without values may be several. With `onOutcomeFailure`
 * a failure to write what became of a job is told there and not thrown.
 */
export function bossDatabase(runner: SqlRunner, onOutcomeFailure?: () => void): PgBoss.Db {
  return {
    async executeSql(text, values = []) {
      try {
        const rows = values.length === 0 ? await runner.script(text) : await runner.query(text, values.map(toParameter))
        return { rows: [...rows] }
      } catch (cause) {
        // Nobody waits for the answer to these, so that their rejection would end the process. The job runs again later.
        if (onOutcomeFailure === undefined || !text.includes(OUTCOME)) throw recognisable(cause)
        onOutcomeFailure()
        return { rows: [{ count: 0 }] }
      }
    },
  }
}

/** What pg-boss knows by words of PostgreSQL's, which ours do not repeat: somebody else has just made, or migrated, the same tables. */
const KNOWN: Readonly<Record<string, string>> = {
  ...{ 42710: 'already exists', '42P06': 'already exists', '42P07': 'already exists', 23505: 'already exists' },
  22012: 'division by zero',
}

function recognisable(cause: unknown): unknown {
  if (!(cause instanceof SqlError) || cause.sqlState === null) return cause
  const words = KNOWN[cause.sqlState]
  return words === undefined ? cause : new SqlError(`${cause.message}: ${words}`, cause.sqlState, { cause })
}

function toParameter(value: unknown): SqlParameter {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value as readonly (string | number | boolean | null)[]
  return value instanceof Date ? value.toISOString() : JSON.stringify(value)
}

export async function loadPgBoss(): Promise<typeof PgBoss> {
  try {
    return (await import('pg-boss')).default
  } catch (cause) {
    throw new ParapetError('engine_unavailable', 'The job queue could not be loaded. Install pg-boss.', { cause })
  }
}
