/** Documents of facts and claims about them whose truth is known: paraphrases, changed ones, and ones that no document makes. */
import type { Source } from '../../src/guards/grounding/index.ts'
import { pick as pickOf } from '../conversation/pick.ts'
import type { Fact, Family, Language } from './facts.ts'
import { HELD_OUT, LANGUAGES, TUNING } from './facts.ts'

export type Planted = 'verbatim' | 'paraphrase' | 'unstated' | 'number' | 'date' | 'name' | 'denial'

export interface PlantedClaim {
  readonly text: string
  readonly planted: Planted
  readonly language: Language
}

export interface GroundingCase {
  readonly sources: readonly Source[]
  readonly claims: readonly PlantedClaim[]
}

const SYLLABLES = ['tor', 'vel', 'mi', 'ska', 'bru', 'nen', 'do', 'lar', 'pi', 'que', 'ran', 'zol', 'fa', 'wen']
const MONTHS: Readonly<Record<Language, readonly string[]>> = {
  en: ['March', 'May', 'July', 'August', 'October', 'December'],
  de: ['März', 'Mai', 'Juli', 'August', 'Oktober', 'Dezember'],
  fr: ['mars', 'mai', 'juillet', 'août', 'octobre', 'décembre'],
  es: ['marzo', 'mayo', 'julio', 'agosto', 'octubre', 'diciembre'],
}
const DATE: Readonly<Record<Language, (day: number, month: string, year: number) => string>> = {
  en: (day, month, year) => `${day} ${month} ${year}`,
  de: (day, month, year) => `${day}. ${month} ${year}`,
  fr: (day, month, year) => `${day} ${month} ${year}`,
  es: (day, month, year) => `${day} de ${month} de ${year}`,
}

interface Slots {
  readonly e: string
  readonly n: string
  readonly d: string
  readonly p: string
}

/** Cases of one language after the other. @param heldOut the family of subjects that the guard was not made on */
export function groundingCases(count: number, heldOut: boolean, random: () => number): readonly GroundingCase[] {
  return Array.from({ length: count }, (_, index) => {
    const language = at(LANGUAGES, index)
    const family = at(heldOut ? [HELD_OUT] : TUNING, Math.floor(index / LANGUAGES.length))
    return caseOf(family[language], language, random)
  })
}

function at<Item>(list: readonly Item[], index: number): Item {
  const item = list[index % list.length]
  if (item === undefined) throw new RangeError('The list is empty.')
  return item
}

function caseOf({ facts, unstated }: Family, language: Language, random: () => number): GroundingCase {
  const pick = <Item>(from: readonly Item[]): Item => pickOf(from, random)
  const word = (): string => {
    const text = pick(SYLLABLES) + pick(SYLLABLES) + pick(SYLLABLES)
    return text.charAt(0).toUpperCase() + text.slice(1)
  }
  const slots = (e: string): Slots => ({
    ...{ e, n: String(Math.floor(random() * 900) + 13), p: `${word()} ${word()}` },
    d: DATE[language](Math.floor(random() * 27) + 1, pick(MONTHS[language]), 1950 + Math.floor(random() * 70)),
  })
  const things = Array.from({ length: 4 }, () => slots(word()))
  const sources = things.map((thing, index) => ({
    ...{ id: String(index + 1), message: null },
    text: facts.map(({ source }) => fill(source, thing)).join(' '),
  }))
  const claims: PlantedClaim[] = []
  for (const thing of things) {
    const told = pick(facts)
    claims.push({ text: fill(told.source, thing), planted: 'verbatim', language })
    for (const one of facts) claims.push({ text: fill(pick(one.paraphrases), thing), planted: 'paraphrase', language })
    claims.push({ text: fill(pick(unstated), slots(thing.e)), planted: 'unstated', language })
    const wrong = pick(facts)
    claims.push({ ...changed(wrong, thing, slots(thing.e), pick), language })
  }
  return { sources, claims }
}

/** A fact with its number, date or person exchanged, or denied. */
function changed(
  fact: Fact,
  thing: Slots,
  other: Slots,
  pick: <Item>(from: readonly Item[]) => Item,
): Pick<PlantedClaim, 'text' | 'planted'> {
  if (fact.denied !== undefined) return { text: fill(fact.denied, thing), planted: 'denial' }
  const template = pick([fact.source, ...fact.paraphrases])
  if (template.includes('{n}')) return { text: fill(template, { ...thing, n: other.n }), planted: 'number' }
  if (template.includes('{d}')) return { text: fill(template, { ...thing, d: other.d }), planted: 'date' }
  return { text: fill(template, { ...thing, p: other.p }), planted: 'name' }
}

function fill(template: string, slots: Slots): string {
  return template.replaceAll(/\{([endp])\}/g, (_, slot: string) => slots[slot as keyof Slots])
}
