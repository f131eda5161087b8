/**
 * The ways in which a policy makes a new text of a seed. All but the control keep the label: translation, the same with some words left
 * English, other words for the same, a polite frame, a plain setting, slips of the keyboard, flat spelling, letters without accents. The
 * control turns the label, and stands among them so that the rater is seen to reject it.
 */
import type { Translation } from '../../../translate/apertium.ts'
import type { SeedRow } from '../proposal.ts'
import { PHRASES } from './phrases.ts'
import type { GameTranslator } from './translators.ts'

export const WAYS = [
  'translated',
  'mixed',
  'other-words',
  'polite',
  'setting',
  'slips',
  'flat',
  'unaccented',
  'control',
] as const

export type Way = (typeof WAYS)[number]

/** What a way works with. */
export interface TransformContext {
  readonly seed: SeedRow
  readonly translator: GameTranslator
  /** The seed in the translator's language. */
  readonly plain: Translation
  readonly random: () => number
}

export interface Transformed {
  readonly text: string
  /** The seed's text in the other language before anything was put around it or spoilt in it. */
  readonly body: string
  /** Share of its words that had no translation. */
  readonly unknown: number
}

/** Share of words that the mixed way translates. */
const MIXED_SHARE = 0.6
/** Share of words with a slip. */
const SLIP_SHARE = 0.12

/** Ways of a language: frames need phrases, accents need letters that have them, and English is not translated. */
export function waysOf(language: string): readonly Way[] {
  const framed = language in PHRASES
  return WAYS.filter((way) => {
    if (way === 'polite' || way === 'setting' || way === 'control') return framed
    if (way === 'translated' || way === 'mixed' || way === 'other-words') return language !== 'en'
    if (way === 'unaccented') return LATIN_WITH_ACCENTS.has(language)
    return true
  })
}

const LATIN_WITH_ACCENTS = new Set(['de', 'fr', 'es', 'it', 'pt', 'pl', 'ro', 'tr', 'vi'])

/** One text; null where the way leaves this seed as it is. */
export function transform(way: Way, context: TransformContext): Transformed | null {
  const made = make(way, context)
  return made.text.trim() === '' || made.text === context.seed.text ? null : made
}

function make(way: Way, context: TransformContext): Transformed {
  const { plain, translator, random, seed } = context
  const body = plain.text
  const unknown = shareUnknown(plain)
  switch (way) {
    case 'translated':
      return { text: body, body, unknown }
    case 'mixed': {
      const mixed = translator.words(seed.text, { seed: draw(random), share: MIXED_SHARE })
      return { text: mixed.text, body: mixed.text, unknown: shareUnknown(mixed) }
    }
    case 'other-words': {
      const other = translator.words(seed.text, { seed: draw(random), share: 1 })
      return { text: other.text, body: other.text, unknown: shareUnknown(other) }
    }
    case 'polite':
    case 'setting':
      return { text: framed(way, context), body, unknown }
    case 'slips':
      return { text: withSlips(body, random), body, unknown }
    case 'flat':
      return { text: flat(body, random), body, unknown }
    case 'unaccented':
      return { text: withoutAccents(body, translator.language), body, unknown }
    case 'control':
      return { text: framed(seed.label === 1 ? 'never' : 'purpose', context), body, unknown }
    default:
      return way satisfies never
  }
}

function framed(
  kind: 'polite' | 'setting' | 'never' | 'purpose',
  { plain, translator, random }: TransformContext,
): string {
  const frames = PHRASES[translator.language]?.[kind] ?? []
  const [before, after] = frames[Math.floor(random() * frames.length)] ?? ['', '']
  return `${before}${plain.text}${after}`
}

/** Two neighbouring letters change places, or one is lost, in some of the longer words. */
function withSlips(text: string, random: () => number): string {
  let slips = 0
  const slip = (word: string): string => {
    const at = 1 + Math.floor(random() * (word.length - 2))
    slips++
    return random() < 0.5
      ? `${word.slice(0, at)}${word.slice(at + 1)}`
      : `${word.slice(0, at)}${word.charAt(at + 1)}${word.charAt(at)}${word.slice(at + 2)}`
  }
  const spoilt = text.replaceAll(/\p{L}{4,}/gu, (word) => (random() < SLIP_SHARE ? slip(word) : word))
  return slips > 0 ? spoilt : text.replace(/\p{L}{4,}/u, slip)
}

/** As it is typed in haste: all small or all large, no marks at the ends of sentences. */
function flat(text: string, random: () => number): string {
  const bare = text.replaceAll(/[.,;:!?¿¡]+(?=\s|$)/gu, '').replaceAll(/(?<=^|\s)[¿¡]/gu, '')
  return random() < 0.75 ? bare.toLowerCase() : bare.toUpperCase()
}

/** Accents off; German umlauts written out. */
export function withoutAccents(text: string, language: string): string {
  const written = language === 'de' ? text.replaceAll(/[äöüÄÖÜß]/g, (letter) => WRITTEN_OUT[letter] ?? letter) : text
  return written.normalize('NFD').replaceAll(/\p{M}/gu, '').normalize('NFC')
}

const WRITTEN_OUT: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', Ä: 'Ae', Ö: 'Oe', Ü: 'Ue', ß: 'ss' }

function shareUnknown({ words, unknown }: Translation): number {
  return words === 0 ? 1 : unknown / words
}

function draw(random: () => number): number {
  return 1 + Math.floor(random() * 1e9)
}
