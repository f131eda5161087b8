/**
 * Replaces spans in a text that is read once, from front to back, piece by piece, with the result that
 * `applyModifications` gives on the whole text: overlapping spans become one, with the replacement of the span that begins first
 * (the longest of those).
 *
 * It relies on being told of every span that begins before the end of a piece before that piece is taken.
 */

/** A range to replace. */
export interface Mask {
  readonly start: number
  /** Infinity when the rest of the text is meant. */
  readonly end: number
  readonly text: string
  /** Decides between spans of the same range: the smaller first. */
  readonly order: number
}

export class MaskCursor {
  /** Sorted; those whose replacement has not been written yet. */
  readonly #masks: Mask[] = []
  /** End of the range whose replacement was written last. */
  #until = 0

  /** True when nothing from this offset on is replaced, as far as known. */
  isClear(from: number): boolean {
    return this.#masks.length === 0 && this.#until <= from
  }

  add(mask: Mask): void {
    let index = this.#masks.length
    while (index > 0 && compare(mask, this.#masks[index - 1] as Mask) < 0) index -= 1
    this.#masks.splice(index, 0, mask)
  }

  /**
   * The next piece with its spans replaced. A replacement stands in the piece in which its span begins.
   * @param text the characters between `from` and `to`
   * @param final no text follows: an empty span at the very end counts too
   */
  take(text: string, from: number, to: number, final: boolean): string {
    if (this.isClear(from)) return text
    let result = ''
    let at = from
    for (;;) {
      if (at < this.#until) {
        this.#absorb()
        at = Math.min(this.#until, to)
        if (at < this.#until) return result
      }
      const next = this.#masks[0]
      if (next === undefined || next.start > to || (next.start === to && !final)) return result + text.slice(at - from)
      this.#masks.shift()
      const start = Math.max(next.start, at)
      result += text.slice(at - from, start - from) + next.text
      this.#until = Math.max(next.end, start)
      at = start
    }
  }

  /** Spans that begin inside the range being replaced only make it longer. */
  #absorb(): void {
    let next = this.#masks[0]
    while (next !== undefined && next.start < this.#until) {
      this.#until = Math.max(this.#until, next.end)
      this.#masks.shift()
      next = this.#masks[0]
    }
  }
}

function compare(left: Mask, right: Mask): number {
  if (left.start !== right.start) return left.start - right.start
  if (left.end !== right.end) return left.end > right.end ? -1 : 1
  return left.order - right.order
}
