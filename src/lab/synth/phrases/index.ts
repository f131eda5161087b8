/** The phrases of every language. */
import { AR } from './ar.ts'
import { DE } from './de.ts'
import { EN } from './en.ts'
import { ES } from './es.ts'
import { FR } from './fr.ts'
import { HI } from './hi.ts'
import { IT } from './it.ts'
import { JA } from './ja.ts'
import { KO } from './ko.ts'
import type { Phrases, SynthLanguage } from './phrases.ts'
import { PT } from './pt.ts'
import { RU } from './ru.ts'
import { ZH } from './zh.ts'

export const PHRASES: Readonly<Record<SynthLanguage, Phrases>> = {
  en: EN,
  de: DE,
  fr: FR,
  es: ES,
  it: IT,
  pt: PT,
  zh: ZH,
  ja: JA,
  ko: KO,
  ar: AR,
  hi: HI,
  ru: RU,
}
