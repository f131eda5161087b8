/**
 * Deletes decisions that have expired: soon after the start, then every hour. With a database of our own the hour comes from the queue
 * of jobs, so that of several gateways one does it; the queue is started late, because a start has better things to do.
 */
import type { Clock, DecisionStore, JobQueue } from '../spec/index.ts'
import type { SqlDatabase } from '../store/index.ts'
import { openJobQueue } from '../store/index.ts'

export interface UpkeepOptions {
  readonly store: DecisionStore
  /** Null when the store is somebody's own. */
  readonly database: SqlDatabase | null
  readonly clock: Clock
  readonly onWarning: (message: string) => void
}

export interface Upkeep {
  /** The queue of jobs, started if it is not yet; null without a database. */
  jobs(): Promise<JobQueue | null>
  close(): Promise<void>
}

/** Milliseconds after the start. */
const REST = 2000
const HOUR = 3_600_000
/** Milliseconds until a queue that could not be started is tried again. */
const AGAIN = 60_000
const QUEUE = 'retention'
/** Once an hour, and not with everybody else at the full one. */
const TIMES = '17 * * * *'

export function createUpkeep(options: UpkeepOptions): Upkeep {
  return new RunningUpkeep(options)
}

class RunningUpkeep implements Upkeep {
  readonly #options: UpkeepOptions
  #timer: NodeJS.Timeout | undefined
  #queue: Promise<JobQueue | null> | null = null
  #work: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: UpkeepOptions) {
    this.#options = options
    this.#later(REST, () => this.#begin())
  }

  jobs(): Promise<JobQueue | null> {
    const { database, onWarning } = this.#options
    if (database === null || this.#closed) return Promise.resolve(null)
    if (this.#queue === null) {
      this.#queue = openJobQueue({ database, onWarning })
      this.#queue.catch(() => (this.#queue = null))
    }
    return this.#queue
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#work
    const queue = await this.#queue?.catch(() => null)
    await queue?.close()
  }

  async #begin(): Promise<void> {
    await this.#deleteExpired()
    if (this.#options.database === null) this.#later(HOUR, () => this.#hourly())
    else await this.#schedule()
  }

  async #hourly(): Promise<void> {
    await this.#deleteExpired()
    this.#later(HOUR, () => this.#hourly())
  }

  async #schedule(): Promise<void> {
    try {
      const queue = await this.jobs()
      await queue?.work(QUEUE, () => this.#deleteExpired())
      await queue?.schedule(QUEUE, TIMES)
    } catch {
      this.#later(AGAIN, () => this.#schedule())
    }
  }

  /** What cannot be deleted now is deleted an hour later. */
  async #deleteExpired(): Promise<void> {
    const { store, clock } = this.#options
    if (!this.#closed) await store.deleteExpired(clock.now()).catch(() => 0)
  }

  #later(ms: number, work: () => Promise<void>): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => {
      this.#work = work()
    }, ms)
    this.#timer.unref()
  }
}
