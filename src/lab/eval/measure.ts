/**
 * From predictions to figures: what each sample counts as under the threshold and the failure policy, and everything computed from that
 * for one subject on one set. It runs no subject and writes nothing.
 */
import { contaminationOf } from './contamination.ts'
import { exactInterval } from './metrics/binomial.ts'
import { bootstrapIntervals } from './metrics/bootstrap.ts'
import { brierScore, expectedCalibrationError, reliabilityBins, scoreHistogram } from './metrics/calibration.ts'
import { countDecisions, decisionMetrics, type Confusion } from './metrics/decisions.ts'
import { latencyOf } from './metrics/latency.ts'
import { curvePoints, rankingMetrics, thinCurve, type CurvePoint, type ScoredRow } from './metrics/ranking.ts'
import type { PairedRow } from './metrics/paired.ts'
import type { FailurePolicy, Figure, MeasuredResult, MetricName, PredictionRecord, SliceFigures } from './run-format.ts'
import type { EvaluationSample, EvaluationSet } from './sample.ts'
import type { Prediction, Subject } from './subject.ts'
import { decide, type FittingRow, type ResolvedThreshold } from './threshold-policy.ts'

/** Bars of a score histogram. */
const HISTOGRAM_BINS = 20
/** Points of a drawn curve. */
const CURVE_POINTS = 400

/** A sample with what was predicted and what that counts as. */
export interface JudgedRow extends PairedRow {
  readonly sample: EvaluationSample
  readonly prediction: Prediction
}

export interface Judged {
  /** Rows that enter the figures. */
  readonly rows: readonly JudgedRow[]
  readonly excluded: readonly JudgedRow[]
}

/** Applies threshold and failure policy to every sample. */
export function judgeRows(
  samples: readonly EvaluationSample[],
  predictions: readonly Prediction[],
  threshold: ResolvedThreshold,
  failurePolicy: FailurePolicy,
): Judged {
  const rows: JudgedRow[] = []
  const excluded: JudgedRow[] = []
  samples.forEach((sample, index) => {
    const prediction = predictions[index]
    if (prediction === undefined) return
    const decision = prediction.outcome === 'scored' ? decide(prediction, threshold) : null
    const rank = rankOf(prediction)
    const row = { id: sample.id, label: sample.label, sample, prediction, rank, flagged: decision ?? true }
    if (decision === null && failurePolicy === 'exclude') excluded.push(row)
    else rows.push(row)
  })
  return { rows, excluded }
}

/** Rows a threshold is fitted on. */
export function fittingRows(
  samples: readonly EvaluationSample[],
  predictions: readonly Prediction[],
  failurePolicy: FailurePolicy,
): readonly FittingRow[] {
  return samples.flatMap(({ label }, index) => {
    const prediction = predictions[index]
    if (prediction === undefined || (prediction.outcome !== 'scored' && failurePolicy === 'exclude')) return []
    return [{ label, rank: rankOf(prediction) }]
  })
}

export interface MeasureOptions {
  readonly failurePolicy: FailurePolicy
  readonly resamples: number
  readonly seed: number
  /** Hashes of the texts that fitted the threshold, null where nothing was fitted. */
  readonly fittingHashes: ReadonlySet<string> | null
}

/** All figures of one subject on one set. */
export function measure(
  subject: Subject,
  set: EvaluationSet,
  predictions: readonly Prediction[],
  threshold: ResolvedThreshold,
  options: MeasureOptions,
): { readonly result: MeasuredResult; readonly judged: Judged } {
  const judged = judgeRows(set.samples, predictions, threshold, options.failurePolicy)
  const { rows } = judged
  const ranked = rankedRows(rows)
  const probabilities = rows.flatMap(({ label, prediction }): readonly ScoredRow[] =>
    prediction.outcome === 'scored' && prediction.score !== null ? [{ label, score: prediction.score }] : [],
  )
  const confusion = countDecisions(rows)
  const points = ranked === null ? null : curvePoints(ranked)
  const count = (outcome: Prediction['outcome']): number => predictions.filter((one) => one.outcome === outcome).length
  const result: MeasuredResult = {
    status: 'measured',
    subject: subject.name,
    set: set.name,
    counted: rows.length,
    excluded: judged.excluded.length,
    failures: { parseFailures: count('parse_failure'), errors: count('error'), timeouts: count('timeout') },
    threshold: { value: threshold.value, fittedRows: threshold.fittedRows, words: threshold.words },
    confusion,
    metrics: figuresOf(rows, confusion, ranked, probabilities, options),
    otherFailurePolicy: otherPolicy(set, predictions, threshold, options.failurePolicy),
    byLanguage: slices(rows, ({ language }) => [language]),
    byCategory: slices(rows, ({ categories }) => categories),
    latency: latencyOf(predictions.map(({ milliseconds }) => milliseconds)),
    contamination: contaminationOf(set.samples, subject, options.fittingHashes),
    curve: points === null ? null : drawnCurve(points, confusion),
    histogram: probabilities.length === 0 ? null : scoreHistogram(probabilities, HISTOGRAM_BINS),
    reliability: probabilities.length === 0 ? null : reliabilityBins(probabilities),
    tiers: tiersOf(predictions),
  }
  return { result, judged }
}

/** Records for `predictions.jsonl`, in the order of the set. */
export function predictionRecords(
  subject: string,
  set: EvaluationSet,
  predictions: readonly Prediction[],
  { rows }: Judged,
): readonly PredictionRecord[] {
  const flagged = new Map(rows.map((row) => [row.id, row.flagged]))
  return set.samples.flatMap(({ id, label }, index) => {
    const prediction = predictions[index]
    if (prediction === undefined) return []
    const scored = prediction.outcome === 'scored'
    return {
      subject,
      set: set.name,
      id,
      label,
      score: scored ? prediction.score : null,
      verdict: scored ? prediction.positive : null,
      flagged: flagged.get(id) ?? null,
      outcome: prediction.outcome,
      ms: Number(prediction.milliseconds.toFixed(3)),
    }
  })
}

/** A failure that counts is flagged above every score. */
function rankOf(prediction: Prediction): number | null {
  return prediction.outcome === 'scored' ? prediction.score : Number.POSITIVE_INFINITY
}

/** Rows as a ranking; null where the subject gave a verdict without a score, which ranks nothing. */
function rankedRows(rows: readonly JudgedRow[]): readonly ScoredRow[] | null {
  const ranked = rows.flatMap(({ label, rank }) => (rank === null ? [] : [{ label, score: rank }]))
  return ranked.length === rows.length ? ranked : null
}

function figuresOf(
  rows: readonly JudgedRow[],
  confusion: Confusion,
  ranked: readonly ScoredRow[] | null,
  probabilities: readonly ScoredRow[],
  options: MeasureOptions,
): Readonly<Record<MetricName, Figure>> {
  const intervals = bootstrapIntervals(rows, options)
  const decisions = decisionMetrics(confusion)
  const ranking = ranked === null ? null : rankingMetrics(ranked)
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = confusion
  const resampled = (name: keyof typeof intervals, value: number | null): Figure => ({
    value,
    interval: value === null ? null : intervals[name],
  })
  return {
    averagePrecision: resampled('averagePrecision', ranking?.averagePrecision ?? null),
    areaUnderRoc: resampled('areaUnderRoc', ranking?.areaUnderRoc ?? null),
    f1: resampled('f1', decisions.f1),
    precision: resampled('precision', decisions.precision),
    // A rate of 0 has a bootstrap interval of width 0; the exact one says how much 0 of n means.
    recall: { value: decisions.recall, interval: exactInterval(truePositives, truePositives + falseNegatives) },
    falsePositiveRate: {
      value: decisions.falsePositiveRate,
      interval: exactInterval(falsePositives, falsePositives + trueNegatives),
    },
    accuracy: resampled('accuracy', decisions.accuracy),
    recallAtFpr1: resampled('recallAtFpr1', ranking?.recallAtFpr1 ?? null),
    recallAtFpr5: resampled('recallAtFpr5', ranking?.recallAtFpr5 ?? null),
    expectedCalibrationError: { value: expectedCalibrationError(probabilities), interval: null },
    brier: { value: brierScore(probabilities), interval: null },
  }
}

function otherPolicy(
  set: EvaluationSet,
  predictions: readonly Prediction[],
  threshold: ResolvedThreshold,
  chosen: FailurePolicy,
): MeasuredResult['otherFailurePolicy'] {
  if (predictions.every(({ outcome }) => outcome === 'scored')) return null
  const policy = chosen === 'exclude' ? 'count_as_positive' : 'exclude'
  const { f1, recall, falsePositiveRate } = decisionMetrics(
    countDecisions(judgeRows(set.samples, predictions, threshold, policy).rows),
  )
  return { policy, f1, recall, falsePositiveRate }
}

function slices(
  rows: readonly JudgedRow[],
  namesOf: (sample: EvaluationSample) => readonly string[],
): readonly SliceFigures[] {
  const groups = new Map<string, JudgedRow[]>()
  for (const row of rows)
    for (const name of new Set(namesOf(row.sample))) {
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [row])
      else group.push(row)
    }
  return [...groups]
    .map(([name, members]) => sliceFigures(name, members))
    .toSorted((left, right) => right.rows - left.rows || (left.name < right.name ? -1 : 1))
}

function sliceFigures(name: string, rows: readonly JudgedRow[]): SliceFigures {
  const confusion = countDecisions(rows)
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = confusion
  const { recall, falsePositiveRate, f1 } = decisionMetrics(confusion)
  const ranked = rankedRows(rows)
  return {
    name,
    rows: rows.length,
    positives: truePositives + falseNegatives,
    recall: { value: recall, interval: exactInterval(truePositives, truePositives + falseNegatives) },
    falsePositiveRate: {
      value: falsePositiveRate,
      interval: exactInterval(falsePositives, falsePositives + trueNegatives),
    },
    f1,
    averagePrecision: ranked === null ? null : rankingMetrics(ranked).averagePrecision,
  }
}

/** The curve to draw, with the operating point on it; scores that JSON cannot hold are null. */
function drawnCurve(points: readonly CurvePoint[], confusion: Confusion): readonly CurvePoint[] {
  const { recall, falsePositiveRate } = decisionMetrics(confusion)
  const isOperating = (point: CurvePoint): boolean =>
    point.recall === recall && point.falsePositiveRate === falsePositiveRate
  return thinCurve(points, CURVE_POINTS, isOperating).map((point) => ({
    ...point,
    score: point.score === null || !Number.isFinite(point.score) ? null : point.score,
  }))
}

function tiersOf(predictions: readonly Prediction[]): Readonly<Record<string, number>> {
  const tiers = new Map<string, number>()
  for (const prediction of predictions)
    if (prediction.outcome === 'scored' && prediction.tier !== undefined)
      tiers.set(prediction.tier, (tiers.get(prediction.tier) ?? 0) + 1)
  return Object.fromEntries([...tiers].toSorted(([left], [right]) => (left < right ? -1 : 1)))
}
