/**
 * Who writes critiques and reasoning: a teacher is handed the gold labels and the text, and explains them. What it writes is checked by
 * `synthesis`, never taken on trust. Types only.
 */
import type { PolicyClause } from '../../../guards/judge/index.ts'
import type { GuardLabels, GuardedRow } from '../rows/guarded-row.ts'

/** What a critique is asked about: the judged text of a row, its gold label, and the clauses that it breaks. */
export interface CritiqueQuestion {
  readonly row: GuardedRow
  readonly task: 'prompt_harm' | 'response_harm'
  readonly unsafe: boolean
  /** Clauses of `policy` that the row's hazards stand for; empty where safe, or where nobody named any. */
  readonly broken: readonly PolicyClause[]
  readonly policy: readonly PolicyClause[]
}

/** What reasoning is asked about. A label that is null, of a text that is there, the teacher decides itself (GuardReasoner, BeaverTails). */
export interface ReasoningQuestion {
  readonly row: GuardedRow
  readonly labels: GuardLabels
  readonly policy: readonly PolicyClause[]
}

export interface TeacherAnswer {
  readonly text: string
  /** `length`: cut, `filtered`: withheld by the server. */
  readonly finish: 'stop' | 'length' | 'filtered'
  /** Tokens of question and answer; null where nobody counted. */
  readonly tokens: number | null
}

export interface TeacherCall {
  /** From 0. A second try must be able to give another answer. */
  readonly attempt: number
  readonly signal?: AbortSignal
}

export interface Teacher {
  /** For people: what it is. */
  readonly id: string
  /** Changes whenever the same question could get another answer. */
  readonly version: string
  /** Whether another try at the same question can give another answer. */
  readonly varies: boolean
  critique(question: CritiqueQuestion, call: TeacherCall): Promise<TeacherAnswer>
  reasoning(question: ReasoningQuestion, call: TeacherCall): Promise<TeacherAnswer>
}
