/**
 * Finds any of many phrases in one pass: a tree of folded characters, walked from each offset, the longest phrase winning.
 *
 * Case is folded (unless asked not to), any run of white space stands for a space, and with whole words a phrase must not
 * touch further letters, except in scripts that write without spaces. Phrases and texts are compared after normalisation.
 */
import type { PatternMatcher } from '../../core/scan/index.ts'
import { codePointAt, createTextView } from '../../core/text/index.ts'

/** White-space characters that may stand for one space. */
const LONGEST_GAP = 16

const SPACE = /\s/
const WORD = /^[\p{L}\p{N}\p{M}_]/u
/** Scripts whose words are not set apart, or (Hangul) take endings without a space. */
const UNSPACED =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

interface Node {
  readonly next: Map<number, Node>
  /** A phrase ends here. */
  last: boolean
}

export interface PhraseOptions {
  readonly caseSensitive: boolean
  readonly wholeWords: boolean
}

export interface PhraseMatcher {
  readonly pattern: PatternMatcher
  /** Finds the first offset where a phrase begins, or may begin as far as the text goes. */
  readonly opening: PatternMatcher
  readonly maxLength: number
}

/** Folded form of a phrase; empty when nothing of it is left to look for. */
export function foldPhrase(phrase: string, caseSensitive: boolean): string {
  return fold(createTextView(phrase).normalised, caseSensitive)
    .replace(/\s{1,1000}/g, ' ')
    .trim()
}

export function createPhraseMatcher(phrases: readonly string[], options: PhraseOptions): PhraseMatcher {
  const root: Node = { next: new Map(), last: false }
  let maxLength = 1
  for (const phrase of phrases) {
    const folded = foldPhrase(phrase, options.caseSensitive)
    addPhrase(root, folded)
    const gaps = folded.split(' ').length - 1
    maxLength = Math.max(maxLength, folded.length + gaps * (LONGEST_GAP - 1))
  }
  const folder = new Folder(options.caseSensitive)
  const search = (text: string, from: number, partial: boolean): ReturnType<PatternMatcher['exec']> => {
    const folded = folder.of(text)
    for (let at = from; at < folded.length; at += 1) {
      if (!root.next.has(folded.charCodeAt(at))) continue
      const end = walk(root, folded, at, partial, options.wholeWords)
      if (end > at) return { index: at, end, groups: [text.slice(at, end)] }
    }
    return null
  }
  const source = `${phrases.length} phrases`
  return {
    maxLength,
    pattern: { source, exec: (text, from) => search(text, from, false) },
    opening: { source, exec: (text, from) => search(text, from, true) },
  }
}

function addPhrase(root: Node, folded: string): void {
  let node = root
  for (let at = 0; at < folded.length; at += 1) {
    const unit = folded.charCodeAt(at)
    const existing = node.next.get(unit)
    const next: Node = existing ?? { next: new Map(), last: false }
    if (existing === undefined) node.next.set(unit, next)
    node = next
  }
  node.last = true
}

/** End of the longest phrase at `from`, or -1. With `partial`, the text's end may cut a phrase short. */
function walk(root: Node, text: string, from: number, partial: boolean, wholeWords: boolean): number {
  if (wholeWords && touches(text, from)) return -1
  let node = root
  let best = -1
  let at = from
  while (at < text.length) {
    const space = SPACE.test(text.charAt(at))
    const next = node.next.get(space ? 0x20 : text.charCodeAt(at))
    if (next === undefined) return best
    at += 1
    if (space) {
      const limit = Math.min(text.length, at + LONGEST_GAP - 1)
      while (at < limit && SPACE.test(text.charAt(at))) at += 1
    }
    node = next
    if (node.last && !(wholeWords && touches(text, at))) best = at
  }
  return partial ? at : best
}

/** Whether an offset lies inside a word of a script that sets words apart. */
function touches(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return false
  const unit = text.charCodeAt(at - 1)
  const before = unit >= 0xdc00 && unit <= 0xdfff && at > 1 ? text.slice(at - 2, at) : text.charAt(at - 1)
  const after = String.fromCodePoint(codePointAt(text, at) as number)
  return WORD.test(before) && WORD.test(after) && !UNSPACED.test(before) && !UNSPACED.test(after)
}

/** Folds case without changing the length of the text. */
function fold(text: string, caseSensitive: boolean): string {
  if (caseSensitive) return text
  const lower = text.toLowerCase()
  const same =
    lower.length === text.length
      ? lower
      : Array.from({ length: text.length }, (_, at) => foldUnit(text.charAt(at))).join('')
  // The final form of sigma depends on what follows; all forms are one letter here.
  return same.replaceAll('ς', 'σ')
}

function foldUnit(unit: string): string {
  const lower = unit.toLowerCase()
  return lower.length === 1 ? lower : unit
}

/** Remembers the folded form of the text searched last: a search goes on in the same text after each match. */
class Folder {
  readonly #caseSensitive: boolean
  #text = ''
  #folded = ''

  constructor(caseSensitive: boolean) {
    this.#caseSensitive = caseSensitive
  }

  of(text: string): string {
    if (text !== this.#text) {
      this.#folded = fold(text, this.#caseSensitive)
      // Long texts are not kept alive.
      this.#text = text.length <= 8192 ? text : ''
      if (this.#text === '') return this.#folded
    }
    return this.#folded
  }
}
