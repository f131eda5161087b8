/**
 * An async iterator over a producer that can be left at any time: `return()` answers at once, even while the producer waits for a
 * source that never answers (an async generator would wait with it).
 */
import type { CheckResult, Decision, GuardedStream } from '../../spec/index.ts'

/** Makes the items of a stream, one at a time. */
export interface Producer<T> {
  /** An item that is ready, if any. */
  poll(): T | undefined
  /** The next item, or null at the end. Called again only after it has settled. */
  produce(): Promise<T | null>
  /** Nobody wants the rest. */
  cancel(): void
  readonly result: Promise<CheckResult>
  readonly decisionId?: string
  decisionSoFar?(): Decision
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T>) => void
  readonly reject: (cause: unknown) => void
}

/** The producer's items as a stream that is read once. */
export class PullStream<T> implements GuardedStream<T>, AsyncIterator<T> {
  readonly result: Promise<CheckResult>
  readonly decisionId: string
  readonly decisionSoFar: () => Decision
  readonly #producer: Producer<T>
  readonly #waiters: Waiter<T>[] = []
  #driving = false
  #closed = false

  constructor(producer: Producer<T>) {
    this.#producer = producer
    this.result = producer.result
    this.decisionId = producer.decisionId ?? ''
    this.decisionSoFar = () => producer.decisionSoFar?.() ?? 'pass'
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  poll(): T | undefined {
    return this.#closed || this.#waiters.length > 0 ? undefined : this.#producer.poll()
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#closed) return Promise.resolve({ done: true, value: undefined })
    if (this.#waiters.length === 0) {
      const ready = this.#producer.poll()
      if (ready !== undefined) return Promise.resolve({ done: false, value: ready })
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      if (!this.#driving) void this.#drive()
    })
  }

  return(): Promise<IteratorResult<T>> {
    if (!this.#closed) {
      this.#close()
      this.#producer.cancel()
    }
    return Promise.resolve({ done: true, value: undefined })
  }

  async #drive(): Promise<void> {
    this.#driving = true
    while (this.#waiters.length > 0) {
      try {
        const value = await this.#producer.produce()
        if (value === null) this.#close()
        else this.#waiters.shift()?.resolve({ done: false, value })
      } catch (cause) {
        this.#waiters.shift()?.reject(cause)
        this.#close()
      }
    }
    this.#driving = false
  }

  #close(): void {
    this.#closed = true
    for (const { resolve } of this.#waiters.splice(0)) resolve({ done: true, value: undefined })
  }
}
