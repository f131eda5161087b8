/**
 * What chooses how a turn is answered: plainly, under guidance, or with a refusal. A router asks a model itself and changes what the
 * answering model is told; it never calls the answering model and knows no vendor's format.
 */
import type { CompletionUsage, LanguageModelEngine } from './engine.ts'
import type { Message } from './exchange.ts'

/** `plain`: the request as it is, perhaps with a tip. `guided`: with the rules in view. `refused`: the model sees no request. */
export type RoutePath = 'plain' | 'guided' | 'refused'

/** One call of a model, in UTF-16 units and, where the router was given a counter or the call's server told them, in tokens. */
export interface RouteCall {
  readonly purpose: 'route' | 'answer'
  readonly promptCharacters: number
  readonly answerCharacters: number
  readonly promptTokens?: number
  readonly answerTokens?: number
}

/** Which way was taken, without a word of the conversation: safe to log. */
export interface RouteChoiceFacts {
  readonly router: string
  /** The router's own word, such as `potential_violation`. */
  readonly route: string
  readonly path: RoutePath
  /** False where the routing model's answer could not be read, or named no known route, so that the middle way was taken. */
  readonly understood: boolean
  /** Milliseconds that the choice took. */
  readonly ms: number
}

/** Everything of one routed turn. Check, tip and reevaluation are words of a model about the request: capture rules apply to them. */
export interface RouteTrace extends RouteChoiceFacts {
  readonly check: string
  readonly tip: string
  /** Null on other paths than `guided`, and where none was given. */
  readonly reevaluation: string | null
  /**
   * What became of the answer. `answered`: it was handed on to its end. `unreadable`: it was not of the form asked for. `withheld`:
   * it repeated the rules. `cut`: it ended half way. `open`: it has not ended.
   */
  readonly outcome: 'open' | 'answered' | 'unreadable' | 'withheld' | 'cut'
  readonly calls: readonly RouteCall[]
}

/** Reads the answer of a routed call. Pieces go in as they come; what may be shown comes out. */
export interface RouteReader {
  push(text: string): string
  /**
   * What is left to show. Once; nothing may be pushed after it.
   * @param usage tokens of the answering call, for the trace, where they are known by now
   */
  end(usage?: CompletionUsage): string
}

export interface RoutePlan extends RouteChoiceFacts {
  /** What the answering model is asked instead of the conversation. */
  readonly messages: readonly Message[]
  /** Words to answer with, without asking a model; null where one is asked. */
  readonly words: string | null
  /** Tokens that the form of the answer needs beside the answer itself. */
  readonly extraTokens: number
  /** Tokens of the router's own calls for this turn; absent where nobody told them, or none was made. */
  readonly usage?: CompletionUsage
  /** A reader for one answer; each of several choices needs its own. */
  reader(): RouteReader
  /** As far as the turn has gone. */
  trace(): RouteTrace
}

export interface RouteRequest {
  /** A conversation; its last message is the one to answer. */
  readonly messages: readonly Message[]
  /** The answering model, for a router that has no engine of its own. */
  readonly engine?: LanguageModelEngine
  readonly signal?: AbortSignal
}

export interface Router {
  readonly specVersion: 'v1'
  readonly kind: 'router'
  readonly id: string
  /**
   * Rejects with `input_invalid` for no messages, `input_too_large` for more text than can be judged, `aborted` when the signal fires,
   * `upstream_timeout` at its deadline, `configuration` where there is no engine to ask, and as its engine does.
   */
  route(request: RouteRequest): Promise<RoutePlan>
}
