/**
 * One call that ends in time: with its answer, a `timeout` failure, or `aborted` when the caller leaves. What is called is told to stop,
 * but not waited for, since it may be deaf to that.
 */
import type { CompletionOptions } from '../../spec/index.ts'
import { callAborted, engineFailure } from './failure.ts'

/**
 * Milliseconds that a call has: its timeout, or what is left until the caller's deadline.
 *
 * @throws ParapetError `aborted`, or a `timeout` failure, where nothing should be asked any more
 */
export function timeOf({ signal, deadline }: CompletionOptions, timeout: number): number {
  if (signal?.aborted === true) throw callAborted()
  const left = deadline === undefined ? timeout : Math.min(timeout, Math.floor(deadline - Date.now()))
  if (left < 1) throw engineFailure('timeout', 'The deadline had passed before the model server was asked.')
  return left
}

/** @param work is given a signal that fires when nobody waits for it any more, also after it has answered */
export function timedCall<Answer>(
  work: (signal: AbortSignal) => Promise<Answer>,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    // Settled before the connection is closed: what that does to the exchange, if it notices at all, is no longer heard.
    const stop = (failure: unknown): void => {
      reject(failure)
      controller.abort()
    }
    const leave = (): void => stop(callAborted())
    const timer = setTimeout(() => stop(tooSlow(timeout)), timeout)
    if (signal?.aborted === true) leave()
    signal?.addEventListener('abort', leave, { once: true })
    work(controller.signal)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', leave)
        // Lets go of a body nobody reads. Nothing happens where it was read to its end.
        controller.abort()
      })
  })
}

/** Of a server that took longer than the call had. */
export function tooSlow(timeout: number): unknown {
  const help = 'Raise timeout, or see why it is slow.'
  return engineFailure('timeout', `The model server did not answer within ${timeout} ms. ${help}`)
}
