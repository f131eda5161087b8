/**
 * The clocks of one call of a model server: until the first byte, between bytes, over the whole answer. They close the connection
 * and afterwards say why.
 */
import { ParapetError } from '../../spec/index.ts'
import { upstreamError, upstreamTimeout } from './failure.ts'

export interface UpstreamTimeouts {
  /** Milliseconds until the answer begins. Default 60,000. */
  readonly firstByte?: number
  /** Milliseconds between two pieces of the answer. Default 60,000. */
  readonly idle?: number
  /** Milliseconds for the whole answer. Default 600,000. */
  readonly total?: number
}

/** The clocks of one call. */
export interface Watch {
  readonly signal: AbortSignal
  /** The answer began. */
  begun(): void
  /** Something arrived. */
  touch(): void
  /** The answer is not being read just now; silence is not the server's. */
  pause(): void
  /** The answer is whole: `stop` leaves the connection open. */
  complete(): void
  /** Closes the connection. */
  cut(): void
  stop(): void
  /** The error to throw for this cause: ours when a clock ran out, as it is when it is Parapet's already. */
  explain(cause: unknown, message: string): unknown
}

/** Made once: a reason of its own for each call would cost a stack trace each. `explain` tells the real one. */
const CLOSED = new ParapetError('aborted', 'The connection to the model server was closed.')

export function createWatch(outer: AbortSignal, timeouts: UpstreamTimeouts): Watch {
  const { firstByte = 60_000, idle = 60_000, total = 600_000 } = timeouts
  const controller = new AbortController()
  let reason: string | null = null
  let paused = false
  let complete = false
  const expire = (message: string): void => {
    reason ??= message
    controller.abort(CLOSED)
  }
  const onQuiet = (): void => {
    if (paused) quiet.refresh()
    else expire(`The model server fell silent for ${idle} ms.`)
  }
  const onAbort = (): void => controller.abort(outer.reason)
  if (outer.aborted) onAbort()
  else outer.addEventListener('abort', onAbort, { once: true })
  let quiet = setTimeout(() => expire(`The model server did not begin to answer within ${firstByte} ms.`), firstByte)
  const whole = setTimeout(() => expire(`The model server did not finish within ${total} ms.`), total)
  return {
    signal: controller.signal,
    begun() {
      clearTimeout(quiet)
      quiet = setTimeout(onQuiet, idle)
    },
    touch() {
      paused = false
      quiet.refresh()
    },
    pause: () => void (paused = true),
    complete: () => void (complete = true),
    cut: () => controller.abort(CLOSED),
    stop() {
      clearTimeout(quiet)
      clearTimeout(whole)
      outer.removeEventListener('abort', onAbort)
      if (!complete) controller.abort(CLOSED)
    },
    explain(cause, message) {
      if (reason !== null) return upstreamTimeout(reason)
      if (ParapetError.isInstance(cause)) return cause
      if (outer.aborted) return new ParapetError('aborted', 'The call to the model server was cancelled.')
      return upstreamError(message, {}, cause)
    },
  }
}
