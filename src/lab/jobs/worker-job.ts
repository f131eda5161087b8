/**
 * Runs a long job, training above all, in a thread of its own, so that a server goes on answering meanwhile.
 *
 * A job is an exported function of a module. What it is given and what it gives crosses between threads as data: functions, open
 * files and classes do not. It runs no queue, keeps no record and starts no second attempt.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { ParapetError } from '../../spec/errors.ts'
import { type JobReply, type JobRequest, type JobStart, revivedError } from './job-protocol.ts'

/** Tests run from source, and Node 20 reads no TypeScript by itself; the built package needs no loader. */
const FROM_SOURCE = import.meta.url.endsWith('.ts')
/** Milliseconds between an abort and the end of a thread that does not heed it. */
const GRACE = 5000
/** Characters of the thread's error output that a crash is reported with. */
const LAST_WORDS = 2000

/** The form of a function that can be run as a job. It should look at `signal` between steps. */
export type WorkerJob<Options, Result, Progress = unknown> = (
  options: Options,
  context: { readonly onProgress: (progress: Progress) => void; readonly signal: AbortSignal },
) => Promise<Result>

export interface WorkerJobOptions<Options, Progress = unknown> {
  /** The module that exports the job, for example `new URL('./train-job.js', import.meta.url)`; TypeScript when run from source. */
  readonly module: URL
  readonly exportName: string
  /** Copied to the thread by structured clone; arrays in `transfer` move there instead, and are empty here afterwards. */
  readonly options: Options
  readonly transfer?: readonly ArrayBuffer[]
  /** Called with each value the job reports, in order, and never after the outcome. An error it throws ends the job. */
  readonly onProgress?: (progress: Progress) => void
  /** Passed on to the job. */
  readonly signal?: AbortSignal
  /** Milliseconds the job has to end by itself after an abort; 5000 if absent. */
  readonly grace?: number
  /** Megabytes of JavaScript memory the thread may use; Node's own limit if absent. Arrays lie outside it. */
  readonly memory?: number
}

/**
 * Runs the job and gives its result; its arrays are moved, not copied.
 *
 * Rejects with the job's own error (a ParapetError keeps its code, message and details), with `aborted` when the signal ended it, and
 * with `internal` when the thread broke. A job that heeds the signal by returning what it has is given that chance: its result counts.
 * The thread has ended when this settles, and what it printed is not shown.
 */
export async function runInWorker<Options, Result, Progress = unknown>(
  job: WorkerJobOptions<Options, Progress>,
): Promise<Result> {
  const { signal, grace = GRACE } = job
  if (signal?.aborted === true) throw aborted(signal)
  const worker = startThread(job)
  let lastWords = ''
  worker.stdout.resume()
  worker.stderr.on('data', (chunk: Buffer) => (lastWords = (lastWords + chunk.toString('utf8')).slice(-LAST_WORDS)))
  let timer: NodeJS.Timeout | undefined
  let onAbort: () => void = () => undefined
  try {
    return await new Promise<Result>((resolve, reject) => {
      onAbort = () => {
        worker.postMessage({ type: 'abort' } satisfies JobRequest)
        timer = setTimeout(() => reject(aborted(signal)), grace)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      let settled = false
      const settle = (finish: () => void): void => {
        settled = true
        finish()
      }
      worker.on('message', (reply: JobReply) => {
        if (settled) return
        if (reply.type === 'done') return settle(() => resolve(reply.result as Result))
        if (reply.type === 'failed')
          return settle(() => reject(signal?.aborted === true ? aborted(signal) : revivedError(reply.error)))
        try {
          job.onProgress?.(reply.value as Progress)
        } catch (cause) {
          settle(() => reject(cause))
        }
      })
      worker.on('messageerror', (cause) => settle(() => reject(broken(job, 'gave what cannot be read here', cause))))
      worker.on('error', (cause) => settle(() => reject(broken(job, explained(cause), cause))))
      worker.on('exit', (code) => {
        const words = lastWords.trim() === '' ? undefined : new Error(lastWords.trim())
        settle(() => reject(broken(job, `ended without a result (exit code ${code})`, words)))
      })
    })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    await worker.terminate()
  }
}

function startThread({ module, exportName, options, transfer = [], memory }: WorkerJobOptions<unknown, never>): Worker {
  const workerData: JobStart = { module: module.href, exportName, options }
  const settings: WorkerOptions = {
    workerData,
    transferList: [...transfer],
    execArgv: [],
    stdout: true,
    stderr: true,
    name: 'parapet-job',
    ...(memory === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memory } }),
  }
  const thread = new URL(`./job-thread${FROM_SOURCE ? '.ts' : '.js'}`, import.meta.url)
  try {
    if (!FROM_SOURCE && !module.pathname.endsWith('.ts')) return new Worker(thread, settings)
    const load = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(thread.href)})))`
    return new Worker(load, { ...settings, eval: true })
  } catch (cause) {
    throw new ParapetError(
      'internal',
      `The options of the job ${exportName} cannot be handed to a thread: they must be data.`,
      {
        cause,
      },
    )
  }
}

function broken({ module, exportName }: WorkerJobOptions<unknown, never>, what: string, cause: unknown): ParapetError {
  return new ParapetError('internal', `The thread of the job ${exportName} of ${module.pathname} ${what}.`, {
    ...(cause === undefined ? {} : { cause }),
  })
}

function explained(cause: unknown): string {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown }
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return 'ran out of memory: give it more, or less to do'
  return `broke: ${String(message ?? cause)}`
}

function aborted(signal: AbortSignal | undefined): ParapetError {
  return new ParapetError('aborted', 'The job was aborted.', { cause: signal?.reason as unknown })
}
