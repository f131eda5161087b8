/** The real clock: epoch milliseconds with fractions, monotonic within the process; timers that do not keep it alive. */
import type { Clock } from '../spec/index.ts'

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
}
