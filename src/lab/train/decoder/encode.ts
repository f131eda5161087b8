/**
 * Conversations as token ids with a weight for each: which tokens the model learns to say. The answers of the assistant count, with the
 * token that ends them; what the user and the system said counts as much as the caller wants, not at all by default.
 */
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { Conversation } from './conversation.ts'

/** One sequence: `weights[i]` is that of predicting `ids[i]` from those before it. */
export interface EncodedConversation {
  readonly ids: Int32Array
  readonly weights: Float32Array
}

export interface EncodeOptions {
  readonly tokenizer: TextTokenizer
  /** Longest sequence kept, in tokens. */
  readonly maxLength: number
  /** Weight of tokens that are not the assistant's; 0 if absent. */
  readonly promptWeight?: number
}

/** Nothing for a conversation that is longer than `maxLength`: cut, it would teach to stop in the middle. */
export function encodeConversation(
  { messages, weight = 1 }: Conversation,
  { tokenizer, maxLength, promptWeight = 0 }: EncodeOptions,
): EncodedConversation | undefined {
  const ids = tokenizer.encodeChat(messages, { addGenerationPrompt: false })
  if (ids.length > maxLength) return undefined
  const weights = new Float32Array(ids.length).fill(promptWeight * weight)
  for (const [index, { role }] of messages.entries()) {
    if (role !== 'assistant') continue
    const from = tokenizer.encodeChat(messages.slice(0, index), { addGenerationPrompt: true })
    const last = index === messages.length - 1
    const to = last ? ids : tokenizer.encodeChat(messages.slice(0, index + 1), { addGenerationPrompt: false })
    requirePrefix(ids, from)
    requirePrefix(ids, to)
    weights.fill(weight, from.length, to.length)
  }
  weights[0] = 0
  return { ids: Int32Array.from(ids), weights }
}

function requirePrefix(ids: readonly number[], part: readonly number[]): void {
  if (part.every((id, at) => ids[at] === id)) return
  throw new ParapetError(
    'configuration',
    'With this chat template a conversation does not begin like the same conversation cut short, so its answers cannot be told from the rest. Use a template that writes each message independently of later ones.',
  )
}
