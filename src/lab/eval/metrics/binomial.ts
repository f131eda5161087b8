/**
 * Exact binomial arithmetic: tail probabilities and Clopper-Pearson bounds on a proportion, and Hoeffding's looser one.
 *
 * It knows nothing of guards. Trials are taken as independent draws of one distribution; nothing here checks that.
 */
import { ParapetError } from '../../../spec/index.ts'

/** A range of values at a stated confidence. */
export interface Interval {
  readonly low: number
  readonly high: number
  /** `exact` is Clopper-Pearson; `bootstrap` is the percentile bootstrap. */
  readonly method: 'exact' | 'bootstrap'
}

/** Lanczos coefficients (g = 7, n = 9), as in Numerical Recipes 3rd ed. §6.1. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const

function logGamma(x: number): number {
  const shifted = x - 1
  const base = shifted + 7.5
  const series = LANCZOS.reduce((sum, value, index) => (index === 0 ? value : sum + value / (shifted + index)), 0)
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(series)
}

/** I_x(a, b), the distribution function of Beta(a, b), by Lentz's continued fraction (DLMF 8.17.22). */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  const guarded = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value)
  let numerator = 1
  let denominator = 1 / guarded(1 - ((a + b) * x) / (a + 1))
  let fraction = denominator
  for (let step = 1; step <= 10_000; step++) {
    const even = (step * (b - step) * x) / ((a + 2 * step - 1) * (a + 2 * step))
    denominator = 1 / guarded(1 + even * denominator)
    numerator = guarded(1 + even / numerator)
    fraction *= denominator * numerator
    const odd = (-(a + step) * (a + b + step) * x) / ((a + 2 * step) * (a + 2 * step + 1))
    denominator = 1 / guarded(1 + odd * denominator)
    numerator = guarded(1 + odd / numerator)
    const change = denominator * numerator
    fraction *= change
    if (Math.abs(change - 1) < 1e-15) break
  }
  return front * fraction
}

/** P(X ≤ k) for X ~ Binomial(n, p). */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k < 0) return 0
  return k >= n ? 1 : regularizedBeta(1 - p, n - k, k + 1)
}

/** The x at which I_x(a, b) reaches `probability`, by bisection to the last bit that matters. */
function betaQuantile(probability: number, a: number, b: number): number {
  let low = 0
  let high = 1
  for (let step = 0; step < 100 && high - low > 1e-15; step++) {
    const middle = (low + high) / 2
    if (regularizedBeta(middle, a, b) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * One-sided Clopper-Pearson bound (Clopper and Pearson 1934): with probability ≥ 1 − `alpha` the true proportion is at least this.
 * Zero trials say nothing, so they give 0.
 */
export function clopperPearsonLower(successes: number, trials: number, alpha: number): number {
  checkCounts(successes, trials, alpha)
  return successes === 0 ? 0 : betaQuantile(alpha, successes, trials - successes + 1)
}

/** The same from above: with zero successes in n trials it is 1 − alpha^(1/n); zero trials give 1. */
export function clopperPearsonUpper(successes: number, trials: number, alpha: number): number {
  checkCounts(successes, trials, alpha)
  return successes === trials ? 1 : betaQuantile(1 - alpha, successes + 1, trials - successes)
}

/** Two-sided 95 % interval of a proportion, null without trials. */
export function exactInterval(successes: number, trials: number): Interval | null {
  if (trials === 0) return null
  return {
    low: clopperPearsonLower(successes, trials, 0.025),
    high: clopperPearsonUpper(successes, trials, 0.025),
    method: 'exact',
  }
}

/** Hoeffding's one-sided upper bound (Hoeffding 1963, theorem 1): mean + √(ln(1/alpha) / 2n), never above 1. */
export function hoeffdingUpper(successes: number, trials: number, alpha: number): number {
  checkCounts(successes, trials, alpha)
  return trials === 0 ? 1 : Math.min(1, successes / trials + Math.sqrt(Math.log(1 / alpha) / (2 * trials)))
}

/** Trials needed so that not one success shows a proportion below `limit`: ⌈ln alpha / ln(1 − limit)⌉. */
export function trialsForZeroSuccesses(limit: number, alpha: number): number {
  return Math.ceil(Math.log(alpha) / Math.log1p(-limit))
}

function checkCounts(successes: number, trials: number, alpha: number): void {
  if (!Number.isInteger(successes) || !Number.isInteger(trials) || successes < 0 || successes > trials)
    throw new ParapetError(
      'input_invalid',
      `${successes} of ${trials} are no counts: give whole numbers, 0 ≤ successes ≤ trials.`,
    )
  if (!(alpha > 0 && alpha < 1))
    throw new ParapetError('input_invalid', `alpha is ${alpha}; it must lie between 0 and 1.`)
}
