/** Calls to a queue whose database is away for a moment: made again until it is back, or for as long as the caller will wait. */
import { setTimeout } from 'node:timers/promises'
import { ParapetError } from '../../../spec/errors.ts'

export interface OutageOptions {
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
  /** Milliseconds; two minutes if absent. */
  readonly patience?: number
}

const PAUSE = 2000

/** Gives up with the queue's own error, and with `aborted` when stopped meanwhile. */
export async function whileAway<T>(call: () => Promise<T>, options: OutageOptions): Promise<T> {
  const { onProgress, signal, patience = 120_000 } = options
  const started = performance.now()
  for (let tries = 1; ; tries += 1) {
    try {
      return await call()
    } catch (cause) {
      const away = ParapetError.isInstance(cause) && cause.code === 'record_unavailable'
      if (!away || performance.now() - started > patience) throw cause
      if (tries === 1) onProgress(`${cause.message} Waiting for it.`)
    }
    await setTimeout(PAUSE, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
    if (signal?.aborted === true) throw new ParapetError('aborted', 'The screen was stopped.')
  }
}
