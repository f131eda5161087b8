/** A judge, what it is asked and what it answers: in one question, or clause by clause where its format says so. */
import type { CompletionEngine, CompletionOptions } from '../../spec/index.ts'
import { askOnce } from './ask-once.ts'
import type { CritiqueReading } from './formats/critique.ts'
import type { JudgeFormat } from './formats/format.ts'
import type { JudgeInput, JudgeTask } from './judge-input.ts'
import type { LabelReading } from './judge-reading.ts'
import type { ClauseVerdict } from './policy-parallel/ask-clauses.ts'
import { askClauses } from './policy-parallel/ask-clauses.ts'

export interface Judge {
  readonly engine: CompletionEngine
  readonly format: JudgeFormat
  /** Above it a task is positive, 0…1 exclusive; null where the judge's word decides. */
  readonly threshold: number | null
}

export interface TaskScore {
  readonly task: JudgeTask
  /** 0…1; above one half exactly where the task is positive. */
  readonly score: number
  /** What the tokens say, before word and threshold; null where there are none that decide. */
  readonly probability: number | null
}

export interface JudgeAnswer {
  /** Of the tasks asked for that the judge answered. */
  readonly scores: readonly TaskScore[]
  readonly reading: LabelReading
  /** Where every clause was asked about on its own: what became of each, in the order of the policy. */
  readonly clauses?: readonly ClauseVerdict[]
  /** The format has reasons that need no further call. */
  readonly reasonsCameAlong: boolean
  /** Reasons and what they quote; null where there are none. Asked for once; after a failure it may be asked again. */
  critique(options: CompletionOptions): Promise<CritiqueReading | null>
}

export interface Question {
  readonly input: JudgeInput
  readonly tasks: readonly JudgeTask[]
  /** Every task has to be answered; otherwise only the first that the call answers. */
  readonly all: boolean
}

/** Rejects with `guard_failed` where there is no label, and as the engine does. */
export function askJudge(judge: Judge, question: Question, options: CompletionOptions): Promise<JudgeAnswer> {
  const { each } = judge.format
  return each === undefined ? askOnce(judge, question, options) : askClauses(judge, each, question, options)
}
