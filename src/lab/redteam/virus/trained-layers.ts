/**
 * What the service tunes, and with it the weights w by which gradients are compared: the linear layers of every block, or queries, keys and values
 * alone, where the paper's adapters lie. Embeddings and norms, which a whole tuning changes too, are left out of w: they are read at a few rows, and
 * the sums that give a gradient's length need linear layers.
 */
import { BLOCK_LINEARS, type DecoderConfig, linearName } from '../../../nn/decoder/config.ts'

export const TUNED = ['all', 'attention'] as const
/** `all`: every weight. `attention`: queries, keys and values of every block. */
export type Tuned = (typeof TUNED)[number]

const ATTENTION_INPUTS = BLOCK_LINEARS.slice(0, 3)

/** Names of the linear layers, without `.weight`. */
export function trainedLayers({ layers }: Pick<DecoderConfig, 'layers'>, tuned: Tuned): readonly string[] {
  const linears = tuned === 'all' ? BLOCK_LINEARS : ATTENTION_INPUTS
  return Array.from({ length: layers }, (_, layer) => linears.map((linear) => linearName(layer, linear))).flat()
}

/** Parameters that the service leaves as they are. */
export function frozenParameters(
  config: Pick<DecoderConfig, 'layers'>,
  names: readonly string[],
  tuned: Tuned,
): readonly string[] {
  if (tuned === 'all') return []
  const trained = new Set(trainedLayers(config, tuned).map((name) => `${name}.weight`))
  return names.filter((name) => !trained.has(name))
}
