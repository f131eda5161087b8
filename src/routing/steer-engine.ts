/**
 * A language model behind a router, as a language model: each answer is routed first. Works with any engine and streams on every
 * route; leaving the answer, or its signal, ends whichever call is running. Tokens are those of both calls.
 */
import { sumUsage } from '../core/stream/usage.ts'
import type { GenerateOptions, GenerationPart, LanguageModelEngine, Message, Router } from '../spec/index.ts'

/** Stop texts are handed on for plain answers only: they could end a guided one within its form. */
export function steerEngine(engine: LanguageModelEngine, router: Router): LanguageModelEngine {
  return {
    specVersion: 'v1',
    kind: 'language-model',
    id: `${engine.id}+${router.id}`,
    generate: (messages, options) => routed(engine, router, messages, options),
  }
}

async function* routed(
  engine: LanguageModelEngine,
  router: Router,
  messages: readonly Message[],
  options: GenerateOptions,
): AsyncGenerator<GenerationPart, void, undefined> {
  const { stop, signal, ...rest } = options
  const plan = await router.route({ messages, engine, ...(signal === undefined ? {} : { signal }) })
  if (plan.words !== null) {
    yield { type: 'text', text: plan.words }
    yield { type: 'end', reason: 'stop', ...(plan.usage === undefined ? {} : { usage: plan.usage }) }
    return
  }
  const reader = plan.reader()
  const maxTokens = options.maxTokens + plan.extraTokens
  const own = {
    ...{ ...rest, maxTokens },
    ...(signal === undefined ? {} : { signal }),
    ...(stop === undefined || plan.path !== 'plain' ? {} : { stop }),
  }
  let end: Extract<GenerationPart, { type: 'end' }> = { type: 'end', reason: 'stop' }
  for await (const part of engine.generate(plan.messages, own)) {
    if (part.type === 'end') {
      end = part
      continue
    }
    const text = reader.push(part.text)
    if (text !== '') yield { type: 'text', text }
  }
  const left = reader.end(end.usage)
  if (left !== '') yield { type: 'text', text: left }
  const usage = sumUsage(plan.usage, end.usage)
  yield usage === null ? end : { ...end, usage }
}
