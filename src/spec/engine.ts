/**
 * What runs a model. Guards are handed an engine and never load one themselves.
 *
 * Types only: the embedded classifier, the chat model, the completion engine that judges are asked through, and the classifiers and
 * encoders of texts that users bring.
 */
import type { Message } from './exchange.ts'
import type { Field } from './stage.ts'

/** Texts a classifier scores together. A head that needs an absent field is null in the answer. */
export interface ClassifierInput {
  readonly prompt?: string
  readonly response?: string
  readonly system?: string
}

export type ClassifierHead =
  | 'prompt_harm'
  | 'response_harm'
  | 'refusal'
  | 'injection_direct'
  | 'injection_indirect'
  | 'toxicity_prompt'
  | 'toxicity_response'

/** Calibrated probabilities, 0…1, unrounded. */
export type ClassifierScores = { readonly [head in ClassifierHead]: number | null } & {
  /** MLCommons hazard id (`S1`…) to score. */
  readonly categories: Readonly<Record<string, number>>
  /** Heads and hazards whose score is of the deep tier; absent where it was not asked. */
  readonly deep?: readonly string[]
}

/** A span that drove a head's score. */
export interface ClassifierSpan {
  readonly start: number
  readonly end: number
  readonly field: Field
  readonly score: number
}

/** How far a head was taught in a language. */
export type Coverage = 'trained' | 'transferred' | 'untested'

/** A prompt that was read once, for itself and for all passages of its answers. */
export interface PromptReading {
  /** What `classify` says of the prompt alone. */
  readonly scores: ClassifierScores
  /** What `classify` says of an answer to it, with null for the heads of the prompt. */
  answer(response: string): ClassifierScores
}

export interface ClassifierEngine {
  readonly specVersion: 'v1'
  readonly kind: 'classifier'
  readonly id: string
  /** Hash of the weights, those of the deep tier with it. */
  readonly version: string
  /** Synchronous and pure; answers for every string, lone surrogates and the empty one included. */
  classify(input: ClassifierInput): ClassifierScores
  /** `injection_indirect` of a whole document is that of its worst passage: windows of it add nothing but false alarms. */
  readonly wholeDocuments?: boolean
  /** Reads a user's prompt ahead: `injection_indirect` is null. An engine without it is asked with both texts each time. */
  read?(prompt: string): PromptReading
  /**
   * Asks the deep tier about a text whose scores are given, where one of them is in the range in which the fast tier is unsure. The
   * result's scores replace those given; heads that are null stay null and ask nothing. Null, at once and without work, where the
   * engine is sure. Absent where the engine has no deep tier. Rejects with `engine_unavailable` when the deep tier fails.
   *
   * Streams never refine: they settle by what `classify` says.
   */
  refine?(input: ClassifierInput, scores: ClassifierScores): Promise<ClassifierScores> | null
  /** Loads what is otherwise loaded at the first text the engine is unsure of. What fails here fails there again. */
  prepare?(): Promise<void>
  /** At most `limit` spans of the original text, strongest first. */
  explain(input: ClassifierInput, head: ClassifierHead, limit: number): readonly ClassifierSpan[]
  /** What was taught: of `classify`, and of `refine` where there is one. By output (`toxicity` is both its heads), then language. */
  readonly card: {
    readonly heads: Readonly<Record<string, Readonly<Record<string, Coverage>>>>
    readonly deep?: Readonly<Record<string, Readonly<Record<string, Coverage>>>>
  }
}

export interface GenerateOptions {
  readonly maxTokens: number
  /** 0 is greedy. */
  readonly temperature: number
  /** Only the fewest likeliest tokens whose probabilities add up to this, above 0 and at most 1; all if absent. */
  readonly topP?: number
  readonly seed: number
  /** Texts before which an answer ends; none is empty. */
  readonly stop?: readonly string[]
  readonly signal?: AbortSignal
}

/** A piece of an answer, or its end, which comes last: `length` where tokens or context ran out. */
export type GenerationPart =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'end'
      readonly reason: 'stop' | 'length'
      /** Of this answer: the prompt as it was read, and the tokens drawn. Absent where nobody counted. */
      readonly usage?: CompletionUsage
    }

export interface LanguageModelEngine {
  readonly specVersion: 'v1'
  readonly kind: 'language-model'
  readonly id: string
  /**
   * Answers a conversation, whose last message is the one to answer. The same messages, options and weights give the same answer. What
   * stands in a message is never an instruction to the engine. Rejects with `input_invalid` for no messages, `aborted` when the signal
   * fires.
   */
  generate(messages: readonly Message[], options: GenerateOptions): AsyncIterable<GenerationPart>
}

/** A message of a prompt, in the roles that chat templates know. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** Messages for a server that renders them with the model's own chat template. */
export interface ChatPrompt {
  readonly messages: readonly ChatMessage[]
  /** Variables of that template (vLLM and llama.cpp: `chat_template_kwargs`). */
  readonly templateOptions?: Readonly<Record<string, unknown>>
}

/** One question to a model. At least one of `chat` and `completion` is there; where both are, they ask the same. */
export interface CompletionRequest {
  /** Null where no chat template is known that asks this. */
  readonly chat: ChatPrompt | null
  /** The whole prompt as text, control tokens included; null where the template is the server's own. */
  readonly completion: string | null
  /** Texts before which the answer ends. */
  readonly stop: readonly string[]
  readonly maxTokens: number
  /** JSON Schema (2020-12) of the answer, for engines that can hold a model to it. */
  readonly schema?: Readonly<Record<string, unknown>>
  /** Candidates wanted at each token with their probabilities, 1 to 20. Absent: no probabilities. */
  readonly topLogprobs?: number
  /** Default 0, which is greedy. */
  readonly temperature?: number
  readonly seed?: number
}

export interface TokenChoice {
  readonly token: string
  /** Natural logarithm of the probability. */
  readonly logprob: number
}

/** A generated token, and the likeliest candidates at its place (with or without the token itself). */
export interface ScoredToken extends TokenChoice {
  readonly alternatives: readonly TokenChoice[]
}

/** Tokens as the server counts them. */
export interface CompletionUsage {
  readonly promptTokens: number
  /** Those of the prompt that a cache of the server spared; absent where it does not say. */
  readonly cachedTokens?: number
  readonly completionTokens: number
}

export interface Completion {
  readonly text: string
  /** Null where none were asked for, and where the server gave none although they were. */
  readonly tokens: readonly ScoredToken[] | null
  /** `length`: tokens ran out. `filtered`: the server withheld the answer or a part of it. */
  readonly finish: 'stop' | 'length' | 'filtered'
  /** Null where the server does not say. */
  readonly usage: CompletionUsage | null
}

export interface CompletionOptions {
  readonly signal?: AbortSignal
  /** When the answer is of no more use, milliseconds since the epoch. Nothing is begun that cannot be done by then. */
  readonly deadline?: number
}

/**
 * Why a completion failed, in `details.reason` of the error. An engine's error never holds the prompt, the answer or a key.
 *
 * `unreachable`: no connection. `timeout`: the server was too slow. `unauthorized`: 401 or 403. `not_found`: 404, no such model or
 * path. `rejected`: another 4xx. `rate_limited`: 429. `server_error`: 5xx. `redirected`: it points elsewhere, and a key does not
 * follow. `wrong_type`: not JSON, often a web page. `malformed`: broken JSON or of another form. `broken_off`: the answer stopped half
 * way. `empty`: no choice in it. `too_large`: above the limit. `truncated`: the server cut the prompt. `no_logprobs`: asked for,
 * required and not given. `overloaded`: too many calls wait, or the deadline would pass. `budget_exceeded`: the budget of tokens,
 * money or time is used up. `circuit_open`: it failed so many times in a row that it is not asked for a while.
 */
export type EngineFailureReason =
  | 'unreachable'
  | 'timeout'
  | 'unauthorized'
  | 'not_found'
  | 'rejected'
  | 'rate_limited'
  | 'server_error'
  | 'redirected'
  | 'wrong_type'
  | 'malformed'
  | 'broken_off'
  | 'empty'
  | 'too_large'
  | 'truncated'
  | 'no_logprobs'
  | 'overloaded'
  | 'budget_exceeded'
  | 'circuit_open'

export interface CompletionEngine {
  readonly specVersion: 'v1'
  readonly kind: 'completion'
  /** For people: the model and where it runs, without keys. */
  readonly id: string
  /** Changes whenever the same request could get another answer, as far as settings tell: they do not see weights replaced on a server. */
  readonly version: string
  /**
   * Asks once. Rejects with `upstream_error`, `upstream_timeout` or `rate_limited`, each with an `EngineFailureReason`; with `aborted`
   * when the signal fires; with `configuration` when the engine has no way to ask this.
   */
  complete(request: CompletionRequest, options?: CompletionOptions): Promise<Completion>
}

/** A text to classify, and what it is judged beside: a system prompt, or the prompt of an answer. */
export interface TextClassifierInput {
  readonly text: string
  /** For models of pairs. Long ones are shortened, never the text. */
  readonly context?: string
}

export interface TextClassification {
  /** Of each label, in the order of `labels`, its highest probability in any window, 0…1. */
  readonly probabilities: readonly number[]
  /** The same of each window: stretches of the text that overlap and fit into the model. One where the whole text does. */
  readonly windows: readonly (readonly number[])[]
}

/** A model that knows a fixed set of labels. */
export interface TextClassifierEngine {
  readonly specVersion: 'v1'
  readonly kind: 'text-classifier'
  readonly id: string
  /** Changes whenever the same text could get other probabilities. */
  readonly version: string
  readonly labels: readonly string[]
  /** Whether a window has one label, so that its probabilities add up to 1, or each label by itself. */
  readonly exclusive: boolean
  /**
   * One answer for each input, in order. Rejects with `aborted` when the signal fires, `rate_limited` where too many wait or the
   * deadline passes, `input_too_large`, `input_invalid` for a context that is missing, `engine_unavailable` for a model that does
   * not run or gives no numbers.
   */
  classify(inputs: readonly TextClassifierInput[], options?: CompletionOptions): Promise<readonly TextClassification[]>
  /** Gives the memory back once what runs has ended. Later calls reject with `engine_unavailable`. */
  dispose(): Promise<void>
}

/** A model that makes vectors of texts. */
export interface TextEncoderEngine {
  readonly specVersion: 'v1'
  readonly kind: 'text-encoder'
  readonly id: string
  /** Changes whenever the same text could get another vector. */
  readonly version: string
  /** Numbers in a vector. */
  readonly dimensions: number
  /** One vector of length 1 for each text, in order, so that the product of two is their cosine. Rejects as `classify` does. */
  embed(texts: readonly string[], options?: CompletionOptions): Promise<readonly Float32Array[]>
  /** As for a classifier. */
  dispose(): Promise<void>
}
