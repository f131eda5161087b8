/**
 * From preference data as given to the examples a loss learns from. KTO splits pairs into a good and a bad turn, SFT keeps what is good;
 * pairs are never made of turns unasked, because which answers to set against each other is a choice (`pairsOfTurns`).
 */
import { ParapetError } from '../../spec/errors.ts'
import type { AlignmentExamples } from './alignment-plan.ts'
import { type EncodePreferencesOptions, encodePairs, encodeTurns } from './encode-preferences.ts'
import { type LabelledTurn, type PreferencePair, turnsOfPairs } from './pairs.ts'
import type { SettledPreferenceLoss } from './preference-loss.ts'
import type { ResponseTokens } from './sequence-log-probabilities.ts'

export type AlignmentData = { readonly pairs: readonly PreferencePair[] } | { readonly turns: readonly LabelledTurn[] }

export interface EncodedExamples {
  readonly examples: AlignmentExamples
  /** Every row of the examples, in order. */
  readonly rows: readonly ResponseTokens[]
  readonly leftOut: number
}

/** Throws `configuration` for a loss of pairs without pairs, `input_invalid` when nothing is left to learn from. */
export function encodeExamples(
  { kind, needsPairs, rowsPerExample }: SettledPreferenceLoss,
  data: AlignmentData,
  options: EncodePreferencesOptions,
): EncodedExamples {
  if (needsPairs) {
    if (!('pairs' in data))
      throw new ParapetError(
        'configuration',
        `The ${kind} loss learns from pairs. Make them with pairsOfTurns, or use kto for single turns.`,
      )
    const { rows, leftOut } = encodePairs(data.pairs, options)
    requireSome(rows.length, 1, data.pairs.length, options)
    const tokens = rows.flatMap(({ chosen, rejected }) => [chosen, rejected])
    return { examples: { form: 'pairs', rows }, rows: tokens, leftOut }
  }
  const all = 'pairs' in data ? turnsOfPairs(data.pairs) : data.turns
  const turns = kind === 'sft' ? all.filter(({ desirable }) => desirable) : all
  const { rows, leftOut } = encodeTurns(turns, options)
  const mismatched = rowsPerExample === 2
  requireSome(rows.length, mismatched ? 2 : 1, turns.length, options)
  return {
    examples: { form: mismatched ? 'mismatched-turns' : 'turns', rows },
    rows: rows.map(({ tokens }) => tokens),
    leftOut,
  }
}

function requireSome(kept: number, least: number, given: number, { maxLength }: EncodePreferencesOptions): void {
  if (kept >= least) return
  throw new ParapetError(
    'input_invalid',
    `There is nothing to learn from: of ${given} examples ${kept} fit into ${maxLength} tokens, and at least ${least} must.`,
  )
}
