/**
 * A whole text in the shape of a stream that has ended, so that a guard judges both with the same code and the same cuts.
 */
import type { StreamBuffer, TextView } from '../../spec/index.ts'
import { createTextView } from '../../core/text/index.ts'

/** A whole text, seen as a stream that has ended. */
export class WholeText implements StreamBuffer {
  readonly start: number = 0
  readonly ended: boolean = true
  readonly end: number
  readonly stable: number
  readonly #text: TextView

  constructor(text: TextView) {
    this.#text = text
    this.end = text.original.length
    this.stable = this.end
  }

  slice(from: number, to: number = this.end): string {
    return this.#text.original.slice(from, to)
  }

  view(from: number, to: number = this.end): TextView {
    return from === 0 && to === this.end ? this.#text : createTextView(this.#text.original.slice(from, to))
  }
}
