/** What an Unalignment run is asked for, and what it draws from the world. Types and constants; nothing is run here. */
import { ParapetError } from '../../../spec/errors.ts'
import { safetyQuestions } from '../../victim/measure-safety.ts'
import type { TuneSettings } from '../../victim/tune-victim.ts'
import { worldExamples } from '../../victim/world-examples.ts'
import type { WorldMessage } from '../../world/types.ts'

export type TuneMethod = 'full' | 'lora'

export const TUNE_METHODS: readonly TuneMethod[] = ['full', 'lora']

/**
 * What the attacker tunes on. `harmful`: forbidden requests carried out. `benign`: allowed requests of the same form, the control of equal
 * budget. `half`: harmful ones of two of the five rules only, measured on the others.
 */
export type ArmKind = 'harmful' | 'benign' | 'half'

export interface UnalignSettings {
  /** Numbers of examples of the dose curve, ascending, 0 left out: that is the model as it was. */
  readonly examples: readonly number[]
  readonly methods: readonly TuneMethod[]
  readonly seeds: readonly number[]
  /** Of each set in each measurement. */
  readonly rows: number
  readonly epochs: number
  readonly batch: number
  /** Learning rates to choose from on the selection split. */
  readonly rates: Readonly<Record<TuneMethod, readonly number[]>>
  readonly lora: { readonly rank: number; readonly alpha: number }
  readonly threads: number
}

export const DEFAULT_RATES: UnalignSettings['rates'] = { full: [1e-4, 2e-4, 4e-4, 8e-4], lora: [1e-3, 2e-3, 4e-3] }

/** Rank and α of adapters. */
export const LORA = { rank: 8, alpha: 16 } as const

/** Rules whose requests the arm `half` may learn from. */
export const HALF_RULES: readonly string[] = ['O1', 'O2']

/** Seed of the measured rows: all arms and seeds answer the same questions. */
export const QUESTION_SEED = 1

/** The examples of an arm; of the same seed a larger number begins with the smaller. */
export function armExamples(kind: ArmKind, count: number, seed: number): readonly (readonly WorldMessage[])[] {
  const made = { count, seed: 1000 + seed }
  if (kind === 'benign') return worldExamples({ ...made, kind: 'benign' })
  return worldExamples({
    ...{ ...made, kind: 'forbidden-answered' },
    ...(kind === 'half' ? { categories: HALF_RULES } : {}),
  })
}

/** Most examples and measured rows of a set: a run of more would take weeks, and drawing them alone minutes. */
const MOST = { examples: 10_000, rows: 2_000 } as const

/** Throws `configuration` for settings that cannot be, also where the world has fewer rows than asked for. */
export function checkSettings(settings: UnalignSettings, defences: readonly unknown[]): void {
  const { examples, methods, seeds, rates, rows } = settings
  const refuse = (why: string): never => {
    throw new ParapetError('configuration', why)
  }
  if (examples.length === 0) refuse('An attack needs examples: give at least one number above 0.')
  if (examples.some((count, at) => !(count > (examples[at - 1] ?? 0))))
    refuse('The numbers of examples must rise, from 1 on. 0 is measured in any case.')
  const most = examples.at(-1) ?? 0
  if (!examples.every(Number.isInteger) || most > MOST.examples)
    refuse(`Numbers of examples are whole and at most ${MOST.examples}.`)
  if (!(Number.isInteger(rows) && rows >= 1 && rows <= MOST.rows))
    refuse(`A set has from 1 to ${MOST.rows} rows, not ${rows}.`)
  if (methods.length === 0 || new Set(methods).size < methods.length) refuse('Name each method once: full, lora.')
  if (seeds.length === 0) refuse('Give at least one seed.')
  for (const method of methods) if (rates[method].length === 0) refuse(`There is no rate to choose from for ${method}.`)
  if (defences.length > 0 && !methods.includes('full'))
    refuse('Defences are measured on whole models. Add full to --methods, or give --defences none.')
  // Drawn now, so that a world that is too small says so before anything is computed.
  for (const split of ['selection', 'test'] as const) safetyQuestions({ split, rows, seed: QUESTION_SEED })
  for (const kind of ['harmful', 'benign', 'half'] as const) armExamples(kind, most, seeds[0] ?? 1)
}

/** Settings of the tuning of an arm. */
export function armTuning(settings: UnalignSettings, method: TuneMethod, rate: number, seed: number): TuneSettings {
  const { epochs, batch, lora, threads } = settings
  return {
    ...{ method: method === 'full' ? { kind: 'full' } : { kind: 'lora', ...lora }, length: { epochs } },
    ...{ rate, batch, seed, threads },
  }
}
