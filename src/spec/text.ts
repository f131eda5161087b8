/**
 * The text a guard looks at: as written, and normalised (Unicode NFKC, invisible characters removed, confusables folded),
 * with a map back. Offsets in findings always point into the original, in UTF-16 units, end exclusive.
 *
 * The normalisation itself is in `core/text`.
 */

/** One text in both forms. */
export interface TextView {
  readonly original: string
  readonly normalised: string
  /** False when both forms are the same string; then offsets need no mapping. */
  readonly changed: boolean
  /**
   * Maps a range of `normalised` to the smallest range of `original` that produced it.
   * @param start inclusive, UTF-16 units of `normalised`
   * @param end exclusive
   */
  toOriginal(start: number, end: number): readonly [start: number, end: number]
}

/**
 * The part of a growing text that is still needed. Offsets are absolute: they count from the first character of the stream.
 */
export interface StreamBuffer {
  /** Absolute offset of the oldest character still held. */
  readonly start: number
  /** Absolute offset after the newest character. */
  readonly end: number
  /** True once no more text will come. */
  readonly ended: boolean
  /**
   * Absolute offset up to which normalisation can no longer change when more text comes (a combining mark, the second half of
   * a surrogate pair or the rest of a word may still follow the last characters). Equals `end` once `ended`.
   */
  readonly stable: number
  /** Original text between two absolute offsets that are still held. */
  slice(from: number, to?: number): string
  /** Both forms of that range. `toOriginal` of the result is relative to `from`. */
  view(from: number, to?: number): TextView
}
