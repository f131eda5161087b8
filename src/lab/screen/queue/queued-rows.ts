/**
 * The checks of single rows by workers of other processes and machines: chunks with their rows go into a queue, answers come back in any order
 * and are written like those of a thread, so that all that follows is the same. It judges nothing itself; what must be done of the data
 * stands in the queue for as long as it is not done, and no longer.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { ParapetError } from '../../../spec/errors.ts'
import type { TaskQueue } from '../../../spec/task-queue.ts'
import { rawChunks } from '../row-chunks.ts'
import { RunFolder } from '../run-folder.ts'
import type { RowsPhaseOptions } from '../rows-phase.ts'
import { whileAway } from './outage.ts'
import { recordsFromText } from './row-records.ts'
import { rowsToText } from './chunk-text.ts'
import { settingsOf, setupDigest, setupToText } from './shared-setup.ts'

/** A queue that workers are started for (`runScreenWorker`). */
export interface SharedQueue {
  readonly queue: TaskQueue
  /** Of Parapet; workers of another version take nothing. */
  readonly version: string
  /** Seconds after which rows that a worker has not answered for are given to another. */
  readonly lease: number
}

export interface QueuedRowsOptions extends Omit<RowsPhaseOptions, 'workers'> {
  readonly shared: SharedQueue
  readonly onProgress: (message: string) => void
}

/** Chunks that wait in the queue or are worked on, at most, and bytes of rows in them. */
const [MOST, MOST_BYTES] = [256, 64 * 1024 * 1024] as const
/** Workers that a chunk may outlive before the screen gives up. */
const ATTEMPTS = 5
const AT_ONCE = 16
/** Milliseconds between looks for answers: longer while none come, so that waiting costs the database little. */
const LOOK = { least: 20, most: 400 }
/** Milliseconds. */
const [KEEP, QUIET] = [5000, 30_000] as const

interface Waiting {
  readonly file: number
  readonly chunk: number
  readonly lines: readonly number[]
  readonly bytes: number
}

/** Has every chunk judged that no earlier run has. Throws `aborted` when stopped, `internal` where workers die of a chunk. */
export async function runQueuedRows(options: QueuedRowsOptions): Promise<void> {
  const { out, files, guards, surprisal, shared, onProgress, signal } = options
  const folder = new RunFolder(out)
  const setup = setupToText({
    ...settingsOf(shared.version, guards),
    ...{ forms: files.map(({ form }) => form), surprisal },
  })
  const rows = new QueuedRows(options, folder, {
    // The same for a run that goes on: what a killed one left in the queue is removed.
    batch: await folder.once('batch', async () => `screen-${randomUUID()}`),
    digest: setupDigest(setup),
  })
  const outage = { onProgress, ...(signal === undefined ? {} : { signal }) }
  await whileAway(() => shared.queue.begin(rows.batch, setup, { lease: shared.lease, attempts: ATTEMPTS }), outage)
  try {
    for (const [at, { path }] of files.entries())
      for await (const { chunk, raw } of rawChunks(path, (number) => !folder.has('rows', at, number))) {
        const bytes = raw.reduce((sum, row) => sum + (row.bytes?.length ?? 0), 0)
        await rows.room()
        await rows.put({ file: at, chunk, bytes, lines: raw.map(({ line }) => line) }, rowsToText(raw))
      }
    await rows.rest()
  } finally {
    await shared.queue.end(rows.batch).catch(() => undefined)
  }
}

class QueuedRows {
  readonly batch: string
  readonly #options: QueuedRowsOptions
  readonly #folder: RunFolder
  readonly #digest: string
  readonly #waiting = new Map<string, Waiting>()
  #bytes = 0
  #kept = performance.now()
  #heard = performance.now()
  #pause = LOOK.least

  constructor(
    options: QueuedRowsOptions,
    folder: RunFolder,
    { batch, digest }: { readonly batch: string; readonly digest: string },
  ) {
    this.#options = options
    this.#folder = folder
    this.batch = batch
    this.#digest = digest
  }

  async put(waiting: Waiting, rows: string): Promise<void> {
    const key = `${waiting.file}-${waiting.chunk}`
    const { queue } = this.#options.shared
    if (!(await this.#reach(() => queue.put(this.batch, key, `${this.#digest}\n${rows}`))))
      throw new ParapetError(
        'internal',
        'The screen is no longer in its queue. The same command with --resume goes on.',
      )
    this.#waiting.set(key, waiting)
    this.#bytes += waiting.bytes
  }

  /** Until another chunk may be put in. */
  async room(): Promise<void> {
    const full = (): boolean => this.#waiting.size >= MOST || this.#bytes >= MOST_BYTES
    do await this.#gather(full())
    while (full())
  }

  /** Until every chunk is answered. */
  async rest(): Promise<void> {
    while (this.#waiting.size > 0) await this.#gather(true)
  }

  /** Takes what has been answered; where that is nothing and there is nothing else to do, pauses. */
  async #gather(idle: boolean): Promise<void> {
    const { shared, signal, onProgress } = this.#options
    if (signal?.aborted === true) throw new ParapetError('aborted', 'The screen was stopped.')
    const now = performance.now()
    if (now - this.#kept > KEEP) {
      this.#kept = now
      await this.#reach(() => shared.queue.keep(this.batch))
    }
    const answers = await this.#reach(() => shared.queue.answers(this.batch, AT_ONCE))
    for (const { key, value } of answers) this.#take(key, value)
    await this.#reach(() => shared.queue.discard(this.batch, answers))
    if (answers.length > 0 || this.#waiting.size === 0) this.#heard = performance.now()
    if (performance.now() - this.#heard > QUIET) {
      this.#heard = performance.now()
      onProgress('no worker has answered for half a minute; start some with: parapet screen-worker --queue URL')
    }
    this.#pause = answers.length > 0 ? LOOK.least : Math.min(LOOK.most, 2 * this.#pause)
    if (answers.length === 0 && idle) await setTimeout(this.#pause)
  }

  /** A chunk that was answered before, by a worker that was slower than its lease, counts no second time. */
  #take(key: string, value: string | null): void {
    const waiting = this.#waiting.get(key)
    if (waiting === undefined) return
    const { file, chunk, lines, bytes } = waiting
    if (value === null) {
      const where = `lines ${lines[0]} to ${lines.at(-1)} of ${this.#options.files[file]?.name}`
      throw new ParapetError(
        'internal',
        `${ATTEMPTS} workers ended, or took longer than the lease, over ${where}. Look at what they printed, or give a longer --lease; --resume goes on.`,
      )
    }
    this.#folder.write('rows', file, chunk, recordsFromText(value, this.#digest, lines))
    this.#waiting.delete(key)
    this.#bytes -= bytes
    this.#options.onRows(lines.length)
  }

  #reach<T>(call: () => Promise<T>): Promise<T> {
    const { onProgress, signal } = this.#options
    return whileAway(call, { onProgress, ...(signal === undefined ? {} : { signal }) })
  }
}
