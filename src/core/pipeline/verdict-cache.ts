/**
 * Least-recently-used cache of guard reports, bounded in reports, characters and age. Keyed by the text, what stands beside it and
 * the policy's version; the reports of all guards on one text are kept together. Reports on what is no text have keys of their own.
 *
 * It holds judged texts in memory as keys; it is never written anywhere. Reports of guards that say `cacheable: false` (the caller
 * sees to that) and texts above `LONGEST_TEXT` are not kept.
 */
import type { Clock, Guard, GuardReport, GuardRequest } from '../../spec/index.ts'

/** Longer texts, with what stands beside them, are judged anew: keeping them costs memory, and judging dwarfs looking up. */
const LONGEST_TEXT = 16_000
/** Characters kept at most, over all keys. */
const CHARACTER_BUDGET = 16_000_000

interface KeptReport {
  readonly guard: string
  readonly version: string
  readonly report: GuardReport
  readonly expires: number
}

/** Under which a report is kept that has a key of its own. */
const ALONE = { id: '', version: '' } as const

type GuardName = Pick<Guard, 'id' | 'version'>

/** The reports on one text. All entries form a ring in order of use, closed by one that holds nothing. */
class Entry {
  readonly key: string
  readonly reports: KeptReport[] = []
  older: Entry = this
  newer: Entry = this

  constructor(key: string) {
    this.key = key
  }

  /** Puts this entry behind another in the ring. */
  moveBefore(next: Entry): void {
    this.older.newer = this.newer
    this.newer.older = this.older
    this.older = next.older
    this.newer = next
    this.older.newer = this
    next.older = this
  }

  get kept(): boolean {
    return this.newer !== this
  }
}

/** The reports on one text. */
export class TextVerdicts {
  readonly #cache: VerdictCache
  #entry: Entry

  /** @internal Made by the cache. */
  constructor(cache: VerdictCache, entry: Entry) {
    this.#cache = cache
    this.#entry = entry
  }

  get({ id, version }: GuardName): GuardReport | undefined {
    const kept = this.#entry.reports.find((one) => one.guard === id && one.version === version)
    return kept === undefined || this.#cache.isOver(kept.expires) ? undefined : kept.report
  }

  set(guard: GuardName, report: GuardReport): void {
    this.#entry = this.#cache.keep(this.#entry, guard, report)
  }
}

export class VerdictCache {
  readonly #entries = new Map<string, Entry>()
  /** `newer` of it is the oldest entry, `older` the newest. */
  readonly #ring: Entry = new Entry('')
  readonly #limit: number
  readonly #ttl: number
  readonly #clock: Clock
  #size = 0
  #characters = 0

  constructor(options: { readonly entries: number; readonly ttl: number }, clock: Clock) {
    this.#limit = options.entries
    this.#ttl = options.ttl
    this.#clock = clock
  }

  /** Reports kept. */
  get size(): number {
    return this.#size
  }

  /** The reports on a text, or null when it is too long to be kept. Counts as a use of them. */
  of(request: Omit<GuardRequest, 'signal'>, policyVersion: string): TextVerdicts | null {
    const { stage, field, text, prompt = '', system = '', tool = '', origin = '' } = request
    if (text.original.length + prompt.length + system.length > LONGEST_TEXT) return null
    const parts = [policyVersion, stage, field, origin, tool, system, prompt]
    return this.#under(`${parts.map((part) => `${part.length}:${part}`).join('')}${text.original}`)
  }

  /** The report under a key of the caller's own making. */
  get(key: string): GuardReport | undefined {
    return this.#under(key).get(ALONE)
  }

  /** Keeps a report under such a key, unless that is too long. */
  set(key: string, report: GuardReport): void {
    if (key.length <= LONGEST_TEXT) this.#under(key).set(ALONE, report)
  }

  /** @internal Adds a report to an entry and returns the entry it was added to, which is another one when this was forgotten. */
  keep(given: Entry, { id: guard, version }: GuardName, report: GuardReport): Entry {
    const entry = given.kept ? given : this.#enter(given.key)
    const kept = { guard, version, report, expires: this.#clock.now() + this.#ttl }
    const known = entry.reports.findIndex((one) => one.guard === guard && one.version === version)
    if (known >= 0) entry.reports[known] = kept
    else {
      entry.reports.push(kept)
      this.#size += 1
    }
    while (this.#size > this.#limit || this.#characters > CHARACTER_BUDGET) this.#forget(this.#ring.newer)
    return entry
  }

  /** @internal */
  isOver(expires: number): boolean {
    return expires <= this.#clock.now()
  }

  #under(key: string): TextVerdicts {
    const known = this.#entries.get(key)
    known?.moveBefore(this.#ring)
    return new TextVerdicts(this, known ?? new Entry(key))
  }

  #enter(key: string): Entry {
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const entry = new Entry(key)
    entry.moveBefore(this.#ring)
    this.#entries.set(key, entry)
    this.#characters += key.length
    return entry
  }

  #forget(entry: Entry): void {
    entry.older.newer = entry.newer
    entry.newer.older = entry.older
    entry.older = entry
    entry.newer = entry
    this.#entries.delete(entry.key)
    this.#size -= entry.reports.length
    this.#characters -= entry.key.length
  }
}
