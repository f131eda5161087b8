/** A language model that says what a test tells it to, and remembers what it was asked. */
import type { GenerateOptions, LanguageModelEngine, Message } from '../../src/spec/index.ts'

export interface AskedModel extends LanguageModelEngine {
  readonly asked: { readonly messages: readonly Message[]; readonly options: GenerateOptions }[]
}

/** Answers one after the other; the last one again and again. In pieces of `size` characters. */
export function sayingModel(answers: readonly (string | Error)[], size = 3): AskedModel {
  const asked: AskedModel['asked'] = []
  return {
    specVersion: 'v1',
    kind: 'language-model',
    id: 'saying',
    asked,
    async *generate(messages, options) {
      const answer = answers[Math.min(asked.push({ messages, options }), answers.length) - 1] ?? ''
      if (answer instanceof Error) throw answer
      for (let from = 0; from < answer.length; from += size) {
        options.signal?.throwIfAborted()
        yield { type: 'text', text: answer.slice(from, from + size) }
      }
      yield { type: 'end', reason: 'stop' }
    },
  }
}

/** The text of an answer. */
export async function textFrom(
  model: LanguageModelEngine,
  messages: readonly Message[] | string,
  options: Partial<GenerateOptions> = {},
): Promise<string> {
  const conversation = typeof messages === 'string' ? [{ role: 'user' as const, content: messages }] : messages
  let text = ''
  for await (const part of model.generate(conversation, { maxTokens: 64, temperature: 0, seed: 1, ...options }))
    if (part.type === 'text') text += part.text
  return text
}
