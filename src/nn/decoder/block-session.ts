/**
 * One block of a decoder at a time: the residual stream goes in, and comes out with what the block's linear layers were given. For audits
 * that change a block and want to know what the next one then sees, at the price of one pass over the model.
 *
 * The weights of the block are fed at each run, so one graph of a batch and length serves all blocks.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { OnnxRuntime } from '../runtime/onnx-runtime.ts'
import { EvaluationSession } from '../runtime/evaluation-session.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { matmul, mul, reshape } from '../tensor/index.ts'
import { staticShape } from '../tensor/shape.ts'
import type { SymbolicTensor } from '../tensor/tensor-graph.ts'
import { type BlockLinear, type DecoderConfig, EMBEDDING, FINAL_NORM, decoderShapes } from './config.ts'
import { decode } from './forward.ts'
import { decoderWeights } from './weights.ts'

/** Sequences of one length, padded on the right where they are shorter, which changes nothing before the padding. */
export interface BlockBatch {
  readonly batch: number
  /** In tokens. */
  readonly length: number
}

/** Layers that get the same input share one: queries, keys and values; gate and up projection. */
export type BlockInput = 'self_attn.q_proj' | 'self_attn.o_proj' | 'mlp.gate_proj' | 'mlp.down_proj'

export const BLOCK_INPUTS: readonly BlockInput[] = [
  'self_attn.q_proj',
  'self_attn.o_proj',
  'mlp.gate_proj',
  'mlp.down_proj',
]

/** Under which of the inputs a layer's is found. */
export function inputOf(linear: BlockLinear): BlockInput {
  switch (linear) {
    case 'self_attn.q_proj':
    case 'self_attn.k_proj':
    case 'self_attn.v_proj':
      return 'self_attn.q_proj'
    case 'mlp.gate_proj':
    case 'mlp.up_proj':
      return 'mlp.gate_proj'
    default:
      return linear
  }
}

export interface BlockRun {
  /** The residual stream after the block, [batch, length, width]. */
  readonly stream: Float32Array
  /** [batch, length, inputs of the layer]; of `self_attn.o_proj` that is heads · headWidth. */
  readonly inputs: Readonly<Record<BlockInput, Float32Array>>
}

/** Σ x xᵀ of the inputs of each layer over tokens that count, columns × columns. */
export type BlockGrams = Readonly<Record<BlockInput, Float32Array>>

/** Fixed sizes of a graph, and what it gives: streams and inputs, or Gram matrices. */
interface BlockBucket extends BlockBatch {
  readonly grams: boolean
}

const STREAM = 'stream'
const COUNTED = 'counted'
const PREFIX = 'model.layers.0.'

export class BlockSession {
  readonly #config: DecoderConfig
  readonly #session: EvaluationSession<BlockBucket>
  /** Names of a block's parameters, without what names the layer. */
  readonly #names: readonly string[]

  constructor(runtime: OnnxRuntime, config: DecoderConfig, threads: number = 1) {
    this.#config = config
    const single = { ...config, layers: 1 }
    const shapes = Object.entries(decoderShapes(single)).filter(([name]) => name.startsWith(PREFIX))
    this.#names = shapes.map(([name]) => name.slice(PREFIX.length))
    this.#session = new EvaluationSession<BlockBucket>({
      ...{ runtime, parameters: {}, threads },
      build(graph, _, { batch, length, grams }) {
        const stream = graph.input(STREAM, [batch, length, config.width])
        const block = Object.fromEntries(shapes.map(([name, shape]) => [name, graph.input(name, shape)]))
        // Not part of a block; what comes of it is not read.
        const norm = graph.constant([config.width], new Float32Array(config.width).fill(1))
        const seen = new Map<string, SymbolicTensor>()
        decode(single, { ...decoderWeights(single, { ...block, [FINAL_NORM]: norm }), embed: () => stream }, stream, {
          observe(name, value) {
            seen.set(name, value)
            return value
          },
        })
        const at = (name: string): SymbolicTensor => seen.get(name) ?? stream
        const inputs = BLOCK_INPUTS.map((input) => [input, at(`${PREFIX}${input}.input`)] as const)
        if (!grams) return { [STREAM]: at('model.layers.0'), ...Object.fromEntries(inputs) }
        const counted = graph.input(COUNTED, [batch * length, 1])
        return Object.fromEntries(inputs.map(([input, value]) => [input, gramOf(value, counted)]))
      },
    })
  }

  /** What the first block gets: the embeddings of ids [batch, length]. */
  embed(parameters: ParameterValues, ids: ArrayLike<number>): Float32Array {
    const { width, vocabularySize } = this.#config
    const table = parameters[EMBEDDING]?.data
    if (table?.length !== width * vocabularySize)
      throw new ParapetError(
        'input_invalid',
        `The parameter ${EMBEDDING} is missing: these are parameters of another model.`,
      )
    const stream = new Float32Array(ids.length * width)
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at] as number
      stream.set(table.subarray(id * width, (id + 1) * width), at * width)
    }
    return stream
  }

  /** Runs block `layer` with its weights as they are now. The arrays belong to the caller. */
  async run(layer: number, parameters: ParameterValues, stream: Float32Array, batch: BlockBatch): Promise<BlockRun> {
    const bucket = { batch: batch.batch, length: batch.length, grams: false }
    const results = await this.#session.run(bucket, { ...this.#weights(layer, parameters), [STREAM]: stream })
    return { stream: results[STREAM] as Float32Array, inputs: byInput(results) }
  }

  /** Gram matrices of what the layers of block `layer` are given; `counted` is 1 for tokens that count and 0 for others, [batch · length]. */
  async grams(
    layer: number,
    parameters: ParameterValues,
    stream: Float32Array,
    counted: Float32Array,
    batch: BlockBatch,
  ): Promise<BlockGrams> {
    const bucket = { batch: batch.batch, length: batch.length, grams: true }
    const feeds = { ...this.#weights(layer, parameters), [STREAM]: stream, [COUNTED]: counted }
    return byInput(await this.#session.run(bucket, feeds))
  }

  /** Frees the native sessions. */
  async dispose(): Promise<void> {
    await this.#session.dispose()
  }

  /** Weights of a block under the names that the graph knows. */
  #weights(layer: number, parameters: ParameterValues): Readonly<Record<string, Float32Array>> {
    return Object.fromEntries(
      this.#names.map((name) => {
        const value = parameters[`model.layers.${layer}.${name}`]
        if (value === undefined)
          throw new ParapetError(
            'input_invalid',
            `Block ${layer} has no ${name}: these are parameters of another model.`,
          )
        return [`${PREFIX}${name}`, value.data]
      }),
    )
  }
}

function byInput(results: Readonly<Record<string, unknown>>): Readonly<Record<BlockInput, Float32Array>> {
  return {
    'self_attn.q_proj': results['self_attn.q_proj'] as Float32Array,
    'self_attn.o_proj': results['self_attn.o_proj'] as Float32Array,
    'mlp.gate_proj': results['mlp.gate_proj'] as Float32Array,
    'mlp.down_proj': results['mlp.down_proj'] as Float32Array,
  }
}

/** XᵀX of [batch, length, width] rows, those that do not count set to 0. */
function gramOf(value: SymbolicTensor, counted: SymbolicTensor): SymbolicTensor {
  const [batch = 1, length = 1, width = 1] = staticShape('gramOf', value.shape)
  const rows = mul(reshape(value, [batch * length, width]), counted)
  return matmul(rows, rows, { transposeLeft: true })
}
