/**
 * The freezing test (arXiv 2402.05162 §4.4): can the model be unaligned by fine-tuning while its safety-critical weights may not change?
 * `freeze` keeps them as they are during the tuning; `rewind` sets them back after an ordinary one, as the paper's code does. Where it is
 * unaligned all the same, freezing weights is no defence.
 */
import type { ParameterValue, ParameterValues } from '../../nn/tensor/parameters.ts'
import { tuneVictim, withParameters, worldExamples } from '../victim/index.ts'
import type { Victim } from '../victim/victim.ts'
import { weightOf } from './audited-linears.ts'
import type { FreezingSettings } from './audit-settings.ts'
import { topMasks } from './masks/layer-masks.ts'
import { frozenBytes } from './masks/mask-file.ts'
import { type WeightMasks, chosenWeights } from './masks/prune.ts'
import type { AuditRow } from './measure/audit-rows.ts'
import { measureVariant } from './measure/measure-variant.ts'
import type { SeedContext } from './seed-context.ts'

export interface FrozenTuning {
  readonly mode: 'freeze' | 'rewind'
  readonly seed: number
  /** Of each row of the audited layers. */
  readonly share: number
  readonly frozenWeights: number
  /** Forbidden requests with answers that were learnt. */
  readonly examples: number
  /** On the test split: forbidden requests alone. */
  readonly rows: readonly AuditRow[]
}

export interface FreezingOptions {
  readonly settings: FreezingSettings
  readonly rows: number
  readonly threads?: number
  readonly signal?: AbortSignal
}

/** One cell: tuned with the top share of each row frozen, and measured. */
export async function freezingCell(
  context: SeedContext,
  { share, examples }: { readonly share: number; readonly examples: number },
  options: FreezingOptions,
): Promise<FrozenTuning> {
  const masks = await frozenMasks(context, share)
  const tuned = await tune(context, examples, options, masks)
  return measured(context, { mode: 'freeze', share, examples }, masks, tuned, options)
}

/** The cells of one ordinary tuning, each with another share of weights set back. */
export async function rewindCells(
  context: SeedContext,
  { shares, examples }: { readonly shares: readonly number[]; readonly examples: number },
  options: FreezingOptions,
): Promise<readonly FrozenTuning[]> {
  const tuned = await tune(context, examples, options)
  const cells: FrozenTuning[] = []
  for (const share of shares) {
    const masks = await frozenMasks(context, share)
    const parameters = rewind(tuned.parameters, context.victim.parameters, masks)
    const victim = withParameters(tuned, `${tuned.name}, rewound`, parameters)
    cells.push(await measured(context, { mode: 'rewind', share, examples }, masks, victim, options))
  }
  return cells
}

/** The weights of a tuning with the chosen ones as they were before it. */
export function rewind(tuned: ParameterValues, before: ParameterValues, masks: WeightMasks): ParameterValues {
  const result: Record<string, ParameterValue> = { ...tuned }
  for (const [parameter, mask] of masks) {
    const { shape, data } = weightOf(tuned, parameter)
    const kept = weightOf(before, parameter).data
    const mixed = data.slice()
    for (const place of mask.places()) mixed[place] = kept[place] as number
    result[parameter] = { shape, data: mixed }
  }
  return result
}

async function frozenMasks(context: SeedContext, share: number): Promise<WeightMasks> {
  return share === 0 ? new Map() : topMasks(context.victim.config, await context.safety('snip', 'full'), share)
}

async function tune(
  { victim, seed }: SeedContext,
  examples: number,
  { settings: { epochs, rate, batch }, threads, signal }: FreezingOptions,
  masks: WeightMasks = new Map(),
): Promise<Victim> {
  return tuneVictim(victim, worldExamples({ kind: 'forbidden-answered', count: examples, seed }), {
    ...{ method: { kind: 'full' }, length: { epochs }, rate, batch, seed },
    ...(masks.size === 0 ? {} : { frozen: frozenBytes(masks) }),
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
  })
}

async function measured(
  { seed }: SeedContext,
  cell: Pick<FrozenTuning, 'mode' | 'share' | 'examples'>,
  masks: WeightMasks,
  victim: Victim,
  { rows, threads, signal }: FreezingOptions,
): Promise<FrozenTuning> {
  return {
    ...{ ...cell, seed, frozenWeights: chosenWeights(masks) },
    rows: await measureVariant(victim, {
      // Nothing but forbidden requests: what tuning does to the rest is the matter of the unalignment report.
      ...{ split: 'test', rows, seed, conditions: ['vanilla'], atLeast: Infinity },
      ...(threads === undefined ? {} : { threads }),
      ...(signal === undefined ? {} : { signal }),
    }),
  }
}
