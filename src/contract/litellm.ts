/**
 * LiteLLM's Generic Guardrail API, `POST /beta/litellm_basic_guardrail_api`. Written from the published schema:
 * BerriAI/litellm-docs `docs/adding_provider/generic_guardrail_api.md` and BerriAI/litellm
 * `litellm/types/proxy/guardrails/guardrail_hooks/generic_guardrail_api.py`, read on 2026-11-26. It is a beta interface; fields
 * that are not read here are accepted and ignored.
 *
 * What LiteLLM does with an answer (`guardrail_hooks/generic_guardrail_api/generic_guardrail_api.py`): BLOCKED raises an error,
 * `texts` replace what was sent if they are as many, any other status is an error. `unreachable_fallback: fail_open` turns 502,
 * 503, 504 and network trouble into NONE; `fail_on_error: false` turns every error into NONE.
 */
import { z } from 'zod'
import type { DecisionNote } from './decision-note.ts'
import type { JsonObject } from './json.ts'

const id = z.string().nullish()

const toolCall = z.looseObject({
  id,
  function: z.looseObject({ name: id, arguments: z.string().nullish() }).nullish(),
})

/** Schema of the request. */
export const liteLlmRequestSchema: z.ZodType<unknown> = z.looseObject({
  input_type: z.enum(['request', 'response']),
  texts: z.array(z.string()).max(20_000).nullish(),
  images: z.array(z.string()).max(20_000).nullish(),
  tool_calls: z.array(toolCall).max(20_000).nullish(),
  structured_messages: z.array(z.looseObject({ role: z.string() })).nullish(),
  request_data: z.looseObject({}).nullish(),
  litellm_call_id: id,
  litellm_trace_id: id,
  model: id,
})

/** A tool call as LiteLLM hands it over. */
export interface LiteLlmToolCall extends JsonObject {
  readonly id?: string | null
  readonly function?: { readonly name?: string | null; readonly arguments?: string | null } | null
}

/** What LiteLLM asks: texts it took out of a request or an answer, and what it knows about who asks. */
export interface LiteLlmRequest extends JsonObject {
  readonly input_type: 'request' | 'response'
  readonly texts?: readonly string[] | null
  /** Base64 data or URLs. */
  readonly images?: readonly string[] | null
  readonly tool_calls?: readonly LiteLlmToolCall[] | null
  /** The conversation the texts come from, for chat requests. */
  readonly structured_messages?: readonly JsonObject[] | null
  /** `user_api_key_*`: hash, alias, user, team, end user and organisation of LiteLLM's own key. */
  readonly request_data?: JsonObject | null
  readonly litellm_call_id?: string | null
  readonly litellm_trace_id?: string | null
  readonly model?: string | null
}

/** What it is answered. */
export type LiteLlmReply =
  | (LiteLlmPassed & { readonly action: 'NONE' })
  | { readonly action: 'BLOCKED'; readonly blocked_reason: string; readonly parapet: DecisionNote }
  /** As many texts as were sent, in the same order. */
  | (LiteLlmPassed & { readonly action: 'GUARDRAIL_INTERVENED'; readonly texts: readonly string[] })

interface LiteLlmPassed {
  /**
   * For each text of a response: characters at its end that are not to be shown while it grows. Read only under
   * `streaming_transform_mode: incremental_diff`, and no longer once the stream has ended.
   */
  readonly stream_holdback_chars?: readonly number[]
  /** Absent when there was nothing to judge. */
  readonly parapet?: DecisionNote
}
