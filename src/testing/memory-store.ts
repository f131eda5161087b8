/**
 * Decisions in memory, for tests and for trying things out: the whole contract of a store, nothing outlives the process. It can be
 * taken away, made slow and made full, as real ones are.
 */
import type {
  DecisionPage,
  DecisionQuery,
  DecisionRecord,
  DecisionStore,
  KeptCritique,
  Review,
  StoredDecision,
} from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'

/** A store for tests. */
export interface MemoryStore extends DecisionStore {
  /** How many decisions it holds. */
  readonly size: number
  /** How often `write` was called. */
  readonly writes: number
  /** While false everything rejects with `record_unavailable`. */
  available: boolean
  /** While set, writes wait for it. */
  gate: Promise<void> | null
}

/** @param records decisions it begins with */
export function createMemoryStore(records: readonly DecisionRecord[] = []): MemoryStore {
  const store = new InMemoryStore()
  store.put(records)
  return store
}

class InMemoryStore implements MemoryStore {
  readonly specVersion = 'v1'
  readonly name = 'memory'
  available = true
  gate: Promise<void> | null = null
  writes = 0
  readonly #decisions = new Map<string, StoredDecision>()

  get size(): number {
    return this.#decisions.size
  }

  async write(records: readonly DecisionRecord[]): Promise<void> {
    this.writes += 1
    if (this.gate !== null) await this.gate
    await this.ping()
    this.put(records)
  }

  put(records: readonly DecisionRecord[]): void {
    for (const record of records) {
      const before = this.#decisions.get(record.id)
      if (before?.state === 'final' && record.state === 'open') continue
      const pending: Review | undefined = record.decision === 'hold' ? { state: 'pending' } : undefined
      const review = before?.review ?? pending
      const stored = {
        ...record,
        ...(review === undefined ? {} : { review }),
        feedback: before?.feedback ?? [],
        ...(before?.critiques === undefined ? {} : { critiques: before.critiques }),
      }
      this.#decisions.set(record.id, structuredClone(stored))
    }
  }

  async get(id: string): Promise<StoredDecision | null> {
    await this.ping()
    return this.#decisions.get(id) ?? null
  }

  list: DecisionStore['list'] = async (query, { limit = 50, cursor } = {}): Promise<DecisionPage> => {
    await this.ping()
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= 500))
      throw new ParapetError('input_invalid', 'The limit must be a whole number from 1 to 500.')
    const after = cursor === undefined ? null : fromCursor(cursor)
    const all = [...this.#decisions.values()]
      .filter((decision) => matches(decision, query) && (after === null || newestFirst(after, decision) < 0))
      .toSorted(newestFirst)
    const items = all.slice(0, limit)
    const last = items.at(-1)
    return { items, next: last === undefined || all.length === items.length ? null : toCursor(last) }
  }

  review: DecisionStore['review'] = async (id, review) => {
    await this.ping()
    if (review.state === 'pending') throw new ParapetError('input_invalid', 'A review says `approved` or `rejected`.')
    const before = this.#decisions.get(id)
    if (before === undefined) return null
    if (before.review?.state !== 'pending') return { settled: false, decision: before }
    const decision = { ...before, review: structuredClone(review) }
    this.#decisions.set(id, decision)
    return { settled: true, decision }
  }

  addFeedback: DecisionStore['addFeedback'] = async (id, feedback) => {
    await this.ping()
    const before = this.#decisions.get(id)
    if (before === undefined) return null
    const others = before.feedback.filter((other) => other.id !== feedback.id)
    const all = [...others, structuredClone(feedback)].toSorted(
      (left, right) => left.at - right.at || compare(left.id, right.id),
    )
    const decision = { ...before, feedback: all }
    this.#decisions.set(id, decision)
    return decision
  }

  async addCritiques(id: string, critiques: readonly KeptCritique[]): Promise<boolean> {
    await this.ping()
    const before = this.#decisions.get(id)
    if (before !== undefined) this.#decisions.set(id, { ...before, critiques: structuredClone(critiques) })
    return before !== undefined
  }

  async deleteUser(user: string): Promise<number> {
    return this.#delete((decision) => decision.caller.user === user)
  }

  async deleteExpired(now: number): Promise<number> {
    return this.#delete((decision) => decision.expires < now)
  }

  async ping(): Promise<void> {
    if (!this.available) throw new ParapetError('record_unavailable', 'The store in memory was taken away.')
  }

  async close(): Promise<void> {}

  async #delete(condition: (decision: StoredDecision) => boolean): Promise<number> {
    await this.ping()
    const gone = [...this.#decisions.values()].filter(condition)
    for (const { id } of gone) this.#decisions.delete(id)
    return gone.length
  }
}

type Position = Pick<StoredDecision, 'at' | 'id'>

function newestFirst(left: Position, right: Position): number {
  return right.at - left.at || compare(right.id, left.id)
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function matches(decision: StoredDecision, query: DecisionQuery): boolean {
  const { caller } = decision
  return (
    decision.at >= (query.from ?? -Infinity) &&
    decision.at < (query.to ?? Infinity) &&
    (query.decisions?.includes(decision.decision) ?? true) &&
    (query.doors?.includes(decision.door) ?? true) &&
    same(query.user, caller.user) &&
    same(query.application, caller.application) &&
    same(query.conversation, caller.conversation) &&
    same(query.key, caller.key) &&
    same(query.review, decision.review?.state) &&
    (query.withFeedback !== true || decision.feedback.length > 0)
  )
}

function same(wanted: string | undefined, found: string | undefined): boolean {
  return wanted === undefined || wanted === found
}

function toCursor({ at, id }: Position): string {
  return encodeURIComponent(JSON.stringify([at, id]))
}

function fromCursor(cursor: string): Position {
  try {
    const [at, id] = JSON.parse(decodeURIComponent(cursor)) as readonly unknown[]
    if (typeof at === 'number' && typeof id === 'string') return { at, id }
  } catch {
    // Said below.
  }
  throw new ParapetError('input_invalid', 'The cursor is not one of this list.', { details: { param: 'cursor' } })
}
