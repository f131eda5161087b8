/**
 * Blocks of one kind, one after the other: parts of a block wait until the blocks that began before it have ended, so that the text
 * of one block is judged in one piece, whatever stands between its pieces in the source.
 */
import { ParapetError } from '../../spec/index.ts'
import type { Block, BlockPart } from './answer-items.ts'

/** What may wait, so that a source without end does not fill the memory. */
const MOST_PARTS = 10_000
const MOST_CHARACTERS = 1_000_000

export class BlockOrder {
  #open: { readonly id: string; readonly block: Block } | null = null
  #run: Block[] = []
  #waiting: BlockPart[] = []
  #characters = 0

  get open(): Block | null {
    return this.#open?.block ?? null
  }

  /** True when the part's turn has come; else it waits for `drain`. */
  admits(part: BlockPart): boolean {
    const isStart = part.type === 'text-start' || part.type === 'reasoning-start'
    if (this.#open === null || (!isStart && part.id === this.#open.id)) return true
    // A block that begins anew under an id that is still open: the first one has ended.
    if (isStart && part.id === this.#open.id && this.#waiting.length === 0) return true
    this.#characters += 'delta' in part && typeof part.delta === 'string' ? part.delta.length : 0
    this.#waiting.push(part)
    if (this.#waiting.length > MOST_PARTS || this.#characters > MOST_CHARACTERS) {
      throw new ParapetError('upstream_error', 'The model began too much before it ended what it had begun.')
    }
    return false
  }

  begin(id: string, block: Block): void {
    this.#open = { id, block }
    this.#run.push(block)
  }

  end(): void {
    this.#open = null
  }

  /** The parts that waited, in their order. Those whose turn has not come wait again. */
  drain(): readonly BlockPart[] {
    const parts = this.#waiting
    this.#waiting = []
    this.#characters = 0
    return parts
  }

  /** The blocks of the run that ends here; none while one of them goes on. */
  close(): readonly Block[] {
    if (this.#open !== null) return []
    const run = this.#run
    this.#run = []
    return run
  }
}
