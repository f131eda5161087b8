/**
 * What a run may spend. Queries are given out before anything is asked, in the order of the plan and by the most each attack may ask, so
 * that the same budget looks at the same cases whatever runs beside what. Tokens and time are looked at between cases: those that run
 * when they are spent are finished, so they can be passed by what runs at once.
 */
import { ParapetError } from '../../../../spec/index.ts'
import type { Case } from './plan.ts'

export interface BudgetLimits {
  readonly queries?: number
  /** Tokens of prompts and answers together. */
  readonly tokens?: number
  /** Milliseconds, of this start of the run. */
  readonly time?: number
}

export function checkBudget(limits: BudgetLimits): void {
  for (const [name, value] of Object.entries(limits))
    if (value !== undefined && !(value > 0))
      throw new ParapetError('configuration', `The budget of ${name} must be a number above 0.`)
}

/** The first cases that fit; a unit under all its settings or not at all. */
export function affordable(
  cases: readonly Case[],
  { queries = Infinity }: BudgetLimits,
  settings: number,
): readonly Case[] {
  let [spent, end] = [0, 0]
  while (end < cases.length) {
    const unit = cases.slice(end, end + settings)
    const cost = unit.reduce((sum, { attack }) => sum + attack.queries, 0)
    if (spent + cost > queries) break
    spent += cost
    end += settings
  }
  return cases.slice(0, end)
}
