/** A prompt and its completion, `{"prompt", "completion"}`, as text or as messages; a `label` of false marks an answer to move away from. */
import type { Turn } from '../row.ts'
import { type Form, turnsOf, withAnswer } from './form.ts'

export const completion: Form = {
  name: 'completion',
  fields: '"prompt" and "completion"',
  matches: (row) => 'prompt' in row && ('completion' in row || 'response' in row) && !('chosen' in row),
  read: (row) => {
    const prompt = asTurns(row['prompt'], 'user')
    const answer = asTurns('completion' in row ? row['completion'] : row['response'], 'assistant')
    if (prompt === null || answer === null) return 'The fields "prompt" and "completion" are neither text nor messages.'
    const avoided = row['label'] === false || row['desirable'] === false
    if (!avoided) return withAnswer({ turns: [...prompt, ...answer] })
    return { turns: prompt, rejected: answer.map(({ text }) => text).join('\n') }
  },
}

/** A text as one turn of this role, messages as they are, null for anything else. */
export function asTurns(value: unknown, role: Turn['role']): readonly Turn[] | null {
  if (typeof value === 'string') return [{ role, text: value }]
  const turns = turnsOf(value, 'role', 'content')
  return typeof turns === 'string' ? null : turns
}
