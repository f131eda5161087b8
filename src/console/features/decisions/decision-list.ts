/**
 * A bounded list of decisions, newest first, each once. Plain data: where the decisions come from is `decisions-state`.
 */
import type { DecisionBody } from '../../../contract/index.ts'
import type { Decision } from '../../data/words.ts'
import { toDecision } from '../../ui/vocabulary.ts'

/** Rows the page holds at most. */
export const MOST_ROWS = 200

/** The list with decisions added; one that is there already is replaced, so that its end or its review shows. */
export function addTo(
  rows: readonly DecisionBody[],
  added: readonly DecisionBody[],
  limit: number = MOST_ROWS,
): readonly DecisionBody[] {
  if (added.length === 0) return rows
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const row of added) byId.set(row.id, newer(byId.get(row.id), row))
  return [...byId.values()].toSorted(byTime).slice(0, limit)
}

/** Events and pages may arrive in any order: what is final or reviewed is not replaced by what is not. */
function newer(known: DecisionBody | undefined, next: DecisionBody): DecisionBody {
  return known !== undefined && progress(known) > progress(next) ? known : next
}

function progress({ status, feedback, content }: DecisionBody): number {
  return (status === 'open' ? 0 : status === 'held' ? 1000 : 2000) + feedback.length * 2 + (content === null ? 0 : 1)
}

function byTime(left: DecisionBody, right: DecisionBody): number {
  return Date.parse(right.at) - Date.parse(left.at) || (left.id < right.id ? 1 : -1)
}

/** Whether a decision is among those that are wanted; an empty filter wants all. */
export function wanted(filter: readonly Decision[], decision: string): boolean {
  return filter.length === 0 || filter.includes(toDecision(decision))
}
