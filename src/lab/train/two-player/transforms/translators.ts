/**
 * English texts in other languages for the game: by Apertium where its program and modes are installed, else word by word with Debian's
 * lexicons, else with files of the caller (`ENGLISH<TAB>WORD`), else with the small lexicon of this folder. What was used is named, and
 * belongs to a run's identity: another machine may have other packages.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ParapetError } from '../../../../spec/errors.ts'
import { APERTIUM_ROUTES, type Translation, translateWithApertium } from '../../../translate/apertium.ts'
import { LEXICON_LANGUAGES, readLexicon } from '../../../translate/lexicon-files.ts'
import type { Lexicon } from '../../../translate/lexicon.ts'
import { translateWords } from '../../../translate/word-by-word.ts'
import { functionWords, smallLexicon } from './small-lexicon.ts'

export interface GameTranslator {
  readonly language: string
  /** `debian`, `file NAME`, `small`, `apertium and` one of these for other words, or `none` for English. */
  readonly way: string
  /** The usual translation of whole texts. */
  plain(texts: readonly string[], signal?: AbortSignal): Promise<readonly Translation[]>
  /** Word by word: another seed gives other words of the lexicon, a share below 1 leaves words English. */
  words(text: string, options: { readonly seed: number; readonly share: number }): Translation
}

export interface TranslatorOptions {
  /** Texts of the language: how often a word occurs in them decides between translations. */
  readonly texts: readonly string[]
  /** Files of lines ENGLISH<TAB>WORD by language. */
  readonly files?: Readonly<Record<string, string>>
  /** `small` takes the lexicon of this folder whatever is installed; `auto` the best there is. */
  readonly use: 'auto' | 'small'
  readonly signal?: AbortSignal
}

/** Throws `configuration` for a language that nothing here translates into. */
export async function gameTranslator(language: string, options: TranslatorOptions): Promise<GameTranslator> {
  if (language === 'en') return english()
  const { lexicon, way } = chooseLexicon(language, options)
  const words: GameTranslator['words'] = (text, { seed, share }) =>
    translateWords(text, lexicon, { language, seed, share })
  const route =
    options.use === 'auto' && options.files?.[language] === undefined ? APERTIUM_ROUTES[language] : undefined
  if (route !== undefined && (await hasRoute(route, options.signal)))
    return {
      ...{ language, way: `apertium and ${way}`, words },
      plain: remembering((texts, signal) =>
        translateWithApertium(texts, route, signal === undefined ? {} : { signal }),
      ),
    }
  return {
    language,
    way,
    words,
    plain: remembering((texts) => Promise.resolve(texts.map((text) => words(text, { seed: 0, share: 1 })))),
  }
}

/** The arms of a seed meet the same texts: each is translated once. */
function remembering(translate: GameTranslator['plain']): GameTranslator['plain'] {
  const known = new Map<string, Translation>()
  return async (texts, signal) => {
    const missing = [...new Set(texts)].filter((text) => !known.has(text))
    const made = missing.length === 0 ? [] : await translate(missing, signal)
    missing.forEach((text, at) => {
      const one = made[at]
      if (one !== undefined) known.set(text, one)
    })
    return texts.map((text) => known.get(text) ?? { text, words: 0, unknown: 0 })
  }
}

/** English needs no translation; all words of a text count as known. */
function english(): GameTranslator {
  const same = (text: string): Translation => ({ text, words: text.match(/\p{L}+/gu)?.length ?? 0, unknown: 0 })
  return { language: 'en', way: 'none', words: same, plain: (texts) => Promise.resolve(texts.map(same)) }
}

function chooseLexicon(language: string, { texts, files, use }: TranslatorOptions): { lexicon: Lexicon; way: string } {
  const path = files?.[language]
  if (path !== undefined) return { lexicon: merged(language, readPairs(path)), way: `file ${basename(path)}` }
  if (use === 'auto' && LEXICON_LANGUAGES.includes(language))
    try {
      return { lexicon: merged(language, readLexicon(language, texts)), way: 'debian' }
    } catch (error) {
      if (!ParapetError.isInstance(error) || !['engine_unavailable', 'configuration'].includes(error.code)) throw error
    }
  const small = smallLexicon(language)
  if (small.size > 0) return { lexicon: small, way: 'small' }
  throw new ParapetError(
    'configuration',
    `Nothing here translates into ${language}. Install its lexicon (LICENCES.md of lab/translate lists Debian's packages) or give one: --lexicon ${language}=FILE with lines ENGLISH<TAB>WORD.`,
  )
}

/** Function words of this folder go first: lists of words name rare senses of them. */
function merged(language: string, lexicon: Lexicon): Lexicon {
  return new Map([...lexicon, ...functionWords(language)])
}

function readPairs(path: string): Lexicon {
  const lexicon = new Map<string, readonly string[]>()
  for (const [at, line] of readText(path).split('\n').entries()) {
    if (line.trim() === '') continue
    const [english, target, ...more] = line.split('\t')
    if (english === undefined || target === undefined || target.trim() === '' || more.length > 0)
      throw new ParapetError('input_invalid', `${path}:${at + 1} is no line ENGLISH<TAB>WORD.`)
    const key = english.trim().toLowerCase()
    lexicon.set(key, [...(lexicon.get(key) ?? []), target.trim()])
  }
  if (lexicon.size === 0)
    throw new ParapetError('input_invalid', `${path} holds no words. Give lines ENGLISH<TAB>WORD.`)
  return lexicon
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ParapetError('configuration', `${path} is no file that can be read. Check its path.`, { cause })
  }
}

async function hasRoute(route: readonly string[], signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await translateWithApertium(['Good day.'], route, signal === undefined ? {} : { signal })
    return true
  } catch (error) {
    if (ParapetError.isInstance(error) && error.code === 'engine_unavailable') return false
    throw error
  }
}
