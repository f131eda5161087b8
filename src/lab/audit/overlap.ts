/**
 * How far safety and utility sit in the same weights and directions (arXiv 2402.05162 §4.3): the Jaccard index of the top weights of a
 * layer, and φ of the leading output directions. Low values mean that the two are apart, and that one can be cut without the other.
 */
import { BlockSession, inputOf } from '../../nn/decoder/block-session.ts'
import type { BlockLinear } from '../../nn/decoder/config.ts'
import { subspaceSimilarity } from '../../nn/linear-algebra/subspace.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { Victim } from '../victim/victim.ts'
import type { AttributionData } from './attribution-data.ts'
import { type WeightScores, auditedLinears, scoresOf, weightOf } from './audited-linears.ts'
import { outputSubspace } from './low-rank/output-subspace.ts'
import { jaccard } from './masks/bit-mask.ts'
import { topWeights } from './masks/select-weights.ts'
import type { MeasureScoresOptions } from './scores/measure-snip.ts'
import { BlockWalk } from './scores/walk-blocks.ts'

export interface LayerOverlap {
  readonly layer: number
  readonly module: BlockLinear
  /** Of the top weights of each row by the two scores; two random sets of a share s have s / (2 − s). */
  readonly jaccard: number
  /** Of the `rank` leading output directions on the two sets; two random subspaces have rank / rows. */
  readonly phi: number
}

export interface OverlapOptions {
  /** Share of a row that counts as top; the paper has 0.05. */
  readonly share: number
  /** Leading directions compared; the paper has 100 of 4,096. */
  readonly rank: number
}

export async function measureOverlap(
  model: Pick<Victim, 'config' | 'parameters' | 'runtime'>,
  data: AttributionData,
  scores: { readonly safety: WeightScores; readonly utility: WeightScores },
  { share, rank }: OverlapOptions,
  { threads = 1, signal, onProgress }: MeasureScoresOptions = {},
): Promise<readonly LayerOverlap[]> {
  const { config, parameters, runtime } = model
  const linears = auditedLinears(config)
  const session = new BlockSession(runtime, config, threads)
  const overlaps: LayerOverlap[] = []
  try {
    const walks = {
      safety: new BlockWalk(session, model, data.safety),
      utility: new BlockWalk(session, model, data.utility),
    }
    for (let layer = 0; layer < config.layers; layer += 1) {
      signal?.throwIfAborted()
      const safety = await walks.safety.grams(layer, parameters)
      const utility = await walks.utility.grams(layer, parameters)
      for (const linear of linears.filter((one) => one.layer === layer)) {
        const { parameter, module, rows, columns } = linear
        const [one, other] = [safety.get(inputOf(module)), utility.get(inputOf(module))]
        if (one === undefined || other === undefined)
          throw new ParapetError('input_invalid', `No example has a response token that ${module} could be judged by.`)
        const weight = { rows, columns, data: weightOf(parameters, parameter).data }
        const top = (of: WeightScores) => topWeights(scoresOf(of, linear), linear, share)
        const directions = Math.min(rank, rows, columns)
        const phi = subspaceSimilarity(
          (await outputSubspace(weight, one, directions)).directions,
          (await outputSubspace(weight, other, directions)).directions,
        )
        overlaps.push({ layer, module, jaccard: jaccard(top(scores.safety), top(scores.utility)), phi })
      }
      await walks.safety.pass(layer, parameters)
      await walks.utility.pass(layer, parameters)
      onProgress?.(layer + 1, config.layers)
    }
  } finally {
    await session.dispose()
  }
  return overlaps
}
