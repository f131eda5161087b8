/**
 * A linear model over hashed text features with many outputs: `logit = bias + scale · Σ weights / √n` over the n distinct features of
 * a text. One row of int8 weights a bucket, all outputs side by side, so that a feature costs one cache line.
 *
 * Calibration is the caller's matter; this gives raw logits.
 */
import type { HashedFeatures } from './hashed-features.ts'

export interface HashedLinear {
  /** Names of the outputs, in the order of the columns. */
  readonly outputs: readonly string[]
  /** log2 of the number of buckets. */
  readonly bits: number
  /** `2 ** bits` rows of `outputs.length` int8 weights. */
  readonly weights: Int8Array
  /** One factor an output: int8 weight times scale is the real weight. */
  readonly scales: Float32Array
  readonly biases: Float32Array
}

/** Logits of the features now in `features`, written into `logits` (one for each output). */
export function linearLogits(model: HashedLinear, features: HashedFeatures, logits: Float64Array): void {
  const { weights, scales, biases } = model
  const width = model.outputs.length
  const { buckets, count } = features
  const sums = new Int32Array(width)
  for (let index = 0; index < count; index++) {
    const row = (buckets[index] ?? 0) * width
    for (let output = 0; output < width; output++) sums[output] = (sums[output] ?? 0) + (weights[row + output] ?? 0)
  }
  const norm = count === 0 ? 0 : 1 / Math.sqrt(count)
  for (let output = 0; output < width; output++) {
    logits[output] = (biases[output] ?? 0) + (sums[output] ?? 0) * (scales[output] ?? 0) * norm
  }
}

/** What each traced feature adds to one output, before the bias. Same order as `features.buckets`. */
export function linearContributions(model: HashedLinear, features: HashedFeatures, output: number): Float64Array {
  const width = model.outputs.length
  const factor = (model.scales[output] ?? 0) / Math.sqrt(Math.max(1, features.count))
  return Float64Array.from(
    { length: features.count },
    (_, index) => (model.weights[(features.buckets[index] ?? 0) * width + output] ?? 0) * factor,
  )
}
