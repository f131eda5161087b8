/**
 * An upstream behind a router, for the interfaces whose conversations are lists of messages: chat completions and Anthropic's
 * messages. Other interfaces of models are refused, for there an unrouted answer would be the alternative. What is no conversation
 * (embeddings, lists of models) passes.
 */
import type { JsonObject, JsonValue } from '../../contract/index.ts'
import { asArray, isJsonObject } from '../../contract/index.ts'
import { readRouted, routedPrompt, wordsOf } from '../../core/stream/index.ts'
import type { GenerationPart, LanguageModelEngine, Message, RoutePlan, Router, StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { CHAT_COMPLETIONS } from '../protocols/chat/protocol.ts'
import { MESSAGES } from '../protocols/messages/protocol.ts'
import type { Upstream, UpstreamCall } from './upstream.ts'

const LIMITS = ['max_tokens', 'max_completion_tokens'] as const
/** Of a request, what a routing call shares with the answering one. */
const SHARED = ['model', 'reasoning_effort', 'thinking']
/**
 * All that a guided or a refusing call keeps beside its messages. Everything else is for plain answers: tools and forms would break a
 * guided answer or give a refusal something to do, and fields that nobody here knows can hold words of the user.
 */
const KEPT = new Set([
  ...['model', 'messages', 'system', 'stream', 'stream_options', 'n', 'seed', ...LIMITS],
  ...['temperature', 'top_p', 'top_k', 'frequency_penalty', 'presence_penalty', 'reasoning_effort', 'thinking'],
  ...['service_tier', 'store', 'user', 'metadata'],
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
  const { door } = call.protocol
  if (door !== CHAT_COMPLETIONS.door && door !== MESSAGES.door)
    throw new ParapetError(
      'input_invalid',
      `${door} cannot be routed. Ask through ${CHAT_COMPLETIONS.path} or ${MESSAGES.path}.`,
    )
  const { messages, signal } = call
  const plan = await router.route({ messages, signal, engine: engineOf(upstream, call) })
  call.onRoute?.(plan)
  if (plan.words !== null) return wordsOf(plan.words)
  return readRouted(plan, await upstream.open({ ...call, body: routedBody(call, plan), messages: plan.messages }))
}

/** The model of the request, asked for one whole answer in the request's own interface. */
function engineOf(upstream: Upstream, call: UpstreamCall): LanguageModelEngine {
  const { request, body } = call
  const limit = LIMITS.find((name) => body[name] !== undefined) ?? LIMITS[0]
  return {
    ...{ specVersion: 'v1', kind: 'language-model', id: upstream.name },
    async *generate(messages, { maxTokens, temperature, signal }): AsyncGenerator<GenerationPart, void, undefined> {
      // Anthropic's thinking has a budget that an answer this short has no room for.
      const names = call.protocol.door === MESSAGES.door ? SHARED.filter((name) => name !== 'thinking') : SHARED
      const shared = Object.fromEntries(names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])))
      const asked: JsonObject = {
        ...shared,
        ...conversation(call, messages),
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
      for await (const part of parts)
        if (part.type === 'text' && (part.choice ?? 0) === 0) yield { type: 'text', text: part.text }
      yield { type: 'end', reason: 'stop' }
    },
  }
}

function conversation({ protocol }: UpstreamCall, messages: readonly Message[]): JsonObject {
  const wire = messages.map(({ role, content }) => wireMessage(role, String(content)))
  return protocol.door === MESSAGES.door ? withSystem(wire, undefined) : { messages: wire }
}

function routedBody(call: UpstreamCall, plan: RoutePlan): JsonObject {
  const { body, messages, protocol } = call
  const wire = routedPrompt<JsonObject>(plan, messages, {
    messages: asArray(body['messages']).filter(isJsonObject),
    isSystem: ({ role }) => role === 'system' || role === 'developer',
    write: (role, text, like) =>
      plan.path === 'plain'
        ? wireMessage(role, text, unanswered(like, messages.at(-1)))
        : wireMessage(role, text, mediaOf(like)),
  })
  const anthropic = protocol.door === MESSAGES.door
  const system = plan.path === 'refused' ? undefined : body['system']
  const routed: JsonObject = { ...body, ...(anthropic ? withSystem(wire, system) : { messages: [...wire] }) }
  if (plan.path === 'plain') return routed
  const kept = Object.entries(routed).filter(
    ([name]) => KEPT.has(name) && !(name === 'system' && plan.path === 'refused' && anthropic),
  )
  const limited = kept.map(([name, value]) =>
    (LIMITS as readonly string[]).includes(name) && typeof value === 'number'
      ? [name, value + plan.extraTokens]
      : [name, value],
  )
  return Object.fromEntries(limited) as JsonObject
}

/** Anthropic's system prompt stands beside the messages. */
function withSystem(wire: readonly JsonObject[], system: JsonValue | undefined): JsonObject {
  const isSystem = ({ role }: JsonObject): boolean => role === 'system' || role === 'developer'
  const added = wire.filter(isSystem).map(({ content }) => ({ type: 'text', text: String(content) }))
  const before = typeof system === 'string' ? [{ type: 'text', text: system }] : asArray(system)
  const blocks = [...added, ...before]
  const messages = wire.filter((message) => !isSystem(message))
  return { ...(blocks.length === 0 ? {} : { system: blocks }), messages }
}

/** What stands in `like` comes before the text, as results of tools must. */
function wireMessage(role: string, text: string, like?: JsonObject): JsonObject {
  const beside = asArray(like?.['content'])
  return { ...like, role, content: beside.length === 0 ? text : [...beside, { type: 'text', text }] }
}

/** A message without the text of the request: all of its texts, or its last where the others were a message of their own before. */
function unanswered(message: JsonObject | undefined, request: Message | undefined): JsonObject | undefined {
  if (message === undefined) return undefined
  const content = asArray(message['content'])
  const isText = (part: JsonValue): boolean => isJsonObject(part) && part['type'] === 'text'
  const last = content.findLast(isText)
  const alone = isJsonObject(last) && last['text'] === request?.content
  return { ...message, content: content.filter((part) => (alone ? part !== last : !isText(part))) }
}

/** A message's media alone: results of tools have no place without their calls, and texts stand between delimiters or nowhere. */
function mediaOf(message: JsonObject | undefined): JsonObject {
  const media = asArray(message?.['content']).flatMap((part): readonly JsonObject[] => {
    if (!isJsonObject(part)) return []
    const { type, source } = part
    if (type === 'image_url' || type === 'input_audio' || type === 'file') return [part]
    const isText = isJsonObject(source) && (source['type'] === 'text' || source['type'] === 'content')
    return (type === 'image' || type === 'document') && source !== undefined && !isText ? [{ type, source }] : []
  })
  return { content: media }
}
