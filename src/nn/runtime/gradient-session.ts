/**
 * Losses and gradients without an optimiser: for scores of weights, for gradients of inputs such as one-hot tokens, for anything that
 * looks at a model and does not train it. The graph of a bucket is built when it is first met and kept.
 *
 * Parameters are read in place at each run, so nothing may change them meanwhile. Gradients of single examples are those of a bucket of
 * batch 1. Calls may overlap: their arrays are their own, the runtime takes one after another, and `dispose` waits for them.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { TensorData } from '../onnx/graph.ts'
import { gradients } from '../tensor/gradients.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { type SymbolicTensor, TensorGraph } from '../tensor/tensor-graph.ts'
import { BucketCache } from './bucket-cache.ts'
import { type Feeds, feedTensors, parameterTensors } from './feeds.ts'
import type { OnnxRuntime, OnnxSession, OnnxTensor, SessionOptions } from './onnx-runtime.ts'
import { type BuildLoss, gradientName, outputName } from './training-graph.ts'

export interface GradientOptions<Bucket> {
  readonly runtime: OnnxRuntime
  readonly parameters: ParameterValues
  /** The same as for a training session. */
  readonly build: BuildLoss<Bucket>
  /** Names of parameters, or of float32 inputs that `build` declares. */
  readonly targets: readonly string[]
  /** 1 if absent. */
  readonly threads?: number
  /** Where the graph runs; the processor if absent. */
  readonly provider?: SessionOptions['provider']
}

export interface GradientResult {
  readonly loss: number
  /** Values of `LossDescription.outputs`. */
  readonly outputs: Readonly<Record<string, TensorData>>
  /** d loss / d target, by name, in the target's shape. The arrays belong to the caller. */
  readonly gradients: Readonly<Record<string, Float32Array>>
}

interface Bucketed {
  readonly session: OnnxSession
  readonly inputs: readonly SymbolicTensor[]
  readonly outputs: readonly string[]
}

export class GradientSession<Bucket> {
  readonly #options: GradientOptions<Bucket>
  readonly #parameters: Readonly<Record<string, OnnxTensor>>
  readonly #buckets: BucketCache<Bucket, Bucketed>

  constructor(options: GradientOptions<Bucket>) {
    if (options.targets.length === 0)
      throw new ParapetError('configuration', 'A gradient session needs targets: name parameters or inputs.')
    this.#options = options
    this.#parameters = parameterTensors(options.runtime, options.parameters)
    this.#buckets = new BucketCache((bucket) => this.#build(bucket))
  }

  /** What a bucket's graph is fed with at each run, parameters left out. */
  async feedsOf(bucket: Bucket): Promise<readonly SymbolicTensor[]> {
    const { inputs } = await this.#buckets.get(bucket)
    return inputs.filter(({ name }) => this.#parameters[name] === undefined)
  }

  /** Loss, outputs and gradients of one batch, as they are: nothing is clipped, and numbers that are not finite are not refused. */
  async run(bucket: Bucket, feeds: Feeds): Promise<GradientResult> {
    const { runtime, targets } = this.#options
    return this.#buckets.use(bucket, async ({ session, inputs, outputs }) => {
      const results = await session.run(feedTensors(runtime, inputs, this.#parameters, feeds))
      const array = (name: string): TensorData => results[name]?.data as TensorData
      return {
        loss: (array('loss') as Float32Array)[0] ?? Number.NaN,
        outputs: Object.fromEntries(outputs.map((name) => [name, array(outputName(name))])),
        gradients: Object.fromEntries(targets.map((name) => [name, array(gradientName(name)) as Float32Array])),
      }
    })
  }

  /** Frees the native sessions. */
  async dispose(): Promise<void> {
    await this.#buckets.clear(({ session }) => session.release())
  }

  async #build(bucket: Bucket): Promise<Bucketed> {
    const { parameters, build, runtime, targets, threads = 1, provider } = this.#options
    const graph = new TensorGraph()
    const symbols = Object.fromEntries(
      Object.entries(parameters).map(([name, { shape }]) => [
        name,
        graph.input(name, shape, { requiresGradient: targets.includes(name) }),
      ]),
    )
    const { loss, outputs = {} } = build(graph, symbols, bucket)
    const wanted = targets.map((name) => targetOf(graph, name))
    const slopes = gradients(loss, wanted, { disconnected: 'throw' })
    graph.output('loss', loss)
    slopes.forEach((slope, index) => graph.output(gradientName(targets[index] ?? ''), slope))
    for (const [name, tensor] of Object.entries(outputs)) graph.output(outputName(name), tensor)
    const options = { threads, ...(provider === undefined ? {} : { provider }) }
    const session = await runtime.session(graph.build(), options)
    return { session, inputs: graph.inputs, outputs: Object.keys(outputs) }
  }
}

function targetOf(graph: TensorGraph, name: string): SymbolicTensor {
  const target = graph.inputs.find((input) => input.name === name)
  if (target === undefined)
    throw new ParapetError('configuration', `There is no parameter or input ${name} to take a gradient of.`)
  if (target.dataType !== 'float32')
    throw new ParapetError(
      'configuration',
      `${name} is ${target.dataType}: only float32 has gradients. Use its one-hot form.`,
    )
  return target
}
