/**
 * `POST /v1/guard`: the request (a row of `parapet check`, or a conversation) and the reply (the output row with what stands
 * behind it).
 *
 * Unknown keys are ignored. Conversations are in chat-completions form and are read by the gateway; only their outline is here.
 */
import { z } from 'zod'
import type { CheckRow, GuardResult } from '../spec/index.ts'
import type { JsonObject } from './json.ts'

/** Schema of the request body. */
export const guardRequestSchema: z.ZodType<GuardRequestBody> = z.object({
  id: z.union([z.string().max(256), z.number()]).optional(),
  prompt: z.string().optional(),
  response: z.string().nullish(),
  system: z.string().nullish(),
  stage: z.enum(['input', 'retrieval', 'tool_result', 'output']).optional(),
  messages: z
    .array(z.looseObject({ role: z.string() }))
    .min(1)
    .optional(),
})

/** A row or `messages`. */
export interface GuardRequestBody {
  readonly id?: string | number | undefined
  readonly prompt?: string | undefined
  readonly response?: string | null | undefined
  readonly system?: string | null | undefined
  readonly stage?: 'input' | 'retrieval' | 'tool_result' | 'output' | undefined
  readonly messages?: readonly { readonly [key: string]: unknown; readonly role: string }[] | undefined
}

/** The reply: a row, and beside it the decision's id, the policy it was made under and each guard's part. */
export interface GuardReplyBody extends CheckRow {
  /** The row's own id, or the decision's when the row had none. */
  readonly id: string
  readonly decision_id: string
  readonly policyVersion: string
  readonly guards: readonly GuardResult[]
  /** What would have been decided with nothing in shadow. */
  readonly shadowDecision: string
  /** The conversation as it may be passed on; present under `modify` when `messages` were given. */
  readonly messages?: readonly JsonObject[]
  /** Labels scored above one half in a language in which the model was never tested. */
  readonly untested?: readonly string[]
  readonly exceptions: readonly string[]
  readonly warnings: readonly string[]
}
