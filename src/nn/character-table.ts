/**
 * Two tables over all UTF-16 units: what a unit is (space, letter, digit, mark, ideograph, invisible) and what it folds to.
 *
 * The rules are fixed ranges written down here, not the Unicode tables of the machine, so that the same text has the same
 * features on every engine version. It folds case and full-width forms and drops invisible characters; it does not undo
 * look-alike letters (`core/text` does that before a guard calls).
 */

/** Classes of UTF-16 units. */
export const SPACE = 0
export const LETTER = 1
export const DIGIT = 2
export const MARK = 3
/** Scripts written without spaces: Han, kana, Thai, Lao, Khmer, Burmese. Each unit is its own token. */
export const IDEOGRAPH = 4
export const INVISIBLE = 5

/** `kind[unit]` is one of the classes above, `fold[unit]` the folded unit. Both have 65,536 entries. */
export interface CharacterTable {
  readonly kind: Uint8Array
  readonly fold: Uint16Array
}

let table: CharacterTable | undefined

/** The tables, built on first use (about 3 ms). */
export function characterTable(): CharacterTable {
  table ??= build()
  return table
}

const MARK_RANGES: readonly (readonly [number, number])[] = [
  [0x21, 0x2f],
  [0x3a, 0x40],
  [0x5b, 0x60],
  [0x7b, 0x7e],
  [0xa1, 0xa9],
  [0xab, 0xb4],
  [0xb6, 0xb9],
  [0xbb, 0xbf],
  [0xd7, 0xd7],
  [0xf7, 0xf7],
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  [0x20a0, 0x20cf],
  [0x2100, 0x2bff],
  [0x2e00, 0x2e7f],
  [0x3001, 0x303f],
  [0x30fb, 0x30fb],
  [0xfe10, 0xfe1f],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff0f],
  [0xff1a, 0xff20],
  [0xff3b, 0xff40],
  [0xff5b, 0xff65],
  [0xd800, 0xf8ff],
  [0xfff0, 0xffff],
  [0x060c, 0x060c],
  [0x061b, 0x061b],
  [0x061f, 0x061f],
  [0x066a, 0x066d],
  [0x06d4, 0x06d4],
  [0x0964, 0x0965],
]
const IDEOGRAPH_RANGES: readonly (readonly [number, number])[] = [
  [0x0e00, 0x0eff],
  [0x1000, 0x109f],
  [0x1780, 0x17ff],
  [0x2e80, 0x2fdf],
  [0x3005, 0x3007],
  [0x3040, 0x30fa],
  [0x30fc, 0x312f],
  [0x3400, 0x9fff],
  [0xf900, 0xfaff],
  [0xff66, 0xff9d],
]
const SPACE_RANGES: readonly (readonly [number, number])[] = [
  [0, 0x20],
  [0x7f, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]
const INVISIBLE_RANGES: readonly (readonly [number, number])[] = [
  [0xad, 0xad],
  [0x034f, 0x034f],
  [0x061c, 0x061c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
]

function build(): CharacterTable {
  const kind = new Uint8Array(65536).fill(LETTER)
  const fold = new Uint16Array(65536)
  for (let unit = 0; unit < 65536; unit += 1) fold[unit] = unit
  const set = (ranges: readonly (readonly [number, number])[], value: number): void => {
    for (const [from, to] of ranges) kind.fill(value, from, to + 1)
  }
  set(MARK_RANGES, MARK)
  set(IDEOGRAPH_RANGES, IDEOGRAPH)
  set(SPACE_RANGES, SPACE)
  set(INVISIBLE_RANGES, INVISIBLE)
  for (const zero of [0x30, 0x660, 0x6f0, 0x966, 0xff10]) {
    for (let digit = 0; digit < 10; digit += 1) {
      kind[zero + digit] = DIGIT
      fold[zero + digit] = 0x30 + digit
    }
  }
  foldCase(fold)
  for (let unit = 0xff01; unit <= 0xff5e; unit += 1) fold[unit] = fold[unit - 0xfee0] ?? unit
  fold[0x2018] = fold[0x2019] = 0x27
  fold[0x201c] = fold[0x201d] = 0x22
  return { kind, fold }
}

/** Alphabets in which case is a fixed distance or an even/odd pair. */
function foldCase(fold: Uint16Array): void {
  const shift = (from: number, to: number, by: number): void => {
    for (let unit = from; unit <= to; unit += 1) fold[unit] = unit + by
  }
  const pairs = (from: number, to: number): void => {
    for (let unit = from; unit <= to; unit += 2) fold[unit] = unit + 1
  }
  shift(0x41, 0x5a, 32)
  shift(0xc0, 0xd6, 32)
  shift(0xd8, 0xde, 32)
  pairs(0x100, 0x136)
  pairs(0x139, 0x147)
  pairs(0x14a, 0x176)
  fold[0x130] = 0x69
  fold[0x178] = 0xff
  pairs(0x179, 0x17d)
  shift(0x391, 0x3a9, 32)
  fold[0x386] = 0x3ac
  shift(0x388, 0x38a, 37)
  shift(0x410, 0x42f, 32)
  shift(0x400, 0x40f, 80)
  pairs(0x460, 0x480)
  pairs(0x48a, 0x4be)
  pairs(0x4d0, 0x52e)
  shift(0x531, 0x556, 48)
  pairs(0x1e00, 0x1e94)
  pairs(0x1ea0, 0x1efe)
}
