/**
 * Which tokens of an encoded conversation its writer decides about: those of the contents of messages, never those of the template. Roles and
 * control tokens are written by whoever runs the model.
 */
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { WorldMessage } from '../../world/types.ts'

type Places = readonly [from: number, to: number]

/**
 * Places [from, to) of the content of message `index` among `tokenizer.encodeChat(messages)`; null where the tokenizer joins content and template,
 * or changes the content, so that no token is the content's alone.
 */
export function placesOfContent(
  tokenizer: TextTokenizer,
  messages: readonly WorldMessage[],
  index: number,
): Places | null {
  const encode = (content: string): readonly number[] =>
    tokenizer.encodeChat(messages.map((message, at) => (at === index ? { ...message, content } : message)))
  const content = messages[index]?.content ?? ''
  const [whole, without] = [encode(content), encode('')]
  let from = 0
  while (from < without.length && whole[from] === without[from]) from += 1
  const behind = without.length - from
  const to = whole.length - behind
  const rest = to >= from && without.slice(from).every((id, at) => whole[to + at] === id)
  return rest && tokenizer.decode(whole.slice(from, to)) === content ? [from, to] : null
}

/** The same; throws `configuration` where there are none. */
export function contentPlaces(tokenizer: TextTokenizer, messages: readonly WorldMessage[], index: number): Places {
  const places = placesOfContent(tokenizer, messages, index)
  if (places !== null) return places
  throw new ParapetError(
    'configuration',
    'This tokenizer joins the text of messages with the chat template, or changes it, so the tokens of a message cannot be told from the template’s. Use a template with control tokens around contents.',
  )
}
