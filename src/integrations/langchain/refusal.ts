/** What stands in the place of a message, or of a tool's work, that the policy stopped: our words and nothing of what it said. */
import { isToken } from '../conversation/words.ts'
import { isFields } from '../conversation/index.ts'
import { copied } from './messages.ts'

/** A message of the same class with our words and nothing else of what it said. */
export function refusal(message: unknown, words: string): unknown {
  if (!isFields(message)) return { role: 'user', content: words }
  const { id, tool_call_id: call } = message
  return copied(message, {
    content: words,
    name: undefined,
    additional_kwargs: {},
    response_metadata: {},
    ...(isId(id) ? {} : { id: undefined }),
    ...('tool_calls' in message ? { tool_calls: [], invalid_tool_calls: [] } : {}),
    ...('tool_call_id' in message
      ? { status: 'error', artifact: undefined, ...(isId(call) ? {} : { tool_call_id: '' }) }
      : {}),
  })
}

/** An id or a name, and no sentence. */
export function isId(value: unknown): boolean {
  return typeof value === 'string' && isToken(value)
}

/** A tool that says something instead of doing anything. */
export function saying(name: string, words: string): object {
  return { name, invoke: () => Promise.resolve(words) }
}
