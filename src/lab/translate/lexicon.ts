/**
 * Bilingual word lists in the forms Debian ships: FreeDict (`.index` and `.dict.dz` of the dictd format, RFC 2229 servers), Ding
 * (`de :: en` lines), EDICT (`word [reading] /gloss/` lines) and CC-CEDICT text. Each becomes a map from an English word or phrase in
 * lower case to words of the other language, cleaned of grammar marks and remarks. A list of the other direction is turned round.
 *
 * It does not tell senses apart; `rankTargets` orders them by how common the target is and how few other English words share it.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { ParapetError } from '../../spec/index.ts'

/** English word or phrase (lower case, at most three words) to its translations, best first. */
export type Lexicon = ReadonlyMap<string, readonly string[]>

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** A number of a dictd index: base 64, most significant digit first. */
export function decodeDictNumber(text: string): number {
  let value = 0
  for (const character of text) {
    const digit = DIGITS.indexOf(character)
    if (digit < 0) throw new ParapetError('input_invalid', `"${text}" is not a number of a dictd index.`)
    value = value * 64 + digit
  }
  return value
}

/** Headwords and entries of a dictd dictionary; `base` is the path without `.index` and `.dict.dz`. */
export function readDictd(base: string): readonly { readonly headword: string; readonly entry: string }[] {
  const index = readLexiconFile(`${base}.index`).toString('utf8')
  const data = gunzipSync(readLexiconFile(`${base}.dict.dz`))
  return index.split('\n').flatMap((line) => {
    const [headword, offset, length] = line.split('\t')
    if (headword === undefined || offset === undefined || length === undefined || headword.startsWith('00')) return []
    const from = decodeDictNumber(offset)
    return [{ headword, entry: data.toString('utf8', from, from + decodeDictNumber(length)) }]
  })
}

/** The file's bytes; a missing one names the Debian package family. */
export function readLexiconFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new ParapetError(
      'engine_unavailable',
      `The lexicon ${path} cannot be read. LICENCES.md of lab/translate lists the Debian packages.`,
      { cause: error },
    )
  }
}

/** Translations of one FreeDict entry: unindented lines after the headword, numbered or not, parted by commas. */
export function freedictTargets(entry: string): readonly string[] {
  return entry
    .split('\n')
    .slice(1)
    .filter((line) => /^\S/.test(line) && !/^(?:see:|Synonym|Note:)/.test(line))
    .flatMap((line) => line.replace(/^\d+\.\s*/, '').split(/[,;、]/))
    .map(cleanTerm)
    .filter((term) => term !== '')
}

/** Translations of one entry of Mueller's dictionary: the parts of a sense that are not an example. */
export function muellerTargets(entry: string): readonly string[] {
  return entry
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .split(/\d+[.)>]|_[IVX]+\b|;/)
    .filter((sense) => !/[a-z]{2}/i.test(sense.replaceAll(/_[a-zа-я-]+\.?|\([^)]*\)/giu, '')))
    .flatMap((sense) => sense.replaceAll(/_[\p{L}-]+\.?/gu, ' ').split(','))
    .map(cleanTerm)
    .filter((term) => /^[\p{Script=Cyrillic} -]+$/u.test(term))
}

/** A term without brackets, grammar marks and placeholders (`sb.`, `etw.`). */
export function cleanTerm(term: string): string {
  return term
    .normalize('NFKC')
    .replaceAll(/\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|<[^>]*>|"[^"]*"/g, ' ')
    .replaceAll(/(?:^|\s)(?:sb|sth|jdn|jdm|jds|jd|etw|sb\.\/sth|jdn\.\/etw)\.?(?:'s)?(?=\s|$)/g, ' ')
    .replaceAll('~', ' ')
    .replaceAll(/^[\s.,;:!?\d-]+|[\s.,;:!?]+$/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** Pairs (English, other) of Ding: variants of the same place before and after `::`. */
export function* dingPairs(text: string): Generator<readonly [string, string]> {
  for (const line of text.split('\n')) {
    // Marks and principal parts hold semicolons too: "{stole; stolen}".
    const [german, english] = line.replaceAll(/\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|<[^>]*>/g, ' ').split(' :: ')
    if (line.startsWith('#') || german === undefined || english === undefined) continue
    const left = german.split('|')
    const right = english.split('|')
    for (const [place, part] of left.entries())
      for (const other of part.split(';')) for (const word of (right[place] ?? '').split(';')) yield [word, other]
  }
}

/** Pairs of EDICT; common words, marked `(P)`, first. `text` is decoded (the file is EUC-JP). */
export function* edictPairs(text: string): Generator<readonly [string, string]> {
  const lines = text.split('\n').slice(1)
  for (const common of [true, false])
    for (const line of lines) {
      if (line.endsWith('/(P)/') !== common) continue
      const [head, ...glosses] = line.split('/')
      const word = (head ?? '').split(' ')[0] ?? ''
      for (const gloss of glosses) if (gloss !== '(P)') yield [gloss, word]
    }
}

/** Pairs of CC-CEDICT text: `traditional simplified [reading] /gloss/gloss/`; the simplified form is taken. */
export function* cedictPairs(text: string): Generator<readonly [string, string]> {
  for (const line of text.split('\n')) {
    const found = /^(\S+) (\S+) \[[^\]]*\] \/(.*)\/\s*$/.exec(line)
    if (found === null) continue
    for (const gloss of (found[3] ?? '').split(/[/;]/))
      if (!/^CL:|variant of|surname /.test(gloss)) yield [gloss, found[2] ?? '']
  }
}

/**
 * A lexicon of pairs: of an English word's targets, those that occur in more pairs come first, then those that come earlier. `accept`
 * says which targets are words of the language at all.
 */
export function lexiconOf(pairs: Iterable<readonly [string, string]>, accept: RegExp = /\p{L}/u): Lexicon {
  const lexicon = new Map<string, Map<string, number>>()
  for (const [english, other] of pairs) {
    const source = cleanTerm(english)
      .toLowerCase()
      .replace(/^(?:to|an?|the) (?=\S)/, '')
    const target = cleanTerm(other)
    if (source === '' || target === '' || !accept.test(target) || /[/=]/.test(`${source}${target}`)) continue
    if (source.split(' ').length > 3 || target.split(' ').length > 3) continue
    const targets = lexicon.get(source)
    if (targets === undefined) lexicon.set(source, new Map([[target, 1]]))
    else targets.set(target, (targets.get(target) ?? 0) + 1)
  }
  return new Map(
    [...lexicon].map(([source, targets]) => [
      source,
      [...targets].toSorted((left, right) => right[1] - left[1]).map(([target]) => target),
    ]),
  )
}

/**
 * The lexicon with each word's targets ordered by ln(1 + frequency) − ln(senses) / 2 − place / 2 − extra words · 3 / 2, the best eight of
 * them. `frequency` is how often a target occurs in texts of its language; senses is how many English entries share it; extra
 * words are those a target has more than its entry.
 */
export function rankTargets(lexicon: Lexicon, frequency: (target: string) => number): Lexicon {
  const senses = new Map<string, number>()
  for (const targets of lexicon.values())
    for (const target of targets) senses.set(target, (senses.get(target) ?? 0) + 1)
  return new Map(
    [...lexicon].map(([word, targets]) => {
      const scored = targets.map((target, place) => {
        const extra = Math.max(0, target.split(' ').length - word.split(' ').length)
        const penalty = Math.log(senses.get(target) ?? 1) / 2 + Math.min(place, 10) / 2 + 1.5 * extra
        return { target, score: Math.log1p(frequency(target)) - penalty }
      })
      const best = scored.toSorted((left, right) => right.score - left.score).slice(0, 8)
      return [word, best.map(({ target }) => target)]
    }),
  )
}
