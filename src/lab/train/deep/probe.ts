/**
 * Head models on fixed vectors: one ReLU layer and independent yes-or-no labels, several of them with different seeds merged into
 * one network that gives their mean logit (an ensemble at the price of one product).
 *
 * It knows nothing of texts: it is given vectors. At one thread the same rows and seed give the same bits.
 */
import { int8Weights, symbolicWeights, type Weights } from '../../../nn/encoder/weights.ts'
import { gaussian } from '../../../nn/encoder/config.ts'
import type { TensorData } from '../../../nn/onnx/graph.ts'
import { linearSchedule } from '../../../nn/optim/schedules.ts'
import { createRandom } from '../../../nn/random.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { BuildLoss } from '../../../nn/runtime/training-graph.ts'
import { TrainingSession } from '../../../nn/runtime/training-session.ts'
import {
  type SymbolicTensor,
  TensorGraph,
  add,
  binaryCrossEntropyLosses,
  mul,
  relu,
  sum,
} from '../../../nn/tensor/index.ts'
import type { ParameterValue, ParameterValues } from '../../../nn/tensor/parameters.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { shuffle } from '../linear-trainer.ts'

export interface ProbeRow {
  readonly vector: Float32Array
  /** Output to target, 0…1; absent outputs are masked. */
  readonly targets: Readonly<Record<string, number>>
  readonly weight: number
}

export interface ProbeOptions {
  readonly runtime: OnnxRuntime
  readonly rows: readonly ProbeRow[]
  /** Names of the labels, in order. */
  readonly outputs: readonly string[]
  /** Width of one member's hidden layer. */
  readonly hidden: number
  readonly members: number
  readonly epochs: number
  readonly seed: number
  /** Highest learning rate; 1e-3 if absent. */
  readonly learningRate?: number
  readonly onEpoch?: (member: number, epoch: number, loss: number) => void
  readonly signal?: AbortSignal
}

const BATCH = 256
const LEARNING_RATE = 1e-3
const WEIGHT_DECAY = 0.02
/** Spread of fresh weights. */
const DEVIATION = 0.05
/** Labels start well below even odds, as most targets are 0. */
const LABEL_BIAS = -1
/** Targets are pulled in by this much: many labels are wrong. */
const SMOOTHING = 0.02
/** Hazards are thirteen labels for one question. */
const HAZARD_WEIGHT = 0.3

/** Trains the members and merges them. Throws `aborted` between two epochs. */
export async function trainProbe(options: ProbeOptions): Promise<ParameterValues> {
  if (options.rows.length === 0) throw new ParapetError('input_invalid', 'There are no rows to learn from.')
  const members: ParameterValues[] = []
  for (let member = 0; member < options.members; member += 1) members.push(await trainMember(options, member))
  return merge(members)
}

/** The ONNX file of a merged probe: `vector` [batch, width] to `logits` [batch, outputs]; matrices as int8. */
export function exportProbe(parameters: ParameterValues): Uint8Array {
  const graph = new TensorGraph()
  const [width = 1] = parameters['hidden.weight']?.shape ?? []
  const vector = graph.input('vector', ['batch', width])
  graph.output('logits', logitsOf(int8Weights(graph, parameters), vector))
  return graph.build()
}

function logitsOf(weights: Weights, x: SymbolicTensor): SymbolicTensor {
  const hidden = relu(add(weights.times(x, 'hidden.weight'), weights.get('hidden.bias')))
  return add(weights.times(hidden, 'labels.weight'), weights.get('labels.bias'))
}

async function trainMember(options: ProbeOptions, member: number): Promise<ParameterValues> {
  const { runtime, rows, outputs, hidden, epochs, seed, learningRate = LEARNING_RATE, signal } = options
  const width = rows[0]?.vector.length ?? 0
  const random = createRandom(seed + 7919 * member)
  const parameters = fresh(width, hidden, outputs.length, random)
  const steps = Math.ceil(rows.length / BATCH)
  const session = new TrainingSession<{ readonly batch: number }>({
    ...{ runtime, parameters },
    rule: (_, shape) => (shape.length === 2 ? { weightDecay: WEIGHT_DECAY } : { weightDecay: 0 }),
    build: lossOf(width, outputs.length),
    schedule: linearSchedule({
      peak: learningRate,
      warmUpSteps: Math.min(50, Math.floor((epochs * steps) / 2)),
      totalSteps: epochs * steps,
      floor: 0,
    }),
    optimizer: { weightDecay: 0 },
    clipNorm: 1,
  })
  try {
    const order = Int32Array.from(rows, (_, index) => index)
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      if (signal?.aborted === true) throw new ParapetError('aborted', 'The training of heads was stopped.')
      shuffle(order, random)
      let loss = 0
      for (let step = 0; step < steps; step += 1) {
        const places = order.subarray(step * BATCH, (step + 1) * BATCH)
        loss += (await session.step({ batch: BATCH }, feeds(options, places, width))).loss
      }
      options.onEpoch?.(member, epoch, loss / steps)
    }
    return parameters
  } finally {
    await session.dispose()
  }
}

function lossOf(width: number, labels: number): BuildLoss<{ readonly batch: number }> {
  return (graph, parameters, { batch }) => {
    const vector = graph.input('vector', [batch, width])
    const targets = graph.input('targets', [batch, labels])
    const weights = graph.input('weights', [batch, labels])
    const logits = logitsOf(symbolicWeights(parameters), vector)
    return { loss: sum(mul(binaryCrossEntropyLosses(logits, targets), weights)) }
  }
}

function feeds(
  { rows, outputs }: ProbeOptions,
  places: Int32Array,
  width: number,
): Readonly<Record<string, TensorData>> {
  const vector = new Float32Array(BATCH * width)
  const targets = new Float32Array(BATCH * outputs.length)
  const weights = new Float32Array(BATCH * outputs.length)
  places.forEach((place, slot) => {
    const row = rows[place]
    if (row === undefined) return
    vector.set(row.vector, slot * width)
    outputs.forEach((output, column) => {
      const target = row.targets[output]
      if (target === undefined) return
      targets[slot * outputs.length + column] = Math.min(1 - SMOOTHING, Math.max(SMOOTHING, target))
      weights[slot * outputs.length + column] = (row.weight * (/^S\d/.test(output) ? HAZARD_WEIGHT : 1)) / BATCH
    })
  })
  return { vector, targets, weights }
}

function fresh(width: number, hidden: number, labels: number, random: () => number): ParameterValues {
  const matrix = (from: number, to: number): ParameterValue => ({
    shape: [from, to],
    data: new Float32Array(from * to).map(() => DEVIATION * gaussian(random)),
  })
  return {
    'hidden.weight': matrix(width, hidden),
    'hidden.bias': { shape: [hidden], data: new Float32Array(hidden) },
    'labels.weight': matrix(hidden, labels),
    'labels.bias': { shape: [labels], data: new Float32Array(labels).fill(LABEL_BIAS) },
  }
}

/** Hidden layers side by side; the labels' weights divided by the number of members, their biases averaged. */
function merge(members: readonly ParameterValues[]): ParameterValues {
  const part = (member: ParameterValues, name: string): ParameterValue => {
    const value = member[name]
    if (value === undefined) throw new ParapetError('internal', `A head model has no ${name}.`)
    return value
  }
  const [first] = members
  if (first === undefined) throw new ParapetError('configuration', 'An ensemble needs at least one member.')
  const [width = 0, hidden = 0] = part(first, 'hidden.weight').shape
  const [, labels = 0] = part(first, 'labels.weight').shape
  const total = hidden * members.length
  const inner = new Float32Array(width * total)
  const bias = new Float32Array(total)
  const outer = new Float32Array(total * labels)
  const last = new Float32Array(labels)
  members.forEach((member, index) => {
    const weight = part(member, 'hidden.weight').data
    for (let row = 0; row < width; row += 1)
      inner.set(weight.subarray(row * hidden, (row + 1) * hidden), row * total + index * hidden)
    bias.set(part(member, 'hidden.bias').data, index * hidden)
    outer.set(
      part(member, 'labels.weight').data.map((value) => value / members.length),
      index * hidden * labels,
    )
    part(member, 'labels.bias').data.forEach((value, at) => (last[at] = (last[at] ?? 0) + value / members.length))
  })
  return {
    'hidden.weight': { shape: [width, total], data: inner },
    'hidden.bias': { shape: [total], data: bias },
    'labels.weight': { shape: [total, labels], data: outer },
    'labels.bias': { shape: [labels], data: last },
  }
}
