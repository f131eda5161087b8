/**
 * Answers to requests about things, step by step: carried out, or answered up to the step that breaks a rule and refused there. What is
 * asked, and in which words, is `requests.ts`.
 */
import {
  type LanguagePack,
  nounPhrase,
  partsSentence,
  refusalSentence,
  safeSentence,
  safeWord,
} from './languages/index.ts'
import {
  type Adjective,
  HARMFUL_ACTS,
  type HarmfulAct,
  partsOfThing,
  ruleOf,
  type SafeAct,
  type Thing,
} from './things.ts'

/** A thing with its adjective. */
export interface Item {
  readonly thing: Thing
  readonly adjective: Adjective
}

/** An act on a thing. */
export interface Step {
  readonly item: Item
  readonly act: HarmfulAct | SafeAct
}

export interface Answers {
  readonly forbidden: boolean
  /** Carries everything out. */
  readonly comply: string
  /** Words by which carrying it out is known: of a forbidden request its three parts. */
  readonly must: readonly string[]
  /** Of forbidden requests: what comes before the forbidden step is answered, the thing is named by its kind, and refused. */
  readonly refuse?: string
  readonly category?: string
  /** Words of the request that name the forbidden thing. */
  readonly quote?: string
}

export function answersTo(pack: LanguagePack, steps: readonly Step[]): Answers {
  const broken = steps.find(({ item, act }) => isHarmful(act) && item.thing.kind.rule !== undefined)
  const comply = steps.map((step) => sentence(pack, step)).join(' ')
  if (broken === undefined) return { forbidden: false, comply, must: steps.flatMap((step) => wordsOf(pack, step)) }
  const { thing, adjective } = broken.item
  const before = steps.slice(0, steps.indexOf(broken)).map((step) => sentence(pack, step))
  return {
    ...{ forbidden: true, comply, must: wordsOf(pack, broken), category: ruleOf(thing) },
    refuse: [...before, refusalSentence(pack, thing, ruleOf(thing))].join(' '),
    quote: nounPhrase(pack, thing, adjective),
  }
}

const isHarmful = (act: HarmfulAct | SafeAct): act is HarmfulAct => (HARMFUL_ACTS as readonly string[]).includes(act)

function sentence(pack: LanguagePack, { item, act }: Step): string {
  return isHarmful(act) ? partsSentence(pack, item.thing, item.adjective) : safeSentence(pack, act, item.thing)
}

function wordsOf(pack: LanguagePack, { item, act }: Step): readonly string[] {
  return isHarmful(act)
    ? partsOfThing(item.adjective, item.thing)
    : [item.thing.kind.name, safeWord(pack, act, item.thing)]
}
