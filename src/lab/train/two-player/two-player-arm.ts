/**
 * One arm of one seed, round by round: play, join, retrain from scratch, measure, let the generator learn. What a round left is read back
 * from the store, where there is something, and then nothing is trained until it is needed.
 */
import type { RunStore } from '../../jobs/run-store.ts'
import { textHash } from '../../eval/contamination.ts'
import { createRandom } from '../../../nn/random.ts'
import { shuffled } from '../../align/pairs.ts'
import { type ClassifierSettings, type LabelClassifier, trainLabelClassifier } from './label-classifier.ts'
import { figuresOf, type LanguageFigures, type LanguageSet, scoresOf } from './measure-languages.ts'
import { type Arm, playRound, type TrainingRow } from './play-round.ts'
import type { ProposalPair } from './preferences.ts'
import type { Generator, GeneratorFactory, LearnFigures } from './proposal.ts'
import { seedOf } from './seed-of.ts'
import type { RoundRecord, TwoPlayerRun } from './two-player-run.ts'

export interface ArmData {
  readonly rows: readonly TrainingRow[]
  readonly found: number
  readonly heldOut: readonly LanguageSet[]
}

export interface ArmOptions {
  readonly arm: Arm
  readonly seed: number
  readonly data: ArmData
  readonly settings: ClassifierSettings
  readonly sets: readonly LanguageSet[]
  readonly store: RunStore
  /** Rows that joined in each round of the game, by language; the game fills it. */
  readonly sizes: Map<number, Readonly<Record<string, number>>>
  readonly make: GeneratorFactory
  readonly evaluated: ReadonlySet<string>
  readonly languages: readonly string[]
  readonly rounds: number
  readonly seedsPerRound: number
  readonly count: number
  readonly temperature: number
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

/** A pair as it is written down. */
export type KeptPair = Pick<ProposalPair['chosen'], 'language'> & {
  readonly seed: Pick<TrainingRow, 'text' | 'label'>
  readonly chosen: string
  readonly rejected: string
}

/** What the store keeps of a round. */
interface KeptRound {
  readonly record: RoundRecord
  readonly joined: readonly TrainingRow[]
  readonly pairs: readonly KeptPair[]
  readonly state: unknown
  readonly leftOut: number
}

export interface ArmResult {
  readonly rounds: readonly RoundRecord[]
  readonly added: readonly TrainingRow[]
  readonly pairs: readonly KeptPair[]
  readonly leftOut: number
  readonly generator: TwoPlayerRun['generator']
}

/** Name of the scores that a round left in the store; round 0 is the same for all arms of a seed. */
export function scoresName(arm: Arm, seed: number, round: number): string {
  return round === 0 ? `seed-${seed}/start/scores` : `seed-${seed}/${arm}/round-${round}/scores`
}

/** Scores by set of what is evaluated, and of the held-out rows. */
export interface KeptScores {
  readonly sets: readonly (readonly number[])[]
  readonly heldOut: readonly (readonly number[])[]
}

export class TwoPlayerArm {
  readonly #options: ArmOptions
  readonly #classifiers = new Map<number, LabelClassifier>()
  /** By round: what S(t) has beyond S(t-1). */
  readonly #joined: (readonly TrainingRow[])[] = []

  constructor(options: ArmOptions) {
    this.#options = options
  }

  async run(): Promise<ArmResult> {
    const { arm, seed, rounds, sizes, store, onProgress, signal, make } = this.#options
    const generator = await make({
      seed: seedOf(seed, 'generator'),
      seeds: this.#english(),
      baseScore: (text) => this.#classifier(0).decide(text).score,
      ...(signal === undefined ? {} : { signal }),
    })
    try {
      const kept: KeptRound[] = []
      const start = await store.once(`seed-${seed}/start/record`, () => Promise.resolve(this.#measured(0)))
      for (let round = 1; round <= rounds; round++) {
        signal?.throwIfAborted()
        const name = `seed-${seed}/${arm}/round-${round}/round`
        const known = store.read<KeptRound>(name)
        const one = known ?? (await this.#play(generator, round))
        if (known === undefined) store.write(name, one)
        generator.restore(one.state)
        this.#joined[round] = one.joined
        if (arm === 'game')
          sizes.set(round, Object.fromEntries(one.record.languages.map(({ language, joined }) => [language, joined])))
        onProgress(`seed ${seed}, ${arm}, round ${round}: ${one.joined.length} rows joined, ${one.record.rows} in all`)
        kept.push(one)
      }
      return {
        rounds: [start, ...kept.map(({ record }) => record)],
        added: this.#joined.flat(),
        pairs: kept.flatMap(({ pairs }) => pairs),
        leftOut: kept.reduce((sum, one) => sum + one.leftOut, 0),
        generator: { id: generator.id, rater: generator.rater, learns: generator.learns },
      }
    } finally {
      await generator.dispose()
    }
  }

  async #play(generator: Generator, round: number): Promise<KeptRound> {
    const { arm, seed, data, sizes, store, evaluated, languages, count, temperature, onProgress, signal } =
      this.#options
    const before = this.#classifier(round - 1)
    const own = sizes.get(round)
    const played = await playRound({
      ...{ arm, round, generator, languages, count, temperature, seed, onProgress },
      unsafe: (text) => before.decide(text).unsafe,
      seeds: this.#seedsOf(round),
      known: new Set(this.#rowsOf(round - 1).map(({ text }) => textHash(text))),
      keep: (name, make) => store.once(`seed-${seed}/${arm}/round-${round}/${name}`, make),
      ...(own === undefined ? {} : { sizes: own }),
      ...(signal === undefined ? {} : { signal }),
    })
    const isFree = ({ text }: { readonly text: string }): boolean => !evaluated.has(textHash(text))
    const joined = played.joined.filter(isFree)
    // Pairs are learnt from as much as rows are.
    const pairs = played.pairs.filter(({ chosen, rejected }) => isFree(chosen) && isFree(rejected))
    this.#joined[round] = joined
    const during = signal === undefined ? {} : { signal }
    const learnt: LearnFigures =
      arm === 'game' && generator.learns
        ? await generator.learn(pairs, { round, seed: seedOf(seed, 'learn', round), ...during })
        : {}
    onProgress(
      `seed ${seed}, ${arm}, round ${round}: training on ${data.rows.length + this.#joined.flat().length} rows`,
    )
    const record: RoundRecord = {
      ...this.#measured(round),
      ...{ failed: played.failed, ways: played.ways, learnt },
      languages: played.languages.map((one) => ({
        ...one,
        joined: joined.filter(({ language }) => language === one.language).length,
      })),
      pairs: {
        total: pairs.length,
        level2: pairs.filter(({ level }) => level === 2).length,
        level3: pairs.filter(({ level }) => level === 3).length,
      },
      probabilities: generator.probabilities(),
    }
    return {
      ...{ record, joined, state: generator.state(), leftOut: played.joined.length - joined.length },
      pairs: pairs.map(({ chosen, rejected }) => ({
        language: chosen.language,
        seed: { text: chosen.seed.text, label: chosen.seed.label },
        ...{ chosen: chosen.text, rejected: rejected.text },
      })),
    }
  }

  /** Trains on S(t), keeps the scores, and says the figures. */
  #measured(round: number): RoundRecord {
    const { arm, seed, sets, data, store } = this.#options
    const classifier = this.#classifier(round)
    const scoreOf = (text: string): number => classifier.decide(text).score
    const measureAll = (
      all: readonly LanguageSet[],
    ): { scores: readonly (readonly number[])[]; figures: readonly LanguageFigures[] } => {
      const scores = all.map((set) => scoresOf(scoreOf, set))
      return { scores, figures: all.map((set, at) => figuresOf(set, scores[at] ?? [], 1)) }
    }
    const [given, heldOut] = [measureAll(sets), measureAll(data.heldOut)]
    store.write(scoresName(arm, seed, round), { sets: given.scores, heldOut: heldOut.scores } satisfies KeptScores)
    const rows = this.#rowsOf(round)
    const mix: Record<string, number> = {}
    for (const { language } of rows) mix[language] = (mix[language] ?? 0) + 1
    return {
      ...{ round, rows: rows.length, mix, failed: 0, languages: [], ways: [], learnt: {}, probabilities: [] },
      pairs: { total: 0, level2: 0, level3: 0 },
      ...{ figures: given.figures, heldOut: heldOut.figures },
    }
  }

  /** Of S(t), from scratch; the last two are remembered. */
  #classifier(round: number): LabelClassifier {
    const known = this.#classifiers.get(round)
    if (known !== undefined) return known
    const { settings, seed } = this.#options
    const trained = trainLabelClassifier(this.#rowsOf(round), settings, seedOf(seed, 'classifier'))
    this.#classifiers.set(round, trained)
    // Round 0 is the un-tuned base that local raters ask.
    for (const old of this.#classifiers.keys()) if (old > 0 && old < round - 1) this.#classifiers.delete(old)
    return trained
  }

  #rowsOf(round: number): readonly TrainingRow[] {
    return [...this.#options.data.rows, ...this.#joined.slice(1, round + 1).flat()]
  }

  #english(): readonly TrainingRow[] {
    return this.#options.data.rows.filter(({ language }) => language === 'en')
  }

  /** English rows that are proposed about in a round, both labels alike; all of them where there are not more. */
  #seedsOf(round: number): readonly TrainingRow[] {
    const { seed, seedsPerRound } = this.#options
    const english = this.#english()
    if (english.length <= seedsPerRound) return english
    const random = createRandom(seedOf(seed, 'seeds', round))
    return ([1, 0] as const).flatMap((label) =>
      shuffled(
        english.filter((row) => row.label === label),
        random,
      ).slice(0, label === 1 ? Math.ceil(seedsPerRound / 2) : Math.floor(seedsPerRound / 2)),
    )
  }
}
