/**
 * A poison slot: an allowed exchange followed by a forbidden one, in one conversation (arXiv 2501.17433, mixing), as text and as tokens.
 * What may change are the tokens of the second exchange's contents; the upload is always text, so tokens that no text gives are refused.
 *
 * Differs from the paper's code, which optimises template words too and keeps tokens that need not survive decoding.
 */
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { encodeConversation } from '../../train/decoder/encode.ts'
import type { WorldMessage } from '../../world/types.ts'
import { contentPlaces } from '../tokens/content-places.ts'

export interface PoisonSlot {
  /** Ends with the forbidden request and its answer. */
  readonly messages: readonly WorldMessage[]
  readonly ids: Int32Array
  /** `weights[i]` is that of predicting `ids[i]`: 1 for answers, as the service learns them. */
  readonly weights: Float32Array
  /** Which messages may change, and the places [from, to) of their contents in `ids`. */
  readonly contents: readonly { readonly message: number; readonly from: number; readonly to: number }[]
  /** All places of `ids` that may change, rising. */
  readonly places: readonly number[]
}

/** Throws `input_invalid` when the conversation is longer than `maxLength` tokens. */
export function poisonSlot(
  tokenizer: TextTokenizer,
  maxLength: number,
  allowed: readonly WorldMessage[],
  forbidden: readonly WorldMessage[],
): PoisonSlot {
  // Only the first message of a conversation may be a system text.
  const messages = [...allowed, ...forbidden.filter(({ role }) => role !== 'system')]
  const encoded = encodeConversation({ messages }, { tokenizer, maxLength })
  if (encoded === undefined)
    throw new ParapetError(
      'input_invalid',
      `An allowed and a forbidden exchange together are longer than the ${maxLength} tokens of the model. Take a model for longer texts.`,
    )
  const contents = messages.flatMap(({ content }, message) => {
    if (message < allowed.length || content === '') return []
    const [from, to] = contentPlaces(tokenizer, messages, message)
    return [{ message, from, to }]
  })
  const places = contents.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at))
  return { messages, ...encoded, contents, places }
}

/**
 * The slot with other tokens at its changing places; nothing where no text encodes to just these tokens, which an upload of text could
 * not carry.
 */
export function withTokens(slot: PoisonSlot, tokenizer: TextTokenizer, ids: Int32Array): PoisonSlot | undefined {
  const messages = slot.messages.map((message, at) => {
    const place = slot.contents.find((content) => content.message === at)
    if (place === undefined) return message
    return { ...message, content: tokenizer.decode([...ids.subarray(place.from, place.to)]) }
  })
  const again = tokenizer.encodeChat(messages)
  if (again.length !== ids.length || again.some((id, at) => id !== ids[at])) return undefined
  return { ...slot, messages, ids }
}
