/**
 * Fine-tunes the encoder: planned batches, masked binary cross-entropy, AdamW with a factor for each kind of parameter.
 *
 * Seeded, and bit-equal at one thread. What a step does depends on the state, the seed and its number only, so a run that was
 * stopped and resumed ends with the same bits as one that was not.
 */
import { createHash } from 'node:crypto'
import type { EncoderConfig } from '../../../nn/encoder/config.ts'
import { encode } from '../../../nn/encoder/forward.ts'
import type { GuardInput } from '../../../nn/encoder/guard-encoder.ts'
import { symbolicWeights } from '../../../nn/encoder/weights.ts'
import type { TensorData } from '../../../nn/onnx/graph.ts'
import { linearSchedule } from '../../../nn/optim/schedules.ts'
import { createRandom } from '../../../nn/random.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterRule } from '../../../nn/runtime/trained-parameters.ts'
import type { BuildLoss } from '../../../nn/runtime/training-graph.ts'
import { TrainingSession } from '../../../nn/runtime/training-session.ts'
import { binaryCrossEntropyLosses, mul, sum } from '../../../nn/tensor/index.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import type { Bucket, PlannedBatch } from './plan.ts'

export interface DeepRow {
  readonly input: GuardInput
  /** Head to target; absent heads are masked. */
  readonly targets: Readonly<Record<string, 0 | 1>>
  readonly weight: number
}

export interface DeepProgress {
  readonly step: number
  readonly steps: number
  /** Rows learnt from since the run (or its resumption) began. */
  readonly rows: number
  /** Mean over the steps since the last report. */
  readonly loss: number
  readonly learningRate: number
  readonly rowsPerSecond: number
}

export interface TrainDeepOptions {
  readonly runtime: OnnxRuntime
  readonly config: EncoderConfig
  /** Changed in place. */
  readonly parameters: ParameterValues
  /** Names of the labels, as many as `config.labels`. */
  readonly heads: readonly string[]
  readonly rows: readonly DeepRow[]
  readonly batches: readonly PlannedBatch[]
  readonly seed: number
  /** 1 if absent; more are faster, and not equal from run to run. */
  readonly threads?: number
  /** Highest learning rate; 2e-4 if absent. */
  readonly learningRate?: number
  /** Factor of the rate of the token table; 3 if absent. A row moves only in steps that hold its token, so it can bear more. */
  readonly embeddingRate?: number
  /** Saves the state every so many steps, and when the run is aborted. */
  readonly checkpoint?: { readonly path: string; readonly every: number; readonly resume?: boolean }
  /** Called every `progressEvery` steps (50 if absent) and after the last. */
  readonly onProgress?: (progress: DeepProgress) => void
  readonly progressEvery?: number
  /** Stops between two steps with `aborted`. */
  readonly signal?: AbortSignal
}

const LEARNING_RATE = 2e-4
const EMBEDDING_RATE = 3
const HEAD_RATE = 15
const WARM_UP_STEPS = 200
/** The rate falls to this part of its peak. */
const FLOOR = 0.02
const WEIGHT_DECAY = 0.01
/** Hazards are thirteen labels for one question. */
const HAZARD_WEIGHT = 0.25
/** Targets are pulled in by this much: many labels are wrong. */
const SMOOTHING = 0.02
/** Share of tokens hidden at each step, so that no verdict hangs on one word. */
const WORD_DROPOUT = 0.08
const UNKNOWN = 0n
const PADDING = -1n

/** Trains to the end of the plan; says how many steps the run has made in all. */
export async function trainDeep(options: TrainDeepOptions): Promise<{ readonly steps: number }> {
  const { batches, checkpoint, signal, onProgress, progressEvery = 50 } = options
  const session = newSession(options)
  const run = fingerprint(options)
  const save = (): void => {
    if (checkpoint !== undefined) writeCheckpoint(checkpoint.path, session.state(), run)
  }
  try {
    const saved = checkpoint?.resume === true ? readCheckpoint(checkpoint.path, run) : undefined
    if (saved !== undefined) session.restore(saved)
    const began = performance.now()
    let [rows, losses, counted] = [0, 0, 0]
    for (const [index, { bucket, rows: places }] of batches.entries()) {
      if (index < session.stepCount) continue
      if (signal?.aborted === true) {
        save()
        throw new ParapetError('aborted', `Training was stopped after ${session.stepCount} of ${batches.length} steps.`)
      }
      const { loss, learningRate } = await session.step(bucket, feeds(options, bucket, places, index + 1))
      rows += places.length
      losses += loss
      counted += 1
      const step = session.stepCount
      if (checkpoint !== undefined && step % checkpoint.every === 0) save()
      if (onProgress !== undefined && (step % progressEvery === 0 || step === batches.length)) {
        const rowsPerSecond = (1000 * rows) / (performance.now() - began)
        onProgress({ step, steps: batches.length, rows, loss: losses / counted, learningRate, rowsPerSecond })
        losses = counted = 0
      }
    }
    save()
    return { steps: session.stepCount }
  } finally {
    await session.dispose()
  }
}

function newSession(options: TrainDeepOptions): TrainingSession<Bucket> {
  const { runtime, config, parameters, heads, batches, threads = 1, learningRate = LEARNING_RATE } = options
  if (heads.length !== config.labels)
    throw new ParapetError('configuration', `The encoder has ${config.labels} labels for ${heads.length} heads.`)
  if (batches.length === 0)
    throw new ParapetError('input_invalid', 'There is nothing to learn from: the plan is empty.')
  return new TrainingSession<Bucket>({
    ...{ runtime, parameters, threads },
    rule: ruleOf(options.embeddingRate ?? EMBEDDING_RATE),
    build: lossOf(config),
    schedule: linearSchedule({
      peak: learningRate,
      warmUpSteps: Math.min(WARM_UP_STEPS, Math.floor(batches.length / 5)),
      totalSteps: batches.length,
      floor: FLOOR,
    }),
    optimizer: { beta2: 0.98, weightDecay: 0 },
    clipNorm: 1,
  })
}

/** New rows and fresh heads have far to go, pretrained weights have not. */
function ruleOf(embeddingRate: number): (name: string, shape: readonly number[]) => ParameterRule {
  return (name, shape) => {
    if (name === 'embedding') return { sparse: true, learningRate: embeddingRate }
    if (name === 'segment') return {}
    const learningRate = /^(hidden|labels)\./.test(name) ? HEAD_RATE : 1
    // Decay acts at the common rate everywhere.
    return { learningRate, weightDecay: shape.length === 2 ? WEIGHT_DECAY / learningRate : 0 }
  }
}

/** The weighted sum of the losses of all labels; weights mask, and divide by the number of rows. */
function lossOf(config: EncoderConfig): BuildLoss<Bucket> {
  return (graph, parameters, { batch, length }) => {
    const ids = graph.input('ids', [batch, length], { dataType: 'int64' })
    const segments = config.segments > 0 ? graph.input('segments', [batch, length], { dataType: 'int64' }) : undefined
    const targets = graph.input('targets', [batch, config.labels])
    const weights = graph.input('weights', [batch, config.labels])
    const { logits } = encode(config, symbolicWeights(parameters), ids, undefined, segments)
    if (logits === undefined) throw new ParapetError('configuration', 'The encoder has no labels to train.')
    return { loss: sum(mul(binaryCrossEntropyLosses(logits, targets), weights)) }
  }
}

function feeds(
  { rows, heads, seed }: TrainDeepOptions,
  { batch, length }: Bucket,
  places: Int32Array,
  step: number,
): Readonly<Record<string, TensorData>> {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) + step)
  const ids = new BigInt64Array(batch * length).fill(PADDING)
  const segments = new BigInt64Array(batch * length)
  const targets = new Float32Array(batch * heads.length)
  const weights = new Float32Array(batch * heads.length)
  places.forEach((place, slot) => {
    const row = rows[place]
    if (row === undefined) throw new ParapetError('internal', `The plan names row ${place} of ${rows.length}.`)
    const from = slot * length
    row.input.ids.forEach((id, at) => (ids[from + at] = random() < WORD_DROPOUT ? UNKNOWN : BigInt(id)))
    row.input.segments.forEach((segment, at) => (segments[from + at] = BigInt(segment)))
    heads.forEach((head, column) => {
      const target = row.targets[head]
      if (target === undefined) return
      targets[slot * heads.length + column] = target === 1 ? 1 - SMOOTHING : SMOOTHING
      weights[slot * heads.length + column] = (row.weight * (/^S\d/.test(head) ? HAZARD_WEIGHT : 1)) / places.length
    })
  })
  return { ids, segments, targets, weights }
}

/** Digest of all that decides the course of a run; threads and folders do not. */
function fingerprint(options: TrainDeepOptions): string {
  const { config, heads, rows, batches, seed } = options
  const { learningRate = LEARNING_RATE, embeddingRate = EMBEDDING_RATE } = options
  const hash = createHash('sha256').update(JSON.stringify({ config, heads, seed, learningRate, embeddingRate }))
  for (const { input, targets, weight } of rows)
    hash
      .update(input.ids)
      .update(input.segments)
      .update(JSON.stringify([targets, weight]))
  for (const batch of batches) hash.update(JSON.stringify(batch.bucket)).update(batch.rows)
  return hash.digest('hex')
}
