/** Calls of a model behind a router: for models that can be asked any list of messages, whoever they are called by. */
import type { CompletionUsage, GenerationPart, LanguageModelEngine, Message, Router } from '../../spec/index.ts'
import type { CallModel, CallOptions } from './converse.ts'
import { readRouted, wordsOf } from './routed-parts.ts'
import { iteratorOf } from './source.ts'
import { sumUsage } from './usage.ts'

/** The same call, routed. The router asks this very model where it has no engine of its own. */
export function routeCalls(router: Router, callModel: CallModel): CallModel {
  return async (messages, options) => {
    const { signal } = options
    const plan = await router.route({ messages, signal, engine: engineOf(callModel, options) })
    options.onRoute?.(plan)
    if (plan.words !== null) return wordsOf(plan.words, plan.usage)
    return readRouted(plan, await callModel(plan.messages, options))
  }
}

/** How many tokens the model may say, and how, is the call's own business. */
function engineOf(callModel: CallModel, options: CallOptions): LanguageModelEngine {
  return {
    specVersion: 'v1',
    kind: 'language-model',
    id: 'called',
    async *generate(messages: readonly Message[], { signal }): AsyncGenerator<GenerationPart, void, undefined> {
      const iterator = iteratorOf(
        await callModel(messages, { ...options, ...(signal === undefined ? {} : { signal }) }),
      )
      let ended = false
      let usage: CompletionUsage | null = null
      try {
        for (;;) {
          const step = await iterator.next()
          if (step.done === true) break
          const part = step.value
          if (part.type === 'text' && (part.choice ?? 0) === 0) yield { type: 'text', text: part.text }
          if (part.type === 'finish' && part.raw === undefined) usage = sumUsage(usage, part.usage)
        }
        ended = true
      } finally {
        if (!ended) await iterator.return?.()
      }
      yield { type: 'end', reason: 'stop', ...(usage === null ? {} : { usage }) }
    },
  }
}
