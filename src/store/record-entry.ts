/** A record on its way: what is known of it, and who waits for it. */
import type { ParapetError } from '../spec/errors.ts'
import type { DecisionDraft, DecisionRecord } from '../spec/record.ts'
import { toRecord, withContent } from './draft-record.ts'

/** One answer for all who wait for a record. */
export class Waiter {
  readonly promise: Promise<void>
  #resolve: () => void = () => undefined
  #reject: (cause: ParapetError) => void = () => undefined

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever waits is told; that nobody does is no defect.
    this.promise.catch(() => undefined)
  }

  settle(failure: ParapetError | null): void {
    if (failure === null) this.#resolve()
    else this.#reject(failure)
  }
}

export class RecordEntry {
  readonly id: string
  /** Somebody waits until it is kept. */
  readonly sync: boolean
  /** Its request is stopped when it cannot be kept. */
  readonly refuse: boolean
  readonly open: boolean
  /** A newer record of the same decision stands behind it; this one need not be kept. */
  superseded = false
  /** On its way to the store or the spill file. */
  taken = false
  /** Nobody waits for it any more, though it may still be kept. */
  released = false
  /** Kept, refused or dropped. */
  settled = false
  waiter: Waiter | null = null
  record: DecisionRecord
  /** What it takes up in memory and on its way, in characters, about. */
  weight = 1000
  /** The request has been counted as refused already. */
  counted = false

  /** @param now milliseconds since the epoch */
  constructor(draft: DecisionDraft, now: number) {
    this.id = draft.result.decisionId
    this.sync = draft.policy.mode === 'sync'
    this.refuse = draft.policy.whenFull === 'refuse'
    this.open = draft.state === 'open'
    this.record = toRecord(draft, now)
  }

  keepContent(content: DecisionRecord['content'], size: number, warnings: readonly string[]): void {
    this.record = withContent(this.record, content, warnings)
    this.weight += size
  }

  wait(): Promise<void> {
    if (!this.sync || this.released) return Promise.resolve()
    return (this.waiter ??= new Waiter()).promise
  }

  release(): void {
    this.released = true
    this.waiter?.settle(null)
  }
}
