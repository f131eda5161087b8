/**
 * What a run holds, as plain JSON: configuration, environment, sets, and the figures of every subject on every set.
 *
 * No judged text is part of it. A figure that is not defined is null.
 */
import { z } from 'zod'
import { EVALUATION_TASKS, type EvaluationSet, type EvaluationTask } from './sample.ts'
import type { Contamination } from './contamination.ts'
import type { Interval } from './metrics/binomial.ts'
import type { HistogramBin, ReliabilityBin } from './metrics/calibration.ts'
import type { Confusion } from './metrics/decisions.ts'
import type { Latency } from './metrics/latency.ts'
import type { PairedComparison } from './metrics/paired.ts'
import type { CurvePoint } from './metrics/ranking.ts'
import type { ThresholdPolicy } from './threshold-policy.ts'

/** Raised whenever a reader of the old form would misread the new one. */
export const RUN_FORMAT_VERSION = 1

/**
 * What a failure (parse failure, error, timeout) counts as. `count_as_positive`: flagged, and ranked above every score, as a guard
 * that fails closed. `exclude`: the sample is left out. Calibration leaves failures out either way: they have no probability.
 */
export const FAILURE_POLICIES = ['count_as_positive', 'exclude'] as const
export type FailurePolicy = (typeof FAILURE_POLICIES)[number]

export const METRIC_NAMES = [
  'averagePrecision',
  'areaUnderRoc',
  'f1',
  'precision',
  'recall',
  'falsePositiveRate',
  'accuracy',
  'recallAtFpr1',
  'recallAtFpr5',
  'expectedCalibrationError',
  'brier',
] as const
export type MetricName = (typeof METRIC_NAMES)[number]

/** A value and its 95 % interval; the interval is null where none is made. */
export interface Figure {
  readonly value: number | null
  readonly interval: Interval | null
}

/** Which policy decides where scores become verdicts: the default, and what single subjects have instead, by name. */
export interface ThresholdChoice {
  readonly default: ThresholdPolicy
  readonly bySubject?: Readonly<Record<string, ThresholdPolicy>> | undefined
}

export interface SetSummary {
  readonly name: string
  readonly task: EvaluationTask
  readonly purpose: EvaluationSet['purpose']
  readonly sha256: string
  readonly rows: number
  readonly positives: number
  readonly licence: string
  readonly citation: string
}

export interface SubjectSummary {
  readonly name: string
  readonly version: string
  readonly kind: 'measured' | 'constant'
  readonly tasks: readonly EvaluationTask[]
}

/** Samples that got no verdict, by what became of them. */
export interface FailureCounts {
  readonly parseFailures: number
  readonly errors: number
  readonly timeouts: number
}

/** Figures of a part of a set. Intervals only where they are exact. */
export interface SliceFigures {
  readonly name: string
  readonly rows: number
  readonly positives: number
  readonly recall: Figure
  readonly falsePositiveRate: Figure
  readonly f1: number | null
  readonly averagePrecision: number | null
}

/** A subject on a set it can judge. */
export interface MeasuredResult {
  readonly status: 'measured'
  readonly subject: string
  readonly set: string
  /** Rows that entered the figures. */
  readonly counted: number
  /** Rows left out by the failure policy. */
  readonly excluded: number
  readonly failures: FailureCounts
  readonly threshold: { readonly value: number | null; readonly fittedRows: number; readonly words: string }
  readonly confusion: Confusion
  readonly metrics: Readonly<Record<MetricName, Figure>>
  /** Decision figures had the other failure policy been chosen; null where nothing failed. */
  readonly otherFailurePolicy: {
    readonly policy: FailurePolicy
    readonly f1: number | null
    readonly recall: number | null
    readonly falsePositiveRate: number | null
  } | null
  readonly byLanguage: readonly SliceFigures[]
  readonly byCategory: readonly SliceFigures[]
  readonly latency: Latency | null
  readonly contamination: Contamination
  /** Points of both curves, at most 400; null where a label or the scores are missing. */
  readonly curve: readonly CurvePoint[] | null
  readonly histogram: readonly HistogramBin[] | null
  readonly reliability: readonly ReliabilityBin[] | null
  /** Scored samples by the tier that judged them; empty where the subject has none. */
  readonly tiers: Readonly<Record<string, number>>
}

/** A subject on a set whose task it does not judge. */
export interface NotJudged {
  readonly status: 'not_judged'
  readonly subject: string
  readonly set: string
}

export interface Comparison {
  readonly set: string
  readonly left: string
  readonly right: string
  readonly result: PairedComparison
}

/** Over-refusal sets of a task that a run holds; fewer than two is a warning beside every F1. */
export interface OverRefusalCheck {
  readonly task: EvaluationTask
  readonly sets: readonly string[]
  readonly enough: boolean
}

export interface EvaluationRun {
  readonly formatVersion: typeof RUN_FORMAT_VERSION
  /** Moment the run began in ISO 8601, null where the caller gave none. */
  readonly startedAt: string | null
  readonly configuration: {
    readonly thresholds: ThresholdChoice
    readonly failurePolicy: FailurePolicy
    readonly concurrency: number
    readonly perSampleTimeoutMs: number
    readonly seed: number
    readonly resamples: number
    readonly reference: string | null
  }
  readonly environment: {
    readonly node: string
    readonly platform: string
    readonly architecture: string
    readonly cpuModel: string
    readonly cpuCount: number
  }
  readonly sets: readonly SetSummary[]
  readonly fittingSets: readonly SetSummary[]
  readonly subjects: readonly SubjectSummary[]
  readonly results: readonly (MeasuredResult | NotJudged)[]
  readonly comparisons: readonly Comparison[]
  readonly overRefusal: readonly OverRefusalCheck[]
}

/** One prediction, without its text. */
export interface PredictionRecord {
  readonly subject: string
  readonly set: string
  readonly id: string
  readonly label: 0 | 1
  readonly score: number | null
  /** The subject's own verdict. */
  readonly verdict: boolean | null
  /** The decision after threshold and failure policy; null where the sample was left out. */
  readonly flagged: boolean | null
  readonly outcome: 'scored' | 'parse_failure' | 'error' | 'timeout'
  readonly ms: number
}

const number = z.number().nullable()
const count = z.int().nonnegative()
const interval = z.object({ low: z.number(), high: z.number(), method: z.enum(['exact', 'bootstrap']) }).nullable()
const figure = z.object({ value: number, interval })
const task = z.enum(EVALUATION_TASKS)
const policy: z.ZodType<ThresholdPolicy> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('fixed'), value: z.number() }),
  z.object({ kind: z.literal('at_fpr'), target: z.number(), fittedOn: z.array(z.string()) }),
  z.object({
    kind: z.literal('conformal'),
    control: z.enum(['false_positive_rate', 'miss_rate']),
    alpha: z.number(),
    delta: number,
    fittedOn: z.array(z.string()),
  }),
  z.object({ kind: z.literal('own'), otherwise: z.number() }),
])
const set = z.object({
  name: z.string(),
  task,
  purpose: z.enum(['detection', 'over_refusal', 'recall_only']),
  sha256: z.string(),
  rows: count,
  positives: count,
  licence: z.string(),
  citation: z.string(),
})
const slice = z.object({
  name: z.string(),
  rows: count,
  positives: count,
  recall: figure,
  falsePositiveRate: figure,
  f1: number,
  averagePrecision: number,
})
const measured = z.object({
  status: z.literal('measured'),
  subject: z.string(),
  set: z.string(),
  counted: count,
  excluded: count,
  failures: z.object({ parseFailures: count, errors: count, timeouts: count }),
  threshold: z.object({ value: number, fittedRows: count, words: z.string() }),
  confusion: z.object({ truePositives: count, falsePositives: count, falseNegatives: count, trueNegatives: count }),
  metrics: z.record(z.enum(METRIC_NAMES), figure),
  otherFailurePolicy: z
    .object({ policy: z.enum(FAILURE_POLICIES), f1: number, recall: number, falsePositiveRate: number })
    .nullable(),
  byLanguage: z.array(slice),
  byCategory: z.array(slice),
  latency: z.object({ p50: z.number(), p99: z.number() }).nullable(),
  contamination: z.object({
    samples: count,
    exact: count.nullable(),
    eightGram: count.nullable(),
    partlyKnown: z.boolean().exactOptional(),
    fitting: count.nullable(),
  }),
  curve: z
    .array(z.object({ score: number, recall: z.number(), falsePositiveRate: z.number(), precision: number }))
    .nullable(),
  histogram: z.array(z.object({ from: z.number(), to: z.number(), positives: count, negatives: count })).nullable(),
  reliability: z
    .array(z.object({ from: z.number(), to: z.number(), rows: count, meanScore: number, positiveShare: number }))
    .nullable(),
  tiers: z.record(z.string(), count),
})
const difference = z.object({ value: number, interval })
const comparison = z.object({
  set: z.string(),
  left: z.string(),
  right: z.string(),
  result: z.object({
    rows: count,
    mcNemar: z.object({ onlyLeftRight: count, onlyRightRight: count, exactP: z.number(), midP: z.number() }),
    averagePrecision: difference,
    f1: difference,
    falsePositiveRate: difference,
  }),
})

/** Checks a run that was read from a file. */
export const evaluationRunSchema: z.ZodType<EvaluationRun> = z.object({
  formatVersion: z.literal(RUN_FORMAT_VERSION),
  startedAt: z.string().nullable(),
  configuration: z.object({
    thresholds: z.object({ default: policy, bySubject: z.record(z.string(), policy).optional() }),
    failurePolicy: z.enum(FAILURE_POLICIES),
    concurrency: count,
    perSampleTimeoutMs: z.number(),
    seed: z.number(),
    resamples: count,
    reference: z.string().nullable(),
  }),
  environment: z.object({
    node: z.string(),
    platform: z.string(),
    architecture: z.string(),
    cpuModel: z.string(),
    cpuCount: count,
  }),
  sets: z.array(set),
  fittingSets: z.array(set),
  subjects: z.array(
    z.object({ name: z.string(), version: z.string(), kind: z.enum(['measured', 'constant']), tasks: z.array(task) }),
  ),
  results: z.array(
    z.discriminatedUnion('status', [
      measured,
      z.object({ status: z.literal('not_judged'), subject: z.string(), set: z.string() }),
    ]),
  ),
  comparisons: z.array(comparison),
  overRefusal: z.array(z.object({ task, sets: z.array(z.string()), enough: z.boolean() })),
})

/** Checks one line of `predictions.jsonl`. */
export const predictionRecordSchema: z.ZodType<PredictionRecord> = z.object({
  subject: z.string(),
  set: z.string(),
  id: z.string(),
  label: z.union([z.literal(0), z.literal(1)]),
  score: number,
  verdict: z.boolean().nullable(),
  flagged: z.boolean().nullable(),
  outcome: z.enum(['scored', 'parse_failure', 'error', 'timeout']),
  ms: z.number(),
})
