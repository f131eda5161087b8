/**
 * Trains linear models over hashed features by logistic loss with AdaGrad, many outputs at once, absent targets masked.
 *
 * Seeded and single-threaded: the same examples and seed give the same bytes. It knows nothing of heads or files.
 */
import type { HashedLinear } from '../../nn/hashed-linear.ts'
import { createRandom } from '../../nn/random.ts'

/** One text as features, with the part of the model it belongs to. */
export interface Segment {
  readonly part: number
  readonly buckets: Int32Array
}

export interface LinearExample {
  readonly segments: readonly Segment[]
  /** Output index to target. */
  readonly targets: readonly (readonly [output: number, target: number])[]
  readonly weight: number
}

/** One weight table. Its outputs are columns of the joint output list. */
export interface PartShape {
  readonly bits: number
  readonly outputs: readonly number[]
}

export interface TrainOptions {
  readonly outputs: readonly string[]
  readonly parts: readonly PartShape[]
  readonly epochs: number
  readonly rate: number
  /** Pull towards zero of each touched weight, per step. */
  readonly decay: number
  readonly seed: number
  readonly onEpoch?: (epoch: number, loss: number) => void
}

interface Part {
  readonly width: number
  /** Joint output index to column, -1 where the part has none. */
  readonly column: Int32Array
  readonly weights: Float32Array
  readonly squares: Float32Array
}

/** Trains and quantises; one model a part, with the biases in the first part that has the output. */
export function trainLinear(examples: readonly LinearExample[], options: TrainOptions): readonly HashedLinear[] {
  const parts = options.parts.map((shape): Part => {
    const column = new Int32Array(options.outputs.length).fill(-1)
    shape.outputs.forEach((output, index) => (column[output] = index))
    const size = 2 ** shape.bits * shape.outputs.length
    return { width: shape.outputs.length, column, weights: new Float32Array(size), squares: new Float32Array(size) }
  })
  const biases = new Float64Array(options.outputs.length)
  const random = createRandom(options.seed)
  const order = Int32Array.from(examples, (_, index) => index)
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    shuffle(order, random)
    const rate = options.rate * (1 - epoch / options.epochs)
    let loss = 0
    for (const index of order) {
      const example = examples[index]
      if (example !== undefined) loss += step(example, parts, biases, rate, options.decay)
    }
    options.onEpoch?.(epoch, loss / Math.max(1, examples.length))
  }
  return parts.map((part, index) => quantise(part, options, index, biases))
}

function step(
  { segments, targets, weight }: LinearExample,
  parts: readonly Part[],
  biases: Float64Array,
  rate: number,
  decay: number,
): number {
  let loss = 0
  for (const [output, target] of targets) {
    let logit = biases[output] ?? 0
    for (const { part, buckets } of segments) logit += dot(parts[part], buckets, output)
    const probability = 1 / (1 + Math.exp(-logit))
    loss -= weight * (target > 0.5 ? Math.log(probability + 1e-12) : Math.log(1 - probability + 1e-12))
    const gradient = weight * (probability - target)
    biases[output] = (biases[output] ?? 0) - 0.02 * rate * gradient
    for (const { part, buckets } of segments) update(parts[part], buckets, output, gradient, rate, decay)
  }
  return loss
}

function dot(part: Part | undefined, buckets: Int32Array, output: number): number {
  const column = part?.column[output] ?? -1
  if (part === undefined || column < 0 || buckets.length === 0) return 0
  const { weights, width } = part
  let sum = 0
  for (let index = 0; index < buckets.length; index++) sum += weights[(buckets[index] ?? 0) * width + column] ?? 0
  return sum / Math.sqrt(buckets.length)
}

function update(
  part: Part | undefined,
  buckets: Int32Array,
  output: number,
  gradient: number,
  rate: number,
  decay: number,
): void {
  const column = part?.column[output] ?? -1
  if (part === undefined || column < 0 || buckets.length === 0) return
  const { weights, squares, width } = part
  const slope = gradient / Math.sqrt(buckets.length)
  const square = slope * slope
  for (let index = 0; index < buckets.length; index++) {
    const at = (buckets[index] ?? 0) * width + column
    const total = (squares[at] ?? 0) + square
    squares[at] = total
    const weight = weights[at] ?? 0
    weights[at] = weight - (rate * (slope + decay * weight)) / Math.sqrt(total + 1e-3)
  }
}

function quantise(part: Part, options: TrainOptions, index: number, biases: Float64Array): HashedLinear {
  const shape = options.parts[index]
  if (shape === undefined) throw new RangeError(`there is no part ${index}`)
  const { width, weights } = part
  const scales = new Float32Array(width)
  const quantised = new Int8Array(weights.length)
  for (let column = 0; column < width; column++) {
    const limit = largeQuantile(weights, width, column)
    scales[column] = limit / 127
    for (let at = column; at < weights.length; at += width) {
      quantised[at] = Math.max(-127, Math.min(127, Math.round((weights[at] ?? 0) / (limit / 127))))
    }
  }
  const own = shape.outputs.map((output) => {
    const first = options.parts.findIndex(({ outputs }) => outputs.includes(output))
    return first === index ? (biases[output] ?? 0) : 0
  })
  return {
    outputs: shape.outputs.map((output) => options.outputs[output] ?? ''),
    bits: shape.bits,
    weights: quantised,
    scales,
    biases: Float32Array.from(own),
  }
}

/** The size that all but one in ten thousand weights stay below: a few outliers must not cost the rest their precision. */
function largeQuantile(weights: Float32Array, width: number, column: number): number {
  const sizes: number[] = []
  for (let at = column; at < weights.length; at += width) {
    const size = Math.abs(weights[at] ?? 0)
    if (size > 0) sizes.push(size)
  }
  const sorted = Float64Array.from(sizes).sort()
  return sorted[Math.floor(sorted.length * 0.9999)] ?? sorted.at(-1) ?? 1
}

/** Puts a list in a random order, in place. */
export function shuffle(order: Int32Array, random: () => number): void {
  for (let index = order.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1))
    const held = order[index] ?? 0
    order[index] = order[other] ?? 0
    order[other] = held
  }
}
