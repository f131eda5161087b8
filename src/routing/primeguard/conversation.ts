/** What of a conversation is judged and what the answering calls are made from. Media are named to the judge; it cannot see them. */
import type { MediaPart, Message } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'

export interface ReadConversation {
  /** Messages of the system and developer, which are trusted and not judged. */
  readonly directives: readonly Message[]
  /** Turns before the last message. */
  readonly earlier: readonly Message[]
  readonly last: Message
  /** Text of the last message. */
  readonly request: string
  readonly media: readonly MediaPart[]
  /** What is judged: the request, or all turns where there are several, each with its role. */
  readonly judged: string
}

/** Throws `input_invalid` where there is nothing to answer. */
export function readConversation(messages: readonly Message[]): ReadConversation {
  const isDirective = ({ role }: Message): boolean => role === 'system' || role === 'developer'
  const turns = messages.filter((message) => !isDirective(message))
  const last = turns.at(-1)
  if (last === undefined)
    throw new ParapetError('input_invalid', 'There is no message to answer. Give at least one of role user.')
  const request = textOf(last)
  return {
    directives: messages.filter(isDirective),
    ...{ earlier: turns.slice(0, -1), last, request },
    media: typeof last.content === 'string' ? [] : last.content.filter((part) => part.type === 'media'),
    judged:
      turns.length === 1 ? judgedText(last) : turns.map((turn) => `[${turn.role}] ${judgedText(turn)}`).join('\n'),
  }
}

function textOf({ content }: Message): string {
  if (typeof content === 'string') return content
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}

function judgedText(message: Message): string {
  const media = typeof message.content === 'string' ? [] : message.content.filter((part) => part.type === 'media')
  const calls = message.toolCalls ?? []
  return [
    textOf(message),
    ...media.map(({ mediaType }) => `(${mediaType}, not shown)`),
    ...calls.map(({ name, input }) => `(calls ${name}: ${input})`),
  ].join('\n')
}

/** The text with the media of the message it stands for. */
export function withMedia(text: string, media: readonly MediaPart[]): Message {
  return { role: 'user', content: media.length === 0 ? text : [{ type: 'text', text }, ...media] }
}
