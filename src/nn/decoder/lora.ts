/**
 * Low-rank adaptation (Hu et al. 2021, "LoRA", eq. 3): beside a frozen weight W [to, from] two small matrices learn, and the layer gives
 * `W x + (α / r) B A x`. Only linear layers of blocks are covered; embeddings, norms and biases stay as they are.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type LoraAdapter, adapterScale } from '../checkpoint/adapter.ts'
import { createRandom } from '../random.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { type SymbolicTensor, add, matmul } from '../tensor/index.ts'
import { BLOCK_LINEARS, type BlockLinear, type DecoderConfig, linearName, linearShape } from './config.ts'
import type { DecoderWeights } from './weights.ts'

export interface LoraOptions {
  /** r: columns of B, rows of A. */
  readonly rank: number
  /** α. */
  readonly alpha: number
  /** Scale by α/√r (Kalajdzievski 2023) instead of α/r. */
  readonly rankStabilised?: boolean
  /** Linear layers that get an adapter in every block; queries and values if absent. */
  readonly targets?: readonly BlockLinear[]
}

/** An adapter that changes nothing yet: A uniform within ±1/√from (as `nn.Linear` with a = √5), B zero. Seeded. */
export function initialAdapter(config: DecoderConfig, options: LoraOptions, seed: number): LoraAdapter {
  const { rank, alpha, targets = ['self_attn.q_proj', 'self_attn.v_proj'] } = options
  if (!(Number.isInteger(rank) && rank >= 1 && alpha > 0))
    throw new ParapetError('configuration', 'An adapter needs a whole rank of at least 1 and an alpha above 0.')
  const random = createRandom(seed)
  const layers: Record<string, LoraAdapter['layers'][string]> = {}
  for (let layer = 0; layer < config.layers; layer += 1)
    for (const target of BLOCK_LINEARS.filter((name) => targets.includes(name))) {
      const [to, from] = linearShape(config, target)
      const bound = 1 / Math.sqrt(from)
      layers[linearName(layer, target)] = {
        a: { shape: [rank, from], data: Float32Array.from({ length: rank * from }, () => bound * (2 * random() - 1)) },
        b: { shape: [to, rank], data: new Float32Array(to * rank) },
      }
    }
  return { rank, alpha, ...(options.rankStabilised === true ? { rankStabilised: true } : {}), layers }
}

/** The matrices of an adapter as parameters of a training graph: `lora.LAYER.a` and `.b`, the arrays shared. */
export function adapterParameters({ layers }: LoraAdapter): ParameterValues {
  return Object.fromEntries(
    Object.entries(layers).flatMap(([name, { a, b }]) => [
      [adapterName(name, 'a'), a],
      [adapterName(name, 'b'), b],
    ]),
  )
}

/** Weights with an adapter beside them; its matrices are found among `parameters` under the names of `adapterParameters`. */
export function withAdapter(
  weights: DecoderWeights,
  adapter: Pick<LoraAdapter, 'rank' | 'alpha' | 'rankStabilised'>,
  parameters: Readonly<Record<string, SymbolicTensor>>,
): DecoderWeights {
  const scale = adapterScale(adapter)
  return {
    ...weights,
    linear(name, x) {
      const plain = weights.linear(name, x)
      const a = parameters[adapterName(name, 'a')]
      const b = parameters[adapterName(name, 'b')]
      if (a === undefined || b === undefined) return plain
      const inner = matmul(x, a, { transposeRight: true })
      return add(plain, matmul(inner, b, { transposeRight: true, scale }))
    },
  }
}

function adapterName(layer: string, part: 'a' | 'b'): string {
  return `lora.${layer}.${part}`
}
