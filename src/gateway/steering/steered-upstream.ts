/**
 * An upstream behind a router. Each interface of models has a form in which a routed turn is written; one without is refused, for there
 * an unrouted answer would be the alternative. What is no conversation (embeddings, lists of models) passes.
 */
import type { JsonObject } from '../../contract/index.ts'
import { readRouted, sumUsage, wordsOf } from '../../core/stream/index.ts'
import type {
  CompletionUsage,
  GenerationPart,
  LanguageModelEngine,
  RoutePlan,
  Router,
  StreamPart,
} from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { CHAT_COMPLETIONS } from '../protocols/chat/protocol.ts'
import { COMPLETIONS } from '../protocols/completions/protocol.ts'
import { MESSAGES } from '../protocols/messages/protocol.ts'
import { RESPONSES } from '../protocols/responses/protocol.ts'
import type { Upstream, UpstreamCall } from '../upstream/upstream.ts'
import { COMPLETIONS_FORM } from './completions-form.ts'
import { CHAT_FORM, MESSAGES_FORM } from './message-forms.ts'
import { RESPONSES_FORM } from './responses-form.ts'
import type { RoutedForm } from './routed-form.ts'

const FORMS: ReadonlyMap<string, RoutedForm> = new Map([
  [CHAT_COMPLETIONS.door, CHAT_FORM],
  [MESSAGES.door, MESSAGES_FORM],
  [RESPONSES.door, RESPONSES_FORM],
  [COMPLETIONS.door, COMPLETIONS_FORM],
])

/**
 * The router's first call goes to this upstream too where the router has no engine of its own.
 * @param current the router now in force; null leaves a call as it is
 */
export function createSteeredUpstream(upstream: Upstream, current: () => Router | null): Upstream {
  const { name, model, json, close } = upstream
  return {
    name,
    ...(model === undefined ? {} : { model }),
    ...(json === undefined ? {} : { json: (call) => json.call(upstream, call) }),
    ...(close === undefined ? {} : { close: () => close.call(upstream) }),
    open(call) {
      const router = current()
      return router === null ? upstream.open(call) : openRouted(upstream, router, call)
    },
  }
}

async function openRouted(upstream: Upstream, router: Router, call: UpstreamCall): Promise<AsyncIterable<StreamPart>> {
  const form = FORMS.get(call.protocol.door)
  if (form === undefined)
    throw new ParapetError(
      'input_invalid',
      `${call.protocol.door} cannot be routed. Ask through ${CHAT_COMPLETIONS.path}.`,
    )
  const messages = form.conversation(call)
  const plan = await router.route({ messages, signal: call.signal, engine: engineOf(upstream, call, form) })
  call.onRoute?.(plan)
  if (plan.words !== null) return wordsOf(plan.words, plan.usage)
  const body = routedBody({ ...call.body, ...form.answer(call, plan, messages) }, plan, form)
  return readRouted(plan, await upstream.open({ ...call, body, messages: plan.messages }), form.usage)
}

/** The model of the request, asked for one whole answer in the request's own interface. */
function engineOf(upstream: Upstream, call: UpstreamCall, form: RoutedForm): LanguageModelEngine {
  const { request, body } = call
  const limit = form.limits.find((name) => body[name] !== undefined) ?? form.limits[0] ?? 'max_tokens'
  return {
    ...{ specVersion: 'v1', kind: 'language-model', id: upstream.name },
    async *generate(messages, { maxTokens, temperature, signal }): AsyncGenerator<GenerationPart, void, undefined> {
      const shared = form.shared.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]]))
      const asked: JsonObject = {
        ...Object.fromEntries(shared),
        ...form.ask(messages),
        [limit]: maxTokens,
        temperature,
        stream: false,
      }
      const parts = await upstream.open({
        ...{ ...call, messages, body: asked },
        request: {
          stream: false,
          readWhole: (answer) => request.readWhole(answer),
          createEventReader: () => request.createEventReader(),
        },
        ...(signal === undefined ? {} : { signal }),
      })
      let told: CompletionUsage | null = null
      let ends: CompletionUsage | null = null
      for await (const part of parts) {
        told = form.usage.read(part, told)
        if (part.type === 'finish' && part.raw === undefined) ends = sumUsage(ends, part.usage)
        if (part.type === 'text' && (part.choice ?? 0) === 0) yield { type: 'text', text: part.text }
      }
      const usage = sumUsage(told, ends)
      yield { type: 'end', reason: 'stop', ...(usage === null ? {} : { usage }) }
    },
  }
}

/** The body without what its way may not see, and with room for the form of a guided answer. */
function routedBody(body: JsonObject, plan: RoutePlan, form: RoutedForm): JsonObject {
  if (plan.path === 'plain') return body
  const { limits, kept, directives, usualLimit } = form
  const hidden = plan.path === 'refused' ? directives : []
  const fields = Object.entries(body).filter(([name]) => kept.has(name) && !hidden.includes(name))
  const limited = fields.map(([name, value]) =>
    limits.includes(name) && typeof value === 'number' ? [name, value + plan.extraTokens] : [name, value],
  )
  const bound = usualLimit === null || fields.some(([name, value]) => limits.includes(name) && value !== null)
  return Object.fromEntries(bound ? limited : [...limited, [limits[0], usualLimit + plan.extraTokens]]) as JsonObject
}
