/**
 * What is evaluated: anything that gives a score or a verdict for a sample, and what became of each attempt.
 *
 * A failure is never a verdict. It runs nothing by itself.
 */
import type { KnownHashes } from './hash-list.ts'
import type { EvaluationSample, EvaluationTask } from './sample.ts'

/** What a subject said about one sample. */
export type Prediction =
  | {
      readonly outcome: 'scored'
      /** 0…1, higher is more positive; null for a subject that only gives verdicts. */
      readonly score: number | null
      /** The subject's own decision at its own threshold; null leaves it to the bench's threshold policy. */
      readonly positive: boolean | null
      readonly milliseconds: number
      /** Scores by hazard category, where the subject gives them. */
      readonly categories?: Readonly<Record<string, number>>
      /** How far a sample went in a tiered model, for instance `fast` or `deep`. */
      readonly tier?: string
    }
  | {
      /** The subject answered, and the answer could not be read. */
      readonly outcome: 'parse_failure'
      readonly message: string
      readonly milliseconds: number
    }
  | {
      /** The subject failed or gave up. */
      readonly outcome: 'error' | 'timeout'
      readonly message: string
      readonly milliseconds: number
    }

/** Something that can be evaluated. */
export interface Subject {
  readonly name: string
  readonly version: string
  /** `constant` answers the same to everything and is part of every run. */
  readonly kind: 'measured' | 'constant'
  /** Tasks it can judge; samples of others are not given to it, and the report says so. */
  readonly tasks: readonly EvaluationTask[]
  /** Hashes of the texts it was trained on (see `contamination.ts`), where they are known. */
  readonly trainingHashes?: KnownHashes
  /** Other models decide beside the one whose training texts are known, so that what is counted is the least. */
  readonly trainingPartlyKnown?: boolean
  /** Hashes of the runs of eight words of those texts (see `contamination.ts`), where they are known. */
  readonly trainingEightGrams?: ReadonlySet<string>
  predict(sample: EvaluationSample, signal: AbortSignal): Promise<Prediction> | Prediction
  close?(): Promise<void> | void
}
