/**
 * Calibration of a head: slope by Platt's logistic fit, and 0.5 placed where a given share of harmless texts would be flagged.
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

/** Slope bounds: a head that hardly separates stays soft, one that separates its few rows perfectly stays finite. */
const SLOPES = [0.3, 3] as const

/** Calibration at which `falsePositiveRate` of the harmless rows (mean over sets) score above 0.5. */
export function calibrate(rows: readonly CalibrationRow[], falsePositiveRate: number): Calibration {
  const negatives = rows.filter(({ label }) => label === 0)
  if (negatives.length === 0) return { slope: 1, intercept: 0 }
  const weights = setWeights(negatives)
  // Harmless sets that are far from a head's subject would put its threshold absurdly low: never below the model's own even odds.
  const threshold = Math.max(0, weightedQuantile(negatives, weights, 1 - falsePositiveRate))
  const slope = Math.min(SLOPES[1], Math.max(SLOPES[0], plattSlope(rows, threshold)))
  return { slope, intercept: -slope * threshold }
}

function setWeights(rows: readonly CalibrationRow[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  for (const { set } of rows) sizes.set(set, (sizes.get(set) ?? 0) + 1)
  return new Map([...sizes].map(([set, size]) => [set, 1 / size]))
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
