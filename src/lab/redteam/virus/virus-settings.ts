/** All that decides a run, with the defaults that were chosen on the selection split, and the checks of what comes from outside. */
import { ParapetError } from '../../../spec/errors.ts'
import type { LadderSettings } from './arms.ts'
import { TUNED, type Tuned } from './trained-layers.ts'

export interface VirusSettings extends LadderSettings {
  readonly seeds: readonly number[]
  /** Of the search: tokens a place, swaps scored a step, steps. */
  readonly topK: number
  readonly candidates: number
  readonly steps: number
  /** What the service tunes. */
  readonly tuned: Tuned
  /** Of its tuning. */
  readonly epochs: number
  readonly rate: number
  readonly batch: number
  /** Updates of the decoder guard. */
  readonly guardSteps: number
  /** Rows of each set of a measurement, and the split they are of. */
  readonly measured: number
  readonly split: 'selection' | 'test'
}

export const VIRUS_SETTINGS: VirusSettings = {
  ...{ seeds: [1, 2, 3], rows: 100, ratio: 0.4, lambda: 0.7, lambdas: [], ratios: [], sizes: [] },
  ...{ topK: 32, candidates: 32, steps: 8 },
  ...{ tuned: 'all', epochs: 3, rate: 1e-3, batch: 10, guardSteps: 60, measured: 60, split: 'test' },
}

/** Throws `configuration` for settings that cannot be, and says which. */
export function checkSettings(settings: VirusSettings): void {
  const refuse = (why: string): never => {
    throw new ParapetError('configuration', why)
  }
  const { lambda, lambdas, ratio, ratios, rows, sizes, seeds, epochs, rate } = settings
  for (const value of [lambda, ...lambdas])
    if (!(value >= 0 && value <= 1)) refuse(`λ is a share from 0 to 1, not ${value}.`)
  if (lambda === 0 || lambda === 1) refuse('λ of Virus lies between 0 and 1; both ends are in the ladder anyway.')
  for (const value of [ratio, ...ratios])
    if (!(value > 0 && value < 1)) refuse(`The share of poison lies between 0 and 1, not at ${value}.`)
  for (const [n, p] of [...[rows, ...sizes].map((n) => [n, ratio]), ...ratios.map((p) => [rows, p])] as const)
    if (!(Number.isInteger(n) && (n ?? 0) >= 2 && Math.round((n ?? 0) * (p ?? 0)) >= 1))
      refuse(`Of ${n} conversations a share of ${p} is no poison at all. Upload more, or a larger share.`)
  if (seeds.length === 0 || new Set(seeds).size < seeds.length) refuse('Name at least one seed, and none twice.')
  for (const name of ['topK', 'candidates', 'steps', 'batch', 'guardSteps', 'measured'] as const)
    if (!(Number.isInteger(settings[name]) && settings[name] >= 1))
      refuse(`${name} is a whole number from 1, not ${settings[name]}.`)
  if (!TUNED.includes(settings.tuned)) refuse(`What is tuned is ${TUNED.join(' or ')}, not ${settings.tuned}.`)
  if (!(epochs > 0 && epochs < Infinity && rate > 0 && rate < Infinity))
    refuse('Epochs and learning rate of the tuning are numbers above 0.')
}
