/**
 * Teaches an English sentence encoder more languages: a translation is to get the vector that the untouched encoder gives the English
 * text (Reimers & Gurevych 2020, "Making monolingual sentence embeddings multilingual", eq. 1). Unlike there, only rows of new pieces
 * learn: layers and old pieces stay as they are, so that English cannot drift, and a step costs a third less.
 *
 * Seeded, and bit-equal at one thread. What a step does depends on the state and its number only, so a run that was stopped and
 * resumed ends with the same bits as one that was not.
 */
import { createHash } from 'node:crypto'
import type { EncoderConfig } from '../../../nn/encoder/config.ts'
import { encode } from '../../../nn/encoder/forward.ts'
import { symbolicWeights } from '../../../nn/encoder/weights.ts'
import type { TensorData } from '../../../nn/onnx/graph.ts'
import { linearSchedule } from '../../../nn/optim/schedules.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterRule } from '../../../nn/runtime/trained-parameters.ts'
import type { BuildLoss } from '../../../nn/runtime/training-graph.ts'
import { TrainingSession } from '../../../nn/runtime/training-session.ts'
import { mul, sub, sum } from '../../../nn/tensor/index.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { type StepProgress, runSteps } from '../step-loop.ts'
import type { Bucket, PlannedBatch } from './plan.ts'

export interface DistilRow {
  readonly ids: Int32Array
  /** What the teacher makes of the English text. */
  readonly vector: Float32Array
}

export interface DistilOptions {
  readonly runtime: OnnxRuntime
  readonly config: EncoderConfig
  /** Changed in place. */
  readonly parameters: ParameterValues
  /** Row of the token table at which new pieces begin. */
  readonly firstRow: number
  readonly rows: readonly DistilRow[]
  readonly batches: readonly PlannedBatch[]
  /** 1 if absent; more are faster, and not equal from run to run. */
  readonly threads?: number
  /** Highest learning rate; 3e-3 if absent. A row of the table moves only in steps that hold its token, so it bears much. */
  readonly learningRate?: number
  /** Saves the state every so many steps, and when the run is aborted. */
  readonly checkpoint?: { readonly path: string; readonly every: number; readonly resume?: boolean }
  /** Called every `progressEvery` steps (50 if absent) and after the last. */
  readonly onProgress?: (progress: StepProgress) => void
  readonly progressEvery?: number
  /** Stops between two steps with `aborted`. */
  readonly signal?: AbortSignal
}

const LEARNING_RATE = 3e-3
const WARM_UP_STEPS = 200
/** The rate falls to this part of its peak. */
const FLOOR = 0.02
const PADDING = -1n

/** Trains to the end of the plan; says how many steps the run has made in all. */
export async function distil(options: DistilOptions): Promise<{ readonly steps: number }> {
  const { batches, checkpoint, signal, onProgress, progressEvery } = options
  const session = newSession(options)
  try {
    await runSteps({
      ...{ session, steps: batches.length },
      step(index) {
        const { bucket, rows } = batches[index] as PlannedBatch
        return { bucket, feeds: () => feeds(options, bucket, rows), items: rows.length }
      },
      ...(checkpoint === undefined
        ? {}
        : { checkpoint: { ...checkpoint, resume: checkpoint.resume === true, run: fingerprint(options) } }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(progressEvery === undefined ? {} : { progressEvery }),
    })
    return { steps: session.stepCount }
  } finally {
    await session.dispose()
  }
}

function newSession(options: DistilOptions): TrainingSession<Bucket> {
  const { runtime, config, parameters, batches, threads = 1, learningRate = LEARNING_RATE } = options
  if (batches.length === 0)
    throw new ParapetError('input_invalid', 'There is nothing to learn from: the plan is empty.')
  return new TrainingSession<Bucket>({
    ...{ runtime, parameters, threads },
    rule: (name): ParameterRule =>
      name === 'embedding' ? { sparse: true, firstRow: options.firstRow } : { frozen: true },
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

/** Squared distances, weighted; weights mask empty places and divide by the number of rows. */
function lossOf(config: EncoderConfig): BuildLoss<Bucket> {
  return (graph, parameters, { batch, length }) => {
    const ids = graph.input('ids', [batch, length], { dataType: 'int64' })
    const { vector } = encode(config, symbolicWeights(parameters), ids)
    const teacher = graph.input('teacher', vector.shape)
    const weights = graph.input('weights', [batch, 1])
    const distance = sub(vector, teacher)
    return { loss: sum(mul(mul(distance, distance), weights)) }
  }
}

function feeds(
  { rows }: DistilOptions,
  { batch, length }: Bucket,
  places: Int32Array,
): Readonly<Record<string, TensorData>> {
  const width = rows[places[0] ?? 0]?.vector.length ?? 0
  const ids = new BigInt64Array(batch * length).fill(PADDING)
  const teacher = new Float32Array(batch * width)
  const weights = new Float32Array(batch)
  places.forEach((place, slot) => {
    const row = rows[place]
    if (row === undefined) throw new ParapetError('internal', `The plan names row ${place} of ${rows.length}.`)
    row.ids.forEach((id, at) => (ids[slot * length + at] = BigInt(id)))
    teacher.set(row.vector, slot * width)
    weights[slot] = 1 / places.length
  })
  return { ids, teacher, weights }
}

/** Digest of all that decides the course of a run; threads and folders do not. */
function fingerprint(options: DistilOptions): string {
  const { config, parameters, firstRow, rows, batches, learningRate = LEARNING_RATE } = options
  const hash = createHash('sha256').update(JSON.stringify({ config, firstRow, learningRate }))
  for (const [name, { data }] of Object.entries(parameters)) hash.update(name).update(data)
  for (const { ids, vector } of rows) hash.update(ids).update(vector)
  for (const batch of batches) hash.update(JSON.stringify(batch.bucket)).update(batch.rows)
  return hash.digest('hex')
}
