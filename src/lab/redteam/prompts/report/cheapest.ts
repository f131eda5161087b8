/** What getting through costs: for each attack all its tokens and questions over its successes, failures paid for too. */
import type { RedTeamRow } from '../run/row.ts'
import { groupRows } from './group-rows.ts'

export interface Cheapest {
  readonly attack: string
  readonly successes: number
  /** Cases of it that were asked. */
  readonly cases: number
  /** Tokens of prompts and answers for each success. */
  readonly tokens: number
  /** Questions to the target for each success. */
  readonly queries: number
  /** Candidates that searches had scored on the target's weights for each success; they are in neither of the above. */
  readonly scored: number
}

/** Of each success, such as "82 tokens", "1.5 questions", "320 scored candidates". */
export function costsOf({ tokens, queries, scored }: Cheapest): readonly string[] {
  const asked = [`${tokens.toFixed(0)} tokens`, `${queries.toFixed(1)} questions`]
  return scored === 0 ? asked : [...asked, `${scored.toFixed(0)} scored candidates`]
}

/** The attack with the fewest tokens a success, searches' candidates not counted; null where nothing got through. */
export function cheapestOf(rows: readonly RedTeamRow[]): Cheapest | null {
  let best: Cheapest | null = null
  for (const [attack, own] of groupRows(rows, (row) => row.attack)) {
    const successes = own.filter(({ outcome }) => outcome === 'success').length
    if (successes === 0) continue
    const sum = (of: (row: RedTeamRow) => number): number => own.reduce((all, row) => all + of(row), 0) / successes
    const tokens = sum(({ promptTokens, answerTokens }) => promptTokens + answerTokens)
    const found = {
      ...{ attack, successes, cases: own.length, tokens, queries: sum(({ queries }) => queries) },
      scored: sum(({ scored = 0 }) => scored),
    }
    if (best === null || tokens < best.tokens) best = found
  }
  return best
}
