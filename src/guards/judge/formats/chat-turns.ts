/**
 * Judged turns as chat messages that take turns, the first from the user. Templates of guard models refuse others, or leave out an
 * assistant's message at the start without a word, and what is left out is not judged.
 */
import type { ChatMessage, JudgeInput, JudgeTurn } from '../judge-input.ts'

/** Earlier turns, the prompt and the answer if there is one, each text cleaned. */
export function judgedTurns(input: JudgeInput, clean: (text: string) => string): readonly JudgeTurn[] {
  const turns: JudgeTurn[] = [...(input.earlier ?? []), { role: 'user', text: input.prompt }]
  if (input.response !== undefined) turns.push({ role: 'assistant', text: input.response })
  return turns.map(({ role, text }) => ({ role, text: clean(text) }))
}

/** Turns of one role in a row become one message; an empty user's message goes before an assistant's that comes first. */
export function alternatingMessages(turns: readonly JudgeTurn[]): readonly ChatMessage[] {
  const messages: ChatMessage[] = turns[0]?.role === 'assistant' ? [{ role: 'user', content: '' }] : []
  for (const { role, text } of turns) {
    const last = messages.at(-1)
    if (last?.role === role) messages[messages.length - 1] = { role, content: `${last.content}\n\n${text}` }
    else messages.push({ role, content: text })
  }
  return messages
}
