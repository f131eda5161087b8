/**
 * What a labelled evaluation set is: samples of one task, where they came from, and under which licence.
 *
 * Every reader makes these and every metric takes them. It reads no file and scores nothing.
 */

/** What a sample's label says. */
export const EVALUATION_TASKS = [
  'prompt_harm',
  'response_harm',
  'refusal',
  'injection',
  'toxicity',
  'offtopic',
  'pii',
] as const
export type EvaluationTask = (typeof EVALUATION_TASKS)[number]

/** One labelled text. */
export interface EvaluationSample {
  /** Unique within its set and stable across runs: paired comparison joins on it. */
  readonly id: string
  readonly task: EvaluationTask
  /** BCP 47 language code, `und` where the source does not say. */
  readonly language: string
  /** User text; for indirect injection the document or tool output. Empty where a set judges answers alone. */
  readonly prompt: string
  /** The answer that is judged, null where the prompt is. */
  readonly response: string | null
  /** Trusted text that stands beside the prompt: a system prompt, a task, a scope. */
  readonly system: string | null
  /** 1 is the positive class of the task: harmful, refuses, attack, toxic, out of scope, holds personal data. */
  readonly label: 0 | 1
  /** The source's own category names, as published. */
  readonly categories: readonly string[]
  /**
   * The source calls unsafe whatever is harmful or toxic, without telling which (DuoGuard's prompt sets): a subject with a score for
   * each answers with the larger.
   */
  readonly harmfulOrToxic?: true
}

/** A set of samples as one source published it. */
export interface EvaluationSet {
  /** Short name, for instance `toxic_chat`; language and split variants are sets of their own. */
  readonly name: string
  /** One task a set; a source that labels several gives several sets. */
  readonly task: EvaluationTask
  readonly samples: readonly EvaluationSample[]
  /** SHA-256 of the bytes that were read, hexadecimal; of the concatenated hashes where several files were. */
  readonly sha256: string
  /** Where it was published: paper or repository. */
  readonly citation: string
  /** Licence as the source states it, `unknown` where it states none. */
  readonly licence: string
  /** Set when every sample has one label, or when a set only measures over-refusal. */
  readonly purpose: 'detection' | 'over_refusal' | 'recall_only'
}
