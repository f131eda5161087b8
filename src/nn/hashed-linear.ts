/**
 * A linear model over hashed text features with many outputs: `logit = bias + scale · Σ weights / √n` over the n distinct features of
 * a text. The form in which models are trained and stored; `packed-linear.ts` is the form in which they are run.
 */
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
