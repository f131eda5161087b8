/** What `run.json` of a two-player training holds. Types only. */
import type { Estimate } from './compare-rounds.ts'
import type { ClassifierSettings } from './label-classifier.ts'
import type { LanguageFigures } from './measure-languages.ts'
import type { Arm, LanguageTally, WayTally } from './play-round.ts'
import type { LearnFigures, WayProbabilities } from './proposal.ts'

/** One round of one arm and seed; round 0 is the seed alone. */
export interface RoundRecord {
  readonly round: number
  /** Rows of S(t), and how many of each language. */
  readonly rows: number
  readonly mix: Readonly<Record<string, number>>
  readonly failed: number
  readonly languages: readonly LanguageTally[]
  readonly ways: readonly WayTally[]
  readonly pairs: { readonly total: number; readonly level2: number; readonly level3: number }
  readonly learnt: LearnFigures
  readonly probabilities: readonly WayProbabilities[]
  /** On the sets that were given. */
  readonly figures: readonly LanguageFigures[]
  /** On the held-out tenth of the training rows, for choices. */
  readonly heldOut: readonly LanguageFigures[]
}

export interface ArmRecord {
  readonly arm: Arm
  readonly seed: number
  /** From 0. */
  readonly rounds: readonly RoundRecord[]
}

/** Average precision of a language over sets and seeds. */
export interface LanguageCourse {
  readonly language: string
  /** Sets that the mean is over. */
  readonly sets: readonly string[]
  readonly arms: readonly {
    readonly arm: Arm
    /** From round 0. */
    readonly rounds: readonly Estimate[]
    readonly bySeed: readonly (readonly number[])[]
    /** Last round minus round 0. */
    readonly gain: Estimate
    /** English minus this language, last round minus round 0: below 0 the gap shrank. Null for English or without it. */
    readonly gapChange: Estimate | null
  }[]
  /** The game minus static augmentation at the last round. */
  readonly overStatic: Estimate | null
  /** The game minus the same with a generator that does not learn, at the last round. */
  readonly overFrozen: Estimate | null
}

/** One set by itself, the mean over seeds at the last round. */
export interface SetCourse {
  readonly set: string
  readonly language: string
  /** Whether settings were chosen by it. */
  readonly selection: boolean
  readonly arms: readonly {
    readonly arm: Arm
    readonly first: Estimate
    readonly last: Estimate
    readonly gain: Estimate
  }[]
  readonly overStatic: Estimate | null
  readonly overFrozen: Estimate | null
}

export interface TwoPlayerRun {
  readonly formatVersion: 1
  readonly paper: 'arXiv 2502.05163'
  readonly seeds: readonly number[]
  readonly rounds: number
  readonly languages: readonly string[]
  readonly count: number
  readonly seedsPerRound: number
  readonly temperature: number
  readonly classifier: ClassifierSettings
  readonly generator: { readonly id: string; readonly rater: string; readonly learns: boolean }
  readonly data: {
    readonly files: readonly { readonly name: string; readonly sha256: string }[]
    readonly seedRows: Readonly<Record<string, { readonly harmful: number; readonly harmless: number }>>
    /** Harmful rows whose category a classifier found. */
    readonly found: number
    readonly heldOut: number
  }
  readonly sets: readonly {
    readonly set: string
    readonly language: string
    readonly task: string
    readonly rows: number
    readonly sha256: string
    readonly selection: boolean
  }[]
  /** Rows of all S(T) whose text is one of an evaluated set: they were left out of what joined. */
  readonly leftOut: number
  readonly arms: readonly ArmRecord[]
  readonly course: readonly LanguageCourse[]
  readonly bySet: readonly SetCourse[]
  readonly conclusions: readonly string[]
}
