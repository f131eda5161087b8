/**
 * Waits for several answers, each with its own deadline, until all came, enough is known or nobody waits any more.
 *
 * Hand-made instead of `Promise.race`: a race against a promise that lives as long as the stream would keep every loser alive.
 */
import type { Clock } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'

/** One answer that is out. */
export interface Wait {
  /** Never rejects. */
  readonly promise: Promise<void>
  /** Milliseconds. */
  readonly deadline: number
  /** Called when the deadline passed first. */
  readonly expire: () => void
}

/** When waiting ends early. */
export interface WaitEnd {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Asked after each answer. */
  readonly enough: () => boolean
}

export function waitForAll(waits: readonly Wait[], end: WaitEnd): Promise<void> {
  return new Promise((resolve) => {
    const timers: unknown[] = []
    let open = waits.length
    const finish = (): void => {
      for (const timer of timers) end.clock.clearTimeout(timer)
      end.signal.removeEventListener('abort', finish)
      resolve()
    }
    const answered = (): void => {
      open -= 1
      if (open === 0 || end.enough()) finish()
    }
    end.signal.addEventListener('abort', finish, { once: true })
    for (const { promise, deadline, expire } of waits) {
      let over = false
      const once = (): void => {
        if (over) return
        over = true
        answered()
      }
      timers.push(
        end.clock.setTimeout(() => {
          if (!over) expire()
          once()
        }, deadline),
      )
      promise.then(once, once)
    }
    if (end.signal.aborted || end.enough()) finish()
  })
}

/** The value of a promise, or `aborted` as soon as the signal says so, whatever the promise does. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(aborted())
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    const done = (): void => signal.removeEventListener('abort', leave)
    promise.then(
      (value) => (done(), resolve(value)),
      (cause: unknown) => (done(), reject(cause)),
    )
  })
}

export function aborted(): ParapetError {
  return new ParapetError('aborted', 'The caller went away before the answer was complete.')
}
