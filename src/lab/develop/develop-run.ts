/** What a run of `develop` writes as `run.json`. */
import type { Interval } from '../eval/metrics/binomial.ts'
import type { ReliabilityBin } from '../eval/metrics/calibration.ts'
import type { MadeSamples } from './generate/make-samples.ts'
import type { Figures } from './measure/figures.ts'
import type { FalseAlarmPromise } from './model/operating-point.ts'
import type { Slice } from './sample.ts'
import type { Specification } from './specification.ts'

/** One thing that was measured on the test part. */
export interface SubjectFigures {
  readonly name: string
  readonly figures: Figures
  /** Where its threshold comes from. */
  readonly thresholdFrom: string
  /** Pairs it gave no score for; they are in no figure. */
  readonly failures: number
}

/** Decisions on a part of the test samples that has one label mostly. */
export interface PartFigures {
  readonly name: string
  readonly rows: number
  readonly onTopic: number
  readonly falseAlarms: number
  readonly offTopic: number
  readonly missed: number
}

/** What the guard does when it is calibrated for a share of false alarms; none of it was chosen on the test part. */
export interface OperatingPoint {
  /** On-topic requests that may be flagged: the option `--false-alarms`. */
  readonly allowed: number
  readonly promise: FalseAlarmPromise
  /** The one that this guard has. */
  readonly chosen: boolean
  readonly found: number
  readonly offTopic: number
  readonly flagged: number
  readonly onTopic: number
}

export interface Latency {
  readonly runtime: string
  /** Milliseconds for one prompt with the scope read before. */
  readonly median: number
  /** The tenth percentile: the work itself, where other programs want the processor. */
  readonly fast: number
  readonly p99: number
  readonly pairsPerMinute: number
}

export interface DevelopRun {
  readonly formatVersion: 2
  readonly specification: Specification
  readonly specificationSha256: string
  readonly seed: number
  readonly threshold: number
  /** On-topic requests that may be flagged. */
  readonly falseAlarms: number
  /** What is to be expected of it, by cross-fitting on the parts `train` and `calibrate`. */
  readonly promise: FalseAlarmPromise
  readonly samples: Omit<MadeSamples, 'split'> & {
    /** `texts`: different ones, dressings of one text counted once. */
    readonly parts: Readonly<
      Record<
        'train' | 'calibrate' | 'test',
        { readonly rows: number; readonly systemPrompts: number; readonly texts: number }
      >
    >
    readonly slices: readonly { readonly slice: Slice; readonly onTopic: number; readonly offTopic: number }[]
    readonly languages: readonly { readonly language: string; readonly rows: number }[]
    /** Labels of the test part that a judge agrees with; null without one. */
    readonly agreement: {
      /** Whether the model that wrote the samples judges them: then it agrees with itself. */
      readonly sameModel: boolean
      readonly judge: string
      readonly rows: number
      readonly agree: number
      readonly failures: number
    } | null
  }
  readonly guard: {
    readonly id: string
    readonly bytes: number
    readonly sha256: string
    readonly start: string
    readonly kept: 'general' | 'taught'
    /** Folds of the cross-fitting, and the area under ROC there before and after teaching. */
    readonly folds: number
    readonly before: number | null
    readonly after: number | null
  }
  readonly subjects: readonly SubjectFigures[]
  readonly bySlice: readonly PartFigures[]
  readonly byLanguage: readonly PartFigures[]
  /**
   * On-topic messages flagged, of a thousand. `texts` are the different ones behind them: dressings of one text are no separate evidence, and
   * the interval counts them as one.
   */
  readonly alarmsPerThousand: { readonly value: number; readonly texts: number; readonly interval: Interval | null }
  /** The same of off-topic messages that are found, as a share. */
  readonly found: { readonly texts: number; readonly interval: Interval | null }
  readonly operatingPoints: readonly OperatingPoint[]
  readonly reliability: readonly ReliabilityBin[]
  readonly harmful: {
    readonly file: string
    readonly rows: number
    readonly flagged: number
    readonly interval: Interval | null
  } | null
  readonly latency: Latency
  readonly conclusion: string
}
