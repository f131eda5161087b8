/**
 * Jobs in the same database as decisions, by pg-boss: of several gateways on one PostgreSQL, one runs each job. Loaded when it is
 * first wanted, because it costs 25 MB.
 */
import { randomUUID } from 'node:crypto'
import type PgBoss from 'pg-boss'
import { ParapetError } from '../spec/errors.ts'
import type { Job, JobQueue } from '../spec/jobs.ts'
import { bossDatabase, loadPgBoss } from './boss-database.ts'
import type { SqlDatabase } from './database.ts'
import { SqlError, toStoreError } from './database.ts'

export interface JobQueueOptions {
  readonly database: SqlDatabase
  /** Told when jobs cannot be fetched or kept, at most once a minute. */
  readonly onWarning?: (message: string) => void
}

const SCHEMA = 'parapet_jobs'
const NAME = /^[\w-]{1,64}$/
const INTERVAL = 60_000
const RETRIES = 2
/** Milliseconds given to running jobs when the queue is closed. */
const CLOSE_WITHIN = 5000
const WARNING_EVERY = 60_000
/** How often pg-boss looks: rarely, since a gateway has a job an hour. */
const PACE = {
  maintenanceIntervalSeconds: 600,
  cronMonitorIntervalSeconds: 45,
  cronWorkerIntervalSeconds: 45,
  archiveCompletedAfterSeconds: 3600,
  deleteAfterDays: 1,
}

/** Starts the queue; its tables are made when they are not there. */
export async function openJobQueue({ database, onWarning }: JobQueueOptions): Promise<JobQueue> {
  const Boss = await loadPgBoss()
  let quietUntil = 0
  const warn = (): void => {
    if (Date.now() < quietUntil) return
    quietUntil = Date.now() + WARNING_EVERY
    onWarning?.('The queue of jobs cannot use its database; it goes on trying.')
  }
  const boss = new Boss({ schema: SCHEMA, db: bossDatabase(database, warn), ...PACE })
  boss.on('error', warn)
  try {
    await boss.start()
  } catch (cause) {
    await boss.stop({ graceful: false, close: false }).catch(() => undefined)
    throw toStoreError(cause)
  }
  return new BossQueue(boss)
}

class BossQueue implements JobQueue {
  readonly specVersion = 'v1'
  readonly #boss: PgBoss
  readonly #made = new Map<string, Promise<void>>()
  #closed: Promise<void> | null = null

  constructor(boss: PgBoss) {
    this.#boss = boss
  }

  send: JobQueue['send'] = async (queue, data = {}, { delay = 0, key, retries = RETRIES } = {}) => {
    await this.#make(queue)
    const job = {
      // A queue keeps one waiting job for each key, so a job without one gets its own.
      singletonKey: key ?? randomUUID(),
      retryLimit: retries,
      ...(delay > 0 ? { startAfter: Math.ceil(delay / 1000) } : {}),
    }
    return told(this.#boss.send(queue, data, job))
  }

  work: JobQueue['work'] = async (queue, handler, { interval = INTERVAL } = {}) => {
    await this.#make(queue)
    const run = async (jobs: readonly PgBoss.Job[]): Promise<void> => {
      for (const { id, data } of jobs) await handler({ id, queue, data: (data ?? {}) as Job['data'] })
    }
    await this.#boss.work(queue, { batchSize: 1, pollingIntervalSeconds: Math.max(0.5, interval / 1000) }, run)
  }

  schedule: JobQueue['schedule'] = async (queue, cron, data = {}) => {
    await this.#make(queue)
    await told(this.#boss.schedule(queue, cron, data, { tz: 'UTC' }))
  }

  unschedule: JobQueue['unschedule'] = (queue) => told(this.#boss.unschedule(queue))

  close(): Promise<void> {
    return (this.#closed ??= this.#boss.stop({ graceful: true, wait: true, close: false, timeout: CLOSE_WITHIN }))
  }

  #make(queue: string): Promise<void> {
    if (!NAME.test(queue)) {
      const message = 'The name of a queue is at most 64 letters, digits, hyphens and underscores.'
      return Promise.reject(new ParapetError('input_invalid', message, { details: { param: 'queue' } }))
    }
    let made = this.#made.get(queue)
    if (made === undefined) {
      made = told(this.#boss.createQueue(queue, { name: queue, policy: 'short' }))
      this.#made.set(queue, made)
      made.catch(() => this.#made.delete(queue))
    }
    return made
  }
}

/** A database's failure as everywhere else; anything else pg-boss objects to is the caller's. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof SqlError) throw toStoreError(cause)
    throw new ParapetError('input_invalid', 'The queue does not take this job or schedule: check its times.', { cause })
  }
}
