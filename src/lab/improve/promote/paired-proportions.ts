/**
 * The difference of two error rates on the same messages, and how large it may be: Tango's score interval for paired proportions (Tango
 * 1998, "Equivalence test and confidence interval for the difference in proportions for the paired-sample design", Statistics in Medicine
 * 17, §3), which keeps its level where hardly anything differs, and says little where there is little data: without a single differing
 * pair its upper bound is z²/(n + z²).
 */
import { ParapetError } from '../../../spec/index.ts'

/** Pairs in which only one of the two is in error. */
export interface DifferingPairs {
  /** All messages. */
  readonly rows: number
  /** Only the candidate errs. */
  readonly worse: number
  /** Only the current guard errs. */
  readonly better: number
}

/** The normal quantile of 0.95: both bounds are one-sided at 95 %. */
export const Z_95 = 1.6448536269514722

/** Bounds of `(worse − better) / rows`, each of which the true difference passes with a probability of 5 % at most, about. */
export function differenceBounds(
  pairs: DifferingPairs,
  z: number = Z_95,
): { readonly low: number; readonly high: number } {
  const { rows, worse, better } = pairs
  if (![rows, worse, better].every((count) => Number.isInteger(count) && count >= 0) || worse + better > rows)
    throw new ParapetError('input_invalid', `${worse} and ${better} of ${rows} are no counts of differing pairs.`)
  if (rows === 0) return { low: -1, high: 1 }
  return { low: -upperBound(rows, better, worse, z), high: upperBound(rows, worse, better, z) }
}

/** The largest δ that the score statistic does not reject, by bisection: the statistic falls as δ grows. */
function upperBound(rows: number, worse: number, better: number, z: number): number {
  let low = (worse - better) / rows
  let high = 1
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2
    if (scoreStatistic(rows, worse, better, middle) > -z) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** T(δ) = (b − c − nδ) / √(n (2 q̂ + δ (1 − δ))), with q̂ the likeliest share of `better` under δ (Tango 1998, eq. 8 and appendix). */
export function scoreStatistic(rows: number, worse: number, better: number, delta: number): number {
  const linear = -worse - better + (2 * rows - worse + better) * delta
  const constant = -better * delta * (1 - delta)
  const share = (Math.sqrt(Math.max(0, linear ** 2 - 8 * rows * constant)) - linear) / (4 * rows)
  const variance = rows * (2 * share + delta * (1 - delta))
  const difference = worse - better - rows * delta
  return variance <= 0 ? Math.sign(difference) * Number.POSITIVE_INFINITY : difference / Math.sqrt(variance)
}

/** Rows from which an unchanged guard is shown to be no worse than by `margin`: ⌈z² (1 − margin) / margin⌉. */
export function rowsToShow(margin: number, z: number = Z_95): number {
  return Math.ceil((z ** 2 * (1 - margin)) / margin)
}
