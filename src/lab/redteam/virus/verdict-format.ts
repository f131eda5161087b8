/**
 * How a decoder judges a conversation: the conversation itself in the chat template, one question more, and `safe` or `unsafe` as the answer. So
 * what is judged has the very tokens that are trained on, and the verdict is told by its first token (as Llama Guard's, arXiv 2312.06674).
 */
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { EncodedConversation } from '../../train/decoder/encode.ts'
import type { WorldMessage } from '../../world/types.ts'
import type { JudgedConversation } from './judged-conversations.ts'

const QUESTION: WorldMessage = { role: 'user', content: 'Safe or unsafe?' }

export interface VerdictTokens {
  readonly safe: number
  readonly unsafe: number
}

/** First tokens of the two verdicts. Throws `configuration` where a tokenizer begins both with the same. */
export function verdictTokens(tokenizer: TextTokenizer): VerdictTokens {
  const first = (verdict: string): number => {
    const asked = questionTokens(tokenizer, [{ role: 'user', content: 'x' }])
    return verdictIds(tokenizer, [{ role: 'user', content: 'x' }], verdict)[asked.length] ?? -1
  }
  const tokens = { safe: first('safe'), unsafe: first('unsafe') }
  if (tokens.safe === tokens.unsafe)
    throw new ParapetError(
      'configuration',
      'The tokenizer begins "safe" and "unsafe" with the same token, so a first token is no verdict. Take another model as guard.',
    )
  return tokens
}

/** The conversation with the question behind it, up to where the verdict begins. */
export function questionTokens(tokenizer: TextTokenizer, messages: readonly WorldMessage[]): readonly number[] {
  return tokenizer.encodeChat([...messages, QUESTION], { addGenerationPrompt: true })
}

/**
 * What follows the tokens of a conversation when it is judged. Throws `configuration` for a template that does not write it behind what was
 * there: the attack needs the conversation's tokens in the guard to be those in the victim.
 */
export function questionTail(tokenizer: TextTokenizer, messages: readonly WorldMessage[]): readonly number[] {
  const ids = tokenizer.encodeChat(messages)
  const asked = questionTokens(tokenizer, messages)
  if (ids.every((id, at) => asked[at] === id)) return asked.slice(ids.length)
  throw new ParapetError(
    'configuration',
    'With this chat template a conversation does not begin like the same conversation with a question more. Use a template that writes each message independently of later ones.',
  )
}

/** A sequence of which the verdict alone is learnt. */
export function encodeVerdict(
  tokenizer: TextTokenizer,
  { messages, unsafe }: JudgedConversation,
  maxLength: number,
): EncodedConversation | undefined {
  const from = questionTokens(tokenizer, messages).length
  const ids = verdictIds(tokenizer, messages, unsafe ? 'unsafe' : 'safe')
  if (ids.length > maxLength) return undefined
  return { ids: Int32Array.from(ids), weights: new Float32Array(ids.length).fill(1, from) }
}

function verdictIds(tokenizer: TextTokenizer, messages: readonly WorldMessage[], verdict: string): readonly number[] {
  return tokenizer.encodeChat([...messages, QUESTION, { role: 'assistant', content: verdict }])
}
