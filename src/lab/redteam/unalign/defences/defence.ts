/**
 * What a defence against harmful fine-tuning is: it hardens the model before it is handed to the customer, or changes how the customer's
 * data are learnt, or repairs the model afterwards. Each is a file of its own with its equation and source.
 */
import { ParapetError } from '../../../../spec/errors.ts'
import type { FrozenWeights } from '../../../victim/frozen-weights.ts'
import { type TuneSettings, tuneVictim } from '../../../victim/tune-victim.ts'
import type { Victim } from '../../../victim/victim.ts'
import type { WorldMessage } from '../../../world/types.ts'

export type Conversations = readonly (readonly WorldMessage[])[]

export interface DefenceContext {
  /** How the customer tunes. */
  readonly tuning: TuneSettings
  /** Of what the defence draws; another one than the attacker's. */
  readonly seed: number
  /** Updates of stages that harden or repair. */
  readonly steps: number
  /** Conversations that a defence which hardens or repairs has to learn from. */
  readonly rows: number
  /** For `frozen-weights`. */
  readonly mask?: FrozenWeights
  readonly signal?: AbortSignal
}

export interface Defence {
  readonly id: string
  /** In a report. */
  readonly title: string
  /** Where the method comes from. */
  readonly source: string
  /** Before the customer: the hardened model. */
  readonly prepare?: (victim: Victim, context: DefenceContext) => Promise<Victim>
  /** In place of ordinary tuning. */
  readonly tune?: (victim: Victim, examples: Conversations, context: DefenceContext) => Promise<Victim>
  /** After the customer. */
  readonly repair?: (victim: Victim, context: DefenceContext) => Promise<Victim>
}

/** The whole way of a customer's data through a defence. `prepared` is what `prepare` gave, or the victim itself. */
export async function throughDefence(
  defence: Defence,
  prepared: Victim,
  examples: Conversations,
  context: DefenceContext,
): Promise<Victim> {
  context.signal?.throwIfAborted()
  const tune = defence.tune ?? plainTuning
  const tuned = await tune(prepared, examples, context)
  return defence.repair === undefined ? tuned : await defence.repair(tuned, context)
}

export async function plainTuning(victim: Victim, examples: Conversations, context: DefenceContext): Promise<Victim> {
  return tuneVictim(victim, examples, withSignal(context.tuning, context.signal))
}

export function withSignal(settings: TuneSettings, signal: AbortSignal | undefined): TuneSettings {
  return { ...settings, ...(signal === undefined ? {} : { signal }) }
}

/** Throws `configuration` for names that are none. */
export function chosenDefences(all: readonly Defence[], names: readonly string[]): readonly Defence[] {
  if (names.length === 1 && names[0] === 'none') return []
  if (names.length === 1 && names[0] === 'all') return all
  return names.map((name) => {
    const found = all.find(({ id }) => id === name)
    if (found !== undefined) return found
    const known = all.map(({ id }) => id).join(', ')
    throw new ParapetError('configuration', `There is no defence ${name}. There are ${known}; or all, or none.`)
  })
}
