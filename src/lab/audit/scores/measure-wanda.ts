/** Wanda scores of a model's weights on examples: one pass over the model. What they mean is in `wanda.ts`. */
import { type BlockInput, BlockSession, inputOf } from '../../../nn/decoder/block-session.ts'
import type { EncodedConversation } from '../../train/decoder/encode.ts'
import type { Victim } from '../../victim/victim.ts'
import { type WeightScores, auditedLinears, weightOf } from '../audited-linears.ts'
import type { MeasureScoresOptions } from './measure-snip.ts'
import { BlockWalk } from './walk-blocks.ts'
import { FeatureNorms, wandaScores } from './wanda.ts'

type Model = Pick<Victim, 'config' | 'parameters' | 'runtime'>

export async function measureWanda(
  model: Model,
  examples: readonly EncodedConversation[],
  { threads = 1, signal, onProgress }: MeasureScoresOptions = {},
): Promise<WeightScores> {
  const { config, parameters, runtime } = model
  const linears = auditedLinears(config)
  const session = new BlockSession(runtime, config, threads)
  const scores = new Map<string, Float32Array>()
  try {
    const walk = new BlockWalk(session, model, examples)
    for (let layer = 0; layer < config.layers; layer += 1) {
      signal?.throwIfAborted()
      const norms = new Map<BlockInput, FeatureNorms>()
      await walk.pass(layer, parameters, (input, rows) => {
        const width = widthOf(model, input)
        const known = norms.get(input) ?? new FeatureNorms(width)
        norms.set(input, known)
        known.add(rows)
      })
      for (const { parameter, module } of linears.filter((linear) => linear.layer === layer)) {
        const found = norms.get(inputOf(module))?.norms() ?? new Float64Array(0)
        scores.set(parameter, wandaScores(weightOf(parameters, parameter).data, found))
      }
      onProgress?.(layer + 1, config.layers)
    }
  } finally {
    await session.dispose()
  }
  return scores
}

function widthOf({ config: { width, heads, headWidth, feedForward } }: Model, input: BlockInput): number {
  if (input === 'self_attn.o_proj') return heads * headWidth
  return input === 'mlp.down_proj' ? feedForward : width
}
