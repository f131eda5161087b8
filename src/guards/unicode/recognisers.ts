/**
 * What hidden, reordering and look-alike characters are, and what is legitimate use of the same characters: flags and joined emoji,
 * joiners in Persian and Indic words, direction marks in right-to-left text, script names beside Latin ones.
 *
 * Follows Unicode TR 36 and UTS 39. It matches the text as written, never the normalised form.
 */
import type { PatternMatch, Recogniser } from '../../core/scan/index.ts'
import { regExpMatcher } from '../../core/scan/index.ts'
import { codePointAt, foldMixedWord } from '../../core/text/index.ts'
import type { Finding } from '../../spec/index.ts'

const BLACK_FLAG = '\u{1F3F4}'
const TAG_BASE = 0xe0000
const CANCEL_TAG = '\u{E007F}'
/** The flags that are written with tag characters: England, Scotland, Wales (Unicode RGI emoji tag sequences). */
const TAG_FLAGS: ReadonlySet<string> = new Set(['gbeng', 'gbsct', 'gbwls'].map(tagsOf))

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/
const OVERRIDES = /[\u202d\u202e]/
const RIGHT_TO_LEFT_EMBEDDING = /[\u202b\u2067]/
const LATIN_LIKE = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}]/u
const LATIN_LETTER = /^\p{Script=Latin}$/u
const JOINERS_ONLY = /^\u200d{1,120}$/
const GREEK_EDGE = /^\p{Script=Greek}\p{Script=Latin}{1,80}$|^\p{Script=Latin}{1,80}\p{Script=Greek}$/u
const UPPER_CASE = /^[A-Z]{2,80}$/

type Accept = (match: PatternMatch, text: string) => Omit<Finding, 'span'> | null

function finding(kind: string, replacement: string, reason: string): Omit<Finding, 'span'> {
  return { label: `unicode.${kind}`, score: 1, replacement, action: 'modify', reason }
}

const acceptTags: Accept = ({ index, end }, text) => {
  if (text.startsWith(BLACK_FLAG, index - 2) && TAG_FLAGS.has(text.slice(index, end))) return null
  return finding('tag', '', `${(end - index) / 2} characters of text hidden in tag characters.`)
}

const acceptBidi: Accept = ({ index, end }, text) => {
  const run = text.slice(index, end)
  if (OVERRIDES.test(run)) return finding('bidi', '', 'Characters that override the order in which text is shown.')
  // Left-to-right and first-strong isolates are what software puts around names; the others only belong near such scripts.
  if (!RIGHT_TO_LEFT_EMBEDDING.test(run) || RIGHT_TO_LEFT.test(text)) return null
  return finding('bidi', '', 'Characters that change the order in which text is shown.')
}

const acceptZeroWidth: Accept = ({ index, end }, text) => {
  const run = text.slice(index, end)
  // A soft hyphen is how typeset text marks where a word may be divided.
  if (run === '\u00ad') return null
  const inside = LATIN_LIKE.test(characterBefore(text, index)) && LATIN_LIKE.test(characterAt(text, end))
  const long = run.length >= 3 && !JOINERS_ONLY.test(run)
  return inside || long ? finding('zero_width', '', 'Invisible characters inside words.') : null
}

const acceptWord: Accept = ({ index, end }, text) => {
  const word = text.slice(index, end)
  const letters = [...word]
  const latin = letters.map((letter) => LATIN_LETTER.test(letter))
  if (!latin.includes(true) || !latin.includes(false) || isCompound(word, latin)) return null
  const folded = foldMixedWord(letters)
  if (!folded.complete) return null
  return finding('confusable', folded.parts.join(''), 'A word that mixes look-alike letters of several scripts.')
}

/**
 * Words that mix scripts without deceiving: an abbreviation with a native ending (`VIPа`), a Greek letter before or after a
 * Latin word as formulas and names of substances have it (`TNFα`, `νe`).
 */
function isCompound(word: string, latin: readonly boolean[]): boolean {
  const switches = latin.filter((is, at) => at > 0 && is !== latin[at - 1]).length
  if (switches > 1) return false
  if (GREEK_EDGE.test(word)) return true
  const ending = latin.lastIndexOf(true) + 1
  return latin[0] === true && ending >= 2 && latin.length - ending <= 3 && UPPER_CASE.test(word.slice(0, ending))
}

function characterBefore(text: string, index: number): string {
  const low = text.slice(index - 1, index)
  return /[\udc00-\udfff]/.test(low) ? text.slice(index - 2, index) : low
}

function characterAt(text: string, index: number): string {
  const codePoint = codePointAt(text, index)
  return codePoint === undefined ? '' : String.fromCodePoint(codePoint)
}

/** Tag characters as they hide this text, closed by the cancel tag. */
function tagsOf(text: string): string {
  return [...text].map((letter) => String.fromCodePoint(TAG_BASE + (letter.codePointAt(0) ?? 0))).join('') + CANCEL_TAG
}

export type UnicodeKind = 'tag' | 'bidi' | 'zero_width' | 'variation' | 'marks' | 'private_use' | 'confusable'

/** A recogniser of runs: nothing is held back in a stream until a character of the class is met. */
function runsOf(
  kind: UnicodeKind,
  character: string,
  [least, most]: readonly [number, number],
  accept: Accept,
): Recogniser {
  const one = new RegExp(character, 'u')
  return {
    id: `unicode.${kind}`,
    on: 'original',
    pattern: regExpMatcher(new RegExp(`${character}{${least},${most}}`, 'gu')),
    // Characters beyond the first plane are two units long.
    maxLength: most * 2,
    lookbehind: 2,
    lookahead: 2,
    needs: (text) => one.test(text),
    opening: { pattern: regExpMatcher(new RegExp(character, 'gu')), maxLength: 2 },
    accept,
  }
}

const WORD_START = '(?<!\\p{L})'
const LOOK_ALIKE_LETTER =
  '[\\p{Script=Cyrillic}\\p{Script=Greek}\\p{Script=Armenian}\\p{Script=Cherokee}\\p{Script=Coptic}\\p{Script=Lisu}]'
const LOOK_ALIKE = new RegExp(LOOK_ALIKE_LETTER, 'u')

/** One recogniser a kind. */
export const UNICODE_RECOGNISERS: Readonly<Record<UnicodeKind, Recogniser>> = {
  tag: runsOf('tag', '[\\u{E0000}-\\u{E007F}]', [1, 120], acceptTags),
  bidi: { ...runsOf('bidi', '[\\u202a-\\u202e\\u2066-\\u2069]', [1, 8], acceptBidi), lookbehind: 48, lookahead: 48 },
  zero_width: runsOf(
    'zero_width',
    '[\\u00ad\\u034f\\u115f\\u1160\\u180e\\u200b-\\u200d\\u2060-\\u2064\\u206a-\\u206f\\u3164\\ufeff\\uffa0]',
    [1, 120],
    acceptZeroWidth,
  ),
  variation: runsOf('variation', '[\\ufe00-\\ufe0f\\u{E0100}-\\u{E01EF}]', [2, 120], () =>
    finding('variation', '', 'Data hidden in variation selectors.'),
  ),
  marks: runsOf('marks', '[\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff]', [5, 120], () =>
    finding('marks', '', 'Piled-up combining marks.'),
  ),
  private_use: runsOf('private_use', '[\\ue000-\\uf8ff\\u{F0000}-\\u{FFFFD}\\u{100000}-\\u{10FFFD}]', [4, 120], () => ({
    ...finding('private_use', '', 'A run of private-use characters.'),
    action: 'flag',
  })),
  confusable: {
    id: 'unicode.confusable',
    on: 'original',
    pattern: regExpMatcher(new RegExp(`${WORD_START}(?=\\p{L}{0,40}${LOOK_ALIKE_LETTER})\\p{L}{3,40}(?!\\p{L})`, 'gu')),
    maxLength: 80,
    lookbehind: 2,
    lookahead: 2,
    needs: (text: string) => LOOK_ALIKE.test(text),
    // A word that reaches the end of the text may still get such a letter.
    opening: {
      pattern: regExpMatcher(new RegExp(`${WORD_START}(?:\\p{L}{0,40}${LOOK_ALIKE_LETTER}|\\p{L}{1,41}$)`, 'gu')),
      maxLength: 2,
    },
    accept: acceptWord,
  },
}
