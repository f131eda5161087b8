/** A PostgreSQL server, reached by URL through a small pool of connections. Nothing waits for it for ever. */
import type { Pool, PoolClient } from 'pg'
import { ParapetError } from '../spec/errors.ts'
import type { SqlDatabase, SqlParameter, SqlRow, SqlRunner } from './database.ts'
import { SqlError } from './database.ts'

export interface PostgresOptions {
  /** For example `postgres://parapet:secret@db.internal/parapet?sslmode=verify-full`. */
  readonly url: string
  /** Connections at most. Default 4: records are written together, a few read. */
  readonly connections?: number
  /** Milliseconds until a statement is given up. Default 15,000. */
  readonly timeout?: number
}

/** Milliseconds to connect. */
const CONNECT_WITHIN = 5000

/** A database by URL. Connects when it is first used. @throws ParapetError `configuration` when the URL is none */
export async function openPostgresDatabase(options: PostgresOptions): Promise<SqlDatabase> {
  const { url, connections = 4, timeout = 15_000 } = options
  const name = nameOf(url)
  const { Pool } = await loadPg()
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_WITHIN,
    statement_timeout: timeout,
    // The server may have vanished without a word; then it cannot give the statement up either.
    query_timeout: timeout + 1000,
    idle_in_transaction_session_timeout: timeout,
    keepAlive: true,
    application_name: 'parapet',
    allowExitOnIdle: true,
  })
  // A connection that breaks while idle: the next statement gets another one, or is told why not.
  pool.on('error', () => undefined)
  return new PostgresDatabase(pool, name)
}

class PostgresDatabase implements SqlDatabase {
  readonly name: string
  readonly unattended = false
  readonly #pool: Pool
  #closed: Promise<void> | null = null

  constructor(pool: Pool, name: string) {
    this.#pool = pool
    this.name = name
  }

  query(sql: string, parameters: readonly SqlParameter[] = []): Promise<readonly SqlRow[]> {
    return run(this.#pool, sql, parameters)
  }

  script(sql: string): Promise<readonly SqlRow[]> {
    // A script may begin a transaction of its own and fail within it.
    return this.#withClient((client) => run(client, sql))
  }

  transaction<T>(work: (runner: SqlRunner) => Promise<T>): Promise<T> {
    return this.#withClient(async (client) => {
      await run(client, 'begin')
      const result = await work({
        query: (sql, parameters = []) => run(client, sql, parameters),
        script: (sql) => run(client, sql),
      })
      await run(client, 'commit')
      return result
    })
  }

  /** One connection, which is out of any transaction when it goes back to the others. */
  async #withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw toSqlError(cause)
    })
    let broken = false
    // A connection that breaks says so twice: to the statement that runs, and here.
    const onError = (): void => void (broken = true)
    client.on('error', onError)
    try {
      return await work(client)
    } catch (cause) {
      await run(client, 'rollback').catch(onError)
      throw cause
    } finally {
      client.off('error', onError)
      client.release(broken)
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#pool.end())
  }
}

async function run(
  client: Pool | PoolClient,
  sql: string,
  parameters?: readonly SqlParameter[],
): Promise<readonly SqlRow[]> {
  try {
    // Without parameters the text may hold several statements, and each has a result of its own.
    const answer: unknown = await (parameters === undefined ? client.query(sql) : client.query(sql, [...parameters]))
    const last = (Array.isArray(answer) ? answer.at(-1) : answer) as { readonly rows: readonly SqlRow[] }
    return last.rows
  } catch (cause) {
    throw toSqlError(cause)
  }
}

/** Messages of PostgreSQL can quote a value, and those of the driver a password; only the state goes on. */
function toSqlError(cause: unknown): SqlError {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const sqlState = /^[0-9A-Z]{5}$/.test(code) ? code : null
  const message =
    sqlState === null ? `The database server cannot be reached${code === '' ? '' : ` (${code})`}.` : `SQLSTATE ${code}`
  return new SqlError(message, sqlState)
}

function nameOf(url: string): string {
  if (!/^postgres(?:ql)?:\/\//.test(url))
    throw new ParapetError('configuration', 'The URL of the store must begin with postgres:// or postgresql://.')
  // Names of sockets and of several servers are beyond what a URL can be; the client knows what they mean.
  if (!URL.canParse(url)) return 'PostgreSQL'
  const { host, pathname, searchParams } = new URL(url)
  const database = decodeURIComponent(pathname.slice(1))
  return `PostgreSQL${database === '' ? '' : ` ${database}`} at ${host || searchParams.get('host') || 'localhost'}`
}

async function loadPg(): Promise<Pick<typeof import('pg'), 'Pool'>> {
  try {
    const { default: pg } = await import('pg')
    return pg
  } catch (cause) {
    throw new ParapetError('engine_unavailable', 'The PostgreSQL client could not be loaded. Install pg.', { cause })
  }
}
