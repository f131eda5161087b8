/**
 * `POST /v1/chat/completions`, as far as it is read here. Everything else in a request is handed on untouched, so this is not
 * a schema of the whole API: it names the fields the gateway acts on and refuses them when their type is wrong.
 */
import { z } from 'zod'
import type { JsonObject } from './json.ts'

/** A participant's name reaches the model, so it may not carry sentences (the same characters OpenAI allows). */
const NAME = /^[^\s<|\\/>]{1,64}$/

const chatPart = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
})

/** So does a tool's. */
const toolName = z.string().regex(/^\S{1,128}$/)

const functionCall = z.looseObject({ name: toolName, arguments: z.string() })

const toolCall = z.looseObject({
  id: z.string(),
  type: z.string().optional(),
  function: functionCall.optional(),
  custom: z.looseObject({ name: toolName, input: z.string() }).optional(),
})

const chatMessage = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(chatPart)]).nullish(),
  name: z.string().regex(NAME).nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  function_call: functionCall.nullish(),
  tool_call_id: z.string().nullish(),
})

/** Schema of the messages of a chat request. */
export const chatMessagesSchema: z.ZodType<readonly unknown[]> = z.array(chatMessage).min(1).max(20_000)

/** Schema of a chat request. */
export const chatRequestSchema: z.ZodType<unknown> = z.looseObject({
  model: z.string().max(512).nullish(),
  messages: chatMessagesSchema,
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(128).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  functions: z.array(z.looseObject({ name: z.string() })).nullish(),
  user: z.string().nullish(),
})

/** A message as it came: every field, known or not. */
export type ChatMessage = JsonObject

/** A chat request as it came. */
export interface ChatRequest extends JsonObject {
  readonly model?: string | null
  readonly messages: readonly ChatMessage[]
  readonly stream?: boolean | null
  readonly n?: number | null
  readonly user?: string | null
}
