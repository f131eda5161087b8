/**
 * `POST /v1/messages` (Anthropic), as far as it is read here. Everything else in a request is handed on untouched, so this is not
 * a schema of the whole API: it names the fields the gateway acts on and refuses them when their type is wrong. What is in a
 * content block is looked at where blocks are read; a block of any type is accepted.
 */
import { z } from 'zod'
import type { JsonObject, JsonValue } from './json.ts'

const contentBlock = z.looseObject({ type: z.string().max(128) })

const content = z.union([z.string(), z.array(contentBlock)])

const message = z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content })

/** Schema of a request for a message, and of one that only counts its tokens. */
export const messagesRequestSchema: z.ZodType<unknown> = z.looseObject({
  model: z.string().max(512).nullish(),
  messages: z.array(message).min(1).max(100_000),
  system: content.nullish(),
  stream: z.boolean().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  tools: z.array(z.looseObject({ name: z.string().optional() })).nullish(),
  mcp_servers: z.array(z.looseObject({ name: z.string().optional() })).nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
})

/** A message as it came: every field, known or not. */
export interface WireMessage extends JsonObject {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: string | readonly JsonObject[]
}

/** A request as it came. */
export interface MessagesRequest extends JsonObject {
  readonly model?: string | null
  readonly messages: readonly WireMessage[]
  readonly system?: string | readonly JsonObject[] | null
  readonly stream?: boolean | null
  readonly stop_sequences?: readonly string[] | null
  readonly tools?: readonly JsonObject[] | null
  readonly mcp_servers?: readonly JsonObject[] | null
  readonly metadata?: { readonly user_id?: string | null; readonly [key: string]: JsonValue | undefined } | null
}
