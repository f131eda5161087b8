/**
 * The thread of a job: imports the module, calls the function, passes on what it reports, and says how it ended. It ends itself when
 * the thread that started it has the outcome, not before, so that nothing on the way is lost.
 */
import type { MessagePort } from 'node:worker_threads'
import { parentPort, workerData } from 'node:worker_threads'
import { ParapetError } from '../../spec/errors.ts'
import { type JobReply, type JobRequest, type JobStart, plainError } from './job-protocol.ts'

type Job = (
  options: unknown,
  context: { readonly onProgress: (value: unknown) => void; readonly signal: AbortSignal },
) => unknown

async function work(port: MessagePort, { module, exportName, options }: JobStart): Promise<void> {
  const abort = new AbortController()
  port.on('message', (request: JobRequest) => {
    if (request.type === 'abort') abort.abort(new ParapetError('aborted', 'The job was aborted.'))
  })
  const say = (reply: JobReply): void => port.postMessage(reply)
  try {
    const job = await jobOf(module, exportName)
    const onProgress = (value: unknown): void => say({ type: 'progress', value })
    const result = await job(options, { onProgress, signal: abort.signal })
    hand(port, { type: 'done', result })
  } catch (cause) {
    say({ type: 'failed', error: plainError(cause) })
  }
}

async function jobOf(module: string, exportName: string): Promise<Job> {
  const exports = (await import(module)) as Readonly<Record<string, unknown>>
  const job = exports[exportName]
  if (typeof job === 'function') return job as Job
  throw new ParapetError('internal', `${module} has no function ${exportName} to run as a job.`)
}

/** Large arrays move instead of being copied; memory that cannot move, WebAssembly's for one, is copied after all. */
function hand(port: MessagePort, reply: JobReply & { readonly type: 'done' }): void {
  try {
    port.postMessage(reply, [...buffersIn(reply.result)])
  } catch {
    port.postMessage(reply)
  }
}

/** Every buffer of the arrays in a plain value. */
function buffersIn(
  value: unknown,
  found: Set<ArrayBuffer> = new Set(),
  seen: Set<object> = new Set(),
): Set<ArrayBuffer> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return found
  seen.add(value)
  if (value instanceof ArrayBuffer) found.add(value)
  else if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer)
  } else if (value instanceof Map || value instanceof Set) {
    for (const part of value.values()) buffersIn(part, found, seen)
  } else for (const part of Object.values(value)) buffersIn(part, found, seen)
  return found
}

if (parentPort !== null) await work(parentPort, workerData as JobStart)
