/**
 * Sees to it that decisions are kept: gathers them for some milliseconds, writes them together, and when the store cannot take them
 * puts them into the spill file until it can. What can be kept nowhere is refused or dropped, as the policy says, and counted.
 *
 * Taking a decision costs the request a microsecond or two; records are built, redacted and written afterwards.
 */
import type { Clock } from '../spec/clock.ts'
import { ParapetError } from '../spec/errors.ts'
import type { DecisionDraft } from '../spec/record.ts'
import type { RecordCounts, Recorder } from '../spec/store.ts'
import { Preparation } from './preparation.ts'
import { RecordEntry } from './record-entry.ts'
import { RecordQueue } from './record-queue.ts'
import type { RecorderOptions } from './recorder-options.ts'
import type { SpillFile } from './spill-file.ts'
import { StoreLink } from './store-link.ts'

/** A recorder. It takes up what an earlier process left in the spill file. */
export function createRecorder(options: RecorderOptions): Recorder {
  const recorder = new RunningRecorder(options)
  recorder.start()
  return recorder
}

/** Characters in memory, and written together, at most. Captured texts can be long. */
const HEAVIEST = 64 * 1024 * 1024
const HEAVIEST_BATCH = 4 * 1024 * 1024
const MOST_REMEMBERED = 10_000
/** Milliseconds until a spill file that failed is tried again. */
const SPILL_RETRY = 1000

class RunningRecorder implements Recorder {
  readonly #clock: Clock
  readonly #link: StoreLink
  readonly #spill: SpillFile | null
  readonly #limits: { readonly records: number; readonly batch: number }
  readonly #times: { readonly gather: number; readonly close: number }
  readonly #warn: (message: string) => void
  readonly #preparation: Preparation
  readonly #queue = new RecordQueue()
  readonly #counts = { committed: 0, spilled: 0, dropped: 0, refused: 0 }
  /** What is queued is to be written now. */
  #due = false
  #writing = false
  #spilling = false
  #replaying = false
  #spillFull = false
  #spillBlockedUntil = 0
  #closed: Promise<void> | null = null
  #over = false
  /** Said already: not again for every record. */
  #losing = false
  #spillFailing = false
  #unstorable = false
  /** Refused while open; their ends are refused too, but not counted again. */
  readonly #refusedOpen = new Set<string>()
  readonly #timers = new Map<'gather' | 'spill', unknown>()
  #watchers: (() => void)[] = []

  constructor({ store, clock, spillFile, limits = {}, times = {}, redact, onWarning }: RecorderOptions) {
    this.#clock = clock
    this.#spill = spillFile ?? null
    this.#limits = { records: limits.records ?? 10_000, batch: limits.batch ?? 500 }
    const { gather = 20, write = 5000, retry = 100, close = 5000 } = times
    this.#times = { gather, close }
    this.#warn = (message) => {
      try {
        onWarning?.(message)
      } catch {
        // An observer's defect must not become the record's.
      }
    }
    this.#preparation = new Preparation({
      redact: redact ?? null,
      ...(limits.content === undefined ? {} : { room: limits.content }),
      onReady: (entry) => this.#enqueue(entry),
    })
    this.#link = new StoreLink({
      store,
      clock,
      within: write,
      retry,
      onLost: () => this.#storeLost(),
      onAnswer: () => this.#storeAnswers(),
      onFound: () => this.#storeFound(),
    })
  }

  start(): void {
    if (this.#spill !== null && this.#spill.bytes > 0) void this.#link.ask()
  }

  get counts(): RecordCounts {
    return {
      ...this.#counts,
      queued: this.#queue.unsettledCount,
      spillBytes: this.#spill?.bytes ?? 0,
      storeReachable: this.#link.reachable,
    }
  }

  admit({ mode, whenFull }: { readonly mode: 'sync' | 'async'; readonly whenFull: 'refuse' | 'drop' }): void {
    if (whenFull === 'drop' || this.#canKeep(mode)) return
    this.#counts.refused += 1
    throw unavailable()
  }

  record(draft: DecisionDraft): void {
    const entry = new RecordEntry(draft, this.#clock.now())
    if (!entry.open && this.#refusedOpen.size > 0) entry.counted = this.#refusedOpen.delete(entry.id)
    this.#queue.announce(entry)
    const { capture } = draft.policy
    if (draft.content === undefined || capture === 'none') this.#enqueue(entry)
    else this.#preparation.take(entry, draft.content, capture === 'redacted')
  }

  settled(id: string): Promise<void> {
    return this.#queue.outcome(id)
  }

  waiting(id: string): boolean {
    return this.#queue.has(id)
  }

  async flush(): Promise<void> {
    let waiting = this.#queue.unsettled
    for (;;) {
      waiting = waiting.filter((entry) => !entry.settled && !entry.superseded)
      if (waiting.length === 0) return
      this.#due = true
      this.#pump()
      if (this.#stuck()) throw unavailable()
      await new Promise<void>((resolve) => this.#watchers.push(resolve))
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async #close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimeout(resolve, this.#times.close)
      const done = (): void => (this.#clock.clearTimeout(timer), resolve())
      this.flush().then(done, done)
    })
    this.#over = true
    this.#link.close()
    for (const timer of this.#timers.values()) this.#clock.clearTimeout(timer)
    const left = this.#queue.unsettled
    for (const entry of left) this.#lose(entry)
    await this.#spill?.close()
  }

  // Taking

  #enqueue(entry: RecordEntry): void {
    if (entry.superseded) return
    const stopped = !this.#link.reachable && !this.#canSpill()
    const room = this.#hasRoom(entry.refuse || this.#canSpill() ? 2 : 1)
    if (this.#over || !room || (stopped && entry.sync && entry.refuse)) {
      this.#lose(entry)
      return
    }
    if (stopped) entry.release()
    this.#queue.push(entry)
    if (entry.sync || this.#queue.length >= this.#limits.batch) this.#due = true
    if (this.#due) queueMicrotask(() => this.#pump())
    else this.#arm('gather', this.#times.gather, () => this.#writeNow())
  }

  #writeNow(): void {
    this.#due = true
    this.#pump()
  }

  #pump(): void {
    if (this.#over || this.#queue.length === 0) return
    if (this.#link.reachable && this.#due && !this.#writing) void this.#commit()
    const full = this.#queue.length > this.#limits.records || this.#queue.weight > HEAVIEST
    if ((full || !this.#link.reachable) && !this.#spilling && this.#canSpill()) void this.#spillSome()
  }

  // Writing

  async #commit(): Promise<void> {
    this.#writing = true
    this.#due = false
    const batch = this.#queue.take(this.#limits.batch, HEAVIEST_BATCH)
    try {
      const lost = await this.#link.write(batch.map((entry) => entry.record))
      for (const entry of batch) {
        if (lost.has(entry.record)) this.#loseForGood(entry)
        else this.#settle(entry, 'committed')
      }
    } catch {
      await this.#keepElsewhere(batch)
    }
    this.#writing = false
    if (this.#queue.length > 0 && !this.#timers.has('gather')) this.#due = true
    this.#pump()
    this.#changed()
  }

  // Spilling

  async #spillSome(): Promise<void> {
    this.#spilling = true
    await this.#keepElsewhere(this.#queue.take(this.#limits.batch, HEAVIEST_BATCH))
    this.#spilling = false
    this.#pump()
    this.#changed()
  }

  /** In the spill file; failing that, in memory as far as there is room, and then by policy. */
  async #keepElsewhere(batch: readonly RecordEntry[]): Promise<void> {
    if (this.#canSpill() && (await this.#append(batch))) {
      for (const entry of batch) this.#settle(entry, 'spilled')
      if (this.#link.reachable) void this.#replay()
      return
    }
    if (this.#link.reachable) {
      // The store is slow, not gone: those whose policy rather loses records than time give way.
      this.#putBack(batch, (entry) => entry.refuse)
      return
    }
    const all = [...batch, ...this.#queue.take(Infinity, Infinity)]
    for (const entry of all) if (!(entry.sync && entry.refuse)) entry.release()
    this.#putBack(all, (entry) => entry.released)
  }

  #putBack(entries: readonly RecordEntry[], mayWait: (entry: RecordEntry) => boolean): void {
    const kept: RecordEntry[] = []
    for (const entry of entries) {
      if (mayWait(entry) && this.#queue.length + kept.length < 2 * this.#limits.records) kept.push(entry)
      else this.#lose(entry)
    }
    this.#queue.putBack(kept)
  }

  async #append(batch: readonly RecordEntry[]): Promise<boolean> {
    if (this.#spill === null) return false
    try {
      const durable = batch.some((entry) => entry.sync)
      const kept = await this.#spill.append(
        batch.map((entry) => entry.record),
        durable,
      )
      if (!kept && !this.#spillFull)
        this.#warn('The spill file is full: decisions are refused or dropped, as the policy says.')
      this.#spillFull = !kept
      this.#spillFailing = false
      return kept
    } catch {
      if (!this.#spillFailing)
        this.#warn('The spill file cannot be written: check that its disk is there and not full.')
      this.#spillFailing = true
      this.#spillBlockedUntil = this.#clock.now() + SPILL_RETRY
      this.#arm('spill', SPILL_RETRY, () => this.#pump())
      return false
    }
  }

  async #replay(): Promise<void> {
    if (this.#spill === null || this.#replaying || this.#over || this.#spill.bytes === 0) return
    this.#replaying = true
    const before = this.#spill.bytes
    let done = false
    let storeFailed = false
    try {
      await this.#spill.replay(
        async (records) => {
          const lost = await this.#link.write(records).catch((cause: unknown) => {
            storeFailed = true
            throw cause
          })
          for (const record of records)
            if (record.state === 'final') this.#counts[lost.has(record) ? 'dropped' : 'committed'] += 1
        },
        (lines) => {
          this.#counts.dropped += lines
          this.#warn(`${lines} lines of the spill file were damaged and passed over.`)
        },
      )
      done = true
    } catch {
      if (!storeFailed) this.#warn('The spill file cannot be read; it is tried again at the next start.')
    }
    if (done || this.#spill.bytes < before) this.#spillFull = false
    this.#replaying = false
    this.#pump()
    this.#changed()
    // More may have been spilled meanwhile.
    if (done && this.#link.reachable) void this.#replay()
  }

  #storeLost(): void {
    const where = this.#spill === null ? 'kept in memory as far as there is room' : 'written to the spill file'
    this.#warn(`The store of decisions cannot be used (${this.#link.name}): records are ${where}.`)
    this.#pump()
    this.#changed()
  }

  #storeFound(): void {
    this.#warn('The store of decisions can be used again.')
    this.#losing = false
  }

  #storeAnswers(): void {
    this.#writeNow()
    this.#changed()
    void this.#replay()
  }

  // Small questions and steps

  #canSpill(): boolean {
    return this.#spill !== null && !this.#spillFull && this.#clock.now() >= this.#spillBlockedUntil
  }

  /** @param times what has been admitted already has more room than what asks to be */
  #hasRoom(times: 1 | 2): boolean {
    return this.#queue.length < times * this.#limits.records && this.#queue.weight < times * HEAVIEST
  }

  #canKeep(mode: 'sync' | 'async'): boolean {
    if (this.#over) return false
    if (this.#hasRoom(1) && (this.#link.reachable || mode === 'async')) return true
    return this.#canSpill() && this.#hasRoom(2)
  }

  /** What waits cannot go anywhere just now. */
  #stuck(): boolean {
    const moving = this.#writing || this.#spilling || !this.#preparation.idle
    return !moving && !this.#link.reachable && !this.#canSpill()
  }

  /** Decisions are counted, not records: what is open will be counted when it is final. */
  #settle(entry: RecordEntry, outcome: 'committed' | 'spilled' | 'dropped'): void {
    if (this.#queue.settle(entry, null) && !entry.open) this.#counts[outcome] += 1
  }

  #lose(entry: RecordEntry): void {
    if (entry.sync && entry.refuse && !entry.released) {
      if (!this.#queue.settle(entry, unavailable()) || entry.counted) return
      this.#counts.refused += 1
      if (entry.open && this.#refusedOpen.size < MOST_REMEMBERED) this.#refusedOpen.add(entry.id)
      return
    }
    this.#settle(entry, 'dropped')
    if (!this.#losing) this.#warn('Decisions are being lost: neither store, spill file nor memory has room for them.')
    this.#losing = true
  }

  /** The store can never hold it, and neither could the spill file's replay. */
  #loseForGood(entry: RecordEntry): void {
    if (!this.#unstorable) this.#warn(`The record of ${entry.id} was lost: the store cannot hold its data.`)
    this.#unstorable = true
    this.#lose(entry)
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher()
  }

  #arm(name: 'gather' | 'spill', ms: number, callback: () => void): void {
    if (this.#over || this.#timers.has(name)) return
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(name)
      callback()
    }, ms)
    this.#timers.set(name, timer)
  }
}

function unavailable(): ParapetError {
  return new ParapetError(
    'record_unavailable',
    'The decision could not be recorded, and the policy answers nothing that is not. Try again later.',
  )
}
