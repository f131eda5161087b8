/**
 * Builds preference data: labels by a rule, labels or preferences by a judge, and both from samples of the policy itself.
 *
 * What a judge could not read or did not answer twice alike is left out and counted, never called good. The judges and the
 * sampling live elsewhere; these functions are handed them.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { Message } from '../../spec/index.ts'
import { type LabelledTurn, type PairingOptions, type PreferencePair, pairsOfTurns, turnsByPrompt } from './pairs.ts'

/** An answer nobody has judged yet. */
export interface Candidate {
  readonly prompt: readonly Message[]
  readonly response: string
}

/** Whether an answer keeps the guideline; decides by itself, the same every time. */
export type RuleCheck = (prompt: readonly Message[], response: string) => boolean

export function labelByRule(candidates: readonly Candidate[], check: RuleCheck): readonly LabelledTurn[] {
  return candidates.map(({ prompt, response }) => ({ prompt, response, desirable: check(prompt, response) }))
}

/** A score, higher is better; null for an answer that could not be read as one. */
export type Judge = (prompt: readonly Message[], response: string) => Promise<number | null>

export interface JudgedTurns {
  readonly turns: readonly LabelledTurn[]
  /** Answers without a score. */
  readonly failed: readonly Candidate[]
}

/** A score of at least `threshold` is good. One question at a time, in order. */
export async function labelByJudge(
  candidates: readonly Candidate[],
  judge: Judge,
  threshold: number,
): Promise<JudgedTurns> {
  const turns: LabelledTurn[] = []
  const failed: Candidate[] = []
  for (const candidate of candidates) {
    const { prompt, response } = candidate
    const score = readable(await judge(prompt, response))
    if (score === null) failed.push(candidate)
    else turns.push({ prompt, response, desirable: score >= threshold })
  }
  return { turns, failed }
}

/** Above 0 if the first answer is better, below 0 if the second is, 0 for a tie; null if that could not be read. */
export type PairwiseJudge = (prompt: readonly Message[], first: string, second: string) => Promise<number | null>

/** Two answers to compare. */
export interface Comparison {
  readonly prompt: readonly Message[]
  readonly responses: readonly [string, string]
}

export interface JudgedPairs {
  readonly pairs: readonly PreferencePair[]
  /** Called equal in at least one order, and never the other way round. */
  readonly ties: readonly Comparison[]
  /** The winner changed with the order: a judge that goes by position. */
  readonly inconsistent: readonly Comparison[]
  readonly failed: readonly Comparison[]
}

/** Asks about each comparison in both orders; only an answer that wins both becomes a pair. */
export async function preferByJudge(comparisons: readonly Comparison[], judge: PairwiseJudge): Promise<JudgedPairs> {
  const judged = { pairs: [], ties: [], inconsistent: [], failed: [] } as {
    pairs: PreferencePair[]
    ties: Comparison[]
    inconsistent: Comparison[]
    failed: Comparison[]
  }
  for (const comparison of comparisons) {
    const { prompt, responses } = comparison
    const [one, other] = responses
    const straight = readable(await judge(prompt, one, other))
    const swapped = readable(await judge(prompt, other, one))
    if (straight === null || swapped === null) judged.failed.push(comparison)
    else if (straight * swapped > 0) judged.inconsistent.push(comparison)
    else if (straight === 0 || swapped === 0) judged.ties.push(comparison)
    else
      judged.pairs.push(
        straight > 0 ? { prompt, chosen: one, rejected: other } : { prompt, chosen: other, rejected: one },
      )
  }
  return judged
}

/** Answers that the policy itself gave to one prompt. */
export interface PromptSamples {
  readonly prompt: readonly Message[]
  readonly responses: readonly string[]
}

export interface OnPolicyData {
  /** Every sample, labelled, in order. */
  readonly turns: readonly LabelledTurn[]
  /** From the prompts with both a good and a bad sample. */
  readonly pairs: readonly PreferencePair[]
  readonly promptsWithBoth: number
  /** Share of good samples; 0 to 1. */
  readonly goodShare: number
}

/** Labels the samples by a rule and makes pairs where a prompt has both kinds. Throws `input_invalid` without samples. */
export function fromSamples(
  samples: readonly PromptSamples[],
  check: RuleCheck,
  options: PairingOptions = {},
): OnPolicyData {
  const turns = labelByRule(
    samples.flatMap(({ prompt, responses }) => responses.map((response) => ({ prompt, response }))),
    check,
  )
  if (turns.length === 0)
    throw new ParapetError('input_invalid', 'There are no samples. Draw some from the policy first.')
  const byPrompt = turnsByPrompt(turns)
  return {
    turns,
    pairs: pairsOfTurns(turns, options),
    promptsWithBoth: byPrompt.filter((same) => new Set(same.map(({ desirable }) => desirable)).size === 2).length,
    goodShare: turns.filter(({ desirable }) => desirable).length / turns.length,
  }
}

function readable(score: number | null): number | null {
  return score === null || Number.isNaN(score) ? null : score
}
