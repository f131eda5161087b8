/** Decisions in memory, for the page's tests: what a store promises, without a database. Bounded by the test's own length. */
import type { DecisionQuery, DecisionStore, ParapetEvent, StoredDecision } from '../../src/spec/index.ts'

export interface MemoryDecisions extends DecisionStore {
  /** Records every decision the pipeline tells of. */
  listener(event: ParapetEvent): void
  add(decision: StoredDecision): void
}

export function createMemoryDecisions(): MemoryDecisions {
  const kept = new Map<string, StoredDecision>()
  const change = (id: string, part: Partial<StoredDecision>): StoredDecision | null => {
    const known = kept.get(id)
    if (known === undefined) return null
    const changed = { ...known, ...part }
    kept.set(id, changed)
    return changed
  }
  return {
    specVersion: 'v1',
    name: 'memory',
    add: (decision) => void kept.set(decision.id, decision),
    listener(event) {
      if (event.type !== 'decision-made') return
      const { result, caller, door } = event
      kept.set(result.decisionId, {
        ...result,
        id: result.decisionId,
        at: Date.now(),
        state: 'final',
        door,
        caller,
        content: null,
        expires: Number.MAX_SAFE_INTEGER,
        feedback: [],
        ...(result.decision === 'hold' ? { review: { state: 'pending' } } : {}),
      })
    },
    write: (records) => {
      for (const record of records) kept.set(record.id, { ...record, feedback: [] })
      return Promise.resolve()
    },
    get: (id) => Promise.resolve(kept.get(id) ?? null),
    list(query, { limit = 50, cursor = '0' } = {}) {
      const from = Number(cursor)
      const all = [...kept.values()]
        .filter((item) => matches(item, query))
        .toSorted((left, right) => right.at - left.at)
      const items = all.slice(from, from + limit)
      return Promise.resolve({ items, next: from + limit < all.length ? String(from + limit) : null })
    },
    review(id, review) {
      const known = kept.get(id)
      if (known?.review === undefined) return Promise.resolve(null)
      if (known.review.state !== 'pending') return Promise.resolve({ settled: false, decision: known })
      return Promise.resolve({ settled: true, decision: change(id, { review }) ?? known })
    },
    addFeedback: (id, feedback) =>
      Promise.resolve(change(id, { feedback: [...(kept.get(id)?.feedback ?? []), feedback] })),
    deleteUser: () => Promise.resolve(0),
    deleteExpired: () => Promise.resolve(0),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

function matches(item: StoredDecision, { decisions, key }: DecisionQuery): boolean {
  return (decisions?.includes(item.decision) ?? true) && (key === undefined || item.caller.key === key)
}
