/** The real clock, where none is handed in. Waiting calls keep the process alive, as their connections do. */
import type { Clock } from '../../spec/index.ts'

export const wallClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
}
