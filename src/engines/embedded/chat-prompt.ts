/**
 * A conversation as a chat model with a short context reads it. What does not fit is left out from the oldest on; the system's messages
 * stay as long as they and the last message fit together. Where not even those do, the last message is read alone, from its end.
 *
 * Media and tool calls are left out: these models read text.
 */
import type { Message, Role } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { ChatMessage } from '../../nn/tokenizer/chat-template.ts'
import type { TextTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'

/** More characters than a token has on average in texts: what is longer is not encoded as a whole, only to be cut again. */
const CHARACTERS_PER_TOKEN = 16

const ROLES: Readonly<Record<Role, string>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'user',
}

type ChatTokenizer = Pick<TextTokenizer, 'encodeChat' | 'encode' | 'decode'>

/**
 * Ids of the conversation up to the head of the answer, at most `room`. Control tokens in messages stay plain text. Throws
 * `input_invalid` without messages, `input_too_large` where not even an empty message fits.
 */
export function chatPrompt(tokenizer: ChatTokenizer, messages: readonly Message[], room: number): readonly number[] {
  const encode = (chat: readonly ChatMessage[]): readonly number[] =>
    tokenizer.encodeChat(chat, { addGenerationPrompt: true })
  const longest = CHARACTERS_PER_TOKEN * room
  const chat = messages.map((message) => chatMessage(message, longest))
  const last = chat.at(-1)
  if (last === undefined) throw new ParapetError('input_invalid', 'There is no message to answer. Give at least one.')
  const system = chat.slice(0, -1).filter(({ role }) => role === ROLES.system)
  const turns = chat.filter((message) => message === last || message.role !== ROLES.system)
  // Empty messages take tokens too.
  if (system.reduce((sum, { content }) => sum + content.length + 1, 0) > longest) return endOf(last, tokenizer, room)
  let fitting: readonly number[] | undefined
  for (let kept = 1; kept <= turns.length; kept += 1) {
    const ids = encode([...system, ...turns.slice(-kept)])
    if (ids.length > room) break
    fitting = ids
  }
  return fitting ?? endOf(last, tokenizer, room)
}

/** The message alone, with as much of its end as fits. */
function endOf(message: ChatMessage, tokenizer: ChatTokenizer, room: number): readonly number[] {
  const encode = (content: string): readonly number[] =>
    tokenizer.encodeChat([{ ...message, content }], { addGenerationPrompt: true })
  const ids = tokenizer.encode(message.content)
  // The template may join or cut differently than the text alone, so the count is tried, from the most that could fit.
  for (let kept = Math.min(ids.length, room - encode('').length); kept >= 0; kept -= 1) {
    // A cut inside a character leaves a replacement character.
    const prompt = encode(tokenizer.decode(ids.slice(ids.length - kept)).replace(/^\uFFFD+/u, ''))
    if (prompt.length <= room) return prompt
  }
  throw new ParapetError('input_too_large', `Not even an empty message fits into the ${room} tokens of this model.`)
}

function chatMessage({ role, content }: Message, longest: number): ChatMessage {
  const text =
    typeof content === 'string'
      ? content
      : content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  return { role: ROLES[role], content: text.slice(-longest) }
}
