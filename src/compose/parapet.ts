/**
 * What `createParapet` returns: one object that judges texts, streams and conversations under the policy now in force.
 *
 * Types only; the making is in `create-parapet`.
 */
import type { CallModel, ConverseRequest } from '../core/stream/index.ts'
import type { Gateway } from '../gateway/index.ts'
import type {
  Caller,
  CheckInput,
  CheckResult,
  GuardedPart,
  GuardedStream,
  Message,
  ParapetListener,
  StreamPart,
} from '../spec/index.ts'

/** What a stream is judged with beside itself. */
export interface GuardStreamOptions {
  /** The user's text that the stream answers. */
  readonly prompt?: string
  /** The trusted system prompt. */
  readonly system?: string
  /** Or the whole conversation that it answers. */
  readonly messages?: readonly Message[]
  readonly caller?: Caller
  /** Aborting it ends the stream and cancels its source. */
  readonly signal?: AbortSignal
}

export interface Parapet {
  /** Judges a row or a conversation. A string is a row with that prompt. Rejects with `input_invalid` or `aborted` only. */
  check(
    input: CheckInput | string,
    options?: { readonly signal?: AbortSignal; readonly door?: string },
  ): Promise<CheckResult>
  /** Judges a stream of strings while it grows; throws `BlockedError` when the rest was stopped. */
  guardStream(
    source: AsyncIterable<string> | ReadableStream<string>,
    options?: GuardStreamOptions,
  ): GuardedStream<string>
  /** Judges a stream of parts while it grows; a stream that was stopped ends with an `error` part. */
  guardStream(
    source: AsyncIterable<StreamPart> | ReadableStream<StreamPart>,
    options?: GuardStreamOptions,
  ): GuardedStream<GuardedPart>
  /** Input rail, model, output rail: one guarded answer. */
  converse(request: ConverseRequest, callModel: CallModel): GuardedStream<GuardedPart>
  /** The gateway without a socket. */
  fetch(request: Request): Promise<Response>
  /** The gateway behind `fetch`, for `serve`. Made on first use. */
  gateway(): Promise<Gateway>
  /** Calls back for every decision, guard and change of policy; returns how to stop. */
  on(listener: ParapetListener): () => void
  /** Version of the policy now in force. */
  readonly policyVersion: string
  /** Drains the gateway and lets go of files and timers. Safe to call twice. */
  close(): Promise<void>
}
