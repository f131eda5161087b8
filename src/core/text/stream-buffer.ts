/**
 * A text that grows at its end and is forgotten from its start, with the offset up to which its normalisation is final.
 *
 * Text is held in blocks, so that neither a long stream nor one arriving a character at a time is ever copied as a whole.
 */
import type { StreamBuffer, TextView } from '../../spec/text.ts'
import { stableEnd } from './segment.ts'
import { createTextView } from './text-view.ts'

const BLOCK = 1024

/** A stream buffer and the side that fills it. */
export interface GrowingText extends StreamBuffer {
  /** Adds text at the end. */
  append(text: string): void
  /** No more text will come: everything is stable. */
  finish(): void
  /** Forgets the text before this absolute offset. */
  release(keep: number): void
}

/** An empty buffer whose first character will have offset `start`. */
export function createStreamBuffer(start = 0): GrowingText {
  return new BlockBuffer(start)
}

interface Block {
  readonly start: number
  readonly text: string
}

class BlockBuffer implements GrowingText {
  #blocks: Block[] = []
  /** Text after the last block. */
  #tail = ''
  #tailStart: number
  /** Text after `stable`. */
  #pending = ''
  #start: number
  #end: number
  #stable: number
  #ended = false
  /** The view asked for last: several guards ask for the same one. */
  #view: { readonly from: number; readonly to: number; readonly view: TextView } | null = null

  constructor(start: number) {
    this.#start = start
    this.#end = start
    this.#stable = start
    this.#tailStart = start
  }

  get start(): number {
    return this.#start
  }

  get end(): number {
    return this.#end
  }

  get ended(): boolean {
    return this.#ended
  }

  get stable(): number {
    return this.#stable
  }

  append(text: string): void {
    if (this.#ended) throw new TypeError('The buffer has finished: no text can be appended')
    if (text === '') return
    this.#end += text.length
    this.#tail += text
    if (this.#tail.length >= BLOCK) {
      this.#blocks.push({ start: this.#tailStart, text: this.#tail })
      this.#tailStart = this.#end
      this.#tail = ''
    }
    this.#pending += text
    const stable = stableEnd(this.#pending)
    if (stable > 0) {
      this.#stable += stable
      this.#pending = this.#pending.slice(stable)
    }
  }

  finish(): void {
    this.#ended = true
    this.#stable = this.#end
    this.#pending = ''
  }

  release(keep: number): void {
    const limit = Math.min(keep, this.#end)
    if (limit <= this.#start) return
    this.#start = limit
    if (this.#view !== null && this.#view.from < limit) this.#view = null
    let gone = 0
    while (gone < this.#blocks.length && endOf(this.#blocks[gone] as Block) <= limit) gone += 1
    if (gone > 0) this.#blocks.splice(0, gone)
  }

  slice(from: number, to: number = this.#end): string {
    if (from < this.#start || to > this.#end) {
      throw new RangeError(`Offsets ${from} to ${to} are not held; the buffer holds ${this.#start} to ${this.#end}`)
    }
    if (from >= to) return ''
    if (from >= this.#tailStart) return this.#tail.slice(from - this.#tailStart, to - this.#tailStart)
    let text = ''
    for (let index = this.#find(from); index < this.#blocks.length; index += 1) {
      const block = this.#blocks[index] as Block
      if (block.start >= to) return text
      text += block.text.slice(Math.max(0, from - block.start), to - block.start)
    }
    return to > this.#tailStart ? text + this.#tail.slice(0, to - this.#tailStart) : text
  }

  view(from: number, to: number = this.#end): TextView {
    if (this.#view?.from !== from || this.#view.to !== to) {
      this.#view = { from, to, view: createTextView(this.slice(from, to)) }
    }
    return this.#view.view
  }

  /** Index of the block that holds an offset. */
  #find(offset: number): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#blocks[middle] as Block).start <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

function endOf(block: Block): number {
  return block.start + block.text.length
}
