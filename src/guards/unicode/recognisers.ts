/**
 * What hidden, reordering and look-alike characters are, and what is legitimate use of the same characters: flags and joined emoji,
 * joiners in Persian and Indic words, direction marks in right-to-left text, script names beside Latin ones.
 *
 * Follows Unicode TR 36 and UTS 39. It matches the text as written, never the normalised form.
 */
import type { PatternMatch, Recogniser } from '../../core/scan/index.ts'
import { regExpMatcher } from '../../core/scan/index.ts'
import { foldMixedWord } from '../../core/text/index.ts'
import type { Finding } from '../../spec/index.ts'

const BLACK_FLAG = '\u{1F3F4}'
const CANCEL_TAG = '\u{E007F}'
/** A subdivision flag is the black flag, up to six tag characters and the cancel tag. */
const LONGEST_FLAG = 14

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/
const LATIN_LIKE = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}]/u
const LATIN_LETTER = /\p{Script=Latin}/u

type Accept = (match: PatternMatch, text: string) => Omit<Finding, 'span'> | null

function finding(kind: string, replacement: string, reason: string): Omit<Finding, 'span'> {
  return { label: `unicode.${kind}`, score: 1, replacement, action: 'modify', reason }
}

const acceptTags: Accept = ({ index, end }, text) => {
  const isFlag = text.startsWith(BLACK_FLAG, index - 2) && text.startsWith(CANCEL_TAG, end - 2) && end - index <= LONGEST_FLAG
  return isFlag ? null : finding('tag', '', 'Text hidden in tag characters.')
}

const acceptBidi: Accept = ({ index, end }, text) => {
  const overrides = /[\u202d\u202e]/.test(text.slice(index, end))
  if (!overrides && RIGHT_TO_LEFT.test(text)) return null
  return finding('bidi', '', 'Characters that change the order in which text is shown.')
}

const acceptZeroWidth: Accept = ({ index, end }, text) => {
  const run = text.slice(index, end)
  const inside = LATIN_LIKE.test(characterBefore(text, index)) && LATIN_LIKE.test(characterAt(text, end))
  const long = run.length >= 3 && !/^\u200d+$/.test(run)
  return inside || long ? finding('zero_width', '', 'Invisible characters inside words.') : null
}

const acceptWord: Accept = ({ index, end }, text) => {
  const word = text.slice(index, end)
  if (!LATIN_LETTER.test(word)) return null
  const greek = word.match(/[\u0370-\u03ff]/g)?.length ?? 0
  // Formulas join Greek and Latin letters: only long words with few Greek ones are suspicious.
  if (greek > 0 && (word.length < 4 || greek * 2 > word.length)) return null
  const folded = foldMixedWord([...word]).parts.join('')
  return folded === word ? null : finding('confusable', folded, 'A word that mixes look-alike letters of several scripts.')
}

function characterBefore(text: string, index: number): string {
  const low = text.slice(index - 1, index)
  return /[\udc00-\udfff]/.test(low) ? text.slice(index - 2, index) : low
}

function characterAt(text: string, index: number): string {
  const codePoint = text.codePointAt(index)
  return codePoint === undefined ? '' : String.fromCodePoint(codePoint)
}

const original = { on: 'original' as const }

export type UnicodeKind = 'tag' | 'bidi' | 'zero_width' | 'variation' | 'marks' | 'confusable'

/** One recogniser a kind. */
export const UNICODE_RECOGNISERS: Readonly<Record<UnicodeKind, Recogniser>> = {
  tag: {
    ...original,
    id: 'unicode.tag',
    pattern: regExpMatcher(/[\u{E0000}-\u{E007F}]{1,240}/gu),
    maxLength: 480,
    lookbehind: 2,
    needs: (text: string) => text.includes('\udb40'),
    accept: acceptTags,
  },
  bidi: {
    ...original,
    id: 'unicode.bidi',
    pattern: regExpMatcher(/[\u202a-\u202e\u2066-\u2069]/g),
    maxLength: 1,
    lookbehind: 48,
    lookahead: 48,
    needs: (text: string) => /[\u202a-\u202e\u2066-\u2069]/.test(text),
    accept: acceptBidi,
  },
  zero_width: {
    ...original,
    id: 'unicode.zero_width',
    pattern: regExpMatcher(/[\u200b-\u200d\u2060\u2061-\u2064\ufeff\u180e]{1,120}/g),
    maxLength: 120,
    lookbehind: 2,
    lookahead: 2,
    needs: (text: string) => /[\u200b-\u200d\u2060-\u2064\ufeff\u180e]/.test(text),
    accept: acceptZeroWidth,
  },
  variation: {
    ...original,
    id: 'unicode.variation',
    pattern: regExpMatcher(/(?:[\ufe00-\ufe0f]|\udb40[\udd00-\uddef]){2,200}/g),
    maxLength: 400,
    needs: (text: string) => /[\ufe00-\ufe0f]|\udb40/.test(text),
    accept: () => finding('variation', '', 'Data hidden in variation selectors.'),
  },
  marks: {
    ...original,
    id: 'unicode.marks',
    pattern: regExpMatcher(/[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{5,200}/g),
    maxLength: 200,
    needs: (text: string) => /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{5}/.test(text),
    accept: () => finding('marks', '', 'Piled-up combining marks.'),
  },
  confusable: {
    ...original,
    id: 'unicode.confusable',
    pattern: regExpMatcher(/(?<!\p{L})(?=\p{L}{0,40}[\u0370-\u03ff\u0400-\u052f])\p{L}{2,40}(?!\p{L})/gu),
    maxLength: 80,
    lookbehind: 2,
    lookahead: 2,
    needs: (text: string) => /[\u0370-\u03ff\u0400-\u052f]/.test(text),
    accept: acceptWord,
  },
}
