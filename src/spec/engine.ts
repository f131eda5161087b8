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
  /** Hash of the weights. */
  readonly version: string
  /** Synchronous and pure; answers for every string, lone surrogates and the empty one included. */
  classify(input: ClassifierInput): ClassifierScores
  /** Reads a prompt ahead. An engine without it is asked with both texts each time. */
  read?(prompt: string): PromptReading
  /** At most `limit` spans of the original text, strongest first. */
  explain(input: ClassifierInput, head: ClassifierHead, limit: number): readonly ClassifierSpan[]
  readonly card: { readonly heads: Readonly<Record<string, Readonly<Record<string, Coverage>>>> }
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
