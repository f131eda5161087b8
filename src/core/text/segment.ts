/**
 * Cuts text into segments that are normalised on their own: a word of Latin, Cyrillic, Greek or similar letters, or one other
 * cluster (a base character with its marks and the invisible characters after it).
 *
 * A segment is found from its first character alone, looking ahead a bounded number of characters. The cuts therefore form one
 * chain from the start of a text, whatever the pieces in which it arrives; that is what makes a stream normalise like the
 * whole. Clusters and words are cut at a length, so that no input makes a segment grow without bound.
 */
import { codePointAt } from './code-point.ts'
import {
  HANGUL_L,
  HANGUL_LV,
  HANGUL_T,
  HANGUL_V,
  INVISIBLE,
  MARK,
  classOf,
  isAsciiLetter,
  isWordClass,
} from './characters.ts'

/** A cluster takes no more characters once it has this many UTF-16 units. */
export const CLUSTER_CAP = 64
/** A word takes no more clusters once it has this many UTF-16 units. */
export const WORD_CAP = 96

/** Only ASCII: normal as it is. */
export const ASCII_ONLY: RegExp = /^[\x00-\x7f]*$/

/** End of the cluster that starts at `from`. */
export function clusterEnd(text: string, from: number): number {
  const first = codePointAt(text, from) as number
  let at = from + (first > 0xffff ? 2 : 1)
  if (at >= text.length) return at
  const next = text.charCodeAt(at)
  // The commonest case by far: an ASCII character follows.
  if (next < 0x80) return at
  let kind = classOf(first)
  let following = classAt(text, at)
  if (kind === HANGUL_L && following === HANGUL_V) {
    at += 1
    kind = HANGUL_LV
    following = classAt(text, at)
  }
  if (kind === HANGUL_LV && following === HANGUL_T) {
    at += 1
    following = classAt(text, at)
  }
  while ((following === MARK || following === INVISIBLE) && at - from < CLUSTER_CAP) {
    at += (codePointAt(text, at) as number) > 0xffff ? 2 : 1
    following = classAt(text, at)
  }
  return at
}

/** End of the segment that starts at `from`. */
export function segmentEnd(text: string, from: number): number {
  let at = clusterEnd(text, from)
  if (!isWordClass(classAt(text, from))) return at
  while (at < text.length && at - from < WORD_CAP && isWordClass(classAt(text, at))) at = clusterEnd(text, at)
  return at
}

/**
 * End of the last segment of ASCII only in an unbroken row of such segments that starts at `from`; `from` when there is none.
 *
 * @param from a cut of the chain
 */
export function asciiSegmentsEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) < 0x80) at += 1
  if (at === text.length || at === from) return at
  // The last segment may go on in what follows: a mark joins any character, a letter any word.
  let word = at
  while (word > from && isAsciiLetter(text.charCodeAt(word - 1))) word -= 1
  const letters = at - word
  return letters === 0 ? at - 1 : word + WORD_CAP * Math.floor((letters - 1) / WORD_CAP)
}

/**
 * Offset up to which the segments of `text` cannot change when more text follows.
 *
 * @param text begins at a cut of the chain
 */
export function stableEnd(text: string): number {
  if (text === '') return 0
  if (ASCII_ONLY.test(text)) return stableAscii(text)
  // A final high surrogate may be half of a mark or of an invisible character.
  const known = endsInHighSurrogate(text) ? text.length - 1 : text.length
  let stable = 0
  while (stable < known) {
    const end = segmentEnd(text, stable)
    if (end >= known) return isDecided(text, stable, end, known) ? end : stable
    stable = end
  }
  return Math.min(stable, known)
}

/** Whether a segment that reaches the end of what is known was ended by a length limit instead of by what follows. */
function isDecided(text: string, from: number, end: number, known: number): boolean {
  if (end > known) return false
  let at = from
  while (at < end) {
    const next = clusterEnd(text, at)
    if (next >= end) return next - at >= CLUSTER_CAP && (!isWordClass(classAt(text, from)) || end - from >= WORD_CAP)
    at = next
  }
  return false
}

/** The same for ASCII text, looking only at its last word: letters are cut every `WORD_CAP`, the last cluster may still grow. */
function stableAscii(text: string): number {
  let start = text.length
  while (start > 0 && isWordClass(classOf(text.charCodeAt(start - 1)))) start -= 1
  const letters = text.length - start
  if (letters === 0) return text.length - 1
  return start + WORD_CAP * Math.floor((letters - 1) / WORD_CAP)
}

/** Class of the code point at `at`; 0 at the end of the text. */
export function classAt(text: string, at: number): number {
  const codePoint = codePointAt(text, at)
  return codePoint === undefined ? 0 : classOf(codePoint)
}

function endsInHighSurrogate(text: string): boolean {
  const unit = text.charCodeAt(text.length - 1)
  return unit >= 0xd800 && unit <= 0xdbff
}
