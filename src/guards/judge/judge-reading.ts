/**
 * What was read from a judge's answer: a label for each task, or the named case that there is none. It decides nothing; `verdictFor`
 * is the one place that turns a reading into safe or unsafe, and it never reads doubt as safe.
 */
import type { JudgeTask } from './judge-input.ts'

/** A category or clause the judge named. */
export interface NamedClause {
  readonly id: string
  readonly title: string
  /** MLCommons hazard ids; empty where the clause stands for none. */
  readonly hazards: readonly string[]
}

export type Severity = 'safe' | 'controversial' | 'unsafe'

/** Oddities that do not change the label. */
export type ReadingRemark =
  /** Categories were named beside a label that says safe. They are left out. */
  | { readonly kind: 'categories_of_safe' }
  /** A category that is not in the taxonomy. It is left out. */
  | { readonly kind: 'unknown_category'; readonly name: string }
  /** Text where the format has none. It is left out. */
  | { readonly kind: 'trailing_text' }

export interface LabelReading {
  readonly kind: 'label'
  /**
   * The positive class (harmful, refusal, off-topic) for each task of the call; null where the judge says that the task does not
   * apply. A task that could not be read is missing.
   */
  readonly labels: Readonly<Partial<Record<JudgeTask, boolean | null>>>
  /** Of formats with three levels. */
  readonly severity?: Severity
  readonly categories: readonly NamedClause[]
  /** Why, as far as it came with the label; null where it did not. */
  readonly reasoning: string | null
  readonly critique: string | null
  /** What the judge says of itself: a number 0…1, or a word. No probability. */
  readonly confidence?: number | 'low' | 'medium' | 'high'
  /** Passages the judge says it quotes. Unchecked: see `quotedSpans`. */
  readonly quotes: readonly string[]
  readonly remarks: readonly ReadingRemark[]
}

export type UnparsableReason =
  | 'empty'
  | 'no_label'
  | 'not_json'
  | 'wrong_fields'
  | 'unknown_clause'
  | 'inconsistent'
  | 'repeated_label'
  | 'unfinished'
  | 'too_long'
  | 'wrong_shape'

export interface UnparsableReading {
  readonly kind: 'unparsable'
  readonly reason: UnparsableReason
  /** The answer as it came. Holds what the judge wrote, which may hold the judged text: never logged. */
  readonly text: string
}

export type JudgeReading = LabelReading | UnparsableReading

export function unparsable(reason: UnparsableReason, text: string): UnparsableReading {
  return { kind: 'unparsable', reason, text }
}

/** A reading with the parts that most formats do not have. */
export function labelReading(
  labels: LabelReading['labels'],
  parts: Partial<Omit<LabelReading, 'kind' | 'labels'>> = {},
): LabelReading {
  return { kind: 'label', labels, categories: [], reasoning: null, critique: null, quotes: [], remarks: [], ...parts }
}

/** `positive` is the class to act on. `unparsable`: no answer to this task, which is not the same as `negative`. */
export type TaskVerdict = 'positive' | 'negative' | 'unparsable'

/** What a reading says of a task. Anything but a clear negative is `positive` or `unparsable`. */
export function verdictFor(reading: JudgeReading, task: JudgeTask): TaskVerdict {
  if (reading.kind === 'unparsable') return 'unparsable'
  const label = reading.labels[task]
  return label === true ? 'positive' : label === false ? 'negative' : 'unparsable'
}
