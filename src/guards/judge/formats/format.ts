/**
 * What a format is: how one guard model is asked, and how its answer and its token probabilities are read. No format opens a
 * connection, and none has been compared with the answers of the real model here: `source` says what each was written from.
 */
import type { JudgeInput, JudgeRequest, JudgeTask, PolicyClause, ScoredToken } from '../judge-input.ts'
import type { JudgeReading, LabelReading } from '../judge-reading.ts'
import type { CritiqueReading } from './critique.ts'

export interface FormatSource {
  /** Public files with their revision, or cards. Empty for Parapet's own formats. */
  readonly follows: readonly string[]
  /** Every fixed word of request and answer was read in `follows`. */
  readonly verified: boolean
  /** What was not read there; empty where `verified`. */
  readonly open: string
}

/** A second request for the reasons of a label that is already known. It never changes the label. */
export interface LaterStage {
  readonly kind: 'critique' | 'reasoning'
  /** Continues from the label, so that the prefix equals the first request's and servers with a prompt cache read it once. */
  request(reading: LabelReading): JudgeRequest
  /** Reads the reasons, and checks what they quote against the judged texts. */
  read(text: string, reading: LabelReading): CritiqueReading
}

/** One question to one judge, and how to read what comes back. */
export interface JudgeCall {
  /** Tasks this call answers; the one that decides about the judged text first. */
  readonly tasks: readonly JudgeTask[]
  readonly request: JudgeRequest
  /** The label ends the answer: one that was cut at `maxTokens` has none, whatever its reasoning looks like. */
  readonly labelLast?: boolean
  /** Reads an answer. Never throws; whatever is not of the format is `unparsable`. */
  parse(text: string): JudgeReading
  /**
   * Probability of a task's positive class, 0…1, from the probabilities at the place of its label; null where the format has no such
   * place, the task is not of this call, or the candidates given do not decide. Default task: the first.
   */
  score(tokens: readonly ScoredToken[], task?: JudgeTask): number | null
  readonly later?: LaterStage
}

export interface JudgeFormat {
  readonly name: string
  readonly source: FormatSource
  /** Everything it can answer, over all its calls. */
  readonly tasks: readonly JudgeTask[]
  /** Whether it is shown `earlier`, or the last prompt and answer only. */
  readonly sees: 'conversation' | 'last_exchange'
  /** The taxonomy it speaks, or the clauses given instead. Empty where it names no categories. */
  readonly clauses: readonly PolicyClause[]
  /** A format for each clause, which are asked about one by one instead; `ask` still asks about the whole policy. */
  readonly each?: readonly JudgeFormat[]
  /**
   * Prepares one question.
   *
   * @throws ParapetError `input_invalid` where a text the format needs is missing.
   */
  ask(input: JudgeInput): JudgeCall
}

/** Settings of all formats. Each takes those that its entry in the registry lists. */
export interface FormatSettings {
  /** Clauses instead of the format's own. */
  readonly clauses?: readonly PolicyClause[]
  /** What the middle of three levels counts as. Default `unsafe`. */
  readonly controversial?: 'unsafe' | 'safe'
  /** Asks for reasoning before the label, where the model has a switch for it. Default false. */
  readonly reasoning?: boolean
  /** ThinkGuard: texts as Python list literals, as the released script renders them. Default false. */
  readonly listLiteral?: boolean
  /** ThinkGuard: the question of the second turn, whose published wording is unknown. */
  readonly critiqueQuestion?: string
  /** GuardReasoner: reasons before labels, as it was trained, or labels before reasons. Default `reason_first`. */
  readonly order?: 'reason_first' | 'label_first'
  /** GuardReasoner: how answers are read. Default `strict`. */
  readonly parser?: 'strict' | 'paper-compat'
  /** Granite Guardian: a risk or criterion by its name. Default `harm`. */
  readonly risk?: string
  /** Policy judge: which part of the prompt calls share, the policy or the texts. Default `policy_first`. */
  readonly shared?: 'policy_first' | 'texts_first'
  /** Policy judge: each clause is asked about on its own, behind one prefix with the texts. Default false. */
  readonly parallel?: boolean
}
