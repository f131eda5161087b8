/**
 * Training of named parameters. The ONNX graph of a bucket (a set of fixed sizes) computes the loss and its gradients; AdamW then
 * changes the parameters in place. Graphs are built when a bucket is first met and kept.
 *
 * The update is not part of the graph: one pass in TypeScript over each parameter is several times faster than the dozen nodes the
 * formula takes, and clipping, accumulation and sparse tables come with it.
 *
 * At one thread the same state and feeds give the same bits. One call at a time. It draws no batches, logs nothing and writes no
 * files.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { TensorData } from '../onnx/graph.ts'
import { type AdamWOptions, type AdamWSettings, adamWSettings, adamWUpdate, squaredNorm } from '../optim/adamw.ts'
import type { Schedule } from '../optim/schedules.ts'
import { sparseAdamWUpdate } from '../optim/sparse-embedding.ts'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { elementCount, staticShape } from '../tensor/shape.ts'
import type { SymbolicTensor } from '../tensor/tensor-graph.ts'
import type { OnnxRuntime, OnnxSession, OnnxTensor } from './onnx-runtime.ts'
import {
  type DenseParameter,
  type ParameterRule,
  type SparseParameter,
  changingArrays,
  sparseParameter,
  trainedParameter,
} from './trained-parameters.ts'
import {
  type BuildLoss,
  type TrainingGraph,
  buildTrainingGraph,
  gradientName,
  idsName,
  outputName,
} from './training-graph.ts'

interface Bucketed {
  readonly session: OnnxSession
  readonly graph: Omit<TrainingGraph, 'model'>
}

export interface TrainingOptions<Bucket> {
  readonly runtime: OnnxRuntime
  readonly parameters: ParameterValues
  readonly build: BuildLoss<Bucket>
  readonly schedule: Schedule
  readonly optimizer?: AdamWOptions
  /** Asked once for each parameter. */
  readonly rule?: (name: string, shape: readonly number[]) => ParameterRule
  /** Largest norm of all gradients together (Pascanu et al. 2013, algorithm 1); no limit if absent. */
  readonly clipNorm?: number
  /** 1 if absent. */
  readonly threads?: number
}

export interface BatchResult {
  readonly loss: number
  /** Values of `LossDescription.outputs`. */
  readonly outputs: Readonly<Record<string, TensorData>>
}

export interface UpdateResult {
  /** Norm of all gradients before clipping. */
  readonly gradientNorm: number
  readonly learningRate: number
}

/** All that is needed to go on exactly where a run stopped. */
export interface TrainingState {
  /** Updates made. */
  readonly step: number
  /** Copies of parameters, moments and what sparse tables keep, by kind and name. */
  readonly arrays: Readonly<Record<string, Float32Array | Float64Array | Int32Array>>
}

export class TrainingSession<Bucket> {
  readonly #options: TrainingOptions<Bucket>
  readonly #settings: AdamWSettings
  readonly #dense: readonly DenseParameter[]
  readonly #sparse: readonly SparseParameter[]
  readonly #buckets = new Map<string, Promise<Bucketed>>()
  #step = 0
  #batches = 0

  constructor(options: TrainingOptions<Bucket>) {
    this.#options = options
    this.#settings = adamWSettings(options.optimizer)
    const trained = Object.entries(options.parameters).flatMap(([name, value]) => {
      const rule = options.rule?.(name, value.shape) ?? {}
      return rule.frozen === true ? [] : [trainedParameter(name, value, rule, this.#settings.weightDecay)]
    })
    this.#dense = trained
      .filter(({ rule }) => rule.sparse !== true)
      .map((parameter) => ({ ...parameter, total: this.#buffer(parameter.value) }))
    this.#sparse = trained.filter(({ rule }) => rule.sparse === true).map(sparseParameter)
  }

  /** Updates made so far. */
  get stepCount(): number {
    return this.#step
  }

  /** What a bucket's graph is fed with at each step, parameters left out. */
  async feedsOf(bucket: Bucket): Promise<readonly SymbolicTensor[]> {
    const { graph } = await this.#bucket(bucket)
    return graph.inputs.filter(({ name }) => this.#options.parameters[name] === undefined)
  }

  /** One batch and one update. */
  async step(bucket: Bucket, feeds: Readonly<Record<string, TensorData>>): Promise<BatchResult & UpdateResult> {
    const result = await this.accumulate(bucket, feeds)
    return { ...result, ...this.update() }
  }

  /** Adds the gradients of one batch to those that wait for `update`. */
  async accumulate(bucket: Bucket, feeds: Readonly<Record<string, TensorData>>): Promise<BatchResult> {
    const { session, graph } = await this.#bucket(bucket)
    const { inputs, gathers, outputs } = graph
    const given = this.#feeds(inputs, feeds)
    const fetches: Record<string, OnnxTensor | null> = { loss: null }
    const first = this.#batches === 0
    for (const parameter of this.#dense)
      fetches[gradientName(parameter.name)] = first
        ? parameter.total
        : (parameter.batch ??= this.#buffer(parameter.value))
    for (const [name, count] of gathers)
      for (let index = 0; index < count; index += 1) {
        fetches[gradientName(name, index)] = null
        fetches[idsName(name, index)] = null
      }
    for (const name of outputs) fetches[outputName(name)] = null
    const results = await session.run(given, fetches)
    for (const { name, total, batch } of this.#dense) {
      const target = first || batch === undefined ? total : batch
      fill(target.data, results[gradientName(name)]?.data)
      if (target !== total) addTo(total.data, target.data)
    }
    for (const { name, gradients: rows } of this.#sparse)
      for (let index = 0; index < (gathers.get(name) ?? 0); index += 1)
        rows.add(
          results[idsName(name, index)]?.data as BigInt64Array,
          results[gradientName(name, index)]?.data as Float32Array,
        )
    this.#batches += 1
    return {
      loss: (results['loss']?.data as Float32Array | undefined)?.[0] ?? Number.NaN,
      outputs: Object.fromEntries(outputs.map((name) => [name, results[outputName(name)]?.data as TensorData])),
    }
  }

  /** Applies the mean of the accumulated gradients. Throws, and changes no parameter, when they are not finite. */
  update(): UpdateResult {
    if (this.#batches === 0)
      throw new ParapetError('internal', 'There is no gradient to apply: call accumulate() first.')
    const share = 1 / this.#batches
    const squared =
      this.#dense.reduce((sum, { total }) => sum + squaredNorm(total.data), 0) +
      this.#sparse.reduce((sum, parameter) => sum + parameter.gradients.squaredNorm(), 0)
    const gradientNorm = Math.sqrt(squared) * share
    if (!Number.isFinite(gradientNorm)) {
      this.#forget()
      throw new ParapetError(
        'internal',
        `The gradient is not finite after ${this.#step} steps. Lower the learning rate or look for a division by zero.`,
      )
    }
    this.#step += 1
    const { clipNorm = Infinity, schedule } = this.#options
    const gradientScale = share * Math.min(1, clipNorm / gradientNorm)
    const learningRate = schedule(this.#step)
    for (const parameter of this.#dense)
      adamWUpdate(parameter.value.data, parameter.total.data, parameter, this.#settings, {
        step: this.#step,
        learningRate: learningRate * (parameter.rule.learningRate ?? 1),
        weightDecay: parameter.weightDecay,
        gradientScale,
      })
    for (const parameter of this.#sparse) this.#updateRows(parameter, learningRate, gradientScale)
    this.#forget()
    return { gradientNorm, learningRate }
  }

  /** A copy of everything that changes. Call it between updates. */
  state(): TrainingState {
    if (this.#batches > 0) throw new ParapetError('internal', 'Gradients wait for update(); take the state after it.')
    return {
      step: this.#step,
      arrays: Object.fromEntries(
        [...changingArrays(this.#dense, this.#sparse)].map(([key, array]) => [key, array.slice()]),
      ),
    }
  }

  /** Goes back to a state of a session with the same parameters and rules. */
  restore(state: TrainingState): void {
    const arrays = [...changingArrays(this.#dense, this.#sparse)]
    for (const [key, array] of arrays)
      if (state.arrays[key]?.length !== array.length)
        throw new ParapetError(
          'input_invalid',
          `The state has no ${key} of ${array.length} elements: it is of another model.`,
        )
    for (const [key, array] of arrays) array.set(state.arrays[key] ?? [])
    this.#step = state.step
    this.#forget()
  }

  /** Frees the native sessions. */
  async dispose(): Promise<void> {
    const buckets = [...this.#buckets.values()]
    this.#buckets.clear()
    for (const bucket of buckets) await (await bucket).session.release()
  }

  #updateRows(parameter: SparseParameter, learningRate: number, gradientScale: number): void {
    const rate = learningRate * (parameter.rule.learningRate ?? 1)
    const { value, gradients: rows, totalDecay, weightDecay } = parameter
    const step = { step: this.#step, learningRate: rate, weightDecay, gradientScale }
    sparseAdamWUpdate(value.data, rows, parameter, parameter, this.#settings, step, totalDecay[0] ?? 0)
    totalDecay[0] = (totalDecay[0] ?? 0) + Math.log(1 - rate * weightDecay)
  }

  #forget(): void {
    this.#batches = 0
    for (const parameter of this.#sparse) parameter.gradients.clear()
  }

  #bucket(bucket: Bucket): Promise<Bucketed> {
    const key = JSON.stringify(bucket)
    const known = this.#buckets.get(key)
    if (known !== undefined) return known
    const made = this.#build(bucket)
    this.#buckets.set(key, made)
    // A bucket that failed is built anew next time; the caller sees the failure through `made`.
    made.catch(() => this.#buckets.delete(key))
    return made
  }

  async #build(bucket: Bucket): Promise<Bucketed> {
    const { parameters, build, runtime, threads = 1 } = this.#options
    const names = (list: readonly { readonly name: string }[]): readonly string[] => list.map(({ name }) => name)
    const { model, ...graph } = buildTrainingGraph(parameters, names(this.#dense), names(this.#sparse), build, bucket)
    return { session: await runtime.session(model, { threads }), graph }
  }

  #feeds(
    inputs: readonly SymbolicTensor[],
    feeds: Readonly<Record<string, TensorData>>,
  ): Readonly<Record<string, OnnxTensor>> {
    const { parameters, runtime } = this.#options
    return Object.fromEntries(
      inputs.map(({ name, shape, dataType }) => {
        const data = parameters[name]?.data ?? feeds[name]
        const sizes = staticShape(name, shape)
        if (data?.length !== elementCount(sizes))
          throw new ParapetError(
            'input_invalid',
            `Feed ${name} needs ${elementCount(sizes)} elements of ${dataType}, not ${data?.length ?? 'nothing'}.`,
          )
        return [name, runtime.tensor(dataType, data, sizes)]
      }),
    )
  }

  #buffer({ shape }: ParameterValue): DenseParameter['total'] {
    return this.#options.runtime.tensor(
      'float32',
      new Float32Array(elementCount(shape)),
      shape,
    ) as DenseParameter['total']
  }
}

/** A runtime that cannot fill a given array returns another one. */
function fill(target: Float32Array, returned: unknown): void {
  const data = returned as Float32Array
  if (data.buffer !== target.buffer) target.set(data)
}

function addTo(total: Float32Array, part: Float32Array): void {
  for (let index = 0; index < total.length; index += 1)
    total[index] = (total[index] as number) + (part[index] as number)
}
