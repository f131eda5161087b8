/**
 * Wanda scores (Sun et al. 2024; arXiv 2402.05162 §2.1): each weight times the size of the input it meets at response tokens,
 *
 *     I(W)_ij = |W_ij| · ‖(X_in)_j‖₂
 *
 * with X_in the inputs of the layer at response tokens alone. It approximates the change of the output when a weight is set to 0. The
 * formula alone; inputs come from `measure-inputs.ts`.
 */
import { ParapetError } from '../../../spec/errors.ts'

/** L2 norms of input features over tokens that count. */
export class FeatureNorms {
  readonly #squares: Float64Array

  constructor(features: number) {
    this.#squares = new Float64Array(features)
  }

  /** Adds tokens, one after the other in one array [tokens, features]; where `counts` is given, only those it holds true of. */
  add(inputs: Float32Array, counts?: (token: number) => boolean): void {
    const features = this.#squares.length
    if (inputs.length % features !== 0)
      throw new ParapetError('internal', `${inputs.length} numbers are no whole tokens of ${features} features.`)
    for (let token = 0; token * features < inputs.length; token += 1) {
      if (counts !== undefined && !counts(token)) continue
      for (let feature = 0; feature < features; feature += 1)
        this.#squares[feature] =
          (this.#squares[feature] as number) + (inputs[token * features + feature] as number) ** 2
    }
  }

  norms(): Float64Array {
    return this.#squares.map(Math.sqrt)
  }
}

/** I(W) of weights [rows, features], row after row, given a norm for each feature. */
export function wandaScores(weights: Float32Array, norms: Float64Array): Float32Array {
  if (norms.length === 0 || weights.length % norms.length !== 0)
    throw new ParapetError('internal', `${weights.length} weights are no whole rows of ${norms.length} inputs.`)
  return weights.map((weight, at) => Math.abs(weight) * (norms[at % norms.length] as number))
}
