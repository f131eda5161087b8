/** The user's words of a plain row. */
import type { WorldRow } from './types.ts'

export type WorldRequestRow = Pick<WorldRow, 'messages' | 'category'>

/** The last user message. */
export function requestText(row: Pick<WorldRow, 'messages'>): string {
  return row.messages.findLast(({ role }) => role === 'user')?.content ?? ''
}
