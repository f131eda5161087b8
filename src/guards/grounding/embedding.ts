/**
 * Texts as vectors. An embedding model can be handed in; without one, hashed features stand in, which see inflections and spelling but no
 * meaning.
 */
import { HashedFeatures } from '../../nn/hashed-features.ts'

/** Makes vectors of texts. Each has the same length; their cosine says how alike two texts are. */
export interface TextEmbedder {
  /** Changes whenever the same text could get another vector. */
  readonly version: string
  /** Cosines of sentences that have nothing to do with each other, and of paraphrases. Default 0.3 and 0.85. */
  readonly alike?: readonly [unrelated: number, paraphrase: number]
  embed(texts: readonly string[], signal?: AbortSignal): Promise<readonly Float32Array[]>
}

const BITS = 16
const SIZE = 512

/** The embedded stand-in: hashed words and character n-grams folded onto 512 dimensions, with signs and unit length. */
export function createHashedEmbedder(): TextEmbedder {
  const features = new HashedFeatures(BITS)
  return {
    version: `hashed-${BITS}-${SIZE}`,
    alike: [0.1, 0.6],
    embed: (texts) => Promise.resolve(texts.map((text) => hashedVector(features, text))),
  }
}

function hashedVector(features: HashedFeatures, text: string): Float32Array {
  const vector = new Float32Array(SIZE)
  features.extract(text)
  for (let index = 0; index < features.count; index += 1) {
    const bucket = features.buckets[index] as number
    vector[bucket % SIZE] = (vector[bucket % SIZE] as number) + ((bucket / SIZE) & 1 ? 1 : -1)
  }
  return vector
}

/** Cosine of two vectors, -1…1; 0 where one is all zeros. */
export function cosine(left: Float32Array, right: Float32Array): number {
  let product = 0
  let [one, other] = [0, 0]
  for (let index = 0; index < left.length; index += 1) {
    const [a, b] = [left[index] as number, right[index] ?? 0]
    product += a * b
    one += a * a
    other += b * b
  }
  return one === 0 || other === 0 ? 0 : product / Math.sqrt(one * other)
}
