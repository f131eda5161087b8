/**
 * Training of named parameters. The ONNX graph of a bucket (a set of fixed sizes) computes the loss and its gradients; an
 * optimiser (AdamW or SGD) then changes the parameters in place. Graphs are built when a bucket is first met and kept.
 *
 * The update is not part of the graph: one pass in TypeScript over each parameter is several times faster than the dozen nodes the
 * formula takes, and clipping, accumulation and sparse tables come with it.
 *
 * At one thread the same state and feeds give the same bits. One call at a time: one that overlaps another is refused. It draws no
 * batches, logs nothing and writes no files.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { TensorData } from '../onnx/graph.ts'
import { squaredNorm } from '../optim/adamw.ts'
import { type Optimizer, type OptimizerOptions, createOptimizer } from '../optim/optimizer.ts'
import type { Schedule } from '../optim/schedules.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import type { SymbolicTensor } from '../tensor/tensor-graph.ts'
import { BucketCache } from './bucket-cache.ts'
import { type Feeds, feedTensors, parameterTensors } from './feeds.ts'
import type { OnnxRuntime, OnnxSession, OnnxTensor, SessionOptions } from './onnx-runtime.ts'
import {
  type DenseParameter,
  type ParameterRule,
  type SparseParameter,
  changingArrays,
  maskGradient,
  maskOf,
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
  /** AdamW with its defaults if absent. */
  readonly optimizer?: OptimizerOptions
  /** Asked once for each parameter. */
  readonly rule?: (name: string, shape: readonly number[]) => ParameterRule
  /** Largest norm of all gradients together (Pascanu et al. 2013, algorithm 1); no limit if absent. */
  readonly clipNorm?: number
  /** 1 if absent. */
  readonly threads?: number
  /** Where the graph runs; the processor if absent. */
  readonly provider?: SessionOptions['provider']
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
  /** Copies of parameters, what the optimiser keeps and what sparse tables keep, by kind and name. */
  readonly arrays: Readonly<Record<string, Float32Array | Float64Array | Int32Array>>
}

export class TrainingSession<Bucket> {
  readonly #options: TrainingOptions<Bucket>
  readonly #optimizer: Optimizer
  readonly #parameters: Readonly<Record<string, OnnxTensor>>
  readonly #dense: readonly DenseParameter[]
  readonly #sparse: readonly SparseParameter[]
  readonly #buckets: BucketCache<Bucket, Bucketed>
  #step = 0
  #batches = 0
  #running = false
  /** Sum of the losses of these batches. */
  #losses = 0

  constructor(options: TrainingOptions<Bucket>) {
    this.#options = options
    this.#optimizer = createOptimizer(options.optimizer)
    this.#parameters = parameterTensors(options.runtime, options.parameters)
    this.#buckets = new BucketCache((bucket) => this.#build(bucket))
    const trained = Object.entries(options.parameters).flatMap(([name, value]) => {
      const rule = options.rule?.(name, value.shape) ?? {}
      return rule.frozen === true ? [] : [trainedParameter(name, value, rule, this.#optimizer)]
    })
    this.#dense = trained
      .filter(({ rule }) => rule.sparse !== true)
      .map((parameter) => ({ ...parameter, mask: maskOf(parameter) }))
    this.#sparse = trained.filter(({ rule }) => rule.sparse === true).map(sparseParameter)
  }

  /** Updates made so far. */
  get stepCount(): number {
    return this.#step
  }

  /** What a bucket's graph is fed with at each step, parameters left out. */
  async feedsOf(bucket: Bucket): Promise<readonly SymbolicTensor[]> {
    const { graph } = await this.#buckets.get(bucket)
    return graph.inputs.filter(({ name }) => this.#options.parameters[name] === undefined)
  }

  /** One batch and one update. */
  async step(bucket: Bucket, feeds: Feeds): Promise<BatchResult & UpdateResult> {
    const result = await this.accumulate(bucket, feeds)
    return { ...result, ...this.update() }
  }

  /** Adds the gradients of one batch to those that wait for `update`. Refuses a call while another runs. */
  async accumulate(bucket: Bucket, feeds: Feeds): Promise<BatchResult> {
    this.#requireIdle()
    this.#running = true
    try {
      return await this.#buckets.use(bucket, (bucketed) => this.#accumulate(bucketed, feeds))
    } finally {
      this.#running = false
    }
  }

  async #accumulate({ session, graph }: Bucketed, feeds: Feeds): Promise<BatchResult> {
    const { inputs, gathers, outputs } = graph
    const given = feedTensors(this.#options.runtime, inputs, this.#parameters, feeds)
    // All outputs are fetched anew: given arrays would be filled, and onnxruntime-node would still make copies of them.
    const results = await session.run(given)
    for (const parameter of this.#dense) {
      const part = results[gradientName(parameter.name)]?.data as Float32Array
      if (parameter.total === undefined) parameter.total = part
      else addTo(parameter.total, part)
    }
    for (const { name, gradients: rows } of this.#sparse)
      for (let index = 0; index < (gathers.get(name) ?? 0); index += 1)
        rows.add(
          results[idsName(name, index)]?.data as BigInt64Array,
          results[gradientName(name, index)]?.data as Float32Array,
        )
    const loss = (results['loss']?.data as Float32Array | undefined)?.[0] ?? Number.NaN
    this.#batches += 1
    this.#losses += loss
    return {
      loss,
      outputs: Object.fromEntries(outputs.map((name) => [name, results[outputName(name)]?.data as TensorData])),
    }
  }

  /**
   * Applies the mean of the accumulated gradients. Throws, changes no parameter and drops the gradients when they or a loss are not
   * finite; the session can go on with other batches.
   */
  update(): UpdateResult {
    this.#requireIdle()
    if (this.#batches === 0)
      throw new ParapetError('internal', 'There is no gradient to apply: call accumulate() first.')
    const share = 1 / this.#batches
    const waiting = this.#dense.map(({ total = NONE, ...rest }) => ({ ...rest, total }))
    for (const { total, mask } of waiting) if (mask !== undefined) maskGradient(total, mask)
    const squared =
      waiting.reduce((sum, { total }) => sum + squaredNorm(total), 0) +
      this.#sparse.reduce((sum, parameter) => sum + parameter.gradients.squaredNorm(), 0)
    const gradientNorm = Math.sqrt(squared) * share
    if (!Number.isFinite(gradientNorm) || !Number.isFinite(this.#losses)) {
      const wrong = Number.isFinite(this.#losses) ? 'gradient' : 'loss'
      this.#forget()
      throw new ParapetError(
        'internal',
        `The ${wrong} is not finite after ${this.#step} steps. Lower the learning rate or look for a division by zero.`,
        { details: { diverged: true } },
      )
    }
    this.#step += 1
    const { clipNorm = Infinity, schedule } = this.#options
    const gradientScale = share * Math.min(1, clipNorm / gradientNorm)
    const learningRate = schedule(this.#step)
    for (const { value, total, slots, rule, weightDecay, mask } of waiting) {
      const rate = learningRate * (rule.learningRate ?? 1)
      const step = { step: this.#step, learningRate: rate, weightDecay, gradientScale }
      this.#optimizer.update(value.data, total, slots, step, mask)
    }
    for (const parameter of this.#sparse) this.#updateRows(parameter, learningRate, gradientScale)
    this.#forget()
    return { gradientNorm, learningRate }
  }

  /** A copy of everything that changes. Call it between updates. */
  state(): TrainingState {
    this.#requireIdle()
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
    this.#requireIdle()
    const arrays = [...changingArrays(this.#dense, this.#sparse)]
    for (const [key, array] of arrays)
      if (state.arrays[key]?.length !== array.length)
        throw new ParapetError(
          'input_invalid',
          `The state has no ${key} of ${array.length} elements: it is of another model or optimiser.`,
        )
    for (const [key, array] of arrays) array.set(state.arrays[key] ?? [])
    this.#step = state.step
    this.#forget()
  }

  /** Frees the native sessions. */
  async dispose(): Promise<void> {
    await this.#buckets.clear(({ session }) => session.release())
  }

  #updateRows(parameter: SparseParameter, learningRate: number, gradientScale: number): void {
    const rate = learningRate * (parameter.rule.learningRate ?? 1)
    const { value, gradients: rows, slots, totalDecay, weightDecay } = parameter
    const step = { step: this.#step, learningRate: rate, weightDecay, gradientScale }
    this.#optimizer.updateRows(value.data, rows, slots, parameter, step, totalDecay[0] ?? 0)
    totalDecay[0] = (totalDecay[0] ?? 0) + Math.log(1 - rate * weightDecay)
  }

  /** Two batches at once would change the parameters under each other, and give other numbers each time. */
  #requireIdle(): void {
    if (this.#running)
      throw new ParapetError('internal', 'A batch is still running in this training session: await it first.')
  }

  #forget(): void {
    this.#batches = 0
    this.#losses = 0
    for (const parameter of this.#dense) parameter.total = undefined
    for (const parameter of this.#sparse) parameter.gradients.clear()
  }

  async #build(bucket: Bucket): Promise<Bucketed> {
    const { parameters, build, runtime, threads = 1, provider } = this.#options
    const names = (list: readonly { readonly name: string }[]): readonly string[] => list.map(({ name }) => name)
    const { model, ...graph } = buildTrainingGraph(parameters, names(this.#dense), names(this.#sparse), build, bucket)
    return {
      session: await runtime.session(model, { threads, ...(provider === undefined ? {} : { provider }) }),
      graph,
    }
  }
}

const NONE = new Float32Array(0)

function addTo(total: Float32Array, part: Float32Array): void {
  for (let index = 0; index < total.length; index += 1)
    total[index] = (total[index] as number) + (part[index] as number)
}
