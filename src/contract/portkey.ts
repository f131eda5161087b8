/**
 * The webhook guardrail of Portkey's gateway (`default.webhook`), which posts to any URL. Read in Portkey-AI/gateway
 * `plugins/default/webhook.ts` and `src/middlewares/hooks`, version 1.15.2, and recorded from that version as published on npm
 * (`test/gateway/hooks/portkey.recorded.json`, 2026-11-26).
 *
 * What Portkey does with an answer: `verdict` false denies the request when the guardrail says `deny: true`;
 * `transformedData.request.json` or `.response.json` replaces the body; `data` reaches the caller in `hook_results`. Any status
 * that is not a success, and an answer later than `timeout` (3 s), lets the text pass unless the check says `failOnError: true`.
 */
import { z } from 'zod'
import type { Decision } from '../spec/index.ts'
import type { JsonObject } from './json.ts'

/** Schema of the request. The bodies in it are read by the interface they belong to. */
export const portkeyRequestSchema: z.ZodType<unknown> = z.looseObject({
  eventType: z.enum(['beforeRequestHook', 'afterRequestHook']),
  request: z.looseObject({ isStreamingRequest: z.boolean().nullish() }),
  response: z.looseObject({}).nullish(),
  requestType: z.string().nullish(),
  provider: z.string().nullish(),
  metadata: z.looseObject({}).nullish(),
})

/** What Portkey sends before a request goes to a model, and after its answer came. */
export interface PortkeyRequest extends JsonObject {
  readonly eventType: 'beforeRequestHook' | 'afterRequestHook'
  readonly request: JsonObject & {
    /** The request's body. `text` beside it is only its last message. */
    readonly json?: JsonObject
    readonly isStreamingRequest?: boolean | null
  }
  readonly response?:
    | (JsonObject & { /** Null when the answer is a stream. */ readonly json?: JsonObject | null })
    | null
  /** `chatComplete`, `complete`, `embed` or `messages`; other interfaces never get here. */
  readonly requestType?: string | null
  readonly provider?: string | null
  readonly metadata?: JsonObject | null
}

/** What it is answered. */
export interface PortkeyReply {
  readonly verdict: boolean
  /** Shown to the caller; holds nothing of the text. */
  readonly data: {
    /** Null when nothing was decided. */
    readonly decision: Decision | null
    readonly decision_id: string | null
    /** Code of the error reference, when the verdict is false. */
    readonly code: string | null
    /** Why, when the verdict is false. */
    readonly reason: string | null
  }
  readonly transformedData?:
    | { readonly request: { readonly json: JsonObject } }
    | { readonly response: { readonly json: JsonObject } }
}
