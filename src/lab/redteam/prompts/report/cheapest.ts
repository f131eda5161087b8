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
}

/** The attack with the fewest tokens a success; null where nothing got through. What searches spent on their own model is not in it. */
export function cheapestOf(rows: readonly RedTeamRow[]): Cheapest | null {
  let best: Cheapest | null = null
  for (const [attack, own] of groupRows(rows, (row) => row.attack)) {
    const successes = own.filter(({ outcome }) => outcome === 'success').length
    if (successes === 0) continue
    const sum = (of: (row: RedTeamRow) => number): number => own.reduce((all, row) => all + of(row), 0) / successes
    const tokens = sum(({ promptTokens, answerTokens }) => promptTokens + answerTokens)
    const found = { attack, successes, cases: own.length, tokens, queries: sum(({ queries }) => queries) }
    if (best === null || tokens < best.tokens) best = found
  }
  return best
}
