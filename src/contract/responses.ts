/**
 * `POST /v1/responses` and `POST /v1/conversations`, as far as they are read here. Everything else in a request is handed on
 * untouched, so this is not a schema of the whole API: it names the fields the gateway acts on and refuses them when their type is
 * wrong.
 */
import { z } from 'zod'
import type { JsonObject, JsonValue } from './json.ts'

/** A tool's name reaches the model, so it may not carry sentences. */
const toolName = z.string().regex(/^\S{1,128}$/)

const item = z.looseObject({
  type: z.string().nullish(),
  id: z.string().max(512).nullish(),
  role: z.string().max(64).nullish(),
  name: toolName.nullish(),
  call_id: z.string().max(512).nullish(),
})

const items = z.array(item).max(20_000)

/** Schema of a request for a response. */
export const responsesRequestSchema: z.ZodType<unknown> = z.looseObject({
  model: z.string().max(512).nullish(),
  input: z.union([z.string(), items]).nullish(),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  background: z.boolean().nullish(),
  store: z.boolean().nullish(),
  previous_response_id: z.string().min(1).max(512).nullish(),
  conversation: z.union([z.string().min(1).max(512), z.looseObject({ id: z.string().min(1).max(512) })]).nullish(),
  prompt: z
    .looseObject({ id: z.string(), variables: z.record(z.string(), z.union([z.string(), item])).nullish() })
    .nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
})

/** A request for a response as it came. */
export interface ResponsesRequest extends JsonObject {
  readonly model?: string | null
  readonly input?: string | readonly JsonObject[] | null
  readonly instructions?: string | null
  readonly stream?: boolean | null
  readonly background?: boolean | null
  readonly store?: boolean | null
  readonly previous_response_id?: string | null
  readonly conversation?: string | (JsonObject & { readonly id: string }) | null
  readonly prompt?: (JsonObject & { readonly variables?: JsonObject | null }) | null
  readonly tools?: readonly JsonObject[] | null
  readonly user?: string | null
  readonly safety_identifier?: string | null
}

/** Schema of a new conversation. */
export const conversationRequestSchema: z.ZodType<unknown> = z.looseObject({
  items: items.nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
})

/** A new conversation as it came. */
export interface ConversationRequest extends JsonObject {
  readonly items?: readonly JsonObject[] | null
  readonly metadata?: JsonObject | null
}

/** A list of items. */
export interface ItemListBody {
  readonly object: 'list'
  readonly data: readonly JsonValue[]
  readonly first_id: string | null
  readonly last_id: string | null
  readonly has_more: boolean
}
