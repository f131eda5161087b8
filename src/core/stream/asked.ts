/** The prompt and the system prompt of a conversation, as guards of its answer are told them. */
import type { Message } from '../../spec/index.ts'
import { messageText } from '../pipeline/texts.ts'

/** The newest message of a user, and all of the system or developer; absent where there are none. */
export function askedOf(messages: readonly Message[]): { readonly prompt?: string; readonly system?: string } {
  const user = messages.findLast((message) => message.role === 'user')
  const system = messages.filter(({ role }) => role === 'system' || role === 'developer').map(messageText)
  return {
    ...(user === undefined ? {} : { prompt: messageText(user) }),
    ...(system.length === 0 ? {} : { system: system.join('\n') }),
  }
}
