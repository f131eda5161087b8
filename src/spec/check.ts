/**
 * The rows of `parapet check`, `/v1/guard` and `p.check`: what is asked and what is answered.
 */
import type { Decision } from './decision.ts'
import type { Caller, Message } from './exchange.ts'
import type { Scores } from './guard.ts'
import type { Field, Stage } from './stage.ts'

/** Stages a row may name. */
export type RowStage = 'input' | 'retrieval' | 'tool_result' | 'output'

/** What is asked: a row, or a conversation. Unknown keys are ignored. */
export interface CheckInput {
  readonly id?: string
  /** The user's text, document or tool result. May be empty when `response` is given. */
  readonly prompt?: string
  readonly response?: string | null
  /** The trusted task or system prompt. */
  readonly system?: string | null
  /** Without it: the prompt is judged as `input`, the response as `output`. */
  readonly stage?: RowStage
  /** Instead of `prompt`: a conversation, judged in the policy's window. */
  readonly messages?: readonly Message[]
  readonly caller?: Caller
}

export interface Span {
  /** UTF-16 units of the original text. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly label: string
  readonly field: Field
  readonly score: number
  /** Index into the messages, when a conversation was judged. */
  readonly message?: number
}

/** What is answered: one row, in this order of keys. */
export interface CheckRow {
  readonly id?: string
  readonly decision: Decision
  /** The modified text under `modify` (of the response if given, else of the prompt), the policy's words under `refuse`. */
  readonly text?: string
  /** Independent of the policy; null where a head does not apply. */
  readonly scores: Scores
  readonly categories: Readonly<Record<string, number>>
  readonly spans: readonly Span[]
  readonly error: null | { readonly code: string; readonly message: string }
  readonly ms: number
}

/** One guard's part in a decision, as shown to users. */
export interface GuardResult {
  readonly guard: string
  readonly stage: Stage
  readonly status: 'judged' | 'error' | 'timeout' | 'cancelled'
  /** What this guard alone asked for. */
  readonly decision: Decision | 'retry'
  readonly labels: readonly string[]
  readonly ms: number
  /** When it was asked first, milliseconds since the epoch. Absent when nobody was asked. */
  readonly startedAt?: number
  /** When it answered last, over a stream; elsewhere it is `startedAt` + `ms`. */
  readonly endedAt?: number
  readonly cached: boolean
  readonly shadow: boolean
  readonly error?: { readonly code: string; readonly message: string }
}

/** A row with what stands behind it. */
export interface CheckResult extends CheckRow {
  /** Id of the decision. */
  readonly decisionId: string
  /** When the request began, milliseconds since the epoch. */
  readonly startedAt?: number
  readonly policyVersion: string
  readonly guards: readonly GuardResult[]
  /** What would have been decided with no guard in shadow; equals `decision` without shadow. */
  readonly shadowDecision: Decision
  /** Messages as they may be passed on (modified where the policy says so); present when `messages` were given. */
  readonly messages?: readonly Message[]
  /** Both texts as they may be passed on; present under `modify`. */
  readonly modified?: { readonly prompt?: string; readonly response?: string }
  /** What to tell the model when it is asked again; present when a guard asked for `retry`. */
  readonly feedback?: string
  /** Labels scored above one half in a language in which the model was never tested; absent when there are none. */
  readonly untested?: readonly string[]
  /** Exceptions of the policy that silenced a finding. */
  readonly exceptions: readonly string[]
  readonly warnings: readonly string[]
}
