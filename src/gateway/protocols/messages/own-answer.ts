/** Messages, and parts of them, that the model had no part in: refusals, and answers of a model without a wire format. */
import type { JsonObject } from '../../../contract/index.ts'
import type { Envelope } from '../protocol.ts'
import type { StopReason } from './wire.ts'

/** A message before its content and its end. */
export function ownMessage({ id, model }: Envelope): JsonObject {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: OWN_USAGE,
  }
}

const OWN_USAGE: JsonObject = {
  input_tokens: 0,
  output_tokens: 0,
  output_tokens_details: null,
  cache_creation: null,
  cache_creation_input_tokens: null,
  cache_read_input_tokens: null,
  inference_geo: null,
  server_tool_use: null,
  service_tier: null,
  speed: null,
}

/** The end of a message, in its event and in the message itself. */
export function closingDelta(reason: StopReason): JsonObject {
  const details = reason === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null
  return { stop_reason: reason, stop_sequence: null, stop_details: details, container: null }
}

export function textBlock(): JsonObject {
  return { type: 'text', text: '', citations: null }
}

export function thinkingBlock(): JsonObject {
  return { type: 'thinking', thinking: '', signature: '' }
}

export function toolBlock(id: string, name: string): JsonObject {
  return { type: 'tool_use', id, name, input: {}, caller: { type: 'direct' } }
}

/** Reasons to end, in the words of parts without a wire format. */
export function ownStopReason(reason: string): StopReason {
  switch (reason) {
    case 'content_filter':
      return 'refusal'
    case 'length':
      return 'max_tokens'
    case 'tool_calls':
      return 'tool_use'
    default:
      return 'end_turn'
  }
}
