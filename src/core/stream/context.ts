/**
 * What guarding a stream needs to know beside the stream: who asks, what was asked, which policy holds and whom to tell.
 *
 * Types only. The judging half of the pipeline is handed in as `judge`, so that a whole text and a stream are ruled on alike.
 */
import type { Caller, Message } from '../../spec/index.ts'
import type { Judge } from '../pipeline/pipeline.ts'
import type { EffectivePolicy } from '../policy/types.ts'

/** What a guarded stream is opened with. */
export interface StreamContext {
  readonly judge: Judge
  /** The policy for `caller`, read once per request; by default `judge.effective(caller)`. */
  readonly policy?: EffectivePolicy
  readonly caller?: Caller
  /** The user's text that led to this answer. */
  readonly prompt?: string
  readonly system?: string
  readonly messages?: readonly Message[]
  /** Aborted when the client has left. */
  readonly signal?: AbortSignal
  /** Where the request came in, for metrics. Default `library`. */
  readonly door?: string
  /** The model that answers, for the record. */
  readonly model?: string
  /** Aborted when the rest of the answer is not wanted, beside `return()` of the source's iterator. */
  readonly upstream?: { abort(reason?: unknown): void }
}

/** A stream context with its defaults filled in, and what belongs to one run of it. */
export interface RunContext extends StreamContext {
  readonly policy: EffectivePolicy
  readonly caller: Caller
  /** Handed to the guards: aborted as soon as nobody waits for their answer any more. */
  readonly stop: AbortSignal
}
