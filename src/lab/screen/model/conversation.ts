/** A row as the conversation a decoder is tuned on: one system text at its head, tools speak as users. */
import type { WorldMessage } from '../../world/types.ts'
import type { DataRow } from '../row.ts'

/** Null where the assistant says nothing. */
export function conversationOf({ turns }: DataRow): readonly WorldMessage[] | null {
  if (!turns.some(({ role }) => role === 'assistant')) return null
  const system = turns.filter(({ role }) => role === 'system').map(({ text }) => text)
  const rest = turns.flatMap(({ role, text }): readonly WorldMessage[] =>
    role === 'system' ? [] : [{ role: role === 'assistant' ? 'assistant' : 'user', content: text }],
  )
  return system.length === 0 ? rest : [{ role: 'system', content: system.join('\n') }, ...rest]
}
