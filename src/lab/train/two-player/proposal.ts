/**
 * What passes between the two players: seeds, proposals, and the interface that every generator has, be it a chat model behind an engine,
 * a decoder trained here, or a policy over transforms. Types only.
 */
import type { Task } from '../records.ts'
import type { LabelTargets } from './labels.ts'
import type { Level, ProposalPair } from './preferences.ts'

/** A labelled text of S(0) that is proposed about, or one of any S(t) that is learnt from. */
export interface SeedRow {
  /** Of the text and its source; the same in every run. */
  readonly id: string
  readonly text: string
  readonly language: string
  readonly label: 0 | 1
  readonly task: Task
  /** The source's own names. */
  readonly categories: readonly string[]
  /** Null for a harmful text of no known category until one is found for it. */
  readonly targets: LabelTargets | null
  readonly source: string
  readonly licence: string
}

/** A new text in a language with, so it is hoped, the label of its seed. */
export interface Proposal {
  readonly seed: SeedRow
  readonly language: string
  readonly text: string
  /** How it was made: the name of a transform, or of the model. */
  readonly way: string
  /** What the generator needs to learn from it or to rate it. JSON. */
  readonly note?: unknown
}

/** A proposal with the rater's opinion. */
export interface RatedProposal extends Proposal {
  /** Null where the rater failed or was rejected. */
  readonly rating: number | null
  readonly matches: boolean
  /** Whether the classifier of the round before says something else than the seed's label. */
  readonly fooled: boolean
  readonly level: Level
}

/** What is asked for in a round. */
export interface ProposeOptions {
  readonly seeds: readonly SeedRow[]
  readonly languages: readonly string[]
  /** Proposals of each seed and language. */
  readonly count: number
  readonly temperature: number
  /** Decides all that is drawn. */
  readonly seed: number
  readonly signal?: AbortSignal
}

/** Proposals, and how many asked-for ones failed: a failure is never a proposal. */
export interface Proposed {
  readonly proposals: readonly Proposal[]
  readonly failed: number
}

export interface LearnOptions {
  readonly round: number
  readonly seed: number
  readonly signal?: AbortSignal
}

/** Figures of an update, by name, for the report. */
export type LearnFigures = Readonly<Record<string, number>>

/** One player. */
export interface Generator {
  readonly id: string
  /** How its proposals are rated, in words for the report. */
  readonly rater: string
  /** Whether `learn` changes it here; if not, pairs are only written down. */
  readonly learns: boolean
  /** Seeds after which proposals are kept on disk, for makers that are slow or cost money; kept by the round if absent. */
  readonly batch?: number
  propose(options: ProposeOptions): Promise<Proposed>
  /** Ratings by the un-tuned base, in order; null where the rater failed. */
  rate(
    proposals: readonly Proposal[],
    options: { readonly seed: number; readonly signal?: AbortSignal },
  ): Promise<readonly (number | null)[]>
  /** One update on the pairs of a round. */
  learn(pairs: readonly ProposalPair[], options: LearnOptions): Promise<LearnFigures>
  /** All that an update changed, as JSON; `restore` puts it back. */
  state(): unknown
  restore(state: unknown): void
  /** For the report: probabilities of ways by language and label; empty where they are not known in closed form. */
  probabilities(): readonly WayProbabilities[]
  dispose(): Promise<void>
}

export interface WayProbabilities {
  readonly language: string
  readonly label: 0 | 1
  readonly ways: readonly { readonly way: string; readonly before: number; readonly now: number }[]
}

/**
 * Makes the generator of one arm and seed. `baseScore` is the probability of harm by the un-tuned classifier, the one of round 0, for
 * generators that have no judgement of their own.
 */
export type GeneratorFactory = (context: {
  readonly seed: number
  /** English rows of S(0), for generators that are taught before the game. */
  readonly seeds: readonly SeedRow[]
  readonly baseScore: (text: string) => number
  readonly signal?: AbortSignal
}) => Promise<Generator>
