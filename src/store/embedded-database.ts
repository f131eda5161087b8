/**
 * PostgreSQL embedded in a folder: PGlite in a thread of its own, so that no statement stops requests.
 *
 * There is one connection. Statements run in the order in which they were asked for; those of others wait while a transaction is
 * open. A thread that broke is started anew for the next statement. That nobody else uses the folder is the caller's business
 * (`folder-lock.ts`): two processes on one folder lose rows.
 */
import { fork } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { WorkerOptions } from 'node:worker_threads'
import { Worker } from 'node:worker_threads'
import { ParapetError } from '../spec/errors.ts'
import type { SqlDatabase, SqlParameter, SqlRow, SqlRunner } from './database.ts'
import { SqlError } from './database.ts'
import type { EmbeddedReply, EmbeddedRequest, EmbeddedStart } from './embedded-protocol.ts'

/** Tests run from source, and Node 20 reads no TypeScript by itself; the built package needs no loader. */
const FROM_SOURCE = import.meta.url.endsWith('.ts')
/** Young objects of the thread are few; without a bound V8 would give them as much as the main thread's. */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 }
/** Milliseconds given to the thread to write everything and end. */
const CLOSE_WITHIN = 10_000

export interface EmbeddedSqlDatabase extends SqlDatabase {
  /** Lets go of the folder at once, as if the process had died: nothing more is written there. */
  abandon(): Promise<void>
}

/** Opens the database in a folder, which is made (with a new database) when it is not there. */
export async function openEmbeddedDatabase(folder: string): Promise<EmbeddedSqlDatabase> {
  if (!existsSync(join(folder, 'PG_VERSION'))) await makeDatabase(folder)
  const database = new EmbeddedDatabase(folder)
  await database.open()
  return database
}

async function makeDatabase(folder: string): Promise<void> {
  const failed = (cause?: unknown): ParapetError =>
    new ParapetError(
      'configuration',
      `No database could be made in ${folder}: check that the folder may be written to and 100 MB are free.`,
      cause === undefined ? {} : { cause },
    )
  try {
    mkdirSync(dirname(folder), { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw failed(cause)
  }
  const child = fork(moduleUrl('embedded-init'), [folder], {
    execArgv: FROM_SOURCE ? ['--import', 'tsx'] : [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let told = ''
  child.stderr?.on('data', (chunk: Buffer) => (told = (told + chunk.toString('utf8')).slice(-2000)))
  const end = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve({ code, signal }))
  }).catch((cause: unknown) => {
    throw failed(cause)
  })
  // A signal says nothing about the disk: whoever stops the gateway while it starts stops its child with it.
  if (end.signal !== null)
    throw new ParapetError(
      'configuration',
      `Making the database in ${folder} was stopped by ${end.signal} before it was done: start again, and leave it half a minute on a busy machine.`,
    )
  if (end.code !== 0) throw failed(new Error(told))
}

function moduleUrl(name: string): URL {
  return new URL(`./${name}${FROM_SOURCE ? '.ts' : '.js'}`, import.meta.url)
}

function startWorker(options: WorkerOptions): Worker {
  const url = moduleUrl('embedded-worker')
  if (!FROM_SOURCE) return new Worker(url, options)
  const load = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(url.href)})))`
  return new Worker(load, { ...options, eval: true })
}

interface Waiting {
  readonly resolve: (rows: readonly SqlRow[]) => void
  readonly reject: (cause: SqlError) => void
}

/** One running thread and what it still owes. */
class Thread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly opened: Promise<void>
  #next = 0
  #end: SqlError | null = null
  #ended: () => void = () => undefined
  readonly #exit: Promise<void>

  constructor(folder: string) {
    const workerData: EmbeddedStart = { folder }
    this.#worker = startWorker({ workerData, execArgv: [], resourceLimits: THREAD_LIMITS, name: 'parapet-store' })
    this.#exit = new Promise((resolve) => (this.#ended = resolve))
    this.opened = new Promise((resolve, reject) => {
      this.#worker.on('message', (reply: EmbeddedReply) => {
        if (reply.type === 'opened') resolve()
        this.#take(reply)
        if (this.#end !== null) reject(this.#end)
      })
      this.#worker.on('error', (cause: Error) => this.#stop(new SqlError(cause.message, null, { cause })))
      this.#worker.on('exit', () => {
        this.#stop(new SqlError('The thread of the embedded database has ended.', null))
        reject(this.#end)
        this.#ended()
      })
    })
    this.opened.catch(() => undefined)
  }

  /** It takes no more statements. */
  get ended(): boolean {
    return this.#end !== null
  }

  run(request: { readonly sql: string; readonly parameters?: readonly SqlParameter[] }): Promise<readonly SqlRow[]> {
    if (this.#end !== null) return Promise.reject(this.#end)
    const id = this.#next++
    const { sql, parameters } = request
    const message: EmbeddedRequest =
      parameters === undefined ? { type: 'script', id, sql } : { type: 'query', id, sql, parameters }
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage(message)
    })
  }

  async close(): Promise<void> {
    if (this.#end === null) this.#worker.postMessage({ type: 'close' } satisfies EmbeddedRequest)
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_WITHIN)
    await this.#exit
    clearTimeout(timer)
  }

  async abandon(): Promise<void> {
    this.#stop(new SqlError('The embedded database was given up.', null))
    await this.#worker.terminate()
  }

  #take(reply: EmbeddedReply): void {
    switch (reply.type) {
      case 'opened':
      case 'closed':
        return
      case 'rows':
        this.#answered(reply.id)?.resolve(reply.rows)
        return
      case 'failed':
        this.#answered(reply.id)?.reject(new SqlError(reply.message, reply.sqlState))
        return
      case 'broken':
        this.#stop(new SqlError(`The embedded database broke: ${reply.message}`, null))
        return
      default:
        reply satisfies never
    }
  }

  #answered(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }

  #stop(cause: SqlError): void {
    if (this.#end !== null) return
    this.#end = cause
    for (const { reject } of this.#waiting.values()) reject(cause)
    this.#waiting.clear()
  }
}

class EmbeddedDatabase implements EmbeddedSqlDatabase {
  readonly name: string
  readonly unattended = true
  readonly #folder: string
  #thread: Thread | null = null
  #closed = false
  /** Settles when the transaction that is open has ended. */
  #turn: Promise<void> = Promise.resolve()

  constructor(folder: string) {
    this.#folder = folder
    this.name = `embedded PostgreSQL in ${folder}`
  }

  async open(): Promise<void> {
    try {
      await this.#running().opened
    } catch (cause) {
      await this.#thread?.close()
      throw new ParapetError(
        'configuration',
        `The database in ${this.#folder} cannot be opened. If it is damaged, move it away to start an empty one.`,
        { cause },
      )
    }
  }

  query(sql: string, parameters: readonly SqlParameter[] = []): Promise<readonly SqlRow[]> {
    return this.#next(() => this.#running().run({ sql, parameters }))
  }

  script(sql: string): Promise<readonly SqlRow[]> {
    return this.#next(() => this.#running().run({ sql }))
  }

  async transaction<T>(work: (runner: SqlRunner) => Promise<T>): Promise<T> {
    let release: () => void = () => undefined
    const before = this.#turn
    this.#turn = new Promise((resolve) => (release = resolve))
    await before
    try {
      return await inTransaction(this.#running(), work)
    } finally {
      release()
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turn
    await this.#thread?.close()
  }

  async abandon(): Promise<void> {
    this.#closed = true
    await this.#thread?.abandon()
  }

  #next(run: () => Promise<readonly SqlRow[]>): Promise<readonly SqlRow[]> {
    return this.#turn.then(run)
  }

  #running(): Thread {
    if (this.#closed) throw new SqlError('The embedded database is closed.', null)
    if (this.#thread === null || this.#thread.ended) this.#thread = new Thread(this.#folder)
    return this.#thread
  }
}

async function inTransaction<T>(thread: Thread, work: (runner: SqlRunner) => Promise<T>): Promise<T> {
  const runner: SqlRunner = {
    query: (sql, parameters = []) => thread.run({ sql, parameters }),
    script: (sql) => thread.run({ sql }),
  }
  await thread.run({ sql: 'begin' })
  try {
    const result = await work(runner)
    await thread.run({ sql: 'commit' })
    return result
  } catch (cause) {
    if (!thread.ended) await thread.run({ sql: 'rollback' })
    throw cause
  }
}
