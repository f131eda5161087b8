/** Routed turns where a conversation is a list of messages: chat completions and Anthropic's messages. */
import type { JsonObject, JsonValue } from '../../contract/index.ts'
import { asArray, isJsonObject } from '../../contract/index.ts'
import { routedPrompt } from '../../core/stream/index.ts'
import type { Message, RoutePlan } from '../../spec/index.ts'
import { CHAT_USAGE } from '../protocols/chat/raw-usage.ts'
import { MESSAGES_USAGE } from '../protocols/messages/raw-usage.ts'
import type { UpstreamCall } from '../upstream/upstream.ts'
import type { RoutedForm } from './routed-form.ts'
import { COMMON_FIELDS, isDirective } from './routed-form.ts'

const KEPT = [
  ...COMMON_FIELDS,
  ...['messages', 'system', 'n', 'seed', 'max_tokens', 'max_completion_tokens', 'top_k'],
  ...['frequency_penalty', 'presence_penalty', 'reasoning_effort', 'thinking', 'service_tier', 'store', 'metadata'],
]

const SHAPE = {
  limits: ['max_tokens', 'max_completion_tokens'],
  usualLimit: null,
  kept: new Set(KEPT),
  conversation: ({ messages }: UpstreamCall): readonly Message[] => messages,
} as const

export const CHAT_FORM: RoutedForm = {
  ...SHAPE,
  shared: ['model', 'reasoning_effort', 'thinking'],
  usage: CHAT_USAGE,
  directives: [],
  ask: (messages) => ({ messages: asked(messages) }),
  answer: (call, plan, given) => ({ messages: [...wireConversation(call, plan, given)] }),
}

export const MESSAGES_FORM: RoutedForm = {
  ...SHAPE,
  // Anthropic's thinking has a budget that an answer as short as a routing call's has no room for.
  shared: ['model', 'reasoning_effort'],
  usage: MESSAGES_USAGE,
  directives: ['system'],
  ask: (messages) => withSystem(asked(messages), undefined),
  answer(call, plan, given) {
    const system = plan.path === 'refused' ? undefined : call.body['system']
    return withSystem(wireConversation(call, plan, given), system)
  },
}

function asked(messages: readonly Message[]): readonly JsonObject[] {
  return messages.map(({ role, content }) => wireMessage(role, String(content)))
}

function wireConversation({ body }: UpstreamCall, plan: RoutePlan, given: readonly Message[]): readonly JsonObject[] {
  return routedPrompt<JsonObject>(plan, given, {
    messages: asArray(body['messages']).filter(isJsonObject),
    isSystem: isDirective,
    write: (role, text, like) =>
      plan.path === 'plain'
        ? wireMessage(role, text, unanswered(like, given.at(-1)))
        : wireMessage(role, text, mediaOf(like)),
  })
}

/** Anthropic's system prompt stands beside the messages. */
function withSystem(wire: readonly JsonObject[], system: JsonValue | undefined): JsonObject {
  const added = wire.filter(isDirective).map(({ content }) => ({ type: 'text', text: String(content) }))
  const before = typeof system === 'string' ? [{ type: 'text', text: system }] : asArray(system)
  const blocks = [...added, ...before]
  const messages = wire.filter((message) => !isDirective(message))
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
