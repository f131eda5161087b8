/**
 * What users of `parapet/langchain` hand in and get. No type here names a package of LangChain: the middleware is described by its
 * form, so that nothing of it is loaded.
 */
import type { Caller } from '../../spec/index.ts'
import type { DecisionFacts } from '../conversation/index.ts'

/** What LangChain tells a middleware of the run. */
export interface Runtime<Context = unknown> {
  readonly context: Context
  readonly configurable?: unknown
  readonly signal?: AbortSignal
}

/** The same as it comes. */
export type AnyRuntime = { readonly [Key in keyof Runtime]?: Runtime[Key] | undefined }

/** @typeParam Context what the agent's `contextSchema` describes */
export interface GuardMiddlewareOptions<Context = unknown> {
  /** Name of the middleware. Two in one agent need two names. Default `parapet`. */
  readonly name?: string
  /**
   * What a block becomes. `throw` (default): a `BlockedError`, which LangChain puts into the `cause` of a `MiddlewareError`.
   * `finish`: the run ends with a message of the assistant; a call that is stopped does not run, and of a result that is stopped
   * the model reads that it was. Guards that fail are thrown in either case.
   */
  readonly onBlock?: 'throw' | 'finish'
  /** Words of that message. Default: the policy's. */
  readonly message?: string | ((facts: DecisionFacts) => string)
  /** Who asks: scopes, exceptions and pseudonyms of the policy go by it. */
  readonly caller?: Caller | ((runtime: Runtime<Context>) => Caller)
  /** Told of every decision; never of a word that was judged. */
  readonly onDecision?: (facts: DecisionFacts) => void
  /**
   * What `stream` with the mode `messages` shows. `judged` (default): each message once, when it was judged. `unjudged`: the pieces as
   * the model makes them, before anything could judge them.
   */
  readonly streaming?: 'judged' | 'unjudged'
}

export interface ModelCall {
  readonly messages: readonly unknown[]
  readonly systemMessage?: unknown
  readonly model: unknown
  readonly runtime: AnyRuntime
}

export interface ToolRun {
  readonly toolCall: { readonly id?: string; readonly name: string; readonly args: unknown }
  readonly state?: { readonly messages?: readonly unknown[] }
  readonly runtime: AnyRuntime
}

/** For `createAgent({ middleware: [...] })`. Put it last: the last one is next to the model. */
export interface GuardMiddleware {
  readonly name: string
  readonly beforeModel: {
    readonly hook: (
      state: { readonly messages: readonly unknown[] },
      runtime: AnyRuntime,
    ) => Promise<{ messages: never[]; jumpTo?: 'end' } | undefined>
    readonly canJumpTo: 'end'[]
  }
  readonly wrapModelCall: <Request, Inner, Answer>(
    request: Request,
    handler: (request: Inner) => Answer | Promise<Answer>,
  ) => Promise<Answer>
  readonly wrapToolCall: <Request, Answer>(
    request: Request,
    handler: (request: Request) => Answer | Promise<Answer>,
  ) => Promise<Answer>
}
