/** What a streamed answer is judged beside: the conversation it answers, the newest words of the user, and the instructions. */
import { messageText } from '../../core/pipeline/texts.ts'
import type { Caller, GuardedPart, GuardedStream, Message, StreamPart } from '../../spec/index.ts'
import type { ConversationGuard } from './judgement.ts'

/** The part of a Parapet that guards streams. */
export interface StreamGuard extends ConversationGuard {
  guardStream(
    source: AsyncIterable<StreamPart>,
    options?: AnsweredConversation & { readonly caller?: Caller; readonly signal?: AbortSignal },
  ): GuardedStream<GuardedPart>
}

export interface AnsweredConversation {
  readonly messages?: readonly Message[]
  readonly prompt?: string
  readonly system?: string
}

export function answered(messages: readonly Message[]): AnsweredConversation {
  const user = messages.findLast(({ role }) => role === 'user')
  const system = messages.filter(({ role }) => role === 'system' || role === 'developer').map(messageText)
  return {
    messages,
    ...(user === undefined ? {} : { prompt: messageText(user) }),
    ...(system.length === 0 ? {} : { system: system.join('\n') }),
  }
}
