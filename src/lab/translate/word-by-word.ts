/**
 * Translates English text word by word with a lexicon: the longest phrase first (up to three words), then the word, then its base form.
 * Order and endings stay English, so the result is not good text; it holds the right words, which is what a model over words
 * and parts of words learns from. A share of words can stay English (code switching).
 *
 * It does not find names: a word the lexicon does not hold stays as it is and counts as unknown.
 */
import { createRandom } from '../../nn/random.ts'
import type { Translation } from './apertium.ts'
import { FUNCTION_WORDS, WRITTEN_WITHOUT_SPACES } from './function-words.ts'
import type { Lexicon } from './lexicon.ts'

export interface WordByWordOptions {
  readonly language: string
  readonly seed: number
  /** Share of translatable words that are translated, 0…1; default 1. */
  readonly share?: number
}

const LONGEST_PHRASE = 3
const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\bcan['’]t\b/gi, 'can not'],
  [/\bwon['’]t\b/gi, 'will not'],
  [/n['’]t\b/gi, ' not'],
  [/['’]m\b/gi, ' am'],
  [/['’]re\b/gi, ' are'],
  [/['’]ve\b/gi, ' have'],
  [/['’]ll\b/gi, ' will'],
  [/['’](?:s|d)\b/gi, ''],
]

/** `text` in the words of `lexicon`. The same seed and text give the same result. */
export function translateWords(text: string, lexicon: Lexicon, options: WordByWordOptions): Translation {
  const own = FUNCTION_WORDS[options.language]
  const share = options.share ?? 1
  const random = createRandom(options.seed ^ hashOf(text))
  const expanded = CONTRACTIONS.reduce((line, [pattern, words]) => line.replaceAll(pattern, words), text)
  const tokens = expanded.match(/\p{L}[\p{L}\p{M}]*(?:-\p{L}+)*|[^\p{L}]+/gu) ?? []
  const output: string[] = []
  let words = 0
  let unknown = 0
  for (let at = 0; at < tokens.length;) {
    const token = tokens[at] ?? ''
    if (!/^\p{L}/u.test(token)) {
      output.push(token)
      at++
      continue
    }
    const found = findPhrase(tokens, at, lexicon, own)
    words += found.words
    at += 2 * found.words - 1
    if (found.targets === undefined) unknown += found.words
    const kept = found.targets === undefined || random() >= share
    // English writes "I" large everywhere.
    const model = found.source === 'I' && !/^$|[.!?\n]\s*$/.test(output.at(-1) ?? '') ? 'i' : found.source
    output.push(kept ? found.source : capitaliseLike(model, choose(found.targets ?? [], random)))
  }
  return { text: joinTokens(output, WRITTEN_WITHOUT_SPACES.has(options.language)), words, unknown }
}

interface Found {
  readonly source: string
  readonly words: number
  /** Nothing when unknown; an empty word where the language has none for it. */
  readonly targets: readonly string[] | undefined
}

function findPhrase(
  tokens: readonly string[],
  at: number,
  lexicon: Lexicon,
  own: ReadonlyMap<string, readonly string[]> | undefined,
): Found {
  for (let words = LONGEST_PHRASE; words >= 2; words--) {
    const parts = tokens.slice(at, at + 2 * words - 1)
    if (parts.length < 2 * words - 1 || parts.some((part, place) => place % 2 === 1 && part !== ' ')) continue
    const source = parts.join('')
    // Phrases of function words only ("is it", "in the") are better word by word.
    if (parts.every((part, place) => place % 2 === 1 || own?.has(part.toLowerCase()) === true)) continue
    const targets = lexicon.get(source.toLowerCase())
    if (targets !== undefined) return { source, words, targets }
  }
  const source = tokens[at] ?? ''
  return { source, words: 1, targets: translationsOf(source.toLowerCase(), lexicon, own)?.targets }
}

/** Translations of one word in lower case: function word, entry, entry of a base form; nothing when unknown. */
export function translationsOf(
  word: string,
  lexicon: Lexicon,
  own: ReadonlyMap<string, readonly string[]> | undefined,
): { readonly entry: string; readonly targets: readonly string[] } | undefined {
  for (const entry of [word, ...baseForms(word)]) {
    const targets = (entry === word ? own?.get(word) : undefined) ?? lexicon.get(entry)
    if (targets !== undefined) return { entry, targets }
  }
  return undefined
}

/** Possible base forms of a regular English plural, -s, -ed, -ing, -er, -est, -ly form, the likeliest first. */
export function baseForms(word: string): readonly string[] {
  const forms: string[] = []
  const add = (pattern: RegExp, ...ends: readonly string[]): void => {
    if (!pattern.test(word)) return
    const stem = word.replace(pattern, '')
    if (stem.length < 2) return
    for (const end of ends) forms.push(`${stem}${end}`)
    if (/([bdfgklmnprt])\1$/.test(stem)) forms.push(stem.slice(0, -1))
  }
  add(/ies$/, 'y')
  add(/ves$/, 'f', 'fe')
  add(/(?:s|x|z|ch|sh)es$/, word.match(/(s|x|z|ch|sh)es$/)?.[1] ?? '')
  add(/s$/, '')
  add(/ied$/, 'y')
  add(/ed$/, '', 'e')
  add(/ing$/, '', 'e')
  add(/iest$/, 'y')
  add(/est$/, '', 'e')
  add(/ier$/, 'y')
  add(/er$/, '', 'e')
  add(/ily$/, 'y')
  add(/ly$/, '')
  return forms
}

/** The k-th target with weight 1 / (k + 1)². */
function choose(targets: readonly string[], random: () => number): string {
  const total = targets.reduce((sum, _, place) => sum + 1 / (place + 1) ** 2, 0)
  let rest = random() * total
  for (const [place, target] of targets.entries()) {
    rest -= 1 / (place + 1) ** 2
    if (rest < 0) return target
  }
  return targets[0] ?? ''
}

function capitaliseLike(source: string, target: string): string {
  return /^\p{Lu}/u.test(source) ? target.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase()) : target
}

const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u

/** Dropped words take one of their spaces along; scripts without spaces lose those between two of their words. */
function joinTokens(tokens: readonly string[], withoutSpaces: boolean): string {
  const text = tokens
    .join('')
    .replaceAll(/ {2,}/g, ' ')
    .replaceAll(/ +([.,;:!?])/g, '$1')
  const trimmed = text.replaceAll(/^ +| +$/gm, '')
  if (!withoutSpaces) return trimmed
  return trimmed.replaceAll(/(?<=(.)) (?=(.))/gu, (space, before: string, after: string) =>
    CJK.test(before) && CJK.test(after) ? '' : space,
  )
}

/** FNV-1a, so that texts differ in their draws. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
