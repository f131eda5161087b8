/**
 * Where decisions are kept. Implementations are in `store/`; `testing` has one in memory.
 */
import type { KeptCritique } from './critique.ts'
import type { Decision } from './decision.ts'
import type { DecisionDraft, DecisionRecord, Feedback, Review, ReviewState, StoredDecision } from './record.ts'

/** Which decisions. All conditions hold together. */
export interface DecisionQuery {
  /** At or after, milliseconds since the epoch. */
  readonly from?: number
  /** Before. */
  readonly to?: number
  readonly decisions?: readonly Decision[]
  readonly doors?: readonly string[]
  readonly user?: string
  readonly application?: string
  readonly conversation?: string
  /** Name of the API key. */
  readonly key?: string
  readonly review?: ReviewState
  /** Only decisions that somebody gave feedback on. */
  readonly withFeedback?: boolean
}

/** A page of a list, newest first. */
export interface DecisionPage {
  readonly items: readonly StoredDecision[]
  /** Pass it as `cursor` for the next page; null at the end. */
  readonly next: string | null
}

export interface DecisionStore {
  readonly specVersion: 'v1'
  /** What it is, for people: `embedded PostgreSQL in /var/lib/parapet`; never holds a password. */
  readonly name: string
  /**
   * All of them or none. A final record is never replaced by an open one; reviews, feedback and critiques stay when a record is
   * written again. Times may be kept to the microsecond, scores to four decimals, and when guards were asked not at all. Rejects with `record_unavailable` when the store cannot take them just now, with `input_invalid` when it never can.
   */
  write(records: readonly DecisionRecord[]): Promise<void>
  get(id: string): Promise<StoredDecision | null>
  /**
   * @param options.limit 1…500, default 50; a page of very large records may be shorter. A wrong limit or cursor rejects with
   * `input_invalid`.
   */
  list(query: DecisionQuery, options?: { readonly limit?: number; readonly cursor?: string }): Promise<DecisionPage>
  /** Settles a held decision. Null when there is none with this id, `settled` false when somebody was faster. */
  review(
    id: string,
    review: Review & { readonly at: number },
  ): Promise<{ readonly settled: boolean; readonly decision: StoredDecision } | null>
  /** Null when there is no decision with this id. */
  addFeedback(id: string, feedback: Feedback): Promise<StoredDecision | null>
  /**
   * Keeps the critiques of a decision, in place of those before. False when there is no decision with this id: what was deleted is not
   * brought back. A store without it keeps none.
   */
  addCritiques?(id: string, critiques: readonly KeptCritique[]): Promise<boolean>
  /** Deletes every decision of this user, feedback, reviews and critiques included. Answers how many. */
  deleteUser(user: string): Promise<number>
  /** Deletes what expired before this moment. Answers how many. */
  deleteExpired(now: number): Promise<number>
  /** Rejects when the store cannot take records just now. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Counts of what became of records, for metrics and health. */
export interface RecordCounts {
  /** Readable by their ids. */
  readonly committed: number
  /** Written to the spill file because the store could not take them. */
  readonly spilled: number
  /** Lost: neither store nor spill file could take them and the policy says `drop`. */
  readonly dropped: number
  /** Requests refused because nothing could be recorded and the policy says `refuse`. */
  readonly refused: number
  /** Waiting in memory. */
  readonly queued: number
  /** Waiting in the spill file, bytes. */
  readonly spillBytes: number
  readonly storeReachable: boolean
}

/** Takes decisions from the pipeline and sees to it that they are kept. */
export interface Recorder {
  /** Throws `record_unavailable` when nothing more can be kept and the policy says to refuse then. */
  admit(policy: { readonly mode: 'sync' | 'async'; readonly whenFull: 'refuse' | 'drop' }): void
  /** Takes a decision. Returns at once. */
  record(draft: DecisionDraft): void
  /**
   * Resolves when the decision's record may be relied on: at once under `async`, after the commit under `sync`. Rejects with
   * `record_unavailable` when it could not be kept and the policy says to refuse then.
   */
  settled(id: string): Promise<void>
  /** Whether a record with this id has been taken and is neither readable nor spilled nor lost yet. */
  waiting(id: string): boolean
  /**
   * Resolves when everything taken so far is kept, spilled or dropped. Rejects with `record_unavailable` when some of it can be
   * neither kept nor spilled just now; it stays in memory then.
   */
  flush(): Promise<void>
  readonly counts: RecordCounts
  /** Flushes for a few seconds at most; what is then still in memory is counted as dropped. The store is not closed. */
  close(): Promise<void>
}
