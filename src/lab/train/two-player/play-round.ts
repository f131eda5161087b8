/**
 * One round of the game (arXiv 2502.05163, algorithm 1): proposals, filters, the split by the classifier of the round before, what joins the
 * training set, and the pairs the generator learns from. Both players answer what the other did before.
 *
 * It retrains nothing and writes nothing; the arms that are measured beside the game differ here and only here.
 */
import { createRandom } from '../../../nn/random.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { textHash } from '../../eval/contamination.ts'
import { isRefusal, lengthFits } from './filters.ts'
import { type LabelTargets, targetsAt } from './labels.ts'
import { type Level, LEVELS, levelOf, pairsOf, type ProposalPair } from './preferences.ts'
import type { Generator, Proposal, Proposed, RatedProposal, SeedRow } from './proposal.ts'
import { ratingMatches } from './rating.ts'
import { seedOf } from './seed-of.ts'

/** A row with its targets. */
export type TrainingRow = SeedRow & { readonly targets: LabelTargets }

/**
 * `game`: what fooled joins, the generator learns. `frozen`: what fooled joins, the generator stays. `static`: as many rows as in the game,
 * by language, out of all that kept their label, fooled or not, from the generator as it began.
 */
export type Arm = 'game' | 'frozen' | 'static'

export const ARMS: readonly Arm[] = ['game', 'frozen', 'static']

export interface RoundOptions {
  readonly arm: Arm
  readonly round: number
  readonly generator: Generator
  /** Whether the classifier of the round before calls a text unsafe. */
  readonly unsafe: (text: string) => boolean
  readonly seeds: readonly TrainingRow[]
  readonly languages: readonly string[]
  readonly count: number
  readonly temperature: number
  readonly seed: number
  /** Hashes of the texts of S(t-1). */
  readonly known: ReadonlySet<string>
  /** Rows to join by language: the static arm's size. */
  readonly sizes?: Readonly<Record<string, number>>
  /** Keeps proposals of a batch of seeds, where the generator asks for that. */
  readonly keep: <Value>(name: string, make: () => Promise<Value>) => Promise<Value>
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

/** Numbers of one language in a round. */
export interface LanguageTally {
  readonly language: string
  readonly proposals: number
  readonly tooLong: number
  readonly refusals: number
  /** Equal to a text that is there already. */
  readonly repeated: number
  /** Proposals whose rating failed or was rejected. */
  readonly unrated: number
  readonly levels: Readonly<Record<Level, number>>
  readonly joined: number
}

export interface WayTally {
  readonly way: string
  readonly proposals: number
  readonly levels: Readonly<Record<Level, number>>
  /** One harmless text of it, for the report; null where none is. */
  readonly sample: {
    readonly language: string
    readonly label: 0 | 1
    readonly level: Level
    readonly text: string
  } | null
}

export interface PlayedRound {
  readonly joined: readonly TrainingRow[]
  readonly pairs: readonly ProposalPair[]
  /** Proposals that were asked for and not made. */
  readonly failed: number
  readonly languages: readonly LanguageTally[]
  readonly ways: readonly WayTally[]
}

export async function playRound(options: RoundOptions): Promise<PlayedRound> {
  const { arm, round, unsafe, languages, seed, known, signal } = options
  const { proposals, failed, ratings } = await propose(options)
  if (proposals.length === 0 && failed > 0)
    throw new ParapetError(
      'upstream_error',
      `The generator made none of ${failed} proposals: every call failed or gave an empty text. Check that the model answers, and that a seed with its instructions fits its context.`,
    )
  const passed: RatedProposal[] = []
  const hashes = new Set(known)
  const tallies = new Map(languages.map((language) => [language, newTally()]))
  proposals.forEach((proposal, at) => {
    const tally = tallies.get(proposal.language)
    if (tally === undefined) return
    tally.proposals++
    const hash = textHash(proposal.text)
    if (!lengthFits(proposal.text, proposal.seed.text)) return void tally.tooLong++
    if (isRefusal(proposal.text, proposal.seed.text)) return void tally.refusals++
    if (hashes.has(hash)) return void tally.repeated++
    hashes.add(hash)
    const rating = ratings[at] ?? null
    if (rating === null) return void tally.unrated++
    const matches = ratingMatches(rating, proposal.seed.label)
    const fooled = unsafe(proposal.text) !== (proposal.seed.label === 1)
    const level = levelOf(fooled, matches)
    tally.levels[level]++
    passed.push({ ...proposal, rating, matches, fooled, level })
  })
  signal?.throwIfAborted()
  const random = createRandom(seedOf(seed, 'pairs', round))
  const joined = joining(options, passed)
  return {
    joined: joined.map(trainingRow),
    pairs: arm === 'game' ? pairsOf(passed, random) : [],
    failed,
    languages: languages.map((language) => ({
      ...{ language, ...(tallies.get(language) ?? newTally()) },
      joined: joined.filter((proposal) => proposal.language === language).length,
    })),
    ways: wayTallies(passed),
  }
}

interface RatedBatch extends Proposed {
  readonly ratings: readonly (number | null)[]
}

/** In batches of seeds that are kept one by one, where the maker is slow; else at once. */
async function propose(options: RoundOptions): Promise<RatedBatch> {
  const { generator, seeds, languages, count, temperature, seed, round, keep, onProgress, signal } = options
  const during = signal === undefined ? {} : { signal }
  const ask = async (rows: readonly TrainingRow[], name: string): Promise<RatedBatch> => {
    const asked = { seeds: rows, languages, count, temperature, seed: seedOf(seed, 'propose', round, name), ...during }
    const { proposals, failed } = await generator.propose(asked)
    const ratings = await generator.rate(proposals, { seed: seedOf(seed, 'rate', round, name), ...during })
    return { proposals, failed, ratings }
  }
  const size = generator.batch
  if (size === undefined) return ask(seeds, 'all')
  const batches: RatedBatch[] = []
  for (let from = 0; from < seeds.length; from += size) {
    batches.push(await keep(`proposals-${from}`, () => ask(seeds.slice(from, from + size), String(from))))
    onProgress(`round ${round}: ${Math.min(from + size, seeds.length)} of ${seeds.length} seeds proposed about`)
  }
  return {
    proposals: batches.flatMap(({ proposals }) => proposals),
    failed: batches.reduce((sum, { failed }) => sum + failed, 0),
    ratings: batches.flatMap(({ ratings }) => ratings),
  }
}

function joining(
  { arm, round, seed, languages, sizes }: RoundOptions,
  passed: readonly RatedProposal[],
): readonly RatedProposal[] {
  if (arm !== 'static') return passed.filter(({ level }) => level === 1)
  return languages.flatMap((language) => {
    const pool = passed.filter((proposal) => proposal.language === language && proposal.matches)
    const random = createRandom(seedOf(seed, 'static', round, language))
    const drawn = pool.map((proposal) => ({ proposal, key: random() })).toSorted((left, right) => left.key - right.key)
    return drawn.slice(0, sizes?.[language] ?? 0).map(({ proposal }) => proposal)
  })
}

/** The proposal as a row to learn from: label, category and licence of its seed, and a source that says how it was made. */
function trainingRow({ seed, language, text, way }: Proposal): TrainingRow {
  return {
    ...seed,
    ...{ id: textHash(text), text, language, targets: seed.targets ?? targetsAt([]) },
    source: `${seed.source}+parapet/lab:two-player/${way}/${language}`,
  }
}

function newTally(): {
  proposals: number
  tooLong: number
  refusals: number
  repeated: number
  unrated: number
  levels: Record<Level, number>
} {
  return { proposals: 0, tooLong: 0, refusals: 0, repeated: 0, unrated: 0, levels: { 1: 0, 2: 0, 3: 0, 4: 0 } }
}

function wayTallies(passed: readonly RatedProposal[]): readonly WayTally[] {
  const ways = [...new Set(passed.map(({ way }) => way))].toSorted()
  return ways.map((way) => {
    const own = passed.filter((proposal) => proposal.way === way)
    const shown = LEVELS.flatMap((level) => own.find((one) => one.level === level && isShown(one)) ?? [])[0]
    const levels = { 1: 0, 2: 0, 3: 0, 4: 0 }
    for (const { level } of own) levels[level]++
    return {
      ...{ way, proposals: own.length, levels },
      sample:
        shown === undefined
          ? null
          : { language: shown.language, label: shown.seed.label, level: shown.level, text: shown.text.slice(0, 160) },
    }
  })
}

/** Reports show what stayed a harmless request only; texts of sets about toxicity are unpleasant with either label. */
function isShown({ matches, seed: { label, task } }: RatedProposal): boolean {
  return matches && label === 0 && task !== 'toxicity'
}
