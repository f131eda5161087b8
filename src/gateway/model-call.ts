/**
 * One call of the upstream on behalf of the pipeline, made safe against upstreams that ignore their signal: whatever hangs is
 * given up at the deadline or when the call is cancelled, and is told to stop.
 */
import type { StreamPart } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import { upstreamError, upstreamTimeout } from './upstream/failure.ts'
import type { Upstream, UpstreamCall } from './upstream/upstream.ts'

/** @param timeout milliseconds for the whole call */
export async function callUpstream(
  upstream: Upstream,
  request: UpstreamCall,
  timeout: number,
): Promise<AsyncIterable<StreamPart>> {
  const limit = createLimit(request.signal, timeout)
  try {
    return iterate(await limit.race(upstream.open({ ...request, signal: limit.signal })), limit)
  } catch (cause) {
    limit.stop()
    throw asUpstreamFailure(cause)
  }
}

async function* iterate(parts: AsyncIterable<StreamPart>, limit: Limit): AsyncGenerator<StreamPart> {
  const iterator = parts[Symbol.asyncIterator]()
  let ended = false
  try {
    for (;;) {
      const step = await limit.race(iterator.next())
      if (step.done === true) {
        ended = true
        return
      }
      yield step.value
    }
  } catch (cause) {
    throw asUpstreamFailure(cause)
  } finally {
    limit.stop()
    // Not awaited: an upstream that hangs would hang us here.
    if (!ended) void Promise.resolve(iterator.return?.()).catch(() => undefined)
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
  stop(): void
}

function createLimit(outer: AbortSignal, timeout: number): Limit {
  const controller = new AbortController()
  let failure: ParapetError | null = null
  let giveUp: ((reason: ParapetError) => void) | null = null
  const fail = (reason: ParapetError): void => {
    failure ??= reason
    controller.abort(failure)
    giveUp?.(failure)
  }
  const onAbort = (): void => fail(new ParapetError('aborted', 'The call to the model server was cancelled.'))
  if (outer.aborted) onAbort()
  else outer.addEventListener('abort', onAbort, { once: true })
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
    stop() {
      clearTimeout(timer)
      outer.removeEventListener('abort', onAbort)
      controller.abort()
    },
  }
}
