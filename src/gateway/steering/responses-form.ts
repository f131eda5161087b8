/**
 * Routed turns in OpenAI's Responses API, where a conversation is a list of items, and what came before may lie at the model server.
 *
 * Nothing of a routed turn is stored there: the model was asked something else than the client said, and a later turn that went on from it
 * would go on from that. The gateway keeps the conversation as it was said and sends it in full.
 */
import type { JsonObject, JsonValue } from '../../contract/index.ts'
import { asArray, isJsonObject } from '../../contract/index.ts'
import type { Message, RoutePlan } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { itemTypeOf } from '../protocols/responses/input-holes.ts'
import { RESPONSES_USAGE } from '../protocols/responses/raw-usage.ts'
import type { UpstreamCall } from '../upstream/upstream.ts'
import type { RoutedForm } from './routed-form.ts'
import { COMMON_FIELDS, isDirective, spokenText } from './routed-form.ts'

const KEPT = [
  ...COMMON_FIELDS,
  ...['input', 'instructions', 'max_output_tokens', 'reasoning', 'service_tier', 'store', 'metadata'],
  ...['safety_identifier', 'truncation'],
]

export const RESPONSES_FORM: RoutedForm = {
  limits: ['max_output_tokens'],
  usualLimit: null,
  shared: ['model', 'reasoning'],
  usage: RESPONSES_USAGE,
  kept: new Set(KEPT),
  directives: ['instructions'],
  conversation({ body, messages }) {
    if (isJsonObject(body['prompt']))
      throw new ParapetError(
        'input_invalid',
        '`prompt` cannot be routed: the words of a template are known to the model server alone. Send them as `input`.',
        { details: { param: 'prompt' } },
      )
    return messages
  },
  ask: (messages) => ({ input: messages.map(({ role, content }) => item(role, String(content))), store: false }),
  answer: (call, plan, given) => ({
    input: plan.path === 'plain' ? plainInput(call, plan, given) : otherInput(call, plan, given),
    store: false,
  }),
}

/** Every item as it came, but for the text of the request, and what the router has to say before them. */
function plainInput({ body }: UpstreamCall, plan: RoutePlan, given: readonly Message[]): readonly JsonObject[] {
  const added = plan.messages.filter((message) => !given.includes(message))
  const request = added.find(({ role }) => role === 'user')
  const items = itemsOf(body)
  const at = items.findLastIndex((one) => !isDirective(one))
  // A tool's result is no request: it is answered as it stands.
  const isRequest = at >= 0 && isMessageOf('user', items[at])
  const written = items.map((one, index) =>
    index === at && isRequest && request !== undefined ? withText(one, spokenText(request)) : one,
  )
  return [...added.filter(isDirective).map((message) => item('system', spokenText(message))), ...written]
}

/** The conversation of the plan, whatever came before. Definitions of tools and instructions stand in fields of their own. */
function otherInput({ body }: UpstreamCall, plan: RoutePlan, given: readonly Message[]): readonly JsonObject[] {
  const { instructions } = body
  const ahead = asArray(body['tools']).length + (typeof instructions === 'string' && instructions !== '' ? 1 : 0)
  const inFields = new Set(given.slice(0, ahead))
  const media = mediaOf(itemsOf(body).findLast((one) => !isDirective(one)))
  return plan.messages
    .filter((message) => !inFields.has(message))
    .map((message) => {
      const { role, content } = message
      const text = spokenText(message)
      const shows = typeof content !== 'string' && content.some(({ type }) => type === 'media')
      if (!shows || media.length === 0) return item(role, text)
      return item(role, [...media, { type: 'input_text', text }])
    })
}

function item(role: string, content: JsonValue): JsonObject {
  return { type: 'message', role, content }
}

function itemsOf({ input }: JsonObject): readonly JsonObject[] {
  return typeof input === 'string' ? [item('user', input)] : asArray(input).filter(isJsonObject)
}

function isMessageOf(role: string, one: JsonObject | undefined): boolean {
  return one !== undefined && itemTypeOf(one) === 'message' && one['role'] === role
}

/** A message with this text in the place of its own texts; its media stay. */
function withText(one: JsonObject, text: string): JsonObject {
  const { content } = one
  if (!Array.isArray(content)) return { ...one, content: text }
  const kept = asArray(content).filter((part) => !(isJsonObject(part) && TEXTS.has(part['type'])))
  return { ...one, content: [...kept, { type: 'input_text', text }] }
}

const TEXTS: ReadonlySet<unknown> = new Set(['input_text', 'output_text', 'text', 'refusal'])
const MEDIA: ReadonlySet<unknown> = new Set(['input_image', 'input_audio', 'input_file'])

function mediaOf(one: JsonObject | undefined): readonly JsonObject[] {
  return asArray(one?.['content']).filter((part): part is JsonObject => isJsonObject(part) && MEDIA.has(part['type']))
}
