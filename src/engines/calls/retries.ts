/**
 * Asks again after failures of the moment, with exponential backoff and full jitter (each wait is drawn between nothing and a bound that
 * doubles), and never earlier than the server's `Retry-After`. It does not wait past a deadline, and repeats no failure that would stay.
 */
import type { Clock, Completion, CompletionEngine, CompletionOptions, CompletionRequest } from '../../spec/index.ts'
import { callAborted, mayPass, retryAfterOf } from './failure.ts'

export interface RetryOptions {
  /** Further attempts after the first. Default 2; 0 switches retries off. */
  readonly retries?: number
  /** Bound of the first wait, milliseconds. Default 250. */
  readonly firstWait?: number
  /** Largest bound, milliseconds. A server that asks for more than this is not asked again. Default 8,000. */
  readonly longestWait?: number
}

export interface RetryParts {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
}

export function withRetries(engine: CompletionEngine, options: RetryOptions, parts: RetryParts): CompletionEngine {
  return { ...engine, complete: (request, call = {}) => attempts(engine, request, call, options, parts) }
}

async function attempts(
  engine: CompletionEngine,
  request: CompletionRequest,
  call: CompletionOptions,
  { retries = 2, firstWait = 250, longestWait = 8_000 }: RetryOptions,
  { clock, random }: RetryParts,
): Promise<Completion> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await engine.complete(request, call)
    } catch (cause) {
      if (attempt >= retries || !mayPass(cause)) throw cause
      const asked = retryAfterOf(cause) ?? 0
      const wait = asked + random() * Math.min(longestWait, firstWait * 2 ** attempt)
      const late = call.deadline !== undefined && clock.now() + wait >= call.deadline
      if (asked > longestWait || late) throw cause
      await pause(wait, clock, call.signal)
    }
  }
}

function pause(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clock.clearTimeout(timer)
      reject(callAborted())
    }
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }, ms)
    if (signal?.aborted === true) leave()
    else signal?.addEventListener('abort', leave, { once: true })
  })
}
