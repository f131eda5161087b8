/**
 * Stochastic gradient descent with momentum (Sutskever et al. 2013, "On the importance of initialization and momentum in deep
 * learning", §2, in the form PyTorch's `SGD` has): `g ← g + λ w`, `b ← μ b + g`, `w ← w - η b`, with Nesterov `w ← w - η (g + μ b)`.
 *
 * The decay is part of the gradient, unlike AdamW's, so it enters the momentum too. There is no dampening. Elements are stored as
 * float32, the arithmetic between is float64.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { UpdateStep } from './adamw.ts'
import { type LazyRows, type RowGradients, scaleRow } from './sparse-embedding.ts'

export interface SgdOptions {
  readonly kind: 'sgd'
  /** μ; 0 if absent. */
  readonly momentum?: number
  /** Looks ahead along the momentum. False if absent; needs a momentum. */
  readonly nesterov?: boolean
  /** λ, added to the gradient as `λ w`; 0 if absent. */
  readonly weightDecay?: number
}

export type SgdSettings = Required<Omit<SgdOptions, 'kind'>>

/** Fills in defaults; throws for values the formula has no meaning for. */
export function sgdSettings(options: SgdOptions): SgdSettings {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options
  if (!(momentum >= 0 && momentum < 1 && weightDecay >= 0))
    throw new ParapetError('configuration', 'SGD needs a momentum from 0 to below 1 and no negative weight decay.')
  if (nesterov && momentum === 0)
    throw new ParapetError('configuration', 'Nesterov looks ahead along a momentum: give one above 0, for example 0.9.')
  return { momentum, nesterov, weightDecay }
}

/**
 * Updates `weights` and `velocity` (b, of equal length; unused and empty without momentum) in place. Elements whose `mask` is 0 stay
 * as they are.
 */
export function sgdUpdate(
  weights: Float32Array,
  gradient: Float32Array,
  velocity: Float32Array,
  { momentum, nesterov }: SgdSettings,
  { learningRate, weightDecay, gradientScale }: Omit<UpdateStep, 'step'>,
  mask?: Uint8Array,
): void {
  for (let at = 0; at < weights.length; at += 1) {
    if (mask !== undefined && mask[at] === 0) continue
    const weight = weights[at] as number
    const slope = (gradient[at] as number) * gradientScale + weightDecay * weight
    if (momentum === 0) {
      weights[at] = weight - learningRate * slope
      continue
    }
    const moved = momentum * (velocity[at] as number) + slope
    velocity[at] = moved
    weights[at] = weight - learningRate * (nesterov ? slope + momentum * moved : moved)
  }
}

/**
 * Updates the touched rows of a table, without momentum: a row that rested first gets the decay of the steps it missed, as dense SGD
 * would have given it. `totalDecay` is the logarithm of all weight decay up to the step before this one.
 */
export function sparseSgdUpdate(
  table: Float32Array,
  gradients: RowGradients,
  lazy: LazyRows,
  { step, learningRate, weightDecay, gradientScale }: UpdateStep,
  totalDecay: number,
): void {
  const { rows, sums } = gradients
  const width = rows.length === 0 ? 0 : sums.length / rows.length
  const decayAfter = totalDecay + Math.log(1 - learningRate * weightDecay)
  rows.forEach((row, index) => {
    const from = row * width
    scaleRow(table, from, from + width, Math.exp(totalDecay - (lazy.decayed[row] ?? 0)))
    for (let column = 0; column < width; column += 1) {
      const weight = table[from + column] as number
      const slope = (sums[index * width + column] as number) * gradientScale + weightDecay * weight
      table[from + column] = weight - learningRate * slope
    }
    lazy.touched[row] = step
    lazy.decayed[row] = decayAfter
  })
}
