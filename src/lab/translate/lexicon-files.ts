/**
 * Where Debian's packages put the lexicons, and how each becomes English to another language. CC-CEDICT is in no Debian package: give its
 * text file with `PARAPET_CEDICT`.
 *
 * LICENCES.md lists packages and licences. Nothing of these files is kept in the repository.
 */
import { gunzipSync } from 'node:zlib'
import { ParapetError } from '../../spec/index.ts'
import type { Lexicon } from './lexicon.ts'
import {
  cedictPairs,
  dingPairs,
  edictPairs,
  freedictTargets,
  lexiconOf,
  muellerTargets,
  rankTargets,
  readDictd,
  readLexiconFile,
} from './lexicon.ts'

type Pairs = Iterable<readonly [string, string]>

const DICTD = '/usr/share/dictd'

/** English headwords. */
function* direct(name: string, targetsOf: (entry: string) => readonly string[] = freedictTargets): Pairs {
  for (const { headword, entry } of readDictd(`${DICTD}/${name}`))
    for (const target of targetsOf(entry)) yield [headword, target]
}

/** Headwords of the other language. */
function* inverse(name: string): Pairs {
  for (const { headword, entry } of readDictd(`${DICTD}/${name}`))
    for (const english of freedictTargets(entry)) yield [english, headword]
}

function* both(first: Pairs, second: Pairs): Pairs {
  yield* first
  yield* second
}

function decode(path: string, encoding: string): string {
  return new TextDecoder(encoding).decode(readLexiconFile(path))
}

function cedict(): Pairs {
  const path = process.env['PARAPET_CEDICT']
  if (path === undefined)
    throw new ParapetError('configuration', 'Set PARAPET_CEDICT to the path of CC-CEDICT (text, gzipped or not).')
  const bytes = readLexiconFile(path)
  return cedictPairs((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'))
}

const SOURCES: Readonly<Record<string, { readonly pairs: () => Pairs; readonly accept: RegExp }>> = {
  de: { pairs: () => dingPairs(decode('/usr/share/trans/de-en', 'utf-8')), accept: /^[\p{Script=Latin} '-]+$/u },
  fr: {
    pairs: () => both(direct('freedict-eng-fra'), inverse('freedict-fra-eng')),
    accept: /^[\p{Script=Latin} '-]+$/u,
  },
  es: {
    pairs: () => both(direct('freedict-eng-spa'), inverse('freedict-spa-eng')),
    accept: /^[\p{Script=Latin} '-]+$/u,
  },
  it: {
    pairs: () => both(direct('freedict-eng-ita'), inverse('freedict-ita-eng')),
    accept: /^[\p{Script=Latin} '-]+$/u,
  },
  pt: {
    pairs: () => both(direct('freedict-eng-por'), inverse('freedict-por-eng')),
    accept: /^[\p{Script=Latin} '-]+$/u,
  },
  ru: {
    pairs: () => both(direct('freedict-eng-rus'), direct('mueller7', muellerTargets)),
    accept: /^[\p{Script=Cyrillic} -]+$/u,
  },
  ar: {
    pairs: () => both(direct('freedict-eng-ara'), inverse('freedict-ara-eng')),
    accept: /^[\p{Script=Arabic} ]+$/u,
  },
  hi: { pairs: () => direct('freedict-eng-hin'), accept: /^[\p{Script=Devanagari} -]+$/u },
  ja: {
    pairs: () => both(direct('freedict-eng-jpn'), edictPairs(decode('/usr/share/edict/edict', 'euc-jp'))),
    accept: /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+$/u,
  },
  zh: { pairs: cedict, accept: /^\p{Script=Han}+$/u },
}

/** Languages with a lexicon. */
export const LEXICON_LANGUAGES: readonly string[] = Object.keys(SOURCES)

/**
 * English to `language`. `texts` are texts of that language; how often a word occurs in them decides between translations.
 *
 * Throws `configuration` for a language without lexicon, `engine_unavailable` when a file is missing.
 */
export function readLexicon(language: string, texts: readonly string[]): Lexicon {
  const source = SOURCES[language]
  if (source === undefined)
    throw new ParapetError(
      'configuration',
      `There is no lexicon for ${language}. There is: ${LEXICON_LANGUAGES.join(', ')}.`,
    )
  return rankTargets(lexiconOf(source.pairs(), source.accept), targetFrequency(texts))
}

/** Occurrences of a word, of the rarest word of a phrase, or of a string of Chinese or Japanese characters (up to four). */
export function targetFrequency(texts: readonly string[]): (target: string) => number {
  const counts = new Map<string, number>()
  const count = (part: string): void => void counts.set(part, (counts.get(part) ?? 0) + 1)
  for (const text of texts)
    for (const run of text.toLowerCase().match(/[\p{L}\p{M}]+/gu) ?? [])
      if (!UNSPACED.test(run)) count(run)
      else
        for (let from = 0; from < run.length; from++)
          for (let length = 1; length <= 4 && from + length <= run.length; length++)
            count(run.slice(from, from + length))
  return (target) => {
    const parts = target.toLowerCase().match(/[\p{L}\p{M}]+/gu) ?? []
    return Math.min(
      ...parts.map((part) => (counts.get(UNSPACED.test(part) ? part.slice(0, 4) : part) ?? 0) * weightOf(part)),
    )
  }
}

/** A single Chinese character is counted within every word that holds it. */
function weightOf(part: string): number {
  return UNSPACED.test(part) && [...part].length === 1 ? 0.05 : 1
}

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u
