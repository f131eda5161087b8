/**
 * An abort controller that also aborts when one of several signals does. Its listeners are gone once it has aborted, so signals
 * that live as long as the server collect nothing (which `AbortSignal.any` does on some supported versions of Node).
 */
import { setMaxListeners } from 'node:events'

/** Aborts when any of the sources does, or by itself. */
export function createLinkedAbort(sources: readonly AbortSignal[]): AbortController {
  const controller = new AbortController()
  // As many listeners as a request has texts and guards is no leak.
  setMaxListeners(0, controller.signal)
  const release = (): void => {
    for (const source of sources) source.removeEventListener('abort', onAbort)
  }
  const onAbort = (event: Event): void => controller.abort((event.target as AbortSignal | null)?.reason)
  controller.signal.addEventListener('abort', release, { once: true })
  for (const source of sources) {
    if (source.aborted) controller.abort(source.reason)
    else source.addEventListener('abort', onAbort)
  }
  if (controller.signal.aborted) release()
  return controller
}
