/**
 * What Anthropic's Messages API can send: every kind of event, delta and content block, in its stable and its beta form, and
 * what each means here. The lists are literal, so that nothing is imported; `test/gateway/messages/wire-types.test.ts` compares
 * them with the types of the real SDK and fails to compile when one of those gains a member.
 *
 * A kind that is not listed is still handled: an unknown block or delta is judged as text, an unknown event is not passed on.
 */

/** Events of a stream. `ping` and `error` are documented but not in the SDK's union. */
export type EventType =
  | 'message_start'
  | 'message_delta'
  | 'message_stop'
  | 'content_block_start'
  | 'content_block_delta'
  | 'content_block_stop'
  | 'ping'
  | 'error'

const EVENTS: Readonly<Record<EventType, true>> = {
  message_start: true,
  message_delta: true,
  message_stop: true,
  content_block_start: true,
  content_block_delta: true,
  content_block_stop: true,
  ping: true,
  error: true,
}

export function isEventType(type: unknown): type is EventType {
  return typeof type === 'string' && Object.hasOwn(EVENTS, type)
}

/** Pieces of a content block. `compaction_delta` is a beta. */
export type DeltaType =
  | 'text_delta'
  | 'input_json_delta'
  | 'citations_delta'
  | 'thinking_delta'
  | 'signature_delta'
  | 'compaction_delta'

const DELTAS: Readonly<Record<DeltaType, true>> = {
  text_delta: true,
  input_json_delta: true,
  citations_delta: true,
  thinking_delta: true,
  signature_delta: true,
  compaction_delta: true,
}

export function isDeltaType(type: unknown): type is DeltaType {
  return typeof type === 'string' && Object.hasOwn(DELTAS, type)
}

/**
 * How a content block of an answer is judged. `text`, `thinking` and `tool` blocks come in pieces, each kind in a channel of its
 * own; a `sealed` block holds nothing that can be read; a `whole` one is judged at once, as text beside the answer.
 */
export type BlockForm = 'text' | 'thinking' | 'tool' | 'sealed' | 'whole'

/** Content blocks of an answer. */
export type AnswerBlockType =
  | 'text'
  | 'thinking'
  | 'redacted_thinking'
  | 'tool_use'
  | 'server_tool_use'
  | 'web_search_tool_result'
  | 'web_fetch_tool_result'
  | 'code_execution_tool_result'
  | 'bash_code_execution_tool_result'
  | 'text_editor_code_execution_tool_result'
  | 'tool_search_tool_result'
  | 'container_upload'
  | 'mcp_tool_use'
  | 'mcp_tool_result'
  | 'mcp_tool_listing'
  | 'advisor_tool_result'
  | 'compaction'
  | 'fallback'

const ANSWER_BLOCKS: Readonly<Record<AnswerBlockType, BlockForm>> = {
  text: 'text',
  thinking: 'thinking',
  redacted_thinking: 'sealed',
  tool_use: 'tool',
  server_tool_use: 'tool',
  web_search_tool_result: 'whole',
  web_fetch_tool_result: 'whole',
  code_execution_tool_result: 'whole',
  bash_code_execution_tool_result: 'whole',
  text_editor_code_execution_tool_result: 'whole',
  tool_search_tool_result: 'whole',
  container_upload: 'whole',
  // In the beta only.
  mcp_tool_use: 'tool',
  mcp_tool_result: 'whole',
  mcp_tool_listing: 'whole',
  advisor_tool_result: 'whole',
  compaction: 'whole',
  fallback: 'whole',
}

/** An unknown block is judged whole. */
export function formOf(type: string): BlockForm {
  return Object.hasOwn(ANSWER_BLOCKS, type) ? ANSWER_BLOCKS[type as AnswerBlockType] : 'whole'
}

/**
 * How a content block of a request is read. `result`: what a tool gave back, judged as such. `words`: all its words are one text.
 * Media are `image`, `document` (which may be text as well) and `upload`.
 */
export type RequestForm = 'text' | 'image' | 'document' | 'thinking' | 'call' | 'answer' | 'result' | 'words' | 'upload'

/** Content blocks of a request. */
export type RequestBlockType =
  | 'text'
  | 'image'
  | 'document'
  | 'search_result'
  | 'thinking'
  | 'redacted_thinking'
  | 'tool_use'
  | 'tool_result'
  | 'server_tool_use'
  | 'web_search_tool_result'
  | 'web_fetch_tool_result'
  | 'code_execution_tool_result'
  | 'bash_code_execution_tool_result'
  | 'text_editor_code_execution_tool_result'
  | 'tool_search_tool_result'
  | 'container_upload'
  | 'tool_reference'
  | 'browser_state'
  | 'mcp_tool_use'
  | 'mcp_tool_result'
  | 'mcp_tool_listing'
  | 'advisor_tool_result'
  | 'compaction'
  | 'fallback'
  | 'tool_addition'
  | 'tool_removal'

const REQUEST_BLOCKS: Readonly<Record<RequestBlockType, RequestForm>> = {
  text: 'text',
  image: 'image',
  document: 'document',
  search_result: 'words',
  thinking: 'thinking',
  redacted_thinking: 'words',
  tool_use: 'call',
  tool_result: 'answer',
  server_tool_use: 'call',
  web_search_tool_result: 'result',
  web_fetch_tool_result: 'result',
  code_execution_tool_result: 'result',
  bash_code_execution_tool_result: 'result',
  text_editor_code_execution_tool_result: 'result',
  tool_search_tool_result: 'result',
  container_upload: 'upload',
  // In the content of a `tool_result` only.
  tool_reference: 'words',
  browser_state: 'words',
  // In the beta only.
  mcp_tool_use: 'call',
  mcp_tool_result: 'result',
  mcp_tool_listing: 'words',
  advisor_tool_result: 'result',
  compaction: 'words',
  fallback: 'words',
  tool_addition: 'words',
  tool_removal: 'words',
}

/** Null for a block nobody here knows. */
export function requestFormOf(type: string): RequestForm | null {
  return Object.hasOwn(REQUEST_BLOCKS, type) ? REQUEST_BLOCKS[type as RequestBlockType] : null
}

/** Why a model stopped. `compaction` is a beta. */
export type StopReason =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'refusal'
  | 'model_context_window_exceeded'
  | 'compaction'

/** Kinds of errors that Anthropic's clients know. */
export type WireErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'api_error'
  | 'overloaded_error'
  | 'conflict_error'

/** `type` of objects inside blocks that are no blocks themselves. A `type` that is in none of these lists is judged as words. */
const INNER_TYPES: ReadonlySet<string> = new Set([
  'message',
  'document',
  'image',
  'base64',
  'content',
  'url',
  'file',
  'ephemeral',
  'direct',
  'code_execution_20250825',
  'code_execution_20260120',
  'char_location',
  'page_location',
  'content_block_location',
  'web_search_result_location',
  'search_result_location',
  'web_search_result',
  'web_search_tool_result_error',
  'web_fetch_result',
  'web_fetch_tool_result_error',
  'code_execution_result',
  'encrypted_code_execution_result',
  'code_execution_output',
  'code_execution_tool_result_error',
  'bash_code_execution_result',
  'bash_code_execution_output',
  'bash_code_execution_tool_result_error',
  'text_editor_code_execution_view_result',
  'text_editor_code_execution_create_result',
  'text_editor_code_execution_str_replace_result',
  'text_editor_code_execution_tool_result_error',
  'tool_search_tool_search_result',
  'tool_search_tool_result_error',
  'advisor_result',
  'advisor_redacted_result',
  'advisor_tool_result_error',
  'refusal',
  'anthropic',
  'custom',
])

/** Whether the value of a `type` field is one of the API's own words. */
export function isKnownType(type: string): boolean {
  return (
    INNER_TYPES.has(type) ||
    Object.hasOwn(ANSWER_BLOCKS, type) ||
    Object.hasOwn(REQUEST_BLOCKS, type) ||
    isEventType(type) ||
    isDeltaType(type)
  )
}
