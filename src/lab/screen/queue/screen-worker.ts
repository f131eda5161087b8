/**
 * A worker of screens that stand in a queue: judges chunks of whichever screen has some, until it is stopped. It needs no file of the screen but
 * its own guards, writes none, and takes nothing of a screen that wants other guards or another version than it has.
 */
import { setTimeout } from 'node:timers/promises'
import type { Task, TaskQueue } from '../../../spec/task-queue.ts'
import type { FormName } from '../forms/index.ts'
import type { BrokenRow, DataRow, RowRecord } from '../row.ts'
import { rowReader } from '../row-chunks.ts'
import { createRowJudge, type ScreenGuard } from '../row-judge.ts'
import { loadGuards } from '../rows-phase.ts'
import { guardFiles } from '../screen-identity.ts'
import { rowsFromText } from './chunk-text.ts'
import { whileAway } from './outage.ts'
import { recordsToText } from './row-records.ts'
import { difference, settingsOf, setupDigest, setupFromText, type SharedSettings } from './shared-setup.ts'

export interface ScreenWorkerOptions {
  readonly queue: TaskQueue
  /** Of Parapet. */
  readonly version: string
  /** Model files in place of the shipped guards, as the screens were started with. */
  readonly guards?: readonly string[]
  /** Seconds without work after which it ends; it waits for ever if absent. */
  readonly idle?: number
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

/** What a worker has done. */
export interface ScreenWorkerRun {
  readonly chunks: number
  readonly rows: number
}

/** Milliseconds between looks for screens. */
const LOOK = 500
/** Milliseconds until a screen that wanted something else is asked again. */
const ASK_AGAIN = 60_000
const PREFIX = 'screen-'

/** Works until stopped, or until it was idle. Rejects where its guards cannot be used. */
export async function runScreenWorker(options: ScreenWorkerOptions): Promise<ScreenWorkerRun> {
  const guards = guardFiles(options.guards)
  const worker = new ScreenWorker(options, await loadGuards(guards), settingsOf(options.version, guards))
  const { queue, signal, onProgress, idle = Infinity } = options
  const outage = { onProgress, patience: Infinity, ...(signal === undefined ? {} : { signal }) }
  const isStopped = (): boolean => signal?.aborted === true
  let worked = performance.now()
  try {
    onProgress(`waiting for screens in ${queue.name}`)
    while (!isStopped() && performance.now() - worked < idle * 1000) {
      const batches = await whileAway(() => queue.batches(), outage)
      let done = 0
      for (const batch of batches)
        if (batch.startsWith(PREFIX)) done += await whileAway(() => worker.workOn(batch), outage)
      if (done > 0) worked = performance.now()
      else await setTimeout(LOOK, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
    }
  } catch (cause) {
    if (!isStopped()) throw cause
  }
  return worker.run
}

/** What is known of a screen: its setup's digest, and how its chunks are judged. */
interface Known {
  readonly batch: string
  readonly digest: string
  readonly forms: readonly (FormName | null)[]
  readonly judge: (row: DataRow | BrokenRow) => RowRecord
}

class ScreenWorker {
  readonly #options: ScreenWorkerOptions
  readonly #guards: readonly ScreenGuard[]
  readonly #settings: SharedSettings
  /** One at a time: a set's models take some megabytes, and screens mostly come one after the other. */
  #known: Known | null = null
  /** Screens that want something else, and when they were last asked. */
  readonly #refused = new Map<string, number>()
  #chunks = 0
  #rows = 0

  constructor(options: ScreenWorkerOptions, guards: readonly ScreenGuard[], settings: SharedSettings) {
    this.#options = options
    this.#guards = guards
    this.#settings = settings
  }

  get run(): ScreenWorkerRun {
    return { chunks: this.#chunks, rows: this.#rows }
  }

  /** Judges until the batch has nothing more to give just now; how many chunks it were. */
  async workOn(batch: string): Promise<number> {
    const known = await this.#setupOf(batch)
    if (known === null) return 0
    const { queue, signal } = this.#options
    const before = this.#chunks
    let answering: Promise<void> = Promise.resolve()
    let coming = quietly(queue.next(batch))
    for (;;) {
      const task = await coming
      if (task === null) break
      if (signal?.aborted === true || !task.value.startsWith(`${known.digest}\n`)) {
        // Of a run that went on with another setup: read again when it is next asked.
        this.#known = null
        await queue.giveBack(batch, task)
        break
      }
      // The next one comes, and the last answer goes, while this one is judged.
      coming = quietly(queue.next(batch))
      const records = judgeTask(task, known)
      await answering
      answering = quietly(queue.answer(batch, task, recordsToText(known.digest, records)))
      this.#chunks += 1
      this.#rows += records.length
    }
    await answering
    return this.#chunks - before
  }

  async #setupOf(batch: string): Promise<Known | null> {
    if (this.#known?.batch === batch) return this.#known
    if (performance.now() - (this.#refused.get(batch) ?? -Infinity) < ASK_AGAIN) return null
    const { queue, onProgress } = this.#options
    const text = await queue.setup(batch)
    if (text === null) return null
    const setup = setupFromText(text)
    const other = difference(setup, this.#settings)
    if (other !== null) {
      this.#refused.set(batch, performance.now())
      onProgress(`${batch} is not worked on: ${other}`)
      return null
    }
    const judge = createRowJudge(this.#guards, setup.surprisal)
    onProgress(`working on ${batch}`)
    return (this.#known = { batch, digest: setupDigest(text), forms: setup.forms, judge })
  }
}

function judgeTask({ key, value }: Task, { forms, judge }: Known): readonly RowRecord[] {
  const read = rowReader(forms[Number(/^\d+/.exec(key)?.[0])] ?? null)
  return rowsFromText(value.slice(value.indexOf('\n') + 1)).map((raw) => judge(read(raw)))
}

/** Its failure is told to who awaits it later, and does not end the process before. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
