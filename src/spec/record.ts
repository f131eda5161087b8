/**
 * What is kept of a decision, and what people add to it later: reviews of held answers, feedback on any decision.
 *
 * A record holds labels, scores and places, never a judged text, but for `content`, which is there only when the policy turns
 * capture on and which is redacted before it gets here under `capture: redacted`.
 */
import type { CheckInput, CheckResult, GuardResult, Span } from './check.ts'
import type { CritiqueSource, KeptCritique } from './critique.ts'
import type { Decision } from './decision.ts'
import type { Caller, Message } from './exchange.ts'
import type { Scores } from './guard.ts'
import type { RecordPolicy } from './policy.ts'

/** One of the answers a model gave, as it came from the model: what guards changed or held back is told by the record's spans. */
export interface AnswerMessage extends Message {
  readonly role: 'assistant'
  readonly content: string
  /** The model's reasoning, when it showed any. */
  readonly reasoning?: string
}

/**
 * The texts of a decision, in the form in which they can be judged again: `{ messages: [...messages, ...answers] }`. Media are
 * named, their data is not kept.
 */
export interface DecisionContent extends Pick<CheckInput, 'prompt' | 'response' | 'system' | 'stage' | 'messages'> {
  /** What the model answered, one for each choice; absent where no model was asked. */
  readonly answers?: readonly AnswerMessage[]
  /** What a router's model said of the request; absent where none was asked. */
  readonly route?: { readonly check: string; readonly tip: string }
}

/** One decision as it is kept. */
export interface DecisionRecord {
  /** The decision's id. Writing a record again under the same id replaces it. */
  readonly id: string
  /** When its request came in, milliseconds since the epoch: a final record stands where its open one stood. */
  readonly at: number
  /**
   * `open`: the answer has begun to leave and its end is not known; what stays open after a crash was cut off there.
   * `final`: decided.
   */
  readonly state: 'open' | 'final'
  /** Where the request came in. */
  readonly door: string
  readonly decision: Decision
  /** What would have been decided with nothing in shadow. */
  readonly shadowDecision: Decision
  readonly policyVersion: string
  readonly caller: Caller
  /** The model asked for, when the door knows it. */
  readonly model?: string
  /** Milliseconds from request to decision. */
  readonly ms: number
  readonly guards: readonly GuardResult[]
  readonly scores: Scores
  readonly categories: Readonly<Record<string, number>>
  readonly spans: readonly Span[]
  readonly error: CheckResult['error']
  readonly exceptions: readonly string[]
  readonly warnings: readonly string[]
  readonly content: DecisionContent | null
  /** When it is deleted, milliseconds since the epoch. */
  readonly expires: number
}

/** A decision on its way to the record: what `core` knows, before redaction. */
export interface DecisionDraft {
  readonly state: 'open' | 'final'
  readonly result: CheckResult
  readonly caller: Caller
  readonly door: string
  readonly model?: string
  readonly policy: Required<RecordPolicy>
  /** Under `capture: none` absent. Called at most once, off the request's path. Not redacted. */
  readonly content?: () => DecisionContent
  /** Under `capture: none` absent, as in open drafts. To be asked once the decision is kept. */
  readonly critiques?: readonly CritiqueSource[]
}

/** Where a held answer stands. */
export type ReviewState = 'pending' | 'approved' | 'rejected'

/** A human's word on a held answer. */
export interface Review {
  readonly state: ReviewState
  readonly reviewer?: string
  readonly note?: string
  /** When it was decided; absent while pending. */
  readonly at?: number
}

/** What somebody says of a decision afterwards; the source of policy and model improvements. */
export interface Feedback {
  readonly id: string
  readonly at: number
  /** `correct`, or how it was wrong: blocked without need, let through what it should have stopped. */
  readonly verdict: 'correct' | 'false_positive' | 'false_negative'
  /** What the decision should have been. */
  readonly expected?: Decision
  /** Labels that apply, in the words of the guards or the taxonomy. */
  readonly labels?: readonly string[]
  readonly note?: string
  /** Name of the API key or person. */
  readonly by?: string
}

/** A record with what was added to it. */
export interface StoredDecision extends DecisionRecord {
  /** Present on held decisions. */
  readonly review?: Review
  readonly feedback: readonly Feedback[]
  /** Why its judges found what they found; present once they have been asked. Content: quotes the judged texts. */
  readonly critiques?: readonly KeptCritique[]
}
