/** From texts to rows of a graph: tokenising, shortening contexts, cutting windows. */
import type { TextClassifierInput } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { SequenceTokenizer } from '../../nn/tokenizer/sequence-frame.ts'
import { folderError, optionError } from './folder-error.ts'
import type { Row } from './graph-session.ts'
import type { Limits } from './options.ts'
import { contextRoom, frameSize, framed, tokenWindows } from './token-windows.ts'

export interface RowParts {
  readonly folder: string
  readonly tokenizer: SequenceTokenizer
  readonly limits: Limits
  readonly maxTokens: number
  /** Branches of the graph. */
  readonly branches: 1 | 2
  /** Whether the context stands before the text. */
  readonly contextFirst: boolean
}

/** A window of a text as a row, and how many of its tokens are the text's. */
export interface WindowRow {
  readonly row: Row
  readonly tokens: number
}

export class TextRows {
  readonly #parts: RowParts

  /** Throws where not even one token of a text fits. */
  constructor(parts: RowParts) {
    const { folder, tokenizer, maxTokens, limits } = parts
    this.#parts = parts
    const frame = Math.max(frameSize(tokenizer.single), frameSize(tokenizer.pair))
    if (maxTokens <= frame + 1)
      throw folderError(folder, `it reads ${maxTokens} tokens, of which ${frame} stand around texts. Raise maxTokens.`)
    if (limits.overlap !== undefined && limits.overlap > Math.floor(maxTokens / 2))
      throw optionError('overlap must be at most half of maxTokens')
  }

  /** The windows of one input, in their order. Throws `input_too_large`, or `input_invalid` for a text without tokens. */
  rowsOf({ text, context }: TextClassifierInput): readonly WindowRow[] {
    const { tokenizer, maxTokens, branches } = this.#parts
    const tokens = this.#encode(text)
    if (branches === 2) return this.#branchRows(tokens, context)
    if (context === undefined) {
      const { single } = tokenizer
      return this.#windows(tokens, maxTokens - frameSize(single), (first) => [framed(single, { first })])
    }
    const { pair } = tokenizer
    const room = maxTokens - frameSize(pair)
    const beside = this.#encode(context).slice(0, contextRoom(room, tokens.length))
    return this.#windows(tokens, room - beside.length, (part) => [framed(pair, this.#ordered(part, beside))])
  }

  /** Two branches read a text each, in a frame of its own. */
  #branchRows(tokens: readonly number[], context: string | undefined): readonly WindowRow[] {
    const { folder, tokenizer, maxTokens } = this.#parts
    if (context === undefined)
      throw new ParapetError('input_invalid', `The model in ${folder} compares two texts: give it a context as well.`)
    const { single } = tokenizer
    const room = maxTokens - frameSize(single)
    const beside = this.#encode(context).slice(0, room)
    return this.#windows(tokens, room, (part) => {
      const { first, second } = this.#ordered(part, beside)
      return [framed(single, { first }), framed(single, { first: second })]
    })
  }

  #ordered(
    text: readonly number[],
    context: readonly number[],
  ): { readonly first: readonly number[]; readonly second: readonly number[] } {
    return this.#parts.contextFirst ? { first: context, second: text } : { first: text, second: context }
  }

  #windows(tokens: readonly number[], size: number, rowOf: (part: readonly number[]) => Row): readonly WindowRow[] {
    const { overlap = Math.floor(size / 4) } = this.#parts.limits
    return tokenWindows(tokens.length, size, Math.min(overlap, Math.floor(size / 2))).map(([start, end]) => {
      const row = rowOf(tokens.slice(start, end))
      if (row.some(({ ids }) => ids.length === 0))
        throw new ParapetError('input_invalid', 'There is nothing to read in the text: its tokenizer gives no token.')
      return { row, tokens: end - start }
    })
  }

  #encode(text: string): readonly number[] {
    const { longest } = this.#parts.limits
    if (text.length > longest)
      throw new ParapetError(
        'input_too_large',
        `The model takes texts of at most ${longest} characters. Limit their length, or raise longest.`,
      )
    return this.#parts.tokenizer.encode(text)
  }
}
