/**
 * Work that is done later, beside requests: retention now, evaluations and audits of other rooms. Implementations are in `store/`.
 *
 * A job may run more than once (a process can die in the middle), so what handlers do must bear repetition.
 */

/** One piece of work. */
export interface Job {
  readonly id: string
  readonly queue: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface SendOptions {
  /** Milliseconds from now before which it does not run. Default 0. */
  readonly delay?: number
  /** Of jobs with the same key that wait in a queue, only the first is kept. */
  readonly key?: string
  /** How often it is tried again after a failure. Default 2. */
  readonly retries?: number
}

export interface WorkOptions {
  /** Milliseconds between looks for new jobs. At least 500, default 60,000. */
  readonly interval?: number
}

export interface JobQueue {
  readonly specVersion: 'v1'
  /** Puts a job into a queue (letters, digits, `-`, `_`); its id, or null when one with the same key waits already. */
  send(queue: string, data?: Readonly<Record<string, unknown>>, options?: SendOptions): Promise<string | null>
  /** Runs `handler` for each job of a queue, one at a time. A handler that rejects has failed its job. */
  work(queue: string, handler: (job: Job) => Promise<void>, options?: WorkOptions): Promise<void>
  /** Sends a job whenever the cron expression (UTC, five fields) is due. Replaces what was scheduled for this queue. */
  schedule(queue: string, cron: string, data?: Readonly<Record<string, unknown>>): Promise<void>
  unschedule(queue: string): Promise<void>
  /** Takes no new jobs and waits for running ones, a few seconds at most. */
  close(): Promise<void>
}
