/**
 * Limits of one API key: requests a minute (a token bucket that refills evenly) and requests at the same time.
 *
 * Kept in memory: several gateways in front of one store each count for themselves.
 */
import { ParapetError } from '../../spec/index.ts'
import type { Access } from './key-ring.ts'

export interface RateLimits {
  /** Takes one request; the function returned ends it. Throws `rate_limited` with the seconds to wait. */
  begin(access: Access): () => void
}

interface Usage {
  tokens: number
  refilled: number
  running: number
}

/** A burst of a tenth of a minute is let through at once, at least one request. */
const BURST_SECONDS = 6

/** @param now milliseconds; never goes backwards */
export function createRateLimits(now: () => number): RateLimits {
  const usage = new Map<string, Usage>()
  return {
    begin({ key, definition }) {
      const { requestsPerMinute, concurrency } = definition ?? {}
      if (key === null || (requestsPerMinute === undefined && concurrency === undefined)) return nothing
      const burst = Math.max(1, ((requestsPerMinute ?? 0) / 60) * BURST_SECONDS)
      let state = usage.get(key)
      if (state === undefined) {
        state = { tokens: burst, refilled: now(), running: 0 }
        usage.set(key, state)
      }
      if (concurrency !== undefined && state.running >= concurrency) {
        throw limited(`This API key may have ${concurrency} requests answered at the same time.`, 1)
      }
      if (requestsPerMinute !== undefined) take(state, requestsPerMinute, burst, now())
      state.running += 1
      return once(() => (state.running -= 1))
    },
  }
}

function take(state: Usage, perMinute: number, burst: number, at: number): void {
  state.tokens = Math.min(burst, state.tokens + ((at - state.refilled) / 60_000) * perMinute)
  state.refilled = at
  if (state.tokens < 1) {
    const seconds = Math.ceil(((1 - state.tokens) / perMinute) * 60)
    throw limited(`This API key may make ${perMinute} requests a minute.`, seconds)
  }
  state.tokens -= 1
}

function limited(message: string, seconds: number): ParapetError {
  return new ParapetError('rate_limited', `${message} Wait ${seconds} s.`, { details: { retryAfter: String(seconds) } })
}

function nothing(): void {
  // No limit to give back.
}

function once(end: () => void): () => void {
  let open = true
  return () => {
    if (open) end()
    open = false
  }
}
