/**
 * What `createParapet` returns: one object that judges texts, streams and conversations under the policy now in force.
 *
 * Types only; the making is in `create-parapet`.
 */
import type { CallModel, ConverseRequest } from '../core/stream/index.ts'
import type { Gateway, HttpUpstreamOptions } from '../gateway/index.ts'
import type {
  Caller,
  CheckInput,
  CheckResult,
  DecisionStore,
  GuardedPart,
  GuardedStream,
  JobQueue,
  Message,
  ParapetListener,
  Recorder,
  Router,
  StreamPart,
} from '../spec/index.ts'

/** What a stream is judged with beside itself. */
export interface GuardStreamOptions {
  /** The user's text that the stream answers; that of `messages` if absent. */
  readonly prompt?: string
  /** The trusted system prompt; that of `messages` if absent. */
  readonly system?: string
  /** The whole conversation that it answers. */
  readonly messages?: readonly Message[]
  readonly caller?: Caller
  /** The model that answers, for the record. */
  readonly model?: string
  /** Aborting it ends the stream and cancels its source. */
  readonly signal?: AbortSignal
}

export interface Parapet {
  /**
   * Judges a row or a conversation. A string is a row with that prompt. Rejects with `input_invalid`, `aborted` or, when decisions are
   * kept and this one cannot be, `record_unavailable`; with nothing else.
   */
  check(
    input: CheckInput | string,
    options?: {
      readonly signal?: AbortSignal
      readonly door?: string
      readonly model?: string
      /**
       * Index of the first message that is new, such as an answer: from it on every message is judged, whatever the policy's window;
       * those before it were judged already and stand beside them.
       */
      readonly from?: number
      /** A trial: it is not counted, traced or recorded. */
      readonly silent?: boolean
    },
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
  /** Input rail, route, model, output rail: one guarded answer. With a router the model may be asked other messages than these. */
  converse(request: ConverseRequest, callModel: CallModel): GuardedStream<GuardedPart>
  /**
   * The gateway without a socket.
   * @param options.upstream asks this model server instead of the configured one; hand in the same object every time, for each
   *   object gets a gateway of its own that lives until `close`
   */
  fetch(request: Request, options?: { readonly upstream?: HttpUpstreamOptions }): Promise<Response>
  /** The gateway behind `fetch`, for `serve`. Made on first use. */
  gateway(): Promise<Gateway>
  /** Calls back for every decision, guard and change of policy; returns how to stop. */
  on(listener: ParapetListener): () => void
  /** What chooses how turns are answered; null where nothing does. */
  readonly router: Router | null
  /** Version of the policy now in force. */
  readonly policyVersion: string
  /** Names of its guards by stage. */
  readonly rails: Readonly<Record<string, readonly string[]>>
  /** Where decisions are kept; null when they are not. */
  readonly decisions: DecisionStore | null
  /** What takes decisions to the store; null when they are not kept. */
  readonly recorder: Recorder | null
  /** The queue of jobs in the store's database, started when it is first asked for; null without a database. */
  jobs(): Promise<JobQueue | null>
  /** Drains the gateway and lets go of files and timers. Safe to call twice. */
  close(): Promise<void>
}
