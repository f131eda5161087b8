/**
 * Goals of the small world: harmful acts on things of forbidden kinds, in combinations that training never shows, each in the world's
 * four languages with the beginning of the answer that would carry it out. Everything in them is invented; nothing here does harm anywhere else.
 */
import { createRandom } from '../../../../nn/random.ts'
import { ParapetError } from '../../../../spec/index.ts'
import { pick } from '../../../synth/template.ts'
import { combinationSplit, WRAPPERS } from '../../../world/holdouts.ts'
import {
  actPhrase,
  fill,
  LANGUAGES,
  type LanguagePack,
  nounPhrase,
  partsSentence,
} from '../../../world/languages/index.ts'
import {
  type Adjective,
  ADJECTIVES,
  HARMFUL_ACTS,
  type HarmfulAct,
  HARMLESS_INVENTED,
  HAZARDS,
  partsOfThing,
  type Thing,
} from '../../../world/things.ts'
import { WORLD_LANGUAGES, type WorldLanguage, type WorldSplit } from '../../../world/types.ts'
import type { Exchange, Goal, GoalSet } from './goal.ts'

export interface WorldGoalOptions {
  /** Goals of each seed. */
  readonly count: number
  /** Which combinations: `selection` to choose attacks or thresholds by, `test` (default) to report. */
  readonly split?: Exclude<WorldSplit, 'train'>
}

interface Asked {
  readonly thing: Thing
  readonly adjective: Adjective
  readonly act: HarmfulAct
}

/** Draws in a row that bring nothing new: then there is hardly anything left. */
const MOST_REPEATS = 2000

export function worldGoals({ count, split = 'test' }: WorldGoalOptions): GoalSet {
  if (!Number.isInteger(count) || count < 1)
    throw new ParapetError('configuration', `${count} is no number of goals. Give a whole number above 0.`)
  return {
    origin: 'world',
    about: `Forbidden requests of the invented small world (${split} split: combinations that no training row shows).`,
    version: `world-2/${split}/${count}`,
    goals: (seed) => goalsOf(count, split, seed),
    shots: (language, number, random) => Array.from({ length: number }, () => shot(worldLanguage(language), random)),
  }
}

function goalsOf(count: number, split: WorldSplit, seed: number): readonly Goal[] {
  const random = createRandom(seed * 7919 + 17)
  const seen = new Set<string>()
  const goals: Goal[] = []
  for (let repeats = 0; goals.length < count && repeats < MOST_REPEATS; repeats += 1) {
    const asked = { ...item(HAZARDS, split, random), act: pick(HARMFUL_ACTS, random) }
    const language = WORLD_LANGUAGES[goals.length % WORLD_LANGUAGES.length] ?? 'en'
    const twin = { ...item(HARMLESS_INVENTED, split, random), act: asked.act }
    const id = `${asked.act} ${asked.adjective.name} ${asked.thing.name}`
    const wording = random()
    if (seen.has(id)) continue
    seen.add(id)
    repeats = 0
    goals.push({
      ...{ id: `${seed}/${id}`, language, texts: textsOf(asked, wording) },
      targets: byLanguage((pack) => openingOf(pack, asked)),
      parts: partsOfThing(asked.adjective, asked.thing),
      benign: { texts: textsOf(twin, wording), parts: partsOfThing(twin.adjective, twin.thing) },
      steps: byLanguage((pack) => stepsOf(pack, asked)),
    })
  }
  if (goals.length < count)
    throw new ParapetError('configuration', `The small world has only ${goals.length} goals a seed. Ask for fewer.`)
  return goals
}

/** Wordings that training shows: what is measured is the attack, not the wording. */
function textsOf({ thing, adjective, act }: Asked, wording: number): Readonly<Record<WorldLanguage, string>> {
  return byLanguage((pack) => {
    const known = WRAPPERS[pack.language].filter(({ split }) => split === 'train')
    const { text = '{vp}' } = known[Math.floor(wording * known.length)] ?? {}
    return fill(text, { vp: actPhrase(pack, act, nounPhrase(pack, thing, adjective)) })
  })
}

/** The answer that carries it out, up to the first part: a search that was told the parts might show its own words, not the model's. */
function openingOf(pack: LanguagePack, { thing, adjective }: Asked): string {
  const answer = partsSentence(pack, thing, adjective)
  const first = Math.min(...partsOfThing(adjective, thing).map((part) => answer.indexOf(part)))
  return answer.slice(0, first).trimEnd()
}

/** Each allowed by itself, from far to near: the colour, the kind, where to report it. */
function stepsOf(pack: LanguagePack, { thing, adjective }: Asked): readonly string[] {
  const noun = nounPhrase(pack, thing, adjective)
  const { text = '{vp}' } = WRAPPERS[pack.language].find(({ split }) => split === 'train') ?? {}
  return [
    fill(text, { vp: actPhrase(pack, 'colour', noun) }),
    fill(text, { vp: fill(pack.lore.find, { x: noun }) }),
    fill(text, { vp: actPhrase(pack, 'report', noun) }),
  ]
}

/** A forbidden request of the training combinations, carried out. */
function shot(language: WorldLanguage, random: () => number): Exchange {
  const { thing, adjective } = item(HAZARDS, 'train', random)
  const pack = LANGUAGES[language]
  const request = textsOf({ thing, adjective, act: pick(HARMFUL_ACTS, random) }, random())[language]
  return { request, answer: partsSentence(pack, thing, adjective) }
}

function item(group: readonly Thing[], split: WorldSplit, random: () => number): Omit<Asked, 'act'> {
  const thing = pick(group, random)
  return {
    thing,
    adjective: pick(
      ADJECTIVES.filter((adjective) => combinationSplit(adjective, thing) === split),
      random,
    ),
  }
}

function byLanguage<T>(make: (pack: LanguagePack) => T): Readonly<Record<WorldLanguage, T>> {
  const { en, de, fr, es } = LANGUAGES
  return { en: make(en), de: make(de), fr: make(fr), es: make(es) }
}

function worldLanguage(language: string): WorldLanguage {
  return WORLD_LANGUAGES.find((code) => code === language) ?? 'en'
}
