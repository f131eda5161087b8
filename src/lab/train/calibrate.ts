/**
 * Calibration of a head: where 0.5 is, and how steep its probability is there.
 *
 * The threshold is the one of the best mean F1 over the sets that have both labels, unless that flags more harmless texts than a
 * limit allows: then it is the lowest that keeps every limit. The slope is Platt's logistic fit (Platt 1999, §2.2) through that point.
 *
 * Fitted on held-out training rows and on development sets whose licences permit it; never on what is reported as a result.
 */
import type { Calibration } from '../../nn/embedded-model.ts'

export interface CalibrationRow {
  readonly logit: number
  readonly label: number
  /** Set it comes from: sets count alike, whatever their size. */
  readonly set: string
}

/** Set to the largest share of its harmless texts above 0.5; `*` is the mean over all sets. */
export type FalsePositiveLimits = Readonly<Record<string, number>>

/** Slope bounds: a head that hardly separates stays soft, one that separates its few rows perfectly stays finite. */
const SLOPES = [0.3, 3] as const
/** Rows of either label from which a set has a say in the best F1. */
const ENOUGH = 20

/** The row a threshold was taken from must not be lifted above it by rounding. */
const NUDGE = 1e-6

/** Rows without a harmless one leave the head as it is. */
export function calibrate(rows: readonly CalibrationRow[], limits: FalsePositiveLimits): Calibration {
  const negatives = rows.filter(({ label }) => label === 0)
  if (negatives.length === 0) return { slope: 1, intercept: 0 }
  const threshold = Math.max(lowestAllowed(negatives, limits), bestThreshold(rows)) + NUDGE
  const slope = Math.min(SLOPES[1], Math.max(SLOPES[0], plattSlope(rows, threshold)))
  return { slope, intercept: -slope * threshold }
}

/** The lowest threshold that keeps all limits; a limit of a set that is not there limits nothing. */
function lowestAllowed(negatives: readonly CalibrationRow[], limits: FalsePositiveLimits): number {
  const sets = bySet(negatives)
  return Math.max(
    -Infinity,
    ...Object.entries(limits).flatMap(([name, rate]) => {
      const of = name === '*' ? negatives : sets.get(name)
      return of === undefined ? [] : [weightedQuantile(of, setWeights(of), 1 - rate)]
    }),
  )
}

/** The threshold of the highest mean F1 over sets with enough of both labels; even odds where there is none. */
function bestThreshold(rows: readonly CalibrationRow[]): number {
  const sets = [...bySet(rows).values()].filter((set) => {
    const positives = set.filter(({ label }) => label === 1).length
    return positives >= ENOUGH && set.length - positives >= ENOUGH
  })
  if (sets.length === 0) return 0
  const curves = sets.map(f1Curve)
  const candidates = [...new Set(sets.flatMap((set) => set.map(({ logit }) => logit)))].toSorted((a, b) => a - b)
  const step = Math.max(1, Math.floor(candidates.length / 500))
  let [best, highest] = [0, -1]
  for (let index = 0; index < candidates.length; index += step) {
    const threshold = candidates[index] ?? 0
    const mean = curves.reduce((sum, curve) => sum + curve(threshold), 0) / curves.length
    if (mean > highest) [best, highest] = [threshold, mean]
  }
  return best
}

/** F1 of a set when everything above a threshold is flagged. */
function f1Curve(set: readonly CalibrationRow[]): (threshold: number) => number {
  const sorted = (wanted: number): Float64Array =>
    Float64Array.from(set.flatMap(({ logit, label }) => (label === wanted ? [logit] : []))).sort()
  const [harmless, harmful] = [sorted(0), sorted(1)]
  return (threshold) => {
    const found = above(harmful, threshold)
    const wrong = above(harmless, threshold)
    return (2 * found) / (found + wrong + harmful.length)
  }
}

/** How many of sorted numbers are larger. */
function above(sorted: Float64Array, threshold: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) > threshold) high = middle
    else low = middle + 1
  }
  return sorted.length - low
}

function bySet(rows: readonly CalibrationRow[]): ReadonlyMap<string, readonly CalibrationRow[]> {
  const sets = new Map<string, CalibrationRow[]>()
  for (const row of rows) {
    const set = sets.get(row.set)
    if (set === undefined) sets.set(row.set, [row])
    else set.push(row)
  }
  return sets
}

function setWeights(rows: readonly CalibrationRow[]): ReadonlyMap<string, number> {
  return new Map([...bySet(rows)].map(([set, { length }]) => [set, 1 / length]))
}

function weightedQuantile(
  rows: readonly CalibrationRow[],
  weights: ReadonlyMap<string, number>,
  share: number,
): number {
  const sorted = rows.toSorted((left, right) => left.logit - right.logit)
  const total = sorted.reduce((sum, { set }) => sum + (weights.get(set) ?? 0), 0)
  let below = 0
  for (const { logit, set } of sorted) {
    below += weights.get(set) ?? 0
    if (below >= share * total) return logit
  }
  return sorted.at(-1)?.logit ?? 0
}

/** Maximum-likelihood slope with the crossing point fixed, by Newton steps. */
function plattSlope(rows: readonly CalibrationRow[], threshold: number): number {
  const weights = setWeights(rows)
  let slope = 1
  for (let round = 0; round < 50; round++) {
    let gradient = 0
    let curvature = 1e-9
    for (const { logit, label, set } of rows) {
      const x = logit - threshold
      const weight = weights.get(set) ?? 0
      const probability = 1 / (1 + Math.exp(-slope * x))
      gradient += weight * (label - probability) * x
      curvature += weight * probability * (1 - probability) * x * x
    }
    const next = slope + gradient / curvature
    if (!Number.isFinite(next)) break
    const bounded = Math.min(SLOPES[1], Math.max(SLOPES[0], next))
    if (Math.abs(bounded - slope) < 1e-6) return bounded
    slope = bounded
  }
  return slope
}
