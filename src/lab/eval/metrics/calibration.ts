/**
 * Whether scores mean what they say: expected calibration error, Brier score, reliability bins, and histograms by label.
 *
 * Bins are of equal width over 0…1: bin b of B holds scores in [b/B, (b+1)/B), and the last one also holds 1. Scores outside
 * 0…1 are refused; failures have no probability and must not be given here.
 */
import { ParapetError } from '../../../spec/index.ts'
import type { ScoredRow } from './ranking.ts'

/** One bin of a reliability diagram; means are null where it is empty. */
export interface ReliabilityBin {
  readonly from: number
  readonly to: number
  readonly rows: number
  readonly meanScore: number | null
  /** Share of positives among the bin's rows. */
  readonly positiveShare: number | null
}

/** Rows of one bin of a score histogram. */
export interface HistogramBin {
  readonly from: number
  readonly to: number
  readonly positives: number
  readonly negatives: number
}

/** Bins of the calibration error. */
export const RELIABILITY_BINS = 15

/** Means per bin; none where a set has no rows. */
export function reliabilityBins(
  rows: readonly ScoredRow[],
  count: number = RELIABILITY_BINS,
): readonly ReliabilityBin[] {
  const sums = Array.from({ length: count }, () => ({ rows: 0, score: 0, positives: 0 }))
  for (const { label, score } of rows) {
    const sum = sums[binOf(score, count)]
    if (sum === undefined) continue
    sum.rows++
    sum.score += score
    sum.positives += label
  }
  return sums.map((sum, index) => ({
    from: index / count,
    to: (index + 1) / count,
    rows: sum.rows,
    meanScore: sum.rows === 0 ? null : sum.score / sum.rows,
    positiveShare: sum.rows === 0 ? null : sum.positives / sum.rows,
  }))
}

/**
 * Expected calibration error (Naeini et al. 2015; Guo et al. 2017 eq. 3, for the positive class): Σ (rows of bin / rows) × |share
 * of positives − mean score| over 15 bins of equal width. Null without rows. It is biased upwards on few rows, so it gets no interval.
 */
export function expectedCalibrationError(rows: readonly ScoredRow[], count: number = RELIABILITY_BINS): number | null {
  if (rows.length === 0) return null
  return reliabilityBins(rows, count).reduce(
    (sum, bin) => sum + (bin.rows / rows.length) * Math.abs((bin.positiveShare ?? 0) - (bin.meanScore ?? 0)),
    0,
  )
}

/** Brier score (Brier 1950), mean of (score − label)²; null without rows. */
export function brierScore(rows: readonly ScoredRow[]): number | null {
  if (rows.length === 0) return null
  return rows.reduce((sum, { label, score }) => sum + (score - label) ** 2, 0) / rows.length
}

/** How many rows of each label lie in each of `count` equal bins. */
export function scoreHistogram(rows: readonly ScoredRow[], count: number): readonly HistogramBin[] {
  const bins = Array.from({ length: count }, () => ({ positives: 0, negatives: 0 }))
  for (const { label, score } of rows) {
    const bin = bins[binOf(score, count)]
    if (bin !== undefined) bin[label === 1 ? 'positives' : 'negatives']++
  }
  return bins.map((bin, index) => ({ from: index / count, to: (index + 1) / count, ...bin }))
}

function binOf(score: number, count: number): number {
  if (!(score >= 0 && score <= 1))
    throw new ParapetError('input_invalid', `A score is ${score}; calibration needs scores of 0…1.`)
  return Math.min(count - 1, Math.floor(score * count))
}
