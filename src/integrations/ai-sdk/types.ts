/**
 * What users of `parapet/ai-sdk` hand in and get. No type here names a package: models and middleware are described by their
 * form, so that version 2, 3 and 4 of the provider interface fit alike.
 */
import type { CallModel, ConverseRequest } from '../../core/stream/index.ts'
import type { Caller, CheckResult, GuardedPart, GuardedStream, Router } from '../../spec/index.ts'

/** The part of a Parapet that is needed here: what `createParapet` returns has it. */
export interface TurnGuard {
  converse(request: ConverseRequest, callModel: CallModel): GuardedStream<GuardedPart>
  /** Routes every call between the judging of its prompt and of its answer. */
  readonly router?: Router | null
}

/** Version of the provider interface. */
export type SpecificationVersion = 'v2' | 'v3' | 'v4'

/** Of what a model's package hands out, the parts that hold words as they came, before they were judged. */
export type UnjudgedPart = 'raw' | 'bodies' | 'headers' | 'metadata'

/** How a model is guarded. */
export interface GuardOptions {
  /**
   * What a block or a held answer becomes. `throw` (default): a `BlockedError`; in a stream an `error` part, then the end.
   * `finish`: an answer with the text of `message` and the finish reason `content-filter`.
   */
  readonly onBlock?: 'throw' | 'finish'
  /** Words shown under `onBlock: 'finish'`. Default: that the content was stopped by the policy. */
  readonly message?: string | ((result: CheckResult) => string)
  /**
   * Who asks. A call can say it too: `providerOptions: { parapet: { user, conversation, application } }`, which wins and is not
   * handed on to the model.
   */
  readonly caller?: Caller | (() => Caller)
  /**
   * Hands on what is withheld by default because nobody can judge it: `raw` chunks, request and response `bodies`, response
   * `headers`; and provider `metadata` as it came instead of judged.
   */
  readonly unjudged?: readonly UnjudgedPart[]
}

/** A guarded model: of the same version and type, without whatever else the object had. */
export type GuardedModel<M> = M extends unknown
  ? Pick<
      M,
      Extract<keyof M, 'specificationVersion' | 'provider' | 'modelId' | 'supportedUrls' | 'doGenerate' | 'doStream'>
    >
  : never

/** Any version's model. */
export interface ModelLike {
  readonly specificationVersion: SpecificationVersion
  readonly provider: string
  readonly modelId: string
  // Method syntax, so that each version's own types of options and results fit.
  doGenerate(options: never): PromiseLike<object>
  doStream(options: never): PromiseLike<{ readonly stream: ReadableStream<unknown> }>
}

/** What the AI SDK hands a middleware for one call. */
export interface MiddlewareCall<Params, Generated, Streamed> {
  readonly params: Params
  readonly model: {
    readonly specificationVersion: string
    doGenerate(params: Params): PromiseLike<Generated>
    doStream(params: Params): PromiseLike<Streamed>
  }
}

/** A middleware for `wrapLanguageModel` of the AI SDK 5, 6 and 7. */
export interface GuardMiddleware<Version extends string = string> {
  readonly specificationVersion: Version
  readonly middlewareVersion: 'v2'
  wrapGenerate<Params, Generated, Streamed>(options: MiddlewareCall<Params, Generated, Streamed>): Promise<Generated>
  wrapStream<Params, Generated, Streamed>(options: MiddlewareCall<Params, Generated, Streamed>): Promise<Streamed>
}
