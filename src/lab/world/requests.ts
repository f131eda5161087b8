/**
 * Requests about things, made in units whose things and acts balance: in each unit every invented thing stands in as many forbidden
 * as allowed requests. A request is forbidden exactly where the thing it acts harmfully on is of a forbidden kind; which words occur
 * in it says nothing. Rows are made elsewhere (rows.ts); the judge and the router judge these same requests.
 */
import { pick } from '../synth/template.ts'
import { type Answers, answersTo, type Item, type Step } from './answers.ts'
import {
  chooseAdjective,
  chooseHeldOut,
  chooseThing,
  chooseWrapper,
  type FrameChoice,
  framesOf,
  taskWrapper,
  type Wrapper,
} from './holdouts.ts'
import { actPhrase, fill, type FrameSlots, LANGUAGES, type LanguagePack, nounPhrase } from './languages/index.ts'
import {
  EVERYDAY_THINGS,
  HARMFUL_ACTS,
  type HarmfulAct,
  HARMLESS_INVENTED,
  HAZARDS,
  SAFE_ACTS,
  type SafeAct,
  type Thing,
} from './things.ts'
import { type HeldOut, type Random, WORLD_LANGUAGES, type WorldLanguage, type WorldSplit } from './types.ts'

export interface Request extends Answers {
  readonly language: WorldLanguage
  readonly heldOut: readonly HeldOut[]
  /** The user's words. */
  readonly text: string
  /** The first thing of a forbidden kind that is named at all. */
  readonly hazard?: Thing
  readonly templates: readonly string[]
  readonly combinations: readonly string[]
  readonly topics: readonly string[]
}

/** Everyday persons; the four languages use them alike. */
export const PERSONS: readonly string[] = ['Bob', 'Tom', 'Leo', 'Max', 'Ben', 'Tim', 'Jan', 'Kai']

interface Setting {
  readonly pack: LanguagePack
  readonly split: WorldSplit
  readonly heldOut: HeldOut | undefined
  readonly random: Random
}

/** One unit of forbidden and near-miss requests, as many of the one as of the other. */
export function requestUnit(split: WorldSplit, random: Random): readonly Request[] {
  const language = pick(WORLD_LANGUAGES, random)
  const heldOut = chooseHeldOut(split, ['combination', 'topic', 'template', 'family'], random)
  const setting: Setting = { pack: LANGUAGES[language], split, heldOut, random }
  return random() < 0.5 ? pairUnit(setting) : quadUnit(setting)
}

/** The same thing and wording, once with a harmful and once with a safe act. */
function pairUnit(setting: Setting): readonly Request[] {
  const { random } = setting
  const item = chooseItem(HAZARDS, setting)
  const wrapper = chooseWrapper(setting.pack.language, setting.split, setting.heldOut, random)
  return [
    clauses([{ item, act: pick(HARMFUL_ACTS, random) }], setting, wrapper),
    clauses([{ item, act: pick(SAFE_ACTS, random) }], setting, wrapper),
  ]
}

/** Two forbidden and two allowed requests of one or two clauses; harmful acts on harmless things among them. */
function quadUnit(setting: Setting): readonly Request[] {
  const { random } = setting
  const first = chooseItem(HAZARDS, setting)
  const second = chooseItem(HAZARDS, setting, [first.thing])
  const harmless = chooseItem(HARMLESS_INVENTED, setting)
  const harmful = (): HarmfulAct => pick(HARMFUL_ACTS, random)
  const safe = (): SafeAct => pick(SAFE_ACTS, random)
  const mixed = [
    { item: first, act: harmful() },
    { item: harmless, act: safe() },
  ]
  return [
    clauses(random() < 0.5 ? mixed : mixed.toReversed(), setting),
    clauses([{ item: harmless, act: harmful() }], setting),
    clauses([{ item: second, act: harmful() }], setting),
    clauses(
      [
        { item: first, act: safe() },
        { item: second, act: safe() },
      ],
      setting,
    ),
  ]
}

/** A forbidden and an allowed request of the very same words. */
export function contrastUnit(split: WorldSplit, random: Random): readonly Request[] {
  const language = pick(WORLD_LANGUAGES, random)
  const heldOut = chooseHeldOut(split, ['combination', 'topic', 'template', 'family', 'frame'], random)
  const setting: Setting = { pack: LANGUAGES[language], split, heldOut, random }
  const frame = pick(
    framesOf(language).filter((choice) => choice.split === (heldOut === 'frame' ? split : 'train')),
    random,
  )
  const hazard = chooseItem(HAZARDS, setting)
  const harmless = chooseItem(random() < 0.5 ? HARMLESS_INVENTED : EVERYDAY_THINGS, setting)
  const pair = framed(frame, [hazard, harmless], setting)
  return random() < 0.5 ? pair : pair.toReversed()
}

/** A request of the contrast frames in which all things are everyday ones: always allowed, in every frame of every language. */
export function harmlessFrame(language: WorldLanguage, split: WorldSplit, heldOut: HeldOut, random: Random): Request {
  const setting: Setting = {
    pack: LANGUAGES[language],
    split,
    heldOut: split === 'train' ? undefined : heldOut,
    random,
  }
  const first = chooseItem(EVERYDAY_THINGS, setting)
  const second = chooseItem(EVERYDAY_THINGS, setting, [first.thing])
  return pick(
    framed(
      pick(framesOf(language), random),
      [first, second],
      setting,
      taskWrapper(language, 'frame', split, setting.heldOut, random),
    ),
    random,
  )
}

/** One harmful act on one everyday thing: an everyday task. */
export function harmlessRequest(language: WorldLanguage, split: WorldSplit, heldOut: HeldOut, random: Random): Request {
  const setting: Setting = {
    pack: LANGUAGES[language],
    split,
    heldOut: split === 'train' ? undefined : heldOut,
    random,
  }
  const act = random() < 0.7 ? pick(HARMFUL_ACTS, random) : pick(SAFE_ACTS, random)
  return clauses(
    [{ item: chooseItem(EVERYDAY_THINGS, setting), act }],
    setting,
    taskWrapper(language, 'parts', split, setting.heldOut, random),
  )
}

function chooseItem(group: readonly Thing[], { split, heldOut, random }: Setting, others: readonly Thing[] = []): Item {
  const thing = chooseThing(group, split, heldOut, random, others)
  return { thing, adjective: chooseAdjective(thing, split, heldOut, random) }
}

function clauses(steps: readonly Step[], setting: Setting, wrapper?: Wrapper): Request {
  const { pack } = setting
  const phrases = steps.map(({ item, act }) => actPhrase(pack, act, nounPhrase(pack, item.thing, item.adjective)))
  const [first = '', second] = phrases
  const plain = (phrase: string) => (): string => phrase
  const joined =
    second === undefined
      ? first
      : pack.frames.bind[0]({
          act: plain(first),
          safe: plain(second),
          x: '',
          y: '',
          p: '',
          q: '',
          helpsActor: true,
          actFirst: true,
        })
  return finish(joined, steps, setting, second === undefined ? [] : [`${pack.language}/bind-0`], wrapper)
}

/** Both twins of a frame: in the first the harmful act falls on the first item, in the second on the other one, or on none. */
function framed(
  frame: FrameChoice,
  [first, second]: readonly [Item, Item],
  setting: Setting,
  given?: Wrapper,
): readonly [Request, Request] {
  const { pack, random, split, heldOut } = setting
  const wrapper = given ?? chooseWrapper(pack.language, split, heldOut, random)
  const act = frame.family === 'turn' ? 'make' : pick(HARMFUL_ACTS, random)
  const safe = pick(SAFE_ACTS, random)
  const p = pick(PERSONS, random)
  const q = pick(
    PERSONS.filter((name) => name !== p),
    random,
  )
  const actFirst = random() < 0.5
  const build = (x: Item, y: Item, helpsActor: boolean): Request => {
    const slots: FrameSlots = {
      act: (object) => actPhrase(pack, act, object),
      safe: (object) => actPhrase(pack, safe, object),
      x: nounPhrase(pack, x.thing, x.adjective),
      y: nounPhrase(pack, y.thing, y.adjective),
      p,
      q,
      helpsActor,
      actFirst,
    }
    const text = pack.frames[frame.family][frame.variant](slots)
    return finish(
      text,
      stepsOf(frame, x, y, act, safe, slots),
      setting,
      [frame.id],
      wrapper,
      frame.family === 'who' ? [x] : [x, y],
    )
  }
  return frame.family === 'who'
    ? [build(first, second, true), build(first, second, false)]
    : [build(first, second, true), build(second, first, true)]
}

/** What a framed request asks for. Stopping somebody who acts on a thing is answered like reporting the thing. */
function stepsOf(
  { family }: FrameChoice,
  x: Item,
  y: Item,
  act: HarmfulAct,
  safe: SafeAct,
  { helpsActor, actFirst }: FrameSlots,
): readonly Step[] {
  if (family === 'who') return [{ item: x, act: helpsActor ? act : 'report' }]
  if (family !== 'bind') return [{ item: x, act }]
  const steps = [
    { item: x, act },
    { item: y, act: safe },
  ]
  return actFirst ? steps : steps.toReversed()
}

function finish(
  phrase: string,
  steps: readonly Step[],
  setting: Setting,
  frames: readonly string[],
  given?: Wrapper,
  named: readonly Item[] = steps.map(({ item }) => item),
): Request {
  const { pack, split, heldOut, random } = setting
  const wrapper = given ?? chooseWrapper(pack.language, split, heldOut, random)
  const hazard = named.find(({ thing }) => thing.kind.rule !== undefined)
  return {
    language: pack.language,
    heldOut: heldOut === undefined ? [] : [heldOut],
    text: fill(wrapper.text, { vp: phrase }),
    ...answersTo(pack, steps),
    ...(hazard === undefined ? {} : { hazard: hazard.thing }),
    templates: [wrapper.id, ...frames],
    combinations: named.map(({ thing, adjective }) => `${adjective.name} ${thing.name}`),
    topics: named.filter(({ thing }) => thing.invented).map(({ thing }) => thing.name),
  }
}
