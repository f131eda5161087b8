/** A language model that repeats the last message and says a word that the gateway's guards mask, a word a token, and counts words. */
import type { GenerateOptions, LanguageModelEngine, Message } from '../../src/spec/index.ts'

export interface ToyCall {
  readonly messages: readonly Message[]
  readonly options: GenerateOptions
}

/** `calls` gets what the engine is asked, in order. */
export function toyEngine(calls: ToyCall[] = []): LanguageModelEngine {
  return {
    specVersion: 'v1',
    kind: 'language-model',
    id: 'toy',
    async *generate(messages, options) {
      calls.push({ messages, options })
      const words = `about ${textOf(messages.at(-1))} it is said MASKME`.split(' ')
      const said = words.slice(0, options.maxTokens)
      for (const word of said) yield { type: 'text', text: `${word} ` }
      const usage = { promptTokens: textOf(messages.at(-1)).split(' ').length, completionTokens: said.length }
      yield { type: 'end', reason: words.length > options.maxTokens ? 'length' : 'stop', usage }
    },
  }
}

function textOf(message: Message | undefined): string {
  const content = message?.content ?? ''
  return typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
