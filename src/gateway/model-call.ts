/**
 * One call of the upstream on behalf of the pipeline, made safe against upstreams that ignore their signal: whatever hangs is
 * given up at the deadline or when the call is cancelled, and is told to stop.
 */
import type { JsonObject } from '../contract/index.ts'
import type { StreamPart } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import { upstreamError, upstreamTimeout } from './upstream/failure.ts'
import type { JsonCall, Upstream, UpstreamCall } from './upstream/upstream.ts'

/**
 * @param signals each of them cancels the call
 * @param timeout milliseconds for the whole call
 */
export async function callUpstream(
  upstream: Upstream,
  call: Omit<UpstreamCall, 'signal'>,
  signals: readonly AbortSignal[],
  timeout: number,
): Promise<AsyncIterable<StreamPart>> {
  const limit = createLimit(signals, timeout)
  try {
    const parts = await limit.race(upstream.open({ ...call, signal: limit.signal }))
    return limited(parts[Symbol.asyncIterator](), limit)
  } catch (cause) {
    limit.stop(false)
    throw asUpstreamFailure(cause)
  }
}

/**
 * One call whose answer holds no words of a model, with the same safety.
 * @param signals each of them cancels the call
 * @param timeout milliseconds for the whole call
 */
export async function askUpstream(
  upstream: Upstream,
  call: Omit<JsonCall, 'signal'>,
  signals: readonly AbortSignal[],
  timeout: number,
): Promise<JsonObject> {
  if (upstream.json === undefined) {
    throw new ParapetError(
      'engine_unavailable',
      `This upstream has no ${call.endpoint}; name one that has, with the header x-parapet-upstream or as \`name/model\`.`,
    )
  }
  const limit = createLimit(signals, timeout)
  let complete = false
  try {
    const answer = await limit.race(upstream.json({ ...call, signal: limit.signal }))
    complete = true
    return answer
  } catch (cause) {
    throw asUpstreamFailure(cause)
  } finally {
    limit.stop(complete)
  }
}

/** The same parts under the limit. A plain iterator: a generator around it would cost as much as reading a part does. */
function limited(iterator: AsyncIterator<StreamPart>, limit: Limit): AsyncIterableIterator<StreamPart> {
  let over = false
  const leave = (): void => {
    if (over) return
    over = true
    limit.stop(false)
    // Not awaited: an upstream that hangs would hang us here.
    void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      if (over) return { done: true, value: undefined }
      try {
        const step = await limit.race(iterator.next())
        if (step.done === true) {
          over = true
          limit.stop(true)
        }
        return step
      } catch (cause) {
        leave()
        throw asUpstreamFailure(cause)
      }
    },
    async return() {
      leave()
      return { done: true, value: undefined }
    },
  }
}

function asUpstreamFailure(cause: unknown): ParapetError {
  if (ParapetError.isInstance(cause)) return cause
  return upstreamError('The model server could not be asked.', {}, cause)
}

interface Limit {
  readonly signal: AbortSignal
  /** Rejects as soon as the call is cancelled or out of time. */
  race<T>(work: Promise<T>): Promise<T>
  /** @param complete the answer came to its end, so nothing is left to be stopped */
  stop(complete: boolean): void
}

/** Made once: a reason of its own for each call would cost a stack trace each. */
const STOPPED = new ParapetError('aborted', 'The call to the model server was ended.')

function createLimit(outer: readonly AbortSignal[], timeout: number): Limit {
  const controller = new AbortController()
  let failure: ParapetError | null = null
  let giveUp: ((reason: ParapetError) => void) | null = null
  const fail = (reason: ParapetError): void => {
    failure ??= reason
    controller.abort(failure)
    giveUp?.(failure)
  }
  const onAbort = (): void => fail(new ParapetError('aborted', 'The call to the model server was cancelled.'))
  for (const signal of outer) signal.addEventListener('abort', onAbort, { once: true })
  if (outer.some((signal) => signal.aborted)) onAbort()
  const timer = setTimeout(
    () => fail(upstreamTimeout(`The model server did not finish within ${timeout} ms.`)),
    timeout,
  )
  return {
    signal: controller.signal,
    race: (work) =>
      new Promise((resolve, reject) => {
        if (failure !== null) {
          work.catch(() => undefined)
          reject(failure)
          return
        }
        giveUp = reject
        work.then(resolve, reject)
      }),
    stop(complete) {
      clearTimeout(timer)
      for (const signal of outer) signal.removeEventListener('abort', onAbort)
      if (!complete) controller.abort(STOPPED)
    },
  }
}
