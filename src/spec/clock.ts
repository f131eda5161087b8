/**
 * Time as the pipeline sees it: handed in, so that deadlines and expiries can be tested without waiting.
 */

export interface Clock {
  /** Milliseconds since the Unix epoch, with fractions. Never goes backwards within a process. */
  now(): number
  /** Calls back once after `ms` milliseconds; the handle goes to `clearTimeout`. */
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(handle: unknown): void
}
