/** Pruning: chosen weights set to 0, in a copy. What is not chosen is shared with the original and stays bit for bit as it is. */
import type { ParameterValue, ParameterValues } from '../../../nn/tensor/parameters.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { weightOf } from '../audited-linears.ts'
import type { BitMask } from './bit-mask.ts'

/** Chosen weights of a model, by the name of the parameter. */
export type WeightMasks = ReadonlyMap<string, BitMask>

/** Throws `input_invalid` for masks of another model. */
export function pruneWeights(parameters: ParameterValues, masks: WeightMasks): ParameterValues {
  const pruned: Record<string, ParameterValue> = { ...parameters }
  for (const [parameter, mask] of masks) {
    const { shape, data } = weightOf(parameters, parameter)
    if (mask.length !== data.length)
      throw new ParapetError(
        'input_invalid',
        `The mask of ${parameter} is for ${mask.length} weights, not ${data.length}.`,
      )
    const kept = data.slice()
    for (const place of mask.places()) kept[place] = 0
    pruned[parameter] = { shape, data: kept }
  }
  return pruned
}

/** Weights chosen in all parameters together. */
export function chosenWeights(masks: WeightMasks): number {
  return [...masks.values()].reduce((sum, mask) => sum + mask.count(), 0)
}
