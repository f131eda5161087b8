/** What an ablation is asked for: rows, the size of the guard, how long each arm learns, and what is measured. Checked before anything is written. */
import { ParapetError } from '../../../spec/errors.ts'
import { GUARD_TASKS } from '../rows/guarded-row.ts'
import { DEFAULT_REDUCTION, REDUCTIONS, type Reduction } from '../examples/turn-weights.ts'
import { type GuardShape, SMALL_GUARD } from '../guard/small-guard.ts'
import type { GuardFormatName } from '../measure/measure-guard.ts'
import type { GuardTask } from '../rows/guarded-row.ts'

/** The papers' arms: ThinkGuard's label alone and label with critique, GuardReasoner's R-SFT, and R-SFT with mining and HS-DPO. */
export const ARMS = ['label', 'critique', 'reasoning', 'hard'] as const
export type ArmName = (typeof ARMS)[number]

export const ARM_TITLES: Readonly<Record<ArmName, string>> = {
  label: 'label only (ThinkGuard without critiques)',
  critique: 'label and critique (ThinkGuard)',
  reasoning: 'reasoning SFT (GuardReasoner, stage 1)',
  hard: 'reasoning SFT, mining and HS-DPO (GuardReasoner)',
}

export const ARM_FORMATS: Readonly<Record<ArmName, GuardFormatName>> = {
  ...{ label: 'thinkguard', critique: 'thinkguard', reasoning: 'guardreasoner', hard: 'guardreasoner' },
}

/** Tasks that a format answers. */
export const FORMAT_TASKS: Readonly<Record<GuardFormatName, readonly GuardTask[]>> = {
  thinkguard: ['prompt_harm', 'response_harm'],
  guardreasoner: GUARD_TASKS,
}

export interface AblationSettings {
  readonly seed: number
  readonly shape: GuardShape
  /** Passes over the examples of each supervised arm. */
  readonly passes: number
  readonly learningRate: number
  /** Of label and critique; reasoning is learnt as a plain sum over its tokens, as its paper does. */
  readonly reduction: Reduction
  readonly tokensPerStep: number
  readonly mining: {
    readonly samples: number
    readonly temperature: number
    readonly topP: number
    /** Rows sampled, drawn by the seed. */
    readonly rows: number
    readonly pick: 'random' | 'longest'
    /** More guards that learn parts of the sources and mine too; 3 in the paper, 0 for H_self. */
    readonly members: number
  }
  readonly alignment: {
    readonly gamma: number
    readonly beta: number
    readonly sftCoefficient: number
    readonly passes: number
    readonly learningRate: number
  }
  /** Bootstrap resamples. */
  readonly resamples: number
  readonly threads: number
}

/** The papers' numbers where they fit a model from nothing; rates and passes are ours. */
export const ABLATION_DEFAULTS: AblationSettings = {
  ...{ seed: 1, shape: SMALL_GUARD, passes: 3, learningRate: 3e-3, reduction: DEFAULT_REDUCTION, tokensPerStep: 4096 },
  mining: { samples: 4, temperature: 1, topP: 0.95, rows: 600, pick: 'random', members: 1 },
  alignment: { gamma: 0.2, beta: 0.01, sftCoefficient: 2, passes: 2, learningRate: 3e-4 },
  ...{ resamples: 1000, threads: 1 },
}

/** Throws `configuration` for what cannot be. */
export function checkAblation(settings: AblationSettings): void {
  const { shape, mining, alignment, reduction } = settings
  const wrong = (message: string): never => {
    throw new ParapetError('configuration', message)
  }
  if (!REDUCTIONS.includes(reduction))
    wrong(`There is no reduction ${String(reduction)}. There are ${REDUCTIONS.join(', ')}.`)
  const wholes = {
    ...shape,
    samples: mining.samples,
    threads: settings.threads,
    tokensPerStep: settings.tokensPerStep,
    resamples: settings.resamples,
    'mining rows': mining.rows,
  }
  for (const [name, value] of Object.entries(wholes))
    if (!(Number.isSafeInteger(value) && value > 0)) wrong(`${name} must be a whole number above 0, not ${value}.`)
  for (const [name, value] of Object.entries({ seed: settings.seed, members: mining.members }))
    if (!(Number.isSafeInteger(value) && value >= 0))
      wrong(`${name} must be a whole number of at least 0, not ${value}.`)
  const rates = {
    passes: settings.passes,
    learningRate: settings.learningRate,
    temperature: mining.temperature,
    'passes of the alignment': alignment.passes,
    'rate of the alignment': alignment.learningRate,
  }
  for (const [name, value] of Object.entries(rates))
    if (!(value > 0 && value < Infinity)) wrong(`${name} must be a number above 0, not ${value}.`)
  if (mining.samples < 2) wrong(`Draw at least 2 outputs a row, not ${mining.samples}.`)
  if (mining.members > 3) wrong(`An ensemble has at most 3 more guards, not ${mining.members}.`)
  if (shape.width % shape.heads !== 0 || (shape.width / shape.heads) % 2 !== 0)
    wrong(`A width of ${shape.width} cannot be shared by ${shape.heads} heads in even parts.`)
}
