/**
 * Overlapping windows over a long text, always the same ones for the same length, whatever the pieces in which it arrived.
 */

/**
 * Windows of `size` characters that start every `hop` characters; the last one ends with the text and may be shorter.
 * Every stretch of at most `size - hop` characters lies wholly inside one of them.
 */
export function* windows(length: number, size: number, hop: number): Generator<readonly [start: number, end: number]> {
  if (!(size > 0 && hop > 0 && hop <= size)) throw new RangeError('Windows need 0 < hop <= size')
  for (let start = 0; ; start += hop) {
    const end = Math.min(length, start + size)
    yield [start, end]
    if (end >= length) return
  }
}
