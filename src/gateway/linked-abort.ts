/**
 * A signal that aborts when one of several others does, or by itself. Its listeners are gone once it has aborted or was released, so
 * signals that live as long as the server collect nothing (which `AbortSignal.any` does on some supported versions of Node).
 */
import { setMaxListeners } from 'node:events'
import { ParapetError } from '../spec/index.ts'

export interface LinkedAbort {
  readonly signal: AbortSignal
  /** Stops what still works under the signal. */
  abort(): void
  /** Nothing works under the signal any more. Cheaper than `abort`, which wakes everybody who listens. */
  release(): void
}

/** Made once: a reason of its own for each request would cost a stack trace each. */
const OVER = new ParapetError('aborted', 'The request is over.')

export function createLinkedAbort(sources: readonly AbortSignal[]): LinkedAbort {
  const controller = new AbortController()
  // As many listeners as a request has texts and guards is no leak.
  setMaxListeners(0, controller.signal)
  const release = (): void => {
    for (const source of sources) source.removeEventListener('abort', onAbort)
  }
  const abortWith = (reason: unknown): void => {
    release()
    controller.abort(reason)
  }
  const onAbort = (event: Event): void => abortWith((event.target as AbortSignal | null)?.reason)
  for (const source of sources) source.addEventListener('abort', onAbort)
  const gone = sources.find((source) => source.aborted)
  if (gone !== undefined) abortWith(gone.reason)
  return { signal: controller.signal, abort: () => abortWith(OVER), release }
}
