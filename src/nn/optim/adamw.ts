/**
 * AdamW (Loshchilov & Hutter 2019, "Decoupled weight decay regularization", algorithm 2): one pass over parameter, gradient and
 * both moments, in place. Elements are stored as float32, the arithmetic between is float64.
 *
 * It is TypeScript and not nodes of the graph because the update is bound by memory, not by arithmetic: a node reads and writes
 * whole arrays, and the formula takes a dozen nodes. See docs/decisions/2026-11-26-training-by-onnx-graphs.md for figures.
 */
import { ParapetError } from '../../spec/errors.ts'

export interface AdamWOptions {
  /** May be left out. */
  readonly kind?: 'adamw'
  /** Decay rate of the mean of gradients, β₁; 0.9 if absent. */
  readonly beta1?: number
  /** Decay rate of the mean of squared gradients, β₂; 0.999 if absent. */
  readonly beta2?: number
  /** ε; 1e-8 if absent. */
  readonly epsilon?: number
  /** λ, applied as `w ← w (1 - η λ)`; 0.01 if absent. */
  readonly weightDecay?: number
}

export type AdamWSettings = Required<Omit<AdamWOptions, 'kind'>>

/** Fills in defaults; throws for values the formula has no meaning for. */
export function adamWSettings(options: AdamWOptions = {}): AdamWSettings {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0 && weightDecay >= 0))
    throw new ParapetError(
      'configuration',
      'AdamW needs beta1 and beta2 from 0 to below 1, a positive epsilon and no negative weight decay.',
    )
  return { beta1, beta2, epsilon, weightDecay }
}

/** Moments of one parameter. */
export interface Moments {
  readonly first: Float32Array
  readonly second: Float32Array
}

/** What one step of an optimiser needs to know besides the arrays. */
export interface UpdateStep {
  /** Number of this step, from 1; for the bias correction. */
  readonly step: number
  /** η of this step, with the multiplier of the parameter's group in it. */
  readonly learningRate: number
  /** λ of this parameter. */
  readonly weightDecay: number
  /** Factor of the gradient: clipping, and 1/n for n accumulated batches. */
  readonly gradientScale: number
}

/** Which elements an update is about; all of them if empty. */
export interface UpdatePart {
  /** First element, and the one after the last. */
  readonly from?: number
  readonly to?: number
  /** Where the gradients of these elements begin; 0 if absent. */
  readonly gradientFrom?: number
  /** Elements with 0 stay as they are, moments included. Indexed as the weights are. */
  readonly mask?: Uint8Array
}

/** Updates elements of `weights` and `moments` in place. */
export function adamWUpdate(
  weights: Float32Array,
  gradient: Float32Array,
  moments: Moments,
  settings: AdamWSettings,
  { step, learningRate, weightDecay, gradientScale }: UpdateStep,
  { from = 0, to = weights.length, gradientFrom = 0, mask }: UpdatePart = {},
): void {
  const { beta1, beta2, epsilon } = settings
  const { first, second } = moments
  const keep = 1 - learningRate * weightDecay
  const rate = learningRate / (1 - beta1 ** step)
  const correction = 1 / Math.sqrt(1 - beta2 ** step)
  const fresh1 = 1 - beta1
  const fresh2 = 1 - beta2
  for (let at = from, source = gradientFrom; at < to; at += 1, source += 1) {
    if (mask !== undefined && mask[at] === 0) continue
    const slope = (gradient[source] as number) * gradientScale
    const mean = beta1 * (first[at] as number) + fresh1 * slope
    const square = beta2 * (second[at] as number) + fresh2 * slope * slope
    first[at] = mean
    second[at] = square
    weights[at] = keep * (weights[at] as number) - (rate * mean) / (Math.sqrt(square) * correction + epsilon)
  }
}

/** Σ g², in float64. */
export function squaredNorm(gradient: Float32Array, count: number = gradient.length): number {
  let sum = 0
  for (let index = 0; index < count; index += 1) sum += (gradient[index] as number) * (gradient[index] as number)
  return sum
}
