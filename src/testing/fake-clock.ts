/**
 * A clock that stands still until it is told to move. Timers run in the order in which they are due; those due together in the
 * order in which they were set.
 */
import type { Clock } from '../spec/index.ts'

/** A clock for tests. */
export interface FakeClock extends Clock {
  /** Timers that have not run. */
  readonly pending: number
  /**
   * Moves time forward, running every timer that falls due. Between timers, promises that are ready are awaited, so that
   * code which sets its next timer after an `await` is seen too.
   */
  advance(ms: number): Promise<void>
}

/** Turns of the microtask queue that one step of a chain of awaits may take. */
const TURNS = 32

/** Creates the clock. @param start first time, in milliseconds since the epoch */
export function createFakeClock(start = 0): FakeClock {
  return new StandingClock(start)
}

interface Timer {
  readonly due: number
  readonly order: number
  readonly callback: () => void
}

class StandingClock implements FakeClock {
  #now: number
  #order = 0
  readonly #timers = new Set<Timer>()

  constructor(start: number) {
    this.#now = start
  }

  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const timer = { due: this.#now + Math.max(0, ms), order: this.#order++, callback }
    this.#timers.add(timer)
    return timer
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer)
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await settle()
    for (let timer = this.#next(until); timer !== null; timer = this.#next(until)) {
      this.#timers.delete(timer)
      this.#now = timer.due
      timer.callback()
      await settle()
    }
    this.#now = until
  }

  #next(until: number): Timer | null {
    let first: Timer | null = null
    for (const timer of this.#timers) {
      if (timer.due > until) continue
      if (first === null || timer.due < first.due || (timer.due === first.due && timer.order < first.order))
        first = timer
    }
    return first
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await Promise.resolve()
}
