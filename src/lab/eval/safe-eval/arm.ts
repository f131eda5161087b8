/**
 * The ways to keep a chat model to its guidelines that are compared: nothing, guidelines in the system prompt, a guard that blocks, a
 * router. All of them answer with the same engine; each counts its calls and what they read and wrote.
 */
import type { GenerateOptions, LanguageModelEngine, Message, RoutePlan, Router } from '../../../spec/index.ts'
import { steerEngine } from '../../../routing/primeguard/index.ts'

/** One answer and what it cost. */
export interface ArmAnswer {
  readonly text: string
  readonly calls: number
  readonly promptTokens: number
  readonly answerTokens: number
  /** The way that was taken: a route, `blocked`, `passed`; empty where there is only one. */
  readonly route: string
  /** Whether a model's answer on the way could not be read. */
  readonly unread: boolean
}

export interface Arm {
  readonly name: string
  answer(request: string): Promise<ArmAnswer>
}

export interface ArmSettings {
  readonly engine: LanguageModelEngine
  readonly countTokens: (text: string) => number
  /** Default 64. */
  readonly maxTokens?: number
}

/** An engine that counts. */
interface Meter {
  readonly engine: LanguageModelEngine
  readonly cost: () => Pick<ArmAnswer, 'calls' | 'promptTokens' | 'answerTokens'>
}

function meter({ engine, countTokens }: ArmSettings): Meter {
  let [calls, promptTokens, answerTokens] = [0, 0, 0]
  return {
    cost: () => ({ calls, promptTokens, answerTokens }),
    engine: {
      ...{ specVersion: 'v1', kind: 'language-model', id: engine.id },
      async *generate(messages, options) {
        calls += 1
        promptTokens += messages.reduce((sum, { content }) => sum + countTokens(String(content)), 0)
        let text = ''
        for await (const part of engine.generate(messages, options)) {
          if (part.type === 'text') text += part.text
          yield part
        }
        answerTokens += countTokens(text)
      },
    },
  }
}

async function say(
  engine: LanguageModelEngine,
  messages: readonly Message[],
  maxTokens: number | undefined,
): Promise<string> {
  const options: GenerateOptions = { maxTokens: maxTokens ?? 64, temperature: 0, seed: 0 }
  let text = ''
  for await (const part of engine.generate(messages, options)) if (part.type === 'text') text += part.text
  return text
}

const user = (content: string): Message => ({ role: 'user', content })

/** The model as it is. */
export function plainArm(settings: ArmSettings): Arm {
  return {
    name: 'plain',
    async answer(request) {
      const { engine, cost } = meter(settings)
      const text = await say(engine, [user(request)], settings.maxTokens)
      return { text, route: '', unread: false, ...cost() }
    },
  }
}

/** The model under a system prompt that holds the guidelines. */
export function systemArm(settings: ArmSettings & { readonly system: string }): Arm {
  return {
    name: 'system prompt',
    async answer(request) {
      const { engine, cost } = meter(settings)
      const messages = [{ role: 'system' as const, content: settings.system }, user(request)]
      const text = await say(engine, messages, settings.maxTokens)
      return { text, route: '', unread: false, ...cost() }
    },
  }
}

/** What a guard says of a request; null where it could not be read. */
export type BlockGuard = (request: string, engine: LanguageModelEngine) => Promise<boolean | null>

/** A guard first, then the model or a fixed refusal. What the guard says unreadably is blocked. */
export function blockArm(settings: ArmSettings & { readonly guard: BlockGuard; readonly refusal: string }): Arm {
  return {
    name: 'block only',
    async answer(request) {
      const { engine, cost } = meter(settings)
      const unsafe = await settings.guard(request, engine)
      const blocked = unsafe !== false
      const text = blocked ? settings.refusal : await say(engine, [user(request)], settings.maxTokens)
      return { text, route: blocked ? 'blocked' : 'passed', unread: unsafe === null, ...cost() }
    },
  }
}

/** The model behind a router that has no engine of its own. */
export function routedArm(settings: ArmSettings & { readonly router: Router; readonly name?: string }): Arm {
  const { router, name = router.id } = settings
  return {
    name,
    async answer(request) {
      const { engine, cost } = meter(settings)
      const plans: RoutePlan[] = []
      const noting: Router = {
        ...{ specVersion: 'v1', kind: 'router', id: router.id },
        async route(asked) {
          const plan = await router.route(asked)
          plans.push(plan)
          return plan
        },
      }
      const text = await say(steerEngine(engine, noting), [user(request)], settings.maxTokens)
      const trace = plans[0]?.trace()
      const unread = trace?.understood === false || trace?.outcome === 'unreadable'
      return { text, route: trace?.route ?? '', unread, ...cost() }
    },
  }
}
