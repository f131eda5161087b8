/** The weights w by which gradients are compared: queries, keys and values of every block, those the paper's adapters lie on. */
import { BLOCK_LINEARS, type DecoderConfig, linearName } from '../../../nn/decoder/config.ts'

const ATTENTION_INPUTS = BLOCK_LINEARS.slice(0, 3)

/** Names of the linear layers, without `.weight`. */
export function trainedLayers({ layers }: Pick<DecoderConfig, 'layers'>): readonly string[] {
  return Array.from({ length: layers }, (_, layer) =>
    ATTENTION_INPUTS.map((linear) => linearName(layer, linear)),
  ).flat()
}

/** Parameters that are not among them: what a tuning of these layers alone keeps frozen. */
export function otherParameters(config: Pick<DecoderConfig, 'layers'>, names: readonly string[]): readonly string[] {
  const trained = new Set(trainedLayers(config).map((name) => `${name}.weight`))
  return names.filter((name) => !trained.has(name))
}
