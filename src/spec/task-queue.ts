/**
 * Batches of work that processes on several machines share: one process puts tasks in and takes answers out, others work. Unlike a
 * `JobQueue`, whose jobs a gateway does beside its requests, it carries answers and is emptied when the batch ends. Implementations are
 * in `store/`.
 *
 * A task may be worked on twice (a worker can die, or be slower than its lease), so an answer must depend on the task alone.
 */

/** One piece of work, as a worker gets it. */
export interface Task {
  /** Names this attempt to the queue. */
  readonly receipt: string
  /** Of the one who put it in. */
  readonly key: string
  readonly value: string
}

export interface TaskAnswer {
  readonly receipt: string
  readonly key: string
  /** Null where no attempt got to an answer. */
  readonly value: string | null
}

export interface BatchOptions {
  /** Seconds after which a task that was taken and not answered is given to another worker. */
  readonly lease: number
  /** How often a task is given to a worker before it is given up. */
  readonly attempts: number
}

/** Every call rejects with `record_unavailable` while the queue cannot be reached; then nothing has happened, or the same call may be made again. */
export interface TaskQueue {
  readonly specVersion: 'v1'
  /** Where it is, for people; never holds a password. */
  readonly name: string

  /** Begins a batch; `setup` is what every worker must know. What an earlier process left under this name is removed. */
  begin(batch: string, setup: string, options: BatchOptions): Promise<void>
  /** Puts a task in, once for each key. False when the batch has gone. */
  put(batch: string, key: string, value: string): Promise<boolean>
  /** Some answers that nobody has taken yet, at most `count`. */
  answers(batch: string, count: number): Promise<readonly TaskAnswer[]>
  /** Removes answers that have been taken care of. */
  discard(batch: string, answers: readonly TaskAnswer[]): Promise<void>
  /** A sign of life, to be given at least once a minute; also gives tasks whose lease ran out to others. */
  keep(batch: string): Promise<void>
  /** Removes the batch with all that is in it. */
  end(batch: string): Promise<void>

  /** Batches that wait or are at work. Those that have given no sign of life for an hour are removed. */
  batches(): Promise<readonly string[]>
  /** Null when the batch has gone. */
  setup(batch: string): Promise<string | null>
  /** The next task of a batch, or null when there is none just now. */
  next(batch: string): Promise<Task | null>
  /** Hands an answer in. The first of several for one task counts; one for a batch that has gone is dropped. */
  answer(batch: string, task: Task, value: string): Promise<void>
  /** Gives a task back that was not worked on; that is no attempt. */
  giveBack(batch: string, task: Task): Promise<void>

  close(): Promise<void>
}
