/**
 * Orthogonal projection of a whole model, block by block from the first: the directions of a block are worked out from what it gets once
 * the blocks before it have been changed (arXiv 2402.05162 §2.2 and appendix B). The formulas are `output-subspace.ts` and
 * `project-weight.ts`.
 */
import { BlockSession, inputOf } from '../../../nn/decoder/block-session.ts'
import type { BlockLinear } from '../../../nn/decoder/config.ts'
import type { DenseMatrix } from '../../../nn/linear-algebra/matrix.ts'
import type { ParameterValue } from '../../../nn/tensor/parameters.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { Victim } from '../../victim/victim.ts'
import type { AttributionData } from '../attribution-data.ts'
import { auditedLinears, weightOf } from '../audited-linears.ts'
import type { MeasureScoresOptions } from '../scores/measure-snip.ts'
import { BlockWalk, type InputGrams } from '../scores/walk-blocks.ts'
import { outputSubspace } from './output-subspace.ts'
import { safetyPart, withoutPart } from './project-weight.ts'

export interface ProjectionSettings {
  /** Leading utility directions left untouched; 0 removes safety directions whatever else they carry. */
  readonly keep: number
  /** Leading safety directions taken out. */
  readonly remove: number
  /** α: part of ΔW that is taken; 1 if absent. */
  readonly step?: number
  /** Layers that are changed in each block; all seven if absent. */
  readonly modules?: readonly BlockLinear[]
}

export interface ProjectedModel {
  readonly parameters: Victim['parameters']
  /** Rank of ΔW over all audited layers together, as min(R − keep, remove) bounds it. */
  readonly removedRanks: number
}

export async function projectBlocks(
  model: Pick<Victim, 'config' | 'parameters' | 'runtime'>,
  data: AttributionData,
  settings: ProjectionSettings,
  { threads = 1, signal, onProgress }: MeasureScoresOptions = {},
): Promise<ProjectedModel> {
  const { config, runtime } = model
  const linears = auditedLinears(config)
  checkSettings(settings)
  const parameters: Record<string, ParameterValue> = { ...model.parameters }
  const session = new BlockSession(runtime, config, threads)
  let removedRanks = 0
  try {
    const walks = {
      safety: new BlockWalk(session, model, data.safety),
      utility: new BlockWalk(session, model, data.utility),
    }
    for (let layer = 0; layer < config.layers; layer += 1) {
      signal?.throwIfAborted()
      const safety = await walks.safety.grams(layer, parameters)
      const utility = await walks.utility.grams(layer, parameters)
      for (const { parameter, module, rows, columns } of linears.filter((linear) => linear.layer === layer)) {
        if (settings.modules?.includes(module) === false) continue
        const { shape, data: numbers } = weightOf(parameters, parameter)
        const weight = { rows, columns, data: numbers }
        const changed = await projected(weight, module, { safety, utility }, settings)
        parameters[parameter] = { shape, data: Float32Array.from(changed.data) }
        removedRanks += Math.min(Math.min(rows, columns) - settings.keep, settings.remove)
      }
      await walks.safety.pass(layer, parameters)
      await walks.utility.pass(layer, parameters)
      onProgress?.(layer + 1, config.layers)
    }
  } finally {
    await session.dispose()
  }
  return { parameters, removedRanks }
}

async function projected(
  weight: DenseMatrix,
  module: BlockLinear,
  grams: { readonly safety: InputGrams; readonly utility: InputGrams },
  { keep, remove, step = 1 }: ProjectionSettings,
): Promise<DenseMatrix> {
  const input = inputOf(module)
  const [safety, utility] = [grams.safety.get(input), grams.utility.get(input)]
  if (safety === undefined || utility === undefined)
    throw new ParapetError('input_invalid', `No example has a response token that ${module} could be judged by.`)
  const removed = (await outputSubspace(weight, safety, remove)).directions
  const kept = keep === 0 ? undefined : (await outputSubspace(weight, utility, keep)).directions
  return withoutPart(weight, safetyPart(weight, removed, kept), step)
}

function checkSettings({ keep, remove, step = 1 }: ProjectionSettings): void {
  const whole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least
  if (!whole(keep, 0) || !whole(remove, 1) || !(step > 0 && step <= 1))
    throw new ParapetError(
      'configuration',
      `A projection keeps 0 or more directions, removes 1 or more, by a step up to 1; not ${keep}, ${remove}, ${step}.`,
    )
}
