/**
 * What a code point is to the normaliser: one byte, computed once and remembered.
 *
 * Classes say how a code point joins its neighbours (mark, invisible, part of a Hangul syllable, letter of a script that is
 * mistaken for Latin) and whether normalising it alone changes it. No segmentation happens here.
 */
import { styledLetter } from './confusables.ts'

/** Stands alone and is left as it is. */
export const PLAIN = 1
/** Stands alone; normalising changes it. */
export const CHANGED = 2
/** Joins the character before it. */
export const MARK = 3
/** Joins the character before it and disappears. */
export const INVISIBLE = 4
/** Leading consonant of a Hangul syllable written in parts. */
export const HANGUL_L = 5
/** Vowel of a Hangul syllable written in parts. */
export const HANGUL_V = 6
/** Trailing consonant of a Hangul syllable written in parts. */
export const HANGUL_T = 7
/** Complete Hangul syllable without a trailing consonant. */
export const HANGUL_LV = 8
/** Letter of the Latin script, left as it is. */
export const LATIN = 9
/** Becomes one Latin letter. */
export const LATIN_CHANGED = 10
/** Letter of a script with many Latin look-alikes. */
export const FOREIGN = 11
/** Becomes one letter of such a script. */
export const FOREIGN_CHANGED = 12

const TABLE_SIZE = 0x20000
let table: Uint8Array | null = null

/** Default-ignorable code points (Unicode DerivedCoreProperties), interlinear annotation marks. */
const IGNORABLE = /^[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]$/u
/** Half-width voicing marks are letters to Unicode but become combining marks. */
const COMBINING = /^[\p{M}\uff9e\uff9f]$/u
const LATIN_SCRIPT = /^\p{Script=Latin}$/u
const FOREIGN_SCRIPT =
  /^[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}]$/u
const LETTER = /^\p{L}$/u
const MODIFIER = /^[\p{Lm}\u00aa\u00ba]$/u

/** Class of a code point. */
export function classOf(codePoint: number): number {
  if (codePoint >= TABLE_SIZE) return classify(codePoint)
  table ??= new Uint8Array(TABLE_SIZE)
  const known = table[codePoint] as number
  if (known !== 0) return known
  const computed = classify(codePoint)
  table[codePoint] = computed
  return computed
}

/** Whether letters of this class form words that may mix scripts. */
export function isWordClass(kind: number): boolean {
  return kind >= LATIN
}

/**
 * Normal form of one code point or cluster: NFKC. Two Arabic ligatures that would become whole sentences stay as they are, so
 * that no text grows more than sixfold; the blank Braille pattern becomes a space.
 */
export function normaliseAlone(text: string): string {
  if (text === '\ufdfa' || text === '\ufdfb') return text
  if (text === '\u2800') return ' '
  return text.normalize('NFKC')
}

function classify(codePoint: number): number {
  if (codePoint < 0x80) return isAsciiLetter(codePoint) ? LATIN : PLAIN
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return PLAIN
  const character = String.fromCodePoint(codePoint)
  if (IGNORABLE.test(character)) return INVISIBLE
  if (COMBINING.test(character)) return MARK
  const normal = styledLetter(codePoint) ?? normaliseAlone(character)
  // Half-width Hangul filler and its kin become an invisible character.
  if (IGNORABLE.test(normal)) return INVISIBLE
  const hangul = classifyHangul(normal)
  if (hangul !== 0) return hangul
  const changed = normal !== character
  if (LETTER.test(normal) && !MODIFIER.test(character)) {
    if (LATIN_SCRIPT.test(normal)) return changed ? LATIN_CHANGED : LATIN
    if (FOREIGN_SCRIPT.test(normal)) return changed ? FOREIGN_CHANGED : FOREIGN
  }
  return changed ? CHANGED : PLAIN
}

function classifyHangul(normal: string): number {
  if (normal.length !== 1) return 0
  const unit = normal.charCodeAt(0)
  if (unit >= 0x1100 && unit <= 0x1112) return HANGUL_L
  if (unit >= 0x1161 && unit <= 0x1175) return HANGUL_V
  if (unit >= 0x11a8 && unit <= 0x11c2) return HANGUL_T
  return unit >= 0xac00 && unit <= 0xd7a3 && (unit - 0xac00) % 28 === 0 ? HANGUL_LV : 0
}

/** Whether a UTF-16 unit is A–Z or a–z. */
export function isAsciiLetter(unit: number): boolean {
  const lower = unit | 0x20
  return lower >= 0x61 && lower <= 0x7a
}
