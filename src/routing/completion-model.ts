/**
 * A completion engine as the language model of a router's first call: one whole answer, in the server's chat form. It streams nothing and
 * answers no turn.
 */
import type { ChatMessage, CompletionEngine, GenerationPart, LanguageModelEngine, Message } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'

/** Rejects as the engine does, and with `input_invalid` for no messages. */
export function completionModel(engine: CompletionEngine): LanguageModelEngine {
  return {
    ...{ specVersion: 'v1', kind: 'language-model', id: engine.id },
    async *generate(messages, { maxTokens, temperature, seed, stop = [], signal }): AsyncGenerator<GenerationPart> {
      if (messages.length === 0) throw new ParapetError('input_invalid', 'There is no message to answer.')
      const { text, finish, usage } = await engine.complete(
        { chat: { messages: messages.map(chatMessage) }, completion: null, stop, maxTokens, temperature, seed },
        signal === undefined ? {} : { signal },
      )
      yield { type: 'text', text }
      yield { type: 'end', reason: finish === 'length' ? 'length' : 'stop', ...(usage === null ? {} : { usage }) }
    },
  }
}

/** Chat templates know three roles. Media are left out: a routing prompt names them in words. */
function chatMessage({ role, content }: Message): ChatMessage {
  const text =
    typeof content === 'string'
      ? content
      : content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  return { role: ROLES[role], content: text }
}

const ROLES: Readonly<Record<Message['role'], ChatMessage['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'user',
}
