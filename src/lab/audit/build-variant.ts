/** A variant of the model under audit, made by its recipe: other numbers for some weights, in a copy. The model itself never changes. */
import type { ParameterValues } from '../../nn/tensor/parameters.ts'
import { projectBlocks } from './low-rank/project-blocks.ts'
import { headMasks, lowestMasks, randomMasks, setDifferenceMasks, topMasks } from './masks/layer-masks.ts'
import { type WeightMasks, chosenWeights, pruneWeights } from './masks/prune.ts'
import { auditedLinears, auditedWeights } from './audited-linears.ts'
import type { SeedContext } from './seed-context.ts'
import type { MeasureScoresOptions } from './scores/measure-snip.ts'
import type { SetDifferenceVariant, Variant } from './variants.ts'

export interface BuiltVariant {
  readonly parameters: ParameterValues
  /** Audited weights set to 0. */
  readonly weights: number
  /** Ranks taken out of all audited layers together. */
  readonly ranks: number
  /** Where weights were pruned. */
  readonly masks?: WeightMasks
}

export async function buildVariant(
  context: SeedContext,
  variant: Variant,
  options: MeasureScoresOptions = {},
): Promise<BuiltVariant> {
  const { victim } = context
  if (variant.method === 'none') return { parameters: victim.parameters, weights: 0, ranks: 0 }
  if (variant.method === 'projection') {
    const { parameters, removedRanks } = await projectBlocks(victim, context.data(variant.form), variant, options)
    return { parameters, weights: 0, ranks: removedRanks }
  }
  const masks = await masksOf(context, variant)
  return { parameters: pruneWeights(victim.parameters, masks), weights: chosenWeights(masks), ranks: 0, masks }
}

type PrunedVariant = Exclude<Variant, { readonly method: 'none' | 'projection' }>

/** The weights that a variant sets to 0. */
export async function masksOf(context: SeedContext, variant: PrunedVariant): Promise<WeightMasks> {
  const { config } = context.victim
  switch (variant.method) {
    case 'set-difference':
      return differenceOf(context, variant)
    case 'top': {
      // As many weights as the set difference took, by their safety score alone.
      const like = await differenceOf(context, variant.like)
      const share = chosenWeights(like) / auditedWeights(auditedLinears(config))
      return topMasks(config, await context.safety(variant.scores, variant.form), share)
    }
    case 'random':
      return randomMasks(config, await differenceOf(context, variant.like), context.seed)
    case 'random-share':
      return randomMasks(config, variant.share, context.seed)
    case 'lowest':
      return lowestMasks(config, await context.safety('snip', 'short'), variant.share)
    case 'heads':
      return headMasks(config, (await context.rankedHeads()).slice(0, variant.count))
    default:
      return variant satisfies never
  }
}

async function differenceOf(context: SeedContext, variant: SetDifferenceVariant): Promise<WeightMasks> {
  const scores = {
    safety: await context.safety(variant.scores, variant.form),
    utility: await context.utility(variant.scores),
  }
  return setDifferenceMasks(context.victim.config, scores, variant)
}
