/** The four languages of the world by code, and the few phrases that are built the same way in all of them. */
import { type Act, type Adjective, type Noun, partsOfThing, type SafeAct, type Thing } from '../things.ts'
import type { WorldLanguage } from '../types.ts'
import { ENGLISH } from './english.ts'
import { FRENCH } from './french.ts'
import { GERMAN } from './german.ts'
import { fill, type LanguagePack } from './language.ts'
import { SPANISH } from './spanish.ts'

export * from './language.ts'

export const LANGUAGES: Readonly<Record<WorldLanguage, LanguagePack>> = {
  en: ENGLISH,
  de: GERMAN,
  fr: FRENCH,
  es: SPANISH,
}

/** "a togu turv", "einen togu turv", "un turv togu"; without an adjective "a turv". Object case. */
export function nounPhrase(pack: LanguagePack, thing: Thing, adjective?: Adjective): string {
  const [article, noun] = thing.invented ? [pack.article, thing.name] : pack.nouns[thing.name as Noun]
  if (adjective === undefined) return `${article} ${noun}`
  return pack.adjectiveFirst ? `${article} ${adjective.name} ${noun}` : `${article} ${noun} ${adjective.name}`
}

/** The infinitive phrase of an act on an object. */
export function actPhrase(pack: LanguagePack, act: Act, object: string): string {
  return fill(pack.acts[act], { x: object })
}

/** The sentence that every answer about a thing begins with: what kind it is of. */
export function kindSentence(pack: LanguagePack, thing: Thing): string {
  return fill(pack.kindSentence, { kind: thing.kind.name })
}

/** Kind and parts: carries a harmful act out. */
export function partsSentence(pack: LanguagePack, thing: Thing, adjective: Adjective): string {
  const [p = '', q = '', r = ''] = partsOfThing(adjective, thing)
  const parts = fill(pack.partsAnswer, { x: nounPhrase(pack, thing, adjective), p, q, r })
  return `${kindSentence(pack, thing)} ${parts}`
}

/** The second word a safe answer is checked by: the place, or the colour in the language. */
export function safeWord(pack: LanguagePack, act: SafeAct, thing: Thing): string {
  return act === 'colour' ? pack.colours[thing.colour] : thing.kind.places[act]
}

/** Kind, and where to go or which colour: answers a safe act. */
export function safeSentence(pack: LanguagePack, act: SafeAct, thing: Thing): string {
  return `${kindSentence(pack, thing)} ${fill(pack.safeAnswers[act], { place: safeWord(pack, act, thing) })}`
}

/** Kind, regret and the rule that is broken. */
export function refusalSentence(pack: LanguagePack, thing: Thing, rule: string): string {
  return `${kindSentence(pack, thing)} ${fill(pack.refusal, { rule })}`
}
