/**
 * SNIP scores (Lee et al. 2019; arXiv 2402.05162 §2.1): how much the loss would change, to first order, if a weight were set to 0.
 *
 *     I(W, x) = | W ⊙ ∂L(x)/∂W |        I(W) = mean over x of I(W, x)        L(x) = −log p(response | prompt)
 *
 * The absolute value is taken of each example before the mean: weights that push different examples in different directions matter. The
 * formula alone; gradients come from `measure-snip.ts`.
 */
import { ParapetError } from '../../../spec/errors.ts'

/** Sums of |∂L/∂W| over examples, of one parameter. */
export class GradientMagnitudes {
  readonly #sums: Float64Array
  #examples = 0

  constructor(weights: number) {
    this.#sums = new Float64Array(weights)
  }

  /** Adds the gradient of one example. Throws `internal` for one of another size or with numbers that are not finite. */
  add(gradient: Float32Array, scale: number = 1): void {
    const sums = this.#sums
    if (gradient.length !== sums.length)
      throw new ParapetError(
        'internal',
        `A gradient of ${gradient.length} numbers does not fit ${sums.length} weights.`,
      )
    for (let at = 0; at < sums.length; at += 1)
      sums[at] = (sums[at] as number) + scale * Math.abs(gradient[at] as number)
    this.#examples += 1
  }

  /** I(W) for these weights. Throws `input_invalid` without examples and where a gradient was not finite. */
  scores(weights: Float32Array): Float32Array {
    if (this.#examples === 0)
      throw new ParapetError('input_invalid', 'There are no examples to score weights by: give at least one.')
    const scores = Float32Array.from(
      weights,
      (weight, at) => Math.abs(weight) * ((this.#sums[at] ?? 0) / this.#examples),
    )
    if (!scores.every(Number.isFinite))
      throw new ParapetError('input_invalid', 'A gradient is not finite: the model gives numbers that are none.')
    return scores
  }
}
