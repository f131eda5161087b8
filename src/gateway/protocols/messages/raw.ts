/**
 * What a part carries of the Messages wire format. Parts arrive in the order in which they may leave their channels, which is
 * not the order of the blocks; so each says to which block it belongs, by its number in the model's answer.
 */
import type { JsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'

export type WireRaw =
  /** `message_start`; what it holds beside content. A second one means that the model was asked again. */
  | { readonly kind: 'message'; readonly event: JsonObject }
  /** `content_block_start` without the words that follow as pieces. */
  | {
      readonly kind: 'block'
      readonly block: number
      readonly event: JsonObject
      /** The texts before it are complete: what is read across is not one text. */
      readonly endsText: boolean
      /** How many media came before it as parts of their own. It is passed on only with all of them. */
      readonly media: number
    }
  /** A piece of text, thinking or tool input: its `content_block_delta`, or null when it did not come as one. */
  | { readonly kind: 'piece'; readonly block: number; readonly event: JsonObject | null }
  /** A `content_block_delta` that was judged in one. */
  | { readonly kind: 'addition'; readonly block: number; readonly event: JsonObject }
  /** Something in the block that follows that cannot be read. */
  | { readonly kind: 'medium'; readonly block: number; readonly source: string }
  /** `content_block_stop`. */
  | { readonly kind: 'stop'; readonly block: number; readonly event: JsonObject; readonly seal: Seal | null }
  /** `message_delta`. */
  | { readonly kind: 'closing'; readonly event: JsonObject }
  /** Everything that was to be judged has been. */
  | { readonly kind: 'finish' }
  /** `message_stop`. */
  | { readonly kind: 'end'; readonly event: JsonObject }
  | { readonly kind: 'ping'; readonly event: JsonObject }

/** A signature, and the thinking that it was made for. */
export interface Seal {
  readonly signature: string
  readonly thinking: string
}

/**
 * Stands where a signature would, under thinking that was modified: the model's signature is valid for its own words only. A
 * block that comes back with it is not sent on to the model.
 */
export const MODIFIED_SIGNATURE = 'parapet-modified'

/** What is judged as the input of a call that has none. */
export const NO_INPUT = '{}'

const KINDS: readonly unknown[] = [
  'message',
  'block',
  'piece',
  'addition',
  'medium',
  'stop',
  'closing',
  'finish',
  'end',
  'ping',
] satisfies readonly WireRaw['kind'][]

/** Reads a part's `raw`; null when it is absent or somebody else's. */
export function wireRaw(part: StreamPart): WireRaw | null {
  const { raw } = part
  if (typeof raw !== 'object' || raw === null || !('kind' in raw) || !KINDS.includes(raw.kind)) return null
  return raw as WireRaw
}
