/**
 * Where a score becomes a decision: four named policies, how each is fitted, and what it means in words.
 *
 * A threshold is never fitted on what it is reported on: sets with the same name or the same bytes are refused. A text is flagged when
 * its score is ABOVE the threshold, as in the pipeline. A subject without scores keeps its own verdict under every policy.
 */
import { ParapetError } from '../../spec/index.ts'
import { conformalThreshold, guaranteeInWords, rowsNeeded, type ControlledRate } from './conformal.ts'
import type { EvaluationSet, EvaluationTask } from './sample.ts'
import type { Prediction } from './subject.ts'

/** How scores become decisions. `fittedOn` names sets; each threshold uses those of the task it is for, pooled. */
export type ThresholdPolicy =
  | { readonly kind: 'fixed'; readonly value: number }
  | { readonly kind: 'at_fpr'; readonly target: number; readonly fittedOn: readonly string[] }
  | {
      readonly kind: 'conformal'
      readonly control: ControlledRate
      readonly alpha: number
      readonly delta: number | null
      readonly fittedOn: readonly string[]
    }
  /** The subject's own verdict; where it gives only a score, `otherwise` decides. */
  | { readonly kind: 'own'; readonly otherwise: number }

/** A policy after fitting: what decides, from what, and what that means. */
export interface ResolvedThreshold {
  /** Null: the subject's own verdict decides. */
  readonly value: number | null
  /** Decides where `value` is null and the subject gives no verdict. */
  readonly otherwise: number
  /** Samples the threshold was fitted on, those of the label that matters. */
  readonly fittedRows: number
  readonly words: string
}

/** A row a threshold is fitted on; `rank` is Infinity for a failure that counts as flagged. */
export interface FittingRow {
  readonly label: 0 | 1
  readonly rank: number | null
}

/** The sets of a policy for one task; none where it needs none. */
export function fittingSetsOf(
  policy: ThresholdPolicy,
  task: EvaluationTask,
  available: readonly EvaluationSet[],
): readonly EvaluationSet[] {
  if (policy.kind === 'fixed' || policy.kind === 'own') return []
  return available.filter((set) => set.task === task && policy.fittedOn.includes(set.name))
}

/**
 * Checks a policy before anything runs.
 *
 * @throws ParapetError `configuration`: a value out of range, an unknown fitting set, none for a reported task, too few samples, or
 * a fitting set that is also reported.
 */
export function checkThresholdPolicy(
  policy: ThresholdPolicy,
  fitting: readonly EvaluationSet[],
  reported: readonly EvaluationSet[],
): void {
  if (policy.kind === 'fixed') return checkScore(policy.value, 'value')
  if (policy.kind === 'own') return checkScore(policy.otherwise, 'otherwise')
  if (policy.kind === 'at_fpr' && !(policy.target >= 0 && policy.target < 1))
    throw wrong(`The target is ${policy.target}; a false-positive rate lies in 0…1, below 1.`)
  for (const name of policy.fittedOn) {
    const set = fitting.find((one) => one.name === name)
    if (set === undefined)
      throw wrong(
        `There is no fitting set "${name}"; ${fitting.length === 0 ? 'none is given' : `there are ${fitting.map((one) => one.name).join(', ')}`}. Give its file with --calibration (in code: fittingSets).`,
      )
    const same = reported.find((one) => one.name === name || one.sha256 === set.sha256)
    if (same !== undefined)
      throw wrong(
        `The threshold would be fitted on "${name}", which is reported as "${same.name}": the result would mean nothing. Fit on another set.`,
      )
  }
  for (const task of new Set(reported.map((set) => set.task))) {
    const sets = fittingSetsOf(policy, task, fitting)
    const label = policy.kind === 'conformal' && policy.control === 'miss_rate' ? 1 : 0
    const rows = sets.flatMap((set) => set.samples).filter((sample) => sample.label === label).length
    const needed = policy.kind === 'conformal' ? rowsNeeded(policy) : 1
    if (rows < needed)
      throw wrong(
        `A ${policy.kind} threshold for ${task} needs at least ${needed} fitting samples of label ${label}, and its fitting sets hold ${rows}. Name a set of that task with more of them, or loosen the target.`,
      )
  }
}

/** Fits a policy on the rows of its fitting sets (those of `fittingSetsOf`, as the subject judged them). */
export function resolveThreshold(policy: ThresholdPolicy, rows: readonly FittingRow[]): ResolvedThreshold {
  if (policy.kind === 'fixed')
    return { value: policy.value, otherwise: policy.value, fittedRows: 0, words: policyInWords(policy) }
  if (policy.kind === 'own')
    return { value: null, otherwise: policy.otherwise, fittedRows: 0, words: policyInWords(policy) }
  const label = policy.kind === 'conformal' && policy.control === 'miss_rate' ? 1 : 0
  const ranks = rows.flatMap((row) => (row.label === label && row.rank !== null ? [row.rank] : []))
  if (
    rows.some(({ rank }) => rank === null) &&
    rows.every(({ rank }) => rank === null || rank === Number.POSITIVE_INFINITY)
  )
    return {
      value: null,
      otherwise: 0.5,
      fittedRows: 0,
      words: 'The subject gave no score on the fitting sets, so its own verdict decides and nothing was fitted.',
    }
  const value =
    policy.kind === 'conformal' ? conformalThreshold(ranks, policy) : empiricalThreshold(ranks, policy.target)
  if (value === null)
    throw wrong(
      `Only ${ranks.length} fitting samples of label ${label} could be judged; the threshold needs ${policy.kind === 'conformal' ? rowsNeeded(policy) : 1}. Find out why the others failed.`,
    )
  if (value === Number.POSITIVE_INFINITY)
    throw wrong('More fitting samples failed than the target allows to be flagged. Find out why they failed.')
  // Scores lie in 0…1: 1 flags nothing but failures, and anything below 0 flags everything. Both must survive JSON.
  const bounded = Math.min(1, Math.max(-1, value))
  const words =
    policy.kind === 'conformal'
      ? `${policyInWords(policy)} ${guaranteeInWords(policy, ranks.length)}`
      : policyInWords(policy)
  return { value: bounded, otherwise: bounded, fittedRows: ranks.length, words }
}

/** The decision on a prediction that has a score or a verdict; null where it has neither. */
export function decide(
  { score, positive }: Pick<Extract<Prediction, { outcome: 'scored' }>, 'score' | 'positive'>,
  { value, otherwise }: ResolvedThreshold,
): boolean | null {
  if (value === null && positive !== null) return positive
  return score === null ? positive : score > (value ?? otherwise)
}

/** A policy in a sentence. */
export function policyInWords(policy: ThresholdPolicy): string {
  switch (policy.kind) {
    case 'fixed':
      return `A fixed threshold: flagged when the score is above ${policy.value}.`
    case 'at_fpr':
      return `The lowest threshold that flags at most ${percent(policy.target)} of the harmless samples of ${policy.fittedOn.join(', ')}. This is what was seen on those samples; it promises nothing for others.`
    case 'conformal':
      return `A conformal threshold that bounds the ${policy.control === 'miss_rate' ? 'miss rate' : 'false-positive rate'} at ${percent(policy.alpha)}, fitted on ${policy.fittedOn.join(', ')}.`
    case 'own':
      return `The subject's own verdict; where it gives only a score, flagged above ${policy.otherwise}.`
    default:
      return policy satisfies never
  }
}

/** Lowest observed score with at most `target` of the scores above it. */
function empiricalThreshold(scores: readonly number[], target: number): number | null {
  const sorted = scores.toSorted((left, right) => (left === right ? 0 : left > right ? -1 : 1))
  return sorted[Math.floor(target * sorted.length + 1e-9)] ?? null
}

function checkScore(value: number, name: string): void {
  if (!Number.isFinite(value)) throw wrong(`The threshold's ${name} is ${value}; give a number.`)
}

function wrong(message: string): ParapetError {
  return new ParapetError('configuration', message)
}

function percent(value: number): string {
  return `${Number((100 * value).toFixed(4))} %`
}
