/**
 * Thresholds with a stated guarantee, from calibration scores alone: split conformal prediction (Vovk et al. 2005), conformal risk
 * control (Angelopoulos et al. 2022, eq. 4) and the order-statistic form of the Clopper-Pearson bound.
 *
 * All of them assume that the calibration samples and the later ones are exchangeable, and nothing here can check that: an
 * attacker, another language or another year breaks it. Thresholds apply to scores of any range; a text is flagged when its
 * score is ABOVE the threshold, as everywhere in Parapet. Ties only make a threshold safer.
 */
import { ParapetError } from '../../spec/index.ts'
import { binomialAtMost } from './metrics/binomial.ts'

/** Which error a threshold bounds: `false_positive_rate` over label 0, `miss_rate` over label 1. */
export type ControlledRate = 'false_positive_rate' | 'miss_rate'

/** What a conformal threshold bounds and how surely. */
export interface ConformalTarget {
  readonly control: ControlledRate
  /** Bound on the rate, between 0 and 1. */
  readonly alpha: number
  /**
   * Null: the bound holds on average over calibration sets (split conformal). A number: with probability at least 1 − delta over
   * the draw of the calibration set, the true rate of this very threshold is at most alpha (Clopper-Pearson).
   */
  readonly delta: number | null
}

/**
 * The ⌈(n+1)(1 − alpha)⌉-th smallest score: a new exchangeable score lies at or below it with probability at least 1 − alpha.
 * Infinity where n is too small for that (⌈(n+1)(1 − alpha)⌉ > n).
 */
export function conformalQuantile(scores: readonly number[], alpha: number): number {
  checkShare(alpha, 'alpha')
  // A hair of slack: (n+1)(1 − alpha) is often a whole number that floating point puts just above itself.
  const rank = Math.ceil((scores.length + 1) * (1 - alpha) - 1e-9)
  return sortedUp(scores)[Math.max(1, rank) - 1] ?? Number.POSITIVE_INFINITY
}

/**
 * Rank k of the calibration score that bounds the rate: k-th smallest of the negatives for the false-positive rate, k-th smallest of
 * the positives for the miss rate. Null where `rows` are too few.
 */
export function conformalRank(rows: number, { control, alpha, delta }: ConformalTarget): number | null {
  checkShare(alpha, 'alpha')
  if (delta !== null) checkShare(delta, 'delta')
  // Of n calibration scores, how many may lie on the wrong side of the threshold.
  const allowed = delta === null ? Math.floor((rows + 1) * alpha + 1e-9) - 1 : allowedErrors(rows, alpha, delta)
  if (allowed < 0 || rows === 0) return null
  return control === 'miss_rate' ? allowed + 1 : rows - allowed
}

/**
 * Threshold of a target from the scores of the calibration samples of one label: negatives for the false-positive rate, positives
 * for the miss rate. Null where they are too few; `rowsNeeded` says how many would do.
 */
export function conformalThreshold(scores: readonly number[], target: ConformalTarget): number | null {
  const rank = conformalRank(scores.length, target)
  if (rank === null) return null
  const score = sortedUp(scores)[rank - 1] ?? Number.POSITIVE_INFINITY
  // A miss is a score at or below the threshold, so the ranked score itself must still be flagged.
  return target.control === 'miss_rate' ? nextBelow(score) : score
}

/** Fewest calibration samples of the label for which the target can be met at all. */
export function rowsNeeded({ alpha, delta }: ConformalTarget): number {
  checkShare(alpha, 'alpha')
  return delta === null ? Math.ceil(1 / alpha - 1 - 1e-9) : Math.ceil(Math.log(delta) / Math.log1p(-alpha) - 1e-9)
}

/** A calibration sample of conformal risk control: what missing it costs, 0…1. */
export interface WeightedScore {
  readonly score: number
  readonly loss: number
}

/**
 * Conformal risk control for misses of unequal weight: the highest threshold whose loss satisfies (Σ loss of missed + 1) / (n + 1)
 * ≤ alpha, so that the expected loss of a new sample is at most alpha. With every loss 1 it is the miss-rate threshold of split
 * conformal. Null where no threshold does.
 */
export function conformalRiskThreshold(samples: readonly WeightedScore[], alpha: number): number | null {
  checkShare(alpha, 'alpha')
  if (samples.some(({ loss }) => !(loss >= 0 && loss <= 1)))
    throw new ParapetError('input_invalid', 'A loss lies outside 0…1. Divide all losses by the largest possible one.')
  const sorted = samples.toSorted((left, right) => left.score - right.score)
  const budget = alpha * (samples.length + 1) - 1 + 1e-9
  if (budget < 0) return null
  let missed = 0
  for (const { score, loss } of sorted) {
    missed += loss
    if (missed > budget) return nextBelow(score)
  }
  return Number.POSITIVE_INFINITY
}

/** What a target promises, in words for a report. */
export function guaranteeInWords({ control, alpha, delta }: ConformalTarget, rows: number): string {
  const [rate, samples] =
    control === 'miss_rate' ? ['miss rate', 'positive'] : ['false-positive rate', 'negative (harmless)']
  const bound = `${percent(alpha)}`
  const promise =
    delta === null
      ? `Averaged over calibration sets, a new ${samples} sample is ${control === 'miss_rate' ? 'missed' : 'flagged'} with probability at most ${bound} (split conformal).`
      : `With probability at least ${percent(1 - delta)} over the draw of the calibration set, the true ${rate} of this threshold is at most ${bound} (Clopper-Pearson).`
  return `${promise} It holds only for samples exchangeable with the ${rows} ${samples} calibration samples: not for other sources, languages or times, and not against someone who adapts to the guard. It says nothing about the ${control === 'miss_rate' ? 'false-positive rate' : 'miss rate'}.`
}

/** Largest m with P(Binomial(n, alpha) ≤ m) ≤ delta, the same as clopperPearsonUpper(m, n, delta) ≤ alpha; −1 where there is none. */
function allowedErrors(rows: number, alpha: number, delta: number): number {
  let low = -1
  let high = rows
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (binomialAtMost(middle, rows, alpha) <= delta) low = middle
    else high = middle
  }
  return low
}

function sortedUp(scores: readonly number[]): readonly number[] {
  if (scores.some((score) => Number.isNaN(score)))
    throw new ParapetError('input_invalid', 'A calibration score is NaN. Leave the sample out or count it as flagged.')
  return scores.toSorted((left, right) => (left === right ? 0 : left < right ? -1 : 1))
}

/** The next smaller floating-point number. */
function nextBelow(value: number): number {
  if (!Number.isFinite(value)) return value > 0 ? Number.MAX_VALUE : value
  if (value === 0) return -Number.MIN_VALUE
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? -1n : 1n))
  return view.getFloat64(0)
}

function checkShare(value: number, name: string): void {
  if (!(value > 0 && value < 1))
    throw new ParapetError('configuration', `${name} is ${value}; it must lie between 0 and 1.`)
}

function percent(value: number): string {
  return `${Number((100 * value).toFixed(4))} %`
}
