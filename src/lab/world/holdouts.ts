/**
 * Which combinations, topics, wordings and frames belong to which split. The table is fixed and knows no seed: a model trained with
 * any seed has never seen what the other splits hold out.
 */
import { pick } from '../synth/template.ts'
import { type FrameFamily, LANGUAGES, WRAPPER_FAMILIES, type WrapperFamily } from './languages/index.ts'
import {
  type Adjective,
  ADJECTIVES,
  EVERYDAY_THINGS,
  INVENTED_THINGS,
  KINDS,
  type Thing,
  THINGS_PER_KIND,
} from './things.ts'
import { type HeldOut, type Random, WORLD_LANGUAGES, type WorldLanguage, type WorldSplit } from './types.ts'

/** 32-bit FNV-1a, for the splits of combinations that no table lists (letters, numbers, names, flow steps). */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}

/** 75 % train, 10 % selection, 15 % test, by the text of the combination. */
export function splitByText(text: string): WorldSplit {
  const share = hash(text) % 20
  return share < 15 ? 'train' : share < 17 ? 'selection' : 'test'
}

/**
 * Split of "adjective thing", the same in all languages: of each thing's ten adjectives seven train, one selects, two test.
 */
export function combinationSplit(adjective: Adjective, thing: Thing): WorldSplit {
  const place = [...INVENTED_THINGS, ...EVERYDAY_THINGS].findIndex(({ name }) => name === thing.name)
  const share = (ADJECTIVES.findIndex(({ name }) => name === adjective.name) + 3 * place) % ADJECTIVES.length
  return share < 7 ? 'train' : share === 7 ? 'selection' : 'test'
}

/** Split of a thing as a topic: of each kind's eight invented things the seventh selects, the eighth tests; nouns train. */
export function topicSplit(thing: Thing): WorldSplit {
  const rank = Math.floor(INVENTED_THINGS.findIndex(({ name }) => name === thing.name) / KINDS.length)
  return rank === THINGS_PER_KIND - 2 ? 'selection' : rank === THINGS_PER_KIND - 1 ? 'test' : 'train'
}

export interface Wrapper {
  /** Such as `de/story-0`. */
  readonly id: string
  readonly text: string
  readonly split: WorldSplit
  /** What it holds out of requests; absent where it trains. */
  readonly heldOut?: 'template' | 'family'
}

/** Every language's wordings. Each language keeps another family for test and for selection, and one wording of two others. */
export const WRAPPERS: Readonly<Record<WorldLanguage, readonly Wrapper[]>> = {
  en: wrappersOf('en'),
  de: wrappersOf('de'),
  fr: wrappersOf('fr'),
  es: wrappersOf('es'),
}

function wrappersOf(language: WorldLanguage): readonly Wrapper[] {
  const turn = WORLD_LANGUAGES.indexOf(language)
  const open = WRAPPER_FAMILIES.filter((family) => family !== 'question')
  const rotated = [...open.slice(turn), ...open.slice(0, turn)]
  const [testFamily, , selectionFamily, selectionTemplate] = rotated
  return WRAPPER_FAMILIES.flatMap((family) =>
    LANGUAGES[language].wrappers[family].map((text, index): Wrapper => {
      const id = `${language}/${family}-${index}`
      if (family === testFamily) return { id, text, split: 'test', heldOut: 'family' }
      if (family === selectionFamily) return { id, text, split: 'selection', heldOut: 'family' }
      if (family === selectionTemplate && index === 1) return { id, text, split: 'selection', heldOut: 'template' }
      if (isTestTemplate(family, index, rotated)) return { id, text, split: 'test', heldOut: 'template' }
      return { id, text, split: 'train' }
    }),
  )
}

function isTestTemplate(family: WrapperFamily, index: number, rotated: readonly WrapperFamily[]): boolean {
  return (family === 'question' && index === 2) || (family === rotated[1] && index === 1)
}

/** Everyday tasks by wording, each of which keeps three of a language's thirteen wrappers out of training. */
export const TASK_WORDINGS = [
  'parts',
  'frame',
  'copy-0',
  'copy-1',
  'reverse-0',
  'reverse-1',
  'count-0',
  'count-1',
  'add-0',
  'add-1',
  'opposite-0',
  'opposite-1',
  'name-colour-0',
  'name-colour-1',
] as const
export type TaskWording = (typeof TASK_WORDINGS)[number]

/**
 * A wrapper for an everyday task. Tasks use all wrappers, those too that requests about invented things hold out, so that the words
 * of a held-out wording are known; what a task holds out as `template` is its own wording inside a certain wrapper.
 */
export function taskWrapper(
  language: WorldLanguage,
  task: TaskWording,
  split: WorldSplit,
  heldOut: HeldOut | undefined,
  random: Random,
): Wrapper {
  const wanted = heldOut === 'template' ? split : 'train'
  const wrappers = WRAPPERS[language]
  const fitting = wrappers.filter((_, index) => {
    const share = (index + 4 * TASK_WORDINGS.indexOf(task)) % wrappers.length
    return (share < 10 ? 'train' : share === 10 ? 'selection' : 'test') === wanted
  })
  const wrapper = pick(fitting, random)
  return { ...wrapper, id: `${wrapper.id}+${task}` }
}

export interface FrameChoice {
  readonly family: FrameFamily
  readonly variant: 0 | 1
  /** Such as `fr/not-1`. */
  readonly id: string
  readonly split: WorldSplit
}

/** For each language the frame family that only test, and the one that only selection, shows with invented things. */
const FRAME_HOLDOUTS: Readonly<Record<WorldLanguage, readonly [test: FrameFamily, selection: FrameFamily]>> = {
  en: ['turn', 'instead'],
  de: ['not', 'turn'],
  fr: ['instead', 'not'],
  es: ['turn', 'instead'],
}

/** Frames of a language. Beside the held-out families, test keeps the second wording of `bind`, selection that of `who`. */
export function framesOf(language: WorldLanguage): readonly FrameChoice[] {
  const [test, selection] = FRAME_HOLDOUTS[language]
  return (['bind', 'not', 'instead', 'turn', 'who'] as const).flatMap((family) =>
    ([0, 1] as const).map((variant): FrameChoice => {
      const inTest = family === test || (family === 'bind' && variant === 1)
      const inSelection = family === selection || (family === 'who' && variant === 1)
      const split = inTest ? 'test' : inSelection ? 'selection' : 'train'
      return { family, variant, id: `${language}/${family}-${variant}`, split }
    }),
  )
}

/** What one unit of a split holds out, chosen among those that fit its kind; training holds out nothing. */
export function chooseHeldOut(split: WorldSplit, fitting: readonly HeldOut[], random: Random): HeldOut | undefined {
  return split === 'train' ? undefined : pick(fitting, random)
}

/** A wording for a row that holds out `heldOut`. */
export function chooseWrapper(
  language: WorldLanguage,
  split: WorldSplit,
  heldOut: HeldOut | undefined,
  random: Random,
): Wrapper {
  const wanted = heldOut === 'template' || heldOut === 'family' ? heldOut : undefined
  return pick(
    WRAPPERS[language].filter((wrapper) =>
      wanted === undefined ? wrapper.split === 'train' : wrapper.split === split && wrapper.heldOut === wanted,
    ),
    random,
  )
}

/** A thing of a group for a row that holds out `heldOut`, other than those given. */
export function chooseThing(
  group: readonly Thing[],
  split: WorldSplit,
  heldOut: HeldOut | undefined,
  random: Random,
  others: readonly Thing[] = [],
): Thing {
  const wanted = heldOut === 'topic' ? split : 'train'
  return pick(
    group.filter((thing) => (thing.invented ? topicSplit(thing) === wanted : true) && !others.includes(thing)),
    random,
  )
}

/** An adjective for a thing, from the combinations the row may use. */
export function chooseAdjective(
  thing: Thing,
  split: WorldSplit,
  heldOut: HeldOut | undefined,
  random: Random,
): Adjective {
  const wanted = heldOut === 'combination' ? split : 'train'
  return pick(
    ADJECTIVES.filter((adjective) => combinationSplit(adjective, thing) === wanted),
    random,
  )
}
