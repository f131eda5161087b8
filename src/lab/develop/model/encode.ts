/** Vectors and features of samples, from the sentence encoder of the deep tier. Each different text is encoded once. */
import { encodeGuardText, type GuardEncoderData } from '../../../nn/encoder/guard-encoder.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { UnigramTokenizer } from '../../../nn/tokenizer/unigram.ts'
import { type Background, type ReadScope, readScope, topicFeatures, unit } from '../../../nn/topic-features.ts'
import { scopePieces } from '../../../nn/topic-scope.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { vectorsOf } from '../../train/deep/vectors.ts'
import type { TopicSample } from '../sample.ts'

export interface Pair {
  readonly system: string
  readonly prompt: string
}

export interface EncoderOfTexts {
  /** Encodes what is not known yet. */
  add(texts: readonly string[], signal?: AbortSignal): Promise<void>
  /** The vector of an added text, of length 1. */
  vector(text: string): Float32Array
}

export function createEncoderOfTexts(deep: GuardEncoderData, runtime: OnnxRuntime): EncoderOfTexts {
  const tokenizer = new UnigramTokenizer({ pieces: deep.pieces, reserved: deep.reserved })
  const known = new Map<string, Float32Array>()
  return {
    async add(texts, signal) {
      const fresh = [...new Set(texts)].filter((text) => !known.has(text))
      if (fresh.length === 0) return
      const vectors = await vectorsOf({
        ...{ runtime, onnx: deep.encoder },
        inputs: fresh.map((text) => encodeGuardText(tokenizer, text, deep.maxTokens)),
        ...(signal === undefined ? {} : { signal }),
      })
      fresh.forEach((text, at) => known.set(text, unit(vectors[at] as Float32Array)))
    },
    vector(text) {
      const vector = known.get(text)
      if (vector === undefined) throw new ParapetError('internal', 'A text was asked for that was not encoded.')
      return vector
    },
  }
}

/** Encodes all that the features of pairs need, and `more` texts in the same session. */
export async function addPairs(
  encoder: EncoderOfTexts,
  pairs: readonly Pair[],
  signal?: AbortSignal,
  more: readonly string[] = [],
): Promise<void> {
  const systems = [...new Set(pairs.map(({ system }) => system))]
  await encoder.add(
    [...systems, ...systems.flatMap(scopePieces), ...pairs.map(({ prompt }) => prompt), ...more],
    signal,
  )
}

/** Makes features of pairs whose texts were added; scopes are read once. */
export class FeatureMaker {
  readonly #encoder: EncoderOfTexts
  readonly #background: Background
  readonly #scopes = new Map<string, ReadScope>()

  constructor(encoder: EncoderOfTexts, background: Background) {
    this.#encoder = encoder
    this.#background = background
  }

  of({ system, prompt }: Pair): Float32Array {
    const scope = this.#scopes.get(system) ?? this.#read(system)
    return topicFeatures(scope, { text: prompt, vector: this.#encoder.vector(prompt) }, this.#background)
  }

  #read(system: string): ReadScope {
    const vector = (text: string): Float32Array => this.#encoder.vector(text)
    const scope = readScope(system, vector(system), scopePieces(system).map(vector), this.#background)
    this.#scopes.set(system, scope)
    return scope
  }
}

/** The background of a model: a vector for each of these texts, which must have been added. */
export function backgroundOf(encoder: EncoderOfTexts, texts: readonly string[]): Background {
  const vectors = texts.map((text) => encoder.vector(text))
  const width = vectors[0]?.length ?? 0
  const data = new Float32Array(vectors.length * width)
  vectors.forEach((vector, row) => data.set(vector, row * width))
  return { count: vectors.length, width, data }
}

/** A sample with what the network is shown of it. */
export interface Shown {
  readonly features: Float32Array
  readonly label: 0 | 1
}

export function shownOf(maker: FeatureMaker, samples: readonly TopicSample[]): readonly Shown[] {
  return samples.map((sample) => ({ features: maker.of(sample), label: sample.label }))
}
