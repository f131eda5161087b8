/**
 * Figures of one set at the shipped threshold: a thin layer over the metrics of the lab, which choose no threshold themselves.
 *
 * Rates keep the range 0…1; the tables turn them into per cent.
 */
import type { Interval, ScoredRow } from '../../src/lab/eval/index.ts'
import {
  bootstrapIntervals,
  countDecisions,
  curvePoints,
  decisionMetrics,
  exactInterval,
  rankingMetrics,
} from '../../src/lab/eval/index.ts'

/** A score above it is flagged, as the lab's fixed threshold has it. */
export const THRESHOLD = 0.5
const BOOTSTRAP = { resamples: 1000, seed: 1 } as const

/** A value with its 95 % interval; both null where the set does not define it. */
export interface Figure {
  readonly value: number | null
  readonly interval: Interval | null
}

export interface Figures {
  readonly rows: number
  readonly positives: number
  readonly averagePrecision: Figure
  readonly areaUnderRoc: Figure
  readonly recallAtFpr1: Figure
  readonly f1: Figure
  readonly recall: Figure
  readonly falsePositiveRate: Figure
  /** F1 of flagging everything. */
  readonly constantF1: number | null
}

export function isFlagged(score: number, threshold = THRESHOLD): boolean {
  return score > threshold
}

/** All figures; rates of counts have exact intervals, the others bootstrap ones, as in the lab's reports. */
export function figuresOf(rows: readonly ScoredRow[], threshold = THRESHOLD): Figures {
  const decided = rows.map(({ label, score }) => ({ label, rank: score, flagged: isFlagged(score, threshold) }))
  const counts = countDecisions(decided)
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts
  const { f1, recall, falsePositiveRate } = decisionMetrics(counts)
  const ranking = rankingMetrics(rows)
  const intervals = bootstrapIntervals(decided, BOOTSTRAP)
  const resampled = (name: keyof typeof intervals, value: number | null): Figure => ({
    value,
    interval: value === null ? null : intervals[name],
  })
  return {
    rows: rows.length,
    positives: truePositives + falseNegatives,
    averagePrecision: resampled('averagePrecision', ranking.averagePrecision),
    areaUnderRoc: resampled('areaUnderRoc', ranking.areaUnderRoc),
    recallAtFpr1: resampled('recallAtFpr1', ranking.recallAtFpr1),
    f1: resampled('f1', f1),
    recall: { value: recall, interval: exactInterval(truePositives, truePositives + falseNegatives) },
    falsePositiveRate: {
      value: falsePositiveRate,
      interval: exactInterval(falsePositives, falsePositives + trueNegatives),
    },
    constantF1: decisionMetrics(countDecisions(rows.map(({ label }) => ({ label, flagged: true })))).f1,
  }
}

/** Share of scores that are flagged, with an exact interval; null of nothing. */
export function flaggedShare(scores: readonly number[], threshold = THRESHOLD): Figure {
  const flagged = scores.filter((score) => isFlagged(score, threshold)).length
  return {
    value: scores.length === 0 ? null : flagged / scores.length,
    interval: exactInterval(flagged, scores.length),
  }
}

/**
 * The threshold that flags as much as possible with at most this share of the negatives above it (`isFlagged`): the highest score that
 * is not flagged. Null unless both labels occur.
 */
export function thresholdAtFalsePositiveRate(rows: readonly ScoredRow[], rate: number): number | null {
  const points = curvePoints(rows)
  if (points === null) return null
  const next = points.find(({ falsePositiveRate }) => falsePositiveRate > rate)
  return next === undefined ? Number.NEGATIVE_INFINITY : next.score
}

/** Mean of values; null as soon as one is missing, so that no mean is of fewer sets than it says. */
export function meanOf(values: readonly (number | null)[]): number | null {
  let sum = 0
  for (const value of values) {
    if (value === null) return null
    sum += value
  }
  return values.length === 0 ? null : sum / values.length
}
