/**
 * Training of the small network: cross entropy on pairs, AdamW, a linear schedule. From fresh weights, or from a network that already knows
 * off-topic detection. At one thread the same rows and seed give the same bits.
 */
import { gaussian } from '../../../nn/encoder/config.ts'
import { linearSchedule } from '../../../nn/optim/schedules.ts'
import { createRandom } from '../../../nn/random.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { BuildLoss } from '../../../nn/runtime/training-graph.ts'
import { TrainingSession } from '../../../nn/runtime/training-session.ts'
import { add, binaryCrossEntropyLosses, matmul, mul, relu, sum } from '../../../nn/tensor/index.ts'
import type { ParameterValue } from '../../../nn/tensor/parameters.ts'
import type { TopicNetwork } from '../../../nn/topic-model.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { shuffle } from '../../train/linear-trainer.ts'
import type { Shown } from './encode.ts'

export interface NetworkOptions {
  readonly runtime: OnnxRuntime
  readonly rows: readonly Shown[]
  readonly seed: number
  readonly epochs: number
  /** Highest learning rate. */
  readonly learningRate: number
  /** Where to start; fresh weights if absent. */
  readonly start?: TopicNetwork
  readonly signal?: AbortSignal
}

/** Width of a fresh network. */
const HIDDEN = 64
const BATCH = 256
const DEVIATION = 0.05
const WEIGHT_DECAY = 0.02
/** Labels are pulled in by this much: some are wrong. */
const SMOOTHING = 0.03
const WARM_UP = 30

/** Throws `aborted` between two epochs, `input_invalid` without rows. */
export async function trainNetwork(options: NetworkOptions): Promise<TopicNetwork> {
  const { runtime, rows, seed, epochs, learningRate, start, signal } = options
  const [first] = rows
  if (first === undefined) throw new ParapetError('input_invalid', 'There are no samples to learn from.')
  const inputs = first.features.length
  const random = createRandom(seed)
  const parameters = start === undefined ? fresh(inputs, random) : parametersOf(start)
  const steps = Math.ceil(rows.length / BATCH)
  const session = new TrainingSession<{ readonly batch: number }>({
    ...{ runtime, parameters, build: lossOf(inputs), optimizer: { weightDecay: 0 }, clipNorm: 1 },
    rule: (_, shape) => ({ weightDecay: shape.length === 2 ? WEIGHT_DECAY : 0 }),
    schedule: linearSchedule({
      ...{ peak: learningRate, totalSteps: epochs * steps, floor: 0 },
      warmUpSteps: Math.min(WARM_UP, Math.floor((epochs * steps) / 2)),
    }),
  })
  try {
    const order = Int32Array.from(rows, (_, at) => at)
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      if (signal?.aborted === true) throw new ParapetError('aborted', 'The training of the guard was stopped.')
      shuffle(order, random)
      for (let step = 0; step < steps; step += 1)
        await session.step({ batch: BATCH }, feeds(rows, order.subarray(step * BATCH, (step + 1) * BATCH), inputs))
    }
  } finally {
    await session.dispose()
  }
  return networkOf(parameters)
}

interface Parameters {
  readonly [name: string]: ParameterValue
  readonly inner: ParameterValue
  readonly bias: ParameterValue
  readonly outer: ParameterValue
  readonly last: ParameterValue
}

function fresh(inputs: number, random: () => number): Parameters {
  const matrix = (from: number, to: number): ParameterValue => ({
    shape: [from, to],
    data: new Float32Array(from * to).map(() => DEVIATION * gaussian(random)),
  })
  return {
    ...{ inner: matrix(inputs, HIDDEN), bias: { shape: [HIDDEN], data: new Float32Array(HIDDEN) } },
    ...{ outer: matrix(HIDDEN, 1), last: { shape: [1], data: new Float32Array(1) } },
  }
}

function parametersOf({ sizes: [inputs, hidden], inner, bias, outer, last }: TopicNetwork): Parameters {
  return {
    inner: { shape: [inputs, hidden], data: turned(inner, hidden, inputs) },
    bias: { shape: [hidden], data: bias.slice() },
    outer: { shape: [hidden, 1], data: outer.slice() },
    last: { shape: [1], data: Float32Array.of(last) },
  }
}

function networkOf({ inner, bias, outer, last }: Parameters): TopicNetwork {
  const [inputs = 0, hidden = 0] = inner.shape
  return {
    sizes: [inputs, hidden],
    inner: turned(inner.data, inputs, hidden),
    ...{ bias: bias.data, outer: outer.data, last: last.data[0] ?? 0 },
  }
}

/** Rows become columns. */
function turned(values: Float32Array, rows: number, columns: number): Float32Array {
  const other = new Float32Array(values.length)
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      other[column * rows + row] = values[row * columns + column] as number
  return other
}

function lossOf(inputs: number): BuildLoss<{ readonly batch: number }> {
  return (graph, { inner, bias, outer, last }, { batch }) => {
    const features = graph.input('features', [batch, inputs])
    const targets = graph.input('targets', [batch, 1])
    const weights = graph.input('weights', [batch, 1])
    if (inner === undefined || bias === undefined || outer === undefined || last === undefined)
      throw new ParapetError('internal', 'The network of a topic model lacks a part.')
    const logits = add(matmul(relu(add(matmul(features, inner), bias)), outer), last)
    return { loss: sum(mul(binaryCrossEntropyLosses(logits, targets), weights)) }
  }
}

/** A last batch that is not full weighs its rows like any other. */
function feeds(rows: readonly Shown[], places: Int32Array, inputs: number): Readonly<Record<string, Float32Array>> {
  const features = new Float32Array(BATCH * inputs)
  const targets = new Float32Array(BATCH)
  const weights = new Float32Array(BATCH)
  places.forEach((place, slot) => {
    const row = rows[place]
    if (row === undefined) return
    features.set(row.features, slot * inputs)
    targets[slot] = row.label === 1 ? 1 - SMOOTHING : SMOOTHING
    weights[slot] = 1 / places.length
  })
  return { features, targets, weights }
}
