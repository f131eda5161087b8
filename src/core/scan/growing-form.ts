/**
 * One form (original or normalised) of a growing text, as far as a scan still needs it, with the way back to the original.
 *
 * Offsets of the form count from its own first character and differ from those of the original once normalising has removed
 * or added characters.
 */
import type { StreamBuffer, TextView } from '../../spec/text.ts'

interface Piece {
  /** First offset in the form. */
  readonly start: number
  readonly end: number
  /** Absolute offset in the original. */
  readonly position: number
  readonly view: TextView | null
}

/** Text is forgotten only in steps of this many characters, so that forgetting costs little. */
const FORGET_STEP = 512

export class GrowingForm {
  readonly #kind: 'normalised' | 'original'
  #text = ''
  #start = 0
  #end = 0
  #taken = -1
  #pieces: Piece[] = []

  constructor(kind: 'normalised' | 'original') {
    this.#kind = kind
  }

  /** The text held. */
  get text(): string {
    return this.#text
  }

  /** Offset of the first character held. */
  get start(): number {
    return this.#start
  }

  get end(): number {
    return this.#end
  }

  /** Takes over what has become available since the last call. */
  take(buffer: StreamBuffer): void {
    if (this.#taken < 0) this.#taken = buffer.start
    const until = this.#kind === 'original' ? buffer.end : buffer.stable
    if (until <= this.#taken) return
    const view = this.#kind === 'original' ? null : buffer.view(this.#taken, until)
    const text = view === null ? buffer.slice(this.#taken, until) : view.normalised
    const piece = {
      start: this.#end,
      end: this.#end + text.length,
      position: this.#taken,
      view: view?.changed ? view : null,
    }
    this.#add(piece)
    this.#text += text
    this.#end = piece.end
    this.#taken = until
  }

  /** Span of the original behind a range of the form. */
  toOriginal(start: number, end: number): { start: number; end: number } {
    return { start: this.positionOf(start), end: this.#lastOf(end - 1) }
  }

  /** Where in the original the character at this offset begins. */
  positionOf(offset: number): number {
    if (offset >= this.#end) return Math.max(0, this.#taken)
    const piece = this.#find(offset)
    const local = offset - piece.start
    return piece.position + (piece.view === null ? local : piece.view.toOriginal(local, local + 1)[0])
  }

  /** Drops the text before this offset. */
  forget(before: number): void {
    if (before - this.#start < FORGET_STEP) return
    this.#text = this.#text.slice(before - this.#start)
    this.#start = before
    let gone = 0
    while (gone < this.#pieces.length && (this.#pieces[gone] as Piece).end <= before) gone += 1
    if (gone > 0) this.#pieces.splice(0, gone)
  }

  #lastOf(offset: number): number {
    const piece = this.#find(offset)
    const local = offset - piece.start
    return piece.position + (piece.view === null ? local + 1 : piece.view.toOriginal(local, local + 1)[1])
  }

  #add(piece: Piece): void {
    const last = this.#pieces.at(-1)
    if (last !== undefined && last.view === null && piece.view === null) {
      // Unchanged pieces follow each other without a gap in either form.
      this.#pieces[this.#pieces.length - 1] = { ...last, end: piece.end }
    } else {
      this.#pieces.push(piece)
    }
  }

  #find(offset: number): Piece {
    let low = 0
    let high = this.#pieces.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#pieces[middle] as Piece).start <= offset) low = middle
      else high = middle - 1
    }
    return this.#pieces[low] as Piece
  }
}
