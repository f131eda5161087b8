/** What a run of `develop` writes as `run.json`. */
import type { Interval } from '../eval/metrics/binomial.ts'
import type { ReliabilityBin } from '../eval/metrics/calibration.ts'
import type { MadeSamples } from './generate/make-samples.ts'
import type { Figures } from './measure/figures.ts'
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

export interface Latency {
  readonly runtime: string
  /** Milliseconds for one prompt with the scope read before. */
  readonly median: number
  readonly p99: number
  readonly pairsPerMinute: number
}

export interface DevelopRun {
  readonly formatVersion: 1
  readonly specification: Specification
  readonly specificationSha256: string
  readonly seed: number
  readonly threshold: number
  readonly samples: Omit<MadeSamples, 'split'> & {
    readonly parts: Readonly<
      Record<'train' | 'calibrate' | 'test', { readonly rows: number; readonly systemPrompts: number }>
    >
    readonly slices: readonly { readonly slice: Slice; readonly onTopic: number; readonly offTopic: number }[]
    readonly languages: readonly { readonly language: string; readonly rows: number }[]
    /** Of `off_topic` and `on_topic` labels, the share that a judge agrees with; null without one. */
    readonly agreement: {
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
    readonly before: number | null
    readonly after: number | null
  }
  readonly subjects: readonly SubjectFigures[]
  readonly bySlice: readonly PartFigures[]
  readonly byLanguage: readonly PartFigures[]
  /** On-topic messages flagged, of a thousand. */
  readonly alarmsPerThousand: { readonly value: number; readonly interval: Interval | null }
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
