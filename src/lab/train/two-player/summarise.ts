/**
 * From the scores of all rounds to what is claimed: the course of each language over rounds by arm, the gap to English, the game against static
 * augmentation, and sentences that say shown, not shown or the opposite, by intervals.
 */
import type { RunStore } from '../../jobs/run-store.ts'
import { inPercent, inPoints } from '../../eval/report/numbers.ts'
import { type Cell, differenceOf, type Estimate, estimateOf, resampledMean, type Resampled } from './compare-rounds.ts'
import type { LanguageSet } from './measure-languages.ts'
import type { Arm } from './play-round.ts'
import { type KeptScores, scoresName } from './two-player-arm.ts'
import type { ArmRecord, LanguageCourse, RoundRecord, SetCourse, TwoPlayerRun } from './two-player-run.ts'

export interface SummariseOptions {
  readonly records: readonly ArmRecord[]
  readonly sets: readonly LanguageSet[]
  /** Names of sets by which settings were chosen: no part of a language's mean. */
  readonly selection: readonly string[]
  readonly store: RunStore
  readonly languages: readonly string[]
  /** Whether the sets are the held-out rows, for want of others. */
  readonly onHeldOut: boolean
}

export function summarise(options: SummariseOptions): Pick<TwoPlayerRun, 'course' | 'bySet' | 'conclusions'> {
  const { records, sets, languages } = options
  const arms = [...new Set(records.map(({ arm }) => arm))]
  const means = new Map<string, Map<Arm, readonly Resampled[]>>()
  for (const language of languages) {
    const places = headlinePlaces(options, language)
    if (places.length === 0) continue
    means.set(language, new Map(arms.map((arm) => [arm, roundsOf(options, arm, language, places)])))
  }
  const english = means.get('en')
  const course = [...means].map(([language, byArm]): LanguageCourse => {
    const places = headlinePlaces(options, language)
    return {
      language,
      sets: places.map((place) => sets[place]?.set ?? ''),
      arms: [...byArm].map(([arm, rounds]) => ({
        ...{ arm, rounds: rounds.map(estimateOf) },
        bySeed: seedMeans(options, arm, places),
        gain: estimateOf(changeOf(rounds)),
        gapChange: language === 'en' || english === undefined ? null : gapChange(english.get(arm) ?? [], rounds),
      })),
      ...advantages(byArm),
    }
  })
  return {
    course,
    bySet: sets.map((_, place) => setCourse(options, place, arms)),
    conclusions: [headlineOf(course, options.onHeldOut), ...conclusionsOf(course)],
  }
}

/** The game over each of its controls, at the last round. */
function advantages(byArm: ReadonlyMap<Arm, readonly Resampled[]>): Pick<SetCourse, 'overStatic' | 'overFrozen'> {
  const game = byArm.get('game')?.at(-1)
  const over = (arm: Arm): Estimate | null => {
    const control = byArm.get(arm)?.at(-1)
    return game === undefined || control === undefined ? null : estimateOf(differenceOf(game, control))
  }
  return { overStatic: over('static'), overFrozen: over('frozen') }
}

function setCourse(options: SummariseOptions, place: number, arms: readonly Arm[]): SetCourse {
  const { set, language } = options.sets[place] as LanguageSet
  const byArm = new Map(
    arms.map((arm) => {
      const rounds = options.records.find((record) => record.arm === arm)?.rounds ?? []
      const ends = [rounds[0], rounds.at(-1)].flatMap((round) => round ?? [])
      return [arm, roundsOf(options, arm, language, [place], ends)]
    }),
  )
  return {
    ...{ set, language, selection: options.selection.includes(set), ...advantages(byArm) },
    arms: [...byArm].flatMap(([arm, rounds]) => {
      const [first, last] = [rounds[0], rounds.at(-1)]
      if (first === undefined || last === undefined) return []
      const gain = estimateOf(differenceOf(last, first))
      return [{ arm, first: estimateOf(first), last: estimateOf(last), gain }]
    }),
  }
}

/** Sets of prompts by which nothing was chosen; all such sets where there are none of prompts. */
function headlinePlaces({ sets, selection }: SummariseOptions, language: string): readonly number[] {
  const own = sets.flatMap((one, place) => (one.language === language && !selection.includes(one.set) ? [place] : []))
  const prompts = own.filter((place) => sets[place]?.task === 'prompt_harm')
  return prompts.length > 0 ? prompts : own
}

function roundsOf(
  options: SummariseOptions,
  arm: Arm,
  language: string,
  places: readonly number[],
  rounds: readonly RoundRecord[] = options.records.find((record) => record.arm === arm)?.rounds ?? [],
): readonly Resampled[] {
  const { records, sets } = options
  return rounds.map(({ round }) => {
    const scores = seedsOf(records, arm).map((seed) => {
      const kept = scoresAt(options, arm, seed, round)
      return places.map((place) => kept[place] ?? [])
    })
    const cell: Cell = { sets: places.flatMap((place) => sets[place] ?? []), scores }
    return resampledMean(cell, language)
  })
}

/** By seed, then by round. */
function seedMeans(options: SummariseOptions, arm: Arm, places: readonly number[]): readonly (readonly number[])[] {
  const { records, sets } = options
  return seedsOf(records, arm).map((seed) => {
    const { rounds = [] } = records.find((record) => record.arm === arm && record.seed === seed) ?? {}
    return rounds.map(({ figures, heldOut }) => {
      const all = options.onHeldOut ? heldOut : figures
      const values = places.flatMap((place) => {
        const { set, language } = sets[place] as LanguageSet
        return all.find((one) => one.set === set && one.language === language)?.averagePrecision.value ?? []
      })
      return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
    })
  })
}

function seedsOf(records: readonly ArmRecord[], arm: Arm): readonly number[] {
  return records.filter((record) => record.arm === arm).map(({ seed }) => seed)
}

function scoresAt({ store, onHeldOut }: SummariseOptions, arm: Arm, seed: number, round: number): KeptScores['sets'] {
  const kept = store.read<KeptScores>(scoresName(arm, seed, round))
  return (onHeldOut ? kept?.heldOut : kept?.sets) ?? []
}

function changeOf(rounds: readonly Resampled[]): Resampled {
  const [first, last] = [rounds[0], rounds.at(-1)]
  if (first === undefined || last === undefined) throw new RangeError('an arm has at least round 0')
  return differenceOf(last, first)
}

function gapChange(english: readonly Resampled[], own: readonly Resampled[]): Estimate {
  return estimateOf(differenceOf(changeOf(english), changeOf(own)))
}

/** The paper's claim in one sentence: other languages rise, the gap to English shrinks, English does not fall; each shown or not. */
export function headlineOf(course: readonly LanguageCourse[], onHeldOut: boolean): string {
  const games = course.flatMap(({ language, arms, overStatic, overFrozen }) => {
    const game = arms.find(({ arm }) => arm === 'game') ?? arms[0]
    return game === undefined ? [] : [{ language, overStatic, overFrozen, ...game }]
  })
  const named = (wanted: (one: (typeof games)[number]) => boolean): string =>
    games
      .filter(wanted)
      .map(({ language }) => language)
      .join(', ') || 'none'
  const foreign = games.filter(({ language }) => language !== 'en').map(({ language }) => language)
  const english = games.find(({ language }) => language === 'en')
  const playedFrozen = games.some(({ overFrozen }) => overFrozen !== null)
  const parts = [
    `Of ${foreign.join(', ')}, a rise of average precision over the rounds is shown for ${named(({ language, gain }) => language !== 'en' && gain.interval.low > 0)}`,
    `a smaller gap to English for ${named(({ gapChange: gap }) => gap !== null && gap.interval.high < 0)}`,
    `more than static augmentation of equal size for ${named(({ overStatic }) => overStatic !== null && overStatic.interval.low > 0)}`,
    ...(playedFrozen
      ? [
          `more than with a generator that does not learn for ${named(({ overFrozen }) => overFrozen !== null && overFrozen.interval.low > 0)}`,
        ]
      : []),
  ]
  const where = onHeldOut
    ? ' Measured on held-out training rows: no sets were given, so nothing is shown about other data.'
    : ''
  const others = foreign.length === 0 ? 'No language but English was measured.' : `${parts.join('; ')}.`
  return `${others}${english === undefined ? '' : ` English: ${verdict(english.gain, true)}.`}${where}`
}

function conclusionsOf(course: readonly LanguageCourse[]): readonly string[] {
  return course.flatMap(({ language, arms, overStatic, overFrozen }) => {
    const game = arms.find(({ arm }) => arm === 'game') ?? arms[0]
    if (game === undefined) return []
    const { rounds, gain, gapChange: gap } = game
    const [first, last] = [rounds[0]?.value ?? null, rounds.at(-1)?.value ?? null]
    return [
      `${language}: average precision ${inPercent(first)} % on the seed alone, ${inPercent(last)} % after ${rounds.length - 1} rounds (${pointsOf(gain)}): ${verdict(gain, language === 'en')}.`,
      ...(gap === null ? [] : [`${language}: the gap to English changed by ${pointsOf(gap)}: ${gapVerdict(gap)}.`]),
      ...(overStatic === null
        ? []
        : [
            `${language}: the game over static augmentation of equal size ${pointsOf(overStatic)}: ${controlVerdict(overStatic)}.`,
          ]),
      ...(overFrozen === null
        ? []
        : [
            `${language}: the game over the same with a frozen generator ${pointsOf(overFrozen)}: ${controlVerdict(overFrozen)}.`,
          ]),
    ]
  })
}

function pointsOf({ value, interval }: Estimate): string {
  return `${inPoints(value)} points, 95 % interval ${inPoints(interval.low)} to ${inPoints(interval.high)}`
}

function verdict({ interval }: Estimate, english: boolean): string {
  if (interval.low > 0) return 'a rise is shown'
  if (interval.high < 0) return 'it fell'
  return english ? 'neither rise nor fall is shown' : 'no rise is shown'
}

function gapVerdict({ interval }: Estimate): string {
  if (interval.high < 0) return 'it shrank'
  return interval.low > 0 ? 'it grew' : 'no change is shown'
}

function controlVerdict({ interval }: Estimate): string {
  if (interval.low > 0) return 'the game is better'
  return interval.high < 0 ? 'the game is worse' : 'no difference is shown'
}
