/**
 * What became of one guard in one stage. A union with named error cases, never a boolean: `error` and `timeout` are not `pass`.
 */
import type { AskCritiques } from './critique.ts'
import type { GuardReport } from './guard.ts'
import type { Stage } from './stage.ts'

interface VerdictBase {
  readonly guard: string
  readonly stage: Stage
  /** Time the guard took, milliseconds. Over a stream: the sum of its steps. */
  readonly ms: number
  /** When it was asked first, milliseconds since the epoch. Absent when nobody was asked. */
  readonly startedAt?: number
  /** When it answered last; only over a stream, elsewhere it is `startedAt` + `ms`. */
  readonly endedAt?: number
  /** The guard only observes: its findings never change the answer. */
  readonly shadow: boolean
}

/** The guard answered. */
export interface JudgedVerdict extends VerdictBase {
  readonly status: 'judged'
  readonly report: GuardReport
  readonly cached: boolean
  /** Ask for its reasons, one for each text that was judged; nothing is asked until then. Absent where the guard gives none. */
  readonly critiques?: readonly AskCritiques[]
}

/** The guard threw, or answered something that is not a report. */
export interface ErrorVerdict extends VerdictBase {
  readonly status: 'error'
  readonly code: string
  /** Safe to show: never holds the judged text. */
  readonly message: string
}

/** The guard did not answer before its deadline. */
export interface TimeoutVerdict extends VerdictBase {
  readonly status: 'timeout'
  readonly deadline: number
}

/** Another guard had already decided, or the client left. */
export interface CancelledVerdict extends VerdictBase {
  readonly status: 'cancelled'
}

export type Verdict = JudgedVerdict | ErrorVerdict | TimeoutVerdict | CancelledVerdict
