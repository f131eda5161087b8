/**
 * What is held back of the library, by language: no model of the package was taught with these texts (some lines in other languages say what
 * an English line of the taught library says). Languages in which the grammar can write.
 */
import {
  COURTESIES_DE,
  COURTESIES_EN,
  COURTESIES_ES,
  COURTESIES_FR,
  ELSEWHERE_DE,
  ELSEWHERE_EN,
  ELSEWHERE_ES,
  ELSEWHERE_FR,
  HELD_BACK_DE,
  HELD_BACK_EN,
  HELD_BACK_ES,
  HELD_BACK_FR,
} from './held-back.ts'

export const GRAMMAR_LANGUAGES = ['en', 'de', 'fr', 'es'] as const
export type GrammarLanguage = (typeof GRAMMAR_LANGUAGES)[number]

export interface HeldBackScope {
  readonly name: string
  readonly system: string
  readonly requests: readonly string[]
}

export interface HeldBack {
  /** The same ones in each language, in the same order. */
  readonly scopes: readonly HeldBackScope[]
  readonly elsewhere: readonly string[]
  readonly courtesies: readonly string[]
}

export const HELD_BACK: Readonly<Record<GrammarLanguage, HeldBack>> = {
  en: { scopes: scopesOf(HELD_BACK_EN), elsewhere: linesOf(ELSEWHERE_EN), courtesies: linesOf(COURTESIES_EN) },
  de: { scopes: scopesOf(HELD_BACK_DE), elsewhere: linesOf(ELSEWHERE_DE), courtesies: linesOf(COURTESIES_DE) },
  fr: { scopes: scopesOf(HELD_BACK_FR), elsewhere: linesOf(ELSEWHERE_FR), courtesies: linesOf(COURTESIES_FR) },
  es: { scopes: scopesOf(HELD_BACK_ES), elsewhere: linesOf(ELSEWHERE_ES), courtesies: linesOf(COURTESIES_ES) },
}

export function isGrammarLanguage(language: string): language is GrammarLanguage {
  return GRAMMAR_LANGUAGES.some((one) => one === language)
}

function scopesOf(text: string): readonly HeldBackScope[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [head = '', requests = ''] = line.split('.: ')
      const [name = '', system = ''] = head.split(' => ')
      return { name, system: `${system}.`, requests: requests.split(' | ') }
    })
}

function linesOf(text: string): readonly string[] {
  return text
    .trim()
    .split('\n')
    .flatMap((line) => line.slice(line.indexOf(': ') + 2).split(' | '))
}
