/**
 * Conversations to learn from, and their file form: JSON Lines, a conversation a line, in the form of the OpenAI fine-tuning API
 * (`{"messages": [{"role", "content"}, …]}`) with an optional `weight`. It knows nothing of tokens.
 */
import { ParapetError } from '../../../spec/errors.ts'

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface Conversation {
  readonly messages: readonly ChatMessage[]
  /** Factor of the loss of its answers; 1 if absent. */
  readonly weight?: number
}

const ROLES = new Set(['system', 'user', 'assistant'])

/**
 * Reads JSON Lines; empty lines are passed over.
 *
 * @throws ParapetError `input_invalid` that names the file and the line.
 */
export function parseConversations(text: string, name: string): readonly Conversation[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const wrong = (why: string): never => {
      throw new ParapetError('input_invalid', `${name}, line ${index + 1}: ${why}`)
    }
    let row: unknown
    try {
      row = JSON.parse(line)
    } catch {
      return wrong('this is not JSON. Give one conversation as JSON on each line.')
    }
    const problem = conversationProblem(row)
    return problem === undefined ? [row as Conversation] : wrong(problem)
  })
}

/** What keeps a value from being a conversation to learn from; nothing if it is one. */
export function conversationProblem(row: unknown): string | undefined {
  const { messages, weight } = (row ?? {}) as { readonly messages?: unknown; readonly weight?: unknown }
  if (!Array.isArray(messages)) return 'there is no list "messages".'
  for (const [at, message] of messages.entries()) {
    const { role, content } = (message ?? {}) as { readonly role?: unknown; readonly content?: unknown }
    if (typeof role !== 'string' || !ROLES.has(role))
      return `message ${at + 1} has the role ${JSON.stringify(role)}. Roles are system, user and assistant.`
    if (typeof content !== 'string') return `message ${at + 1} has no text as "content".`
    if (role === 'system' && at > 0) return `message ${at + 1} is a system message; only the first may be one.`
  }
  if (messages.every((message) => (message as ChatMessage).role !== 'assistant'))
    return 'there is no answer of the assistant to learn.'
  if (weight !== undefined && !(typeof weight === 'number' && weight >= 0 && weight < Infinity))
    return `the weight ${JSON.stringify(weight)} is not a number of at least 0.`
  return undefined
}
