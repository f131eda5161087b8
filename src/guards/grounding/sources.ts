/** Where an answer's sources stand: documents marked in the system prompt and in users' messages, and what tools answered. */
import type { Message, Role } from '../../spec/index.ts'
import { documentBlocks, jsonDocuments } from './document-blocks.ts'

export interface Source {
  /** How an answer cites it. */
  readonly id: string
  readonly text: string
  /** Index of its message; null where it came beside the conversation. */
  readonly message: number | null
}

/** Sources of a conversation, in order. `system` is used where there are no messages. */
export function sourcesOf(
  { messages, system }: { readonly messages?: readonly Message[]; readonly system?: string },
  roles: readonly Role[],
): readonly Source[] {
  if (messages === undefined)
    return system === undefined || !roles.includes('system') ? [] : markedSources(system, null)
  return messages.flatMap((message, index) => {
    if (!roles.includes(message.role)) return []
    const text = textOf(message)
    const marked = markedSources(text, index)
    if (marked.length > 0 || message.role !== 'tool' || text.trim() === '') return marked
    const documents = jsonDocuments(text)
    if (documents !== null) return documents.map((document) => ({ ...document, message: index }))
    return [{ id: message.toolCallId ?? `tool-${index}`, text, message: index }]
  })
}

function markedSources(text: string, message: number | null): readonly Source[] {
  return documentBlocks(text).map(({ id, start, end }) => ({ id, text: text.slice(start, end), message }))
}

function textOf({ content }: Message): string {
  if (typeof content === 'string') return content
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}
