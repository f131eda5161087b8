/**
 * Least-recently-used cache of guard reports, bounded in entries, characters and age. Keyed by text, guard and policy version.
 *
 * It holds judged texts in memory as keys; it is never written anywhere. Reports of guards that say `cacheable: false` and texts
 * above `LONGEST_TEXT` are not kept.
 */
import type { Clock, GuardReport } from '../../spec/index.ts'

/** Longer texts are judged anew: hashing them costs about what judging them costs, and keeping them costs memory. */
const LONGEST_TEXT = 16_384
/** Characters kept at most, over all keys. */
const CHARACTER_BUDGET = 16_000_000

interface Entry {
  readonly report: GuardReport
  readonly expires: number
}

export class VerdictCache {
  readonly #entries = new Map<string, Entry>()
  readonly #limit: number
  readonly #ttl: number
  readonly #clock: Clock
  #characters = 0

  constructor(options: { readonly entries: number; readonly ttl: number }, clock: Clock) {
    this.#limit = options.entries
    this.#ttl = options.ttl
    this.#clock = clock
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): GuardReport | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.expires <= this.#clock.now()) {
      this.#characters -= key.length
      return undefined
    }
    this.#entries.set(key, entry)
    return entry.report
  }

  set(key: string, report: GuardReport): void {
    if (key.length > LONGEST_TEXT) return
    if (this.#entries.delete(key)) this.#characters -= key.length
    this.#entries.set(key, { report, expires: this.#clock.now() + this.#ttl })
    this.#characters += key.length
    while (this.#entries.size > this.#limit || this.#characters > CHARACTER_BUDGET) {
      const oldest = this.#entries.keys().next().value
      if (oldest === undefined) return
      this.#entries.delete(oldest)
      this.#characters -= oldest.length
    }
  }
}
