/**
 * The forward pass alone, with outputs by name. The graph of a bucket is built when it is first met and kept.
 *
 * Parameters are either read in place at each run, so that a model can be looked at while it is trained, or stored in the graph, which
 * lets onnxruntime rearrange them once and multiply faster. Calls may overlap: their arrays are their own, the runtime takes one after
 * another, and `dispose` waits for them.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { TensorData } from '../onnx/graph.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { type SymbolicTensor, TensorGraph } from '../tensor/tensor-graph.ts'
import { BucketCache } from './bucket-cache.ts'
import { type Feeds, feedTensors, parameterTensors } from './feeds.ts'
import type { OnnxRuntime, OnnxSession, OnnxTensor, SessionOptions } from './onnx-runtime.ts'
import { outputName } from './training-graph.ts'

/** Writes the forward pass for one bucket and names what is wanted of it. Inputs it declares are fed by name at each run. */
export type BuildOutputs<Bucket> = (
  graph: TensorGraph,
  parameters: Readonly<Record<string, SymbolicTensor>>,
  bucket: Bucket,
) => Readonly<Record<string, SymbolicTensor>>

export interface EvaluationOptions<Bucket> {
  readonly runtime: OnnxRuntime
  readonly parameters: ParameterValues
  readonly build: BuildOutputs<Bucket>
  /** Store the parameters in the graph as they are when a bucket is first met; later changes are not seen. False if absent. */
  readonly storeParameters?: boolean
  /** 1 if absent. */
  readonly threads?: number
  /** Where the graph runs; the processor if absent. */
  readonly provider?: SessionOptions['provider']
}

interface Bucketed {
  readonly session: OnnxSession
  readonly inputs: readonly SymbolicTensor[]
  readonly outputs: readonly string[]
}

export class EvaluationSession<Bucket> {
  readonly #options: EvaluationOptions<Bucket>
  readonly #parameters: Readonly<Record<string, OnnxTensor>>
  readonly #buckets: BucketCache<Bucket, Bucketed>

  constructor(options: EvaluationOptions<Bucket>) {
    this.#options = options
    this.#parameters = parameterTensors(options.runtime, options.parameters)
    this.#buckets = new BucketCache((bucket) => this.#build(bucket))
  }

  /** What a bucket's graph is fed with at each run, parameters left out. */
  async feedsOf(bucket: Bucket): Promise<readonly SymbolicTensor[]> {
    const { inputs } = await this.#buckets.get(bucket)
    return inputs.filter(({ name }) => this.#parameters[name] === undefined)
  }

  /** The outputs of one batch. Their arrays belong to the caller. */
  async run(bucket: Bucket, feeds: Feeds): Promise<Readonly<Record<string, TensorData>>> {
    return this.#buckets.use(bucket, async ({ session, inputs, outputs }) => {
      const results = await session.run(feedTensors(this.#options.runtime, inputs, this.#parameters, feeds))
      return Object.fromEntries(outputs.map((name) => [name, results[outputName(name)]?.data as TensorData]))
    })
  }

  /** Frees the native sessions. */
  async dispose(): Promise<void> {
    await this.#buckets.clear(({ session }) => session.release())
  }

  async #build(bucket: Bucket): Promise<Bucketed> {
    const { parameters, build, runtime, storeParameters = false, threads = 1, provider } = this.#options
    const graph = new TensorGraph()
    const symbols = Object.fromEntries(
      Object.entries(parameters).map(([name, { shape, data }]) => [
        name,
        storeParameters ? graph.constant(shape, data) : graph.input(name, shape),
      ]),
    )
    const outputs = build(graph, symbols, bucket)
    if (Object.keys(outputs).length === 0)
      throw new ParapetError('configuration', 'An evaluation session needs outputs: return them by name.')
    for (const [name, tensor] of Object.entries(outputs)) graph.output(outputName(name), tensor)
    const options = { threads, ...(provider === undefined ? {} : { provider }) }
    const session = await runtime.session(graph.build(), options)
    return { session, inputs: graph.inputs, outputs: Object.keys(outputs) }
  }
}
