/**
 * Which decisions wait for a human, so that their poll URL has an answer. Kept in memory and bounded; oldest entries go first.
 */
export interface HeldDecisions {
  add(decisionId: string): void
  has(decisionId: string): boolean
}

export function createHeldDecisions(limit = 10_000): HeldDecisions {
  const ids = new Set<string>()
  return {
    add(decisionId) {
      ids.add(decisionId)
      const [oldest] = ids
      if (ids.size > limit && oldest !== undefined) ids.delete(oldest)
    },
    has: (decisionId) => ids.has(decisionId),
  }
}

/** Path under which a held decision can be asked for. */
export function pollPath(decisionId: string): string {
  return `/v1/decisions/${encodeURIComponent(decisionId)}`
}
