/**
 * Decisions as they are made, for those who watch. Built from the pipeline's events, so it holds no text and works without a store.
 *
 * A watcher that does not read loses the oldest entries, never the newest, and is told how many.
 */
import type { DecisionBody } from '../contract/index.ts'
import { toDecisionBody } from '../contract/index.ts'
import type { ParapetEvent } from '../spec/index.ts'

/** One who watches. */
export interface Watcher {
  /** The next decision, or null when `ms` milliseconds passed without one. Resolves to `closed` at the end. */
  next(ms: number): Promise<DecisionBody | null | 'closed'>
  /** Decisions lost because they were not read, since the last call. */
  missed(): number
  close(): void
}

export interface LiveFeed {
  listener(event: ParapetEvent): void
  watch(wanted: (decision: DecisionBody) => boolean): Watcher
  /** Ends all watchers. */
  close(): void
  readonly watchers: number
}

const MAX_WAITING = 256

export function createLiveFeed(now: () => number): LiveFeed {
  const watchers = new Set<QueuedWatcher>()
  return {
    listener(event) {
      if (event.type !== 'decision-made' || watchers.size === 0) return
      const { result, caller, door } = event
      const decision = toDecisionBody({
        ...result,
        id: result.decisionId,
        at: now(),
        state: 'final',
        door,
        caller,
        content: null,
        expires: 0,
        feedback: [],
        ...(result.decision === 'hold' ? { review: { state: 'pending' } } : {}),
      })
      for (const watcher of watchers) watcher.offer(decision)
    },
    watch(wanted) {
      const watcher = new QueuedWatcher(wanted, () => watchers.delete(watcher))
      watchers.add(watcher)
      return watcher
    },
    close() {
      for (const watcher of watchers) watcher.close()
    },
    get watchers() {
      return watchers.size
    },
  }
}

class QueuedWatcher implements Watcher {
  readonly #wanted: (decision: DecisionBody) => boolean
  readonly #onClose: () => void
  readonly #queue: DecisionBody[] = []
  #missed = 0
  #closed = false
  #wake: (() => void) | null = null

  constructor(wanted: (decision: DecisionBody) => boolean, onClose: () => void) {
    this.#wanted = wanted
    this.#onClose = onClose
  }

  offer(decision: DecisionBody): void {
    if (!this.#wanted(decision)) return
    this.#queue.push(decision)
    if (this.#queue.length > MAX_WAITING) {
      this.#queue.shift()
      this.#missed += 1
    }
    this.#wake?.()
  }

  async next(ms: number): Promise<DecisionBody | null | 'closed'> {
    if (this.#queue.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#wake = (): void => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = null
    }
    return this.#closed ? 'closed' : (this.#queue.shift() ?? null)
  }

  missed(): number {
    const count = this.#missed
    this.#missed = 0
    return count
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#onClose()
    this.#wake?.()
  }
}
