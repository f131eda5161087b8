/**
 * The losses of DuoGuard's two players as plain numbers (arXiv 2502.05163): the classifier's sum of binary cross-entropies (eq. 4.6), the
 * ranking loss that the released code trains with instead, and the generator's DPO + RPO.
 *
 * For values and gradients of single rows. On tensors the generator's loss is `hard-dpo` of `lab/align` with `RPO_LOSS`; a test
 * holds both to the same value.
 */
import { ParapetError } from '../../../spec/errors.ts'

/** Settings under which `hard-dpo` of `lab/align` is DPO + RPO as trl 0.11 computes it. */
export const RPO_LOSS = { kind: 'hard-dpo', beta: 0.01, sftCoefficient: 0.4, sftMean: 'batch' } as const

/** Names of the two losses of the classifier: the paper's and the released code's. */
export type ClassifierLoss = 'bce' | 'zlpr'

export function sigmoid(logit: number): number {
  return logit >= 0 ? 1 / (1 + Math.exp(-logit)) : Math.exp(logit) / (1 + Math.exp(logit))
}

/** `log(1 + e^x)`, exact for large |x|. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}

/** Sum over the categories of `-[y log σ(s) + (1 - y) log(1 - σ(s))]`, in nats. Throws `input_invalid` for lists of unequal length. */
export function bceSum(logits: ArrayLike<number>, targets: ArrayLike<number>): number {
  return overRows(logits, targets, (logit, target) => softplus(logit) - target * logit)
}

/** The same divided by the number of categories. */
export function bceMean(logits: ArrayLike<number>, targets: ArrayLike<number>): number {
  return bceSum(logits, targets) / logits.length
}

/** By logit: `σ(s) - y`. */
export function bceGradient(logits: ArrayLike<number>, targets: ArrayLike<number>): Float64Array {
  return Float64Array.from(logits, (logit, at) => sigmoid(logit) - (targets[at] ?? 0))
}

/**
 * `log(1 + Σ_{y=0} e^s) + log(1 + Σ_{y=1} e^{-s})` (Su et al. 2022, "ZLPR"): its boundary is a logit of 0, so a sigmoid of one half, as
 * that of the cross-entropies.
 */
export function zlpr(logits: ArrayLike<number>, targets: ArrayLike<number>): number {
  const { negatives, positives } = signedLogits(logits, targets)
  return logOnePlusSum(negatives) + logOnePlusSum(positives)
}

/** By logit: the share of `e^s` in its sum where the target is 0, minus the share of `e^{-s}` where it is 1. */
export function zlprGradient(logits: ArrayLike<number>, targets: ArrayLike<number>): Float64Array {
  const { negatives, positives } = signedLogits(logits, targets)
  const [below, above] = [logOnePlusSum(negatives), logOnePlusSum(positives)]
  return Float64Array.from(logits, (logit, at) =>
    (targets[at] ?? 0) > 0.5 ? -Math.exp(-logit - above) : Math.exp(logit - below),
  )
}

export const CLASSIFIER_LOSSES: Readonly<
  Record<
    ClassifierLoss,
    {
      readonly value: (logits: ArrayLike<number>, targets: ArrayLike<number>) => number
      readonly gradient: (logits: ArrayLike<number>, targets: ArrayLike<number>) => Float64Array
    }
  >
> = {
  bce: { value: bceSum, gradient: bceGradient },
  zlpr: { value: zlpr, gradient: zlprGradient },
}

/** Log-probabilities of one pair, summed over the tokens, in nats. */
export interface PairLogProbabilities {
  readonly policyChosen: number
  readonly policyRejected: number
  readonly referenceChosen: number
  readonly referenceRejected: number
  /** Tokens of the preferred sample. */
  readonly chosenTokens: number
}

/**
 * `-log σ(β[(log π(w) - log π_ref(w)) - (log π(l) - log π_ref(l))]) + α · (-log π(w) / |w|)` for one pair. Defaults are the paper's:
 * β 0.01, α 0.4.
 */
export function dpoRpo(
  pair: PairLogProbabilities,
  { beta = RPO_LOSS.beta, alpha = RPO_LOSS.sftCoefficient }: { readonly beta?: number; readonly alpha?: number } = {},
): number {
  const { policyChosen, policyRejected, referenceChosen, referenceRejected, chosenTokens } = pair
  if (!(chosenTokens >= 1))
    throw new ParapetError('input_invalid', `The preferred sample has ${chosenTokens} tokens; it needs at least one.`)
  const margin = policyChosen - referenceChosen - (policyRejected - referenceRejected)
  return softplus(-beta * margin) + (alpha * -policyChosen) / chosenTokens
}

function overRows(
  logits: ArrayLike<number>,
  targets: ArrayLike<number>,
  loss: (logit: number, target: number) => number,
): number {
  requireEqualLength(logits, targets)
  let sum = 0
  for (let at = 0; at < logits.length; at++) sum += loss(logits[at] ?? 0, targets[at] ?? 0)
  return sum
}

function signedLogits(
  logits: ArrayLike<number>,
  targets: ArrayLike<number>,
): { readonly negatives: readonly number[]; readonly positives: readonly number[] } {
  requireEqualLength(logits, targets)
  const all = Array.from(logits)
  return {
    negatives: all.filter((_, at) => (targets[at] ?? 0) <= 0.5),
    positives: all.flatMap((logit, at) => ((targets[at] ?? 0) > 0.5 ? [-logit] : [])),
  }
}

/** `log(1 + Σ e^x)` with the largest exponent taken out. */
function logOnePlusSum(exponents: readonly number[]): number {
  const most = exponents.reduce((high, value) => Math.max(high, value), 0)
  const sum = exponents.reduce((total, value) => total + Math.exp(value - most), Math.exp(-most))
  return most + Math.log(sum)
}

function requireEqualLength(logits: ArrayLike<number>, targets: ArrayLike<number>): void {
  if (logits.length !== targets.length)
    throw new ParapetError('input_invalid', `There are ${logits.length} logits and ${targets.length} targets.`)
}
