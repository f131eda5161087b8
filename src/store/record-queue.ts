/**
 * Records in memory, in the order in which they came, and who waits for which. A record that is still here when the final one of the
 * same decision comes is not written at all.
 */
import type { ParapetError } from '../spec/errors.ts'
import type { RecordEntry } from './record-entry.ts'

/** Refusals remembered for whoever asks later. */
const MOST_FAILURES = 10_000

export class RecordQueue {
  #entries: RecordEntry[] = []
  #weight = 0
  /** The newest entry of each decision that is not settled, here or elsewhere. */
  readonly #latest = new Map<string, RecordEntry>()
  readonly #failures = new Map<string, ParapetError>()

  get length(): number {
    return this.#entries.length
  }

  /** Characters of all of them, about. */
  get weight(): number {
    return this.#weight
  }

  /** Decisions whose records are not settled. */
  get unsettled(): readonly RecordEntry[] {
    return [...this.#latest.values()]
  }

  get unsettledCount(): number {
    return this.#latest.size
  }

  has(id: string): boolean {
    return this.#latest.has(id)
  }

  /** Makes an entry known. It stands in the queue only once it is pushed. */
  announce(entry: RecordEntry): void {
    const earlier = this.#latest.get(entry.id)
    if (earlier !== undefined && earlier.open && !earlier.taken) {
      earlier.superseded = true
      entry.waiter = earlier.waiter
    }
    this.#latest.set(entry.id, entry)
  }

  push(entry: RecordEntry): void {
    this.#entries.push(entry)
    this.#weight += entry.weight
  }

  /** The oldest, up to so many or so heavy; at least one. */
  take(most: number, heaviest: number): readonly RecordEntry[] {
    const batch: RecordEntry[] = []
    let passed = 0
    let taken = 0
    for (const entry of this.#entries) {
      if (batch.length >= most || (batch.length > 0 && taken + entry.weight > heaviest)) break
      passed += 1
      this.#weight -= entry.weight
      if (entry.superseded) continue
      entry.taken = true
      taken += entry.weight
      batch.push(entry)
    }
    this.#entries.splice(0, passed)
    return batch
  }

  putBack(entries: readonly RecordEntry[]): void {
    for (const entry of entries) {
      entry.taken = false
      this.#weight += entry.weight
    }
    this.#entries.unshift(...entries)
  }

  /** Resolves or rejects with what became of a decision's record. */
  outcome(id: string): Promise<void> {
    const entry = this.#latest.get(id)
    if (entry !== undefined) return entry.wait()
    const failure = this.#failures.get(id)
    if (failure === undefined) return Promise.resolve()
    this.#failures.delete(id)
    return Promise.reject(failure)
  }

  /** Tells whoever waits. False when it was settled before. */
  settle(entry: RecordEntry, failure: ParapetError | null): boolean {
    if (entry.settled) return false
    entry.settled = true
    if (this.#latest.get(entry.id) === entry) this.#latest.delete(entry.id)
    if (entry.waiter !== null) entry.waiter.settle(failure)
    else if (failure !== null) this.#remember(entry.id, failure)
    return true
  }

  #remember(id: string, failure: ParapetError): void {
    this.#failures.set(id, failure)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MOST_FAILURES && oldest !== undefined) this.#failures.delete(oldest)
  }
}
