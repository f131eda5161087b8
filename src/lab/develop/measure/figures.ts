/** Figures of scores against labels: ranking, decisions at a threshold, calibration, and intervals by bootstrap. */
import type { Interval } from '../../eval/metrics/binomial.ts'
import { bootstrapIntervals } from '../../eval/metrics/bootstrap.ts'
import {
  brierScore,
  expectedCalibrationError,
  reliabilityBins,
  type ReliabilityBin,
} from '../../eval/metrics/calibration.ts'
import { countDecisions, decisionMetrics } from '../../eval/metrics/decisions.ts'
import { rankingMetrics, type ScoredRow } from '../../eval/metrics/ranking.ts'

export interface Figures {
  readonly rows: number
  readonly positives: number
  /** Off topic is a score strictly above. */
  readonly threshold: number
  readonly auc: number | null
  readonly f1: number | null
  readonly precision: number | null
  readonly recall: number | null
  readonly falsePositiveRate: number | null
  /** Over ten bins of equal width. */
  readonly calibrationError: number | null
  readonly brier: number | null
  readonly intervals: Readonly<Record<'auc' | 'f1' | 'precision' | 'recall' | 'falsePositiveRate', Interval | null>>
}

/** Bins of the reliability diagram, as in the paper. */
export const BINS = 10
const RESAMPLES = 500

export interface FigureOptions {
  readonly threshold: number
  readonly seed: number
  /** False for scores that are no probabilities. Default true. */
  readonly calibrated?: boolean
}

export function figuresOf(rows: readonly ScoredRow[], options: FigureOptions): Figures {
  const { threshold, seed, calibrated = true } = options
  const decided = rows.map(({ label, score }) => ({ label, flagged: score > threshold, rank: score }))
  const metrics = decisionMetrics(countDecisions(decided))
  const intervals = bootstrapIntervals(decided, { resamples: RESAMPLES, seed })
  const { precision, recall, f1, falsePositiveRate } = metrics
  return {
    ...{ rows: rows.length, positives: rows.filter(({ label }) => label === 1).length, threshold },
    ...{ auc: rankingMetrics(rows).areaUnderRoc, f1, precision, recall, falsePositiveRate },
    calibrationError: calibrated ? expectedCalibrationError(rows, BINS) : null,
    brier: calibrated ? brierScore(rows) : null,
    intervals: {
      ...{ auc: intervals.areaUnderRoc, f1: intervals.f1, precision: intervals.precision },
      ...{ recall: intervals.recall, falsePositiveRate: intervals.falsePositiveRate },
    },
  }
}

export function reliability(rows: readonly ScoredRow[]): readonly ReliabilityBin[] {
  return reliabilityBins(rows, BINS)
}
