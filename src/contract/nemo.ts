/**
 * NeMo Guardrails' check endpoints, written from the published schemas, read on 2026-11-26:
 *
 *   POST /v1/guardrail/checks   the NeMo microservice: docs.nvidia.com/nemo/microservices `GuardrailCheckResponse`, `RailStatus`,
 *                               `GuardrailsData`, and NVIDIA-NeMo/nemo-platform's schemas of the same names
 *   POST /v1/checks             the open-source server: NVIDIA-NeMo/Guardrails `nemoguardrails/server/schemas/openai.py`
 *                               (`GuardrailCheckRequest`, `GuardrailCheckResponse`)
 *
 * The first knows only `success` and `blocked`, the second also `modified` with the new text. The sampling fields that both take
 * from chat completions mean nothing to a check and are ignored.
 */
import { z } from 'zod'
import type { DecisionNote } from './decision-note.ts'
import type { JsonObject } from './json.ts'

const guardrails = z.looseObject({
  config_id: z.string().max(256).nullish(),
  config_ids: z.array(z.string().max(256)).nullish(),
  thread_id: z.string().max(256).nullish(),
  options: z.looseObject({ log: z.looseObject({ activated_rails: z.boolean().nullish() }).nullish() }).nullish(),
})

/** Schema of the request, the messages' own form aside. */
export const nemoRequestSchema: z.ZodType<unknown> = z.looseObject({
  model: z.string().max(512).nullish(),
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  stream: z.boolean().nullish(),
  user: z.string().nullish(),
  guardrails: guardrails.nullish(),
})

/** A conversation to check. */
export interface NemoRequest extends JsonObject {
  readonly model?: string | null
  readonly messages: readonly JsonObject[]
  readonly stream?: boolean | null
  readonly user?: string | null
  readonly guardrails?:
    | (JsonObject & {
        readonly config_id?: string | null
        readonly config_ids?: readonly string[] | null
        readonly thread_id?: string | null
        readonly options?: (JsonObject & { readonly log?: { readonly activated_rails?: boolean | null } | null }) | null
      })
    | null
}

/** One rail that ran; present when `guardrails.options.log.activated_rails` is true. */
export interface NemoActivatedRail {
  readonly type: 'input' | 'retrieval' | 'tool_output' | 'tool_input' | 'output'
  readonly name: string
  readonly decisions: readonly string[]
  readonly executed_actions: readonly never[]
  /** The rail stopped the conversation. */
  readonly stop: boolean
  /** Seconds. */
  readonly duration: number
}

/** `POST /v1/guardrail/checks`. */
export interface NemoChecksReply {
  readonly status: 'success' | 'blocked'
  /** By guard and stage, for example `pii input`. */
  readonly rails_status: Readonly<Record<string, { readonly status: 'success' | 'blocked' | 'unknown' }>>
  readonly guardrails_data: {
    readonly config_ids?: readonly string[]
    readonly log?: {
      readonly activated_rails: readonly NemoActivatedRail[]
      /** Seconds; no language model is asked. */
      readonly stats: { readonly total_duration: number; readonly llm_calls_count: 0 }
    }
  }
  /** `messages` when the policy would have changed them, which this interface cannot say: as they may be passed on. */
  readonly parapet: DecisionNote & { readonly messages?: readonly JsonObject[] }
}

/** `POST /v1/checks`. */
export interface NemoServerReply {
  readonly status: 'passed' | 'modified' | 'blocked'
  /** The last message's text after the rails; the policy's words when it was blocked. */
  readonly content: string
  /** The rail that blocked, for example `classifier input`. */
  readonly rail?: string
  readonly parapet: DecisionNote
}
