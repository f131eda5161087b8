/**
 * What runs a model. Guards are handed an engine and never load one themselves.
 *
 * Only the two engines of the runtime core are here: the embedded classifier and the demo language model. Engines for judges
 * extend this file.
 */
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
  /** Reads a prompt ahead. An engine without it is asked with both texts each time. */
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
  readonly seed: number
  readonly signal?: AbortSignal
}

export interface LanguageModelEngine {
  readonly specVersion: 'v1'
  readonly kind: 'language-model'
  readonly id: string
  /** Yields the text of one token at a time. */
  generate(prompt: string, options: GenerateOptions): AsyncIterable<string>
}
