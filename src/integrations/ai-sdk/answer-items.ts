/**
 * What a part carries through the pipeline, so that it can become a part of the AI SDK again: which block or tool call it belongs
 * to, and in which attempt at an answer. Types and small records; reading and writing are in `answer-reader` and `answer-writer`.
 */
import type { AnyStreamPart, PartOf } from './provider-types.ts'
import type { Verdicts } from './verdicts.ts'

export type BlockKind = 'text' | 'reasoning'
export type BlockStart = PartOf<'text-start'> | PartOf<'reasoning-start'>
export type BlockDelta = PartOf<'text-delta'> | PartOf<'reasoning-delta'>
export type BlockEnd = PartOf<'text-end'> | PartOf<'reasoning-end'>
export type BlockPart = BlockStart | BlockDelta | BlockEnd

/** A block of text or reasoning. */
export interface Block {
  readonly kind: BlockKind
  /** Ours: the model's own could say anything. */
  readonly id: string
  readonly start: BlockStart
  /** Its place in the source. */
  readonly order: number
  /** The part that ended it, once it was read. */
  end: BlockEnd | null
  /** Whatever is read after this place of the source leaves after all of the block. */
  closedAt: number
  started: boolean
  ended: boolean
  /** What the model wrote and what was shown, to tell whether offsets into it still hold. */
  source: string
  shown: string
}

/** The arguments of a tool call while they are written. */
export interface Call {
  /** Name of its channel. */
  readonly key: string
  readonly start: PartOf<'tool-input-start'>
  started: boolean
  ended: boolean
  /** Nothing more will be written. */
  complete: boolean
  source: string
  shown: string
}

/** Makes the part that leaves, once it is known what was let through. Null: none does. */
export type Make = (verdicts: Verdicts) => AnyStreamPart | null

/** What becomes of a part that has been judged. */
export type Item =
  | { readonly type: 'block-delta'; readonly block: Block; readonly part: BlockDelta }
  | { readonly type: 'block-end'; readonly block: Block }
  | { readonly type: 'input-delta'; readonly call: Call; readonly part: PartOf<'tool-input-delta'> | null }
  | { readonly type: 'input-end'; readonly call: Call }
  /** Arguments that are judged for the call itself and are not streamed. */
  | { readonly type: 'input-whole'; readonly call: Call }
  | { readonly type: 'tool-call'; readonly call: Call; readonly part: PartOf<'tool-call'> }
  /** Words beside the answer. */
  | { readonly type: 'words'; readonly text: string }
  /** Judged as one text, from which the part is made. */
  | { readonly type: 'content'; readonly make: (text: string, verdicts: Verdicts) => AnyStreamPart | null }
  | { readonly type: 'pass'; readonly make: Make }
  | { readonly type: 'finish'; readonly part: PartOf<'finish'> }
  | { readonly type: 'nothing' }

/** One answer of the model; `retry` asks for another. */
export interface Attempt {
  /** 0 at first. */
  readonly number: number
  readonly verdicts: Verdicts
  /** In the order of the source. */
  readonly blocks: Block[]
}

/** An item with its place in the source. Parts of the pipeline's own making have none. */
export class Tag {
  readonly attempt: Attempt
  readonly order: number
  readonly item: Item

  constructor(attempt: Attempt, order: number, item: Item) {
    this.attempt = attempt
    this.order = order
    this.item = item
  }
}
