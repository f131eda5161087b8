/** The real clock: epoch milliseconds with fractions, monotonic within the process; timers that do not keep it alive. */
import type { Clock } from '../spec/index.ts'

/** Constant, and slow to ask for. */
const origin = performance.timeOrigin

export const systemClock: Clock = {
  now: () => origin + performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
}
