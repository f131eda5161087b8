/**
 * What a scope (a system prompt) says, piece by piece: list items, clauses and sentences. A prompt fits one of them better than the whole,
 * which is diluted by manners and rules.
 *
 * It looks at punctuation only and knows no language.
 */

/** Pieces of a scope that are looked at, at most: the first ones, where applications say what they are for. */
export const MOST_PIECES = 96
/** Shorter ones say nothing. */
const SHORTEST = 3
/** Characters of a scope that are split, at most. */
const LONGEST = 32_768

/** The different pieces of a scope, in order, trimmed of marks. Time is linear. */
export function scopePieces(scope: string): readonly string[] {
  const text = scope.slice(0, LONGEST).replaceAll(/[^\S\n]+/g, ' ')
  const pieces = new Set<string>()
  for (const part of text.split(/[\n;()、。，；]|, |[.:!?] /)) {
    const piece = trimMarks(part)
    if (piece.length >= SHORTEST) pieces.add(piece)
    if (pieces.size === MOST_PIECES) break
  }
  return [...pieces]
}

const MARKS = ' .:;,()-#*•"\''

function trimMarks(text: string): string {
  let [from, to] = [0, text.length]
  while (from < to && MARKS.includes(text.charAt(from))) from += 1
  while (to > from && MARKS.includes(text.charAt(to - 1))) to -= 1
  return text.slice(from, to)
}

const STOP = new Set(
  (
    'a an the of to and or in on for with is are be you your user users can help i my me it this that as at by from about only not any ' +
    'all will if would what how do does assistant please want need some other'
  ).split(' '),
)
const ENDINGS = ['ings', 'ing', 'ies', 'es', 'ed', 's'] as const

/** Different words of a text that mean something, without common English endings. */
export function meaningfulWords(text: string): ReadonlySet<string> {
  const words = new Set<string>()
  for (const [word] of text
    .slice(0, LONGEST)
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}]+/gu))
    if (word.length > 1 && !STOP.has(word)) words.add(stemOf(word))
  return words
}

function stemOf(word: string): string {
  const ending = ENDINGS.find((one) => word.endsWith(one) && word.length - one.length >= 3)
  return ending === undefined ? word : word.slice(0, -ending.length)
}
