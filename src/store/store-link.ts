/**
 * Whether the store can be used. Once a write has failed it is asked again and again, at growing intervals, until it answers. That it
 * answers does not mean that it can be written to (its disk may be full): only a write that succeeds ends the outage.
 */
import type { Clock } from '../spec/clock.ts'
import { ParapetError } from '../spec/errors.ts'
import type { DecisionRecord } from '../spec/record.ts'
import type { DecisionStore } from '../spec/store.ts'

export interface StoreLinkOptions {
  readonly store: DecisionStore
  readonly clock: Clock
  /** Milliseconds after which a write or question counts as failed. */
  readonly within: number
  /** Milliseconds until the first question. */
  readonly retry: number
  /** An outage begins. */
  readonly onLost: () => void
  /** It answers: worth a try. */
  readonly onAnswer: () => void
  /** An outage has ended. */
  readonly onFound: () => void
}

const LONGEST_RETRY = 5000

export class StoreLink {
  readonly #options: StoreLinkOptions
  #reachable = true
  #outage = false
  #delay: number
  #timer: unknown = null
  #asking = false
  #closed = false

  constructor(options: StoreLinkOptions) {
    this.#options = options
    this.#delay = options.retry
  }

  /** It can be used, or at least answers. */
  get reachable(): boolean {
    return this.#reachable
  }

  get name(): string {
    return this.#options.store.name
  }

  /**
   * Writes records. Rejects, and counts the store as lost, when it cannot take them; answers those it can never hold.
   */
  async write(records: readonly DecisionRecord[]): Promise<ReadonlySet<DecisionRecord>> {
    if (records.length === 0) return new Set()
    try {
      const lost = await this.#write(records)
      this.#found()
      return lost
    } catch (cause) {
      this.#lose()
      throw cause
    }
  }

  /** Asks whether the store can be used. */
  async ask(): Promise<void> {
    if (this.#asking || this.#closed) return
    this.#asking = true
    const answered = await this.#within(this.#options.store.ping()).then(
      () => true,
      () => false,
    )
    this.#asking = false
    if (this.#closed) return
    if (!answered) {
      if (this.#reachable) this.#lose()
      else this.#askLater()
      return
    }
    this.#reachable = true
    this.#options.onAnswer()
  }

  close(): void {
    this.#closed = true
    this.#options.clock.clearTimeout(this.#timer)
  }

  async #write(records: readonly DecisionRecord[]): Promise<ReadonlySet<DecisionRecord>> {
    try {
      await this.#within(this.#options.store.write(records))
      return new Set()
    } catch (cause) {
      if (!ParapetError.isInstance(cause) || cause.code !== 'input_invalid') throw cause
      if (records.length === 1) return new Set(records)
    }
    // One of them is at fault; the others must not suffer for it.
    const lost = new Set<DecisionRecord>()
    for (const record of records) for (const other of await this.#write([record])) lost.add(other)
    return lost
  }

  #lose(): void {
    if (!this.#reachable || this.#closed) return
    this.#reachable = false
    if (!this.#outage) {
      this.#outage = true
      this.#delay = this.#options.retry
      this.#options.onLost()
    }
    this.#askLater()
  }

  #found(): void {
    if (!this.#outage) return
    this.#outage = false
    this.#options.onFound()
  }

  #askLater(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = this.#options.clock.setTimeout(() => void this.ask(), this.#delay)
    this.#delay = Math.min(LONGEST_RETRY, this.#delay * 2)
  }

  #within<T>(work: Promise<T>): Promise<T> {
    const { clock, within } = this.#options
    return new Promise((resolve, reject) => {
      const late = (): void =>
        reject(new ParapetError('record_unavailable', `The store of decisions did not answer within ${within} ms.`))
      const timer = clock.setTimeout(late, within)
      const done = (): void => clock.clearTimeout(timer)
      work.then(
        (value) => (done(), resolve(value)),
        (cause: unknown) => (done(), reject(cause)),
      )
    })
  }
}
