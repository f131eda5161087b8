/**
 * Which tokens of an encoded conversation an uploader decides about: those of the contents of messages, never those of the template. A
 * fine-tuning service writes roles and control tokens itself.
 */
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { WorldMessage } from '../../world/types.ts'

/**
 * Places [from, to) of the content of message `index` among `tokenizer.encodeChat(messages)`. Throws `configuration` where the tokenizer
 * joins content and template, so that no token is the content's alone.
 */
export function contentPlaces(
  tokenizer: TextTokenizer,
  messages: readonly WorldMessage[],
  index: number,
): readonly [from: number, to: number] {
  const encode = (content: string): readonly number[] =>
    tokenizer.encodeChat(messages.map((message, at) => (at === index ? { ...message, content } : message)))
  const content = messages[index]?.content ?? ''
  const [whole, without] = [encode(content), encode('')]
  let from = 0
  while (from < without.length && whole[from] === without[from]) from += 1
  const behind = without.length - from
  const to = whole.length - behind
  const rest = to >= from && without.slice(from).every((id, at) => whole[to + at] === id)
  if (!rest || tokenizer.decode(whole.slice(from, to)) !== content)
    throw new ParapetError(
      'configuration',
      'This tokenizer joins the text of messages with the chat template, so the tokens of an upload cannot be told from the service’s own. Use a template with control tokens around contents.',
    )
  return [from, to]
}
