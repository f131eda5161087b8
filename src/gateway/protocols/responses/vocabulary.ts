/**
 * What in a wire object cannot carry a message to a reader: the protocol's own keys and words, and identifiers that are random.
 * Whatever is not recognised here is judged.
 *
 * Random identifiers and ciphertext are recognised by their shape and not judged: no guard can read them, and guards that look
 * for secrets would call each of them one. A word written into such a field does not have that shape.
 */

/** Keys of the protocol's objects. Any other key could itself be a word, and is judged with what it holds. */
const KEYS: ReadonlySet<string> = new Set(
  `acknowledged_safety_checks action actions allowed_callers allowed_domains allowed_tools annotation annotation_index
  annotations approval_request_id approve arguments attributes background billing button bytes cache_write_tokens cached_tokens
  call_id caller caller_id categories category_applied_input_types category_scores code command commands completed_at
  container_id content content_index context conversation created_at created_by data defer_loading delta description detail diff
  display_height display_width effort embedding_weight encrypted_content end_index env environment error execution exit_code
  file_data file_id file_ids file_url filename filters fingerprint flagged format frequency_penalty generate_summary
  hybrid_search id image_url incomplete_details index input input_audio input_schema input_tokens input_tokens_details
  instructions item item_id keys logprob logprobs logs max_num_results max_output_length max_output_tokens max_tool_calls
  memory_limit message metadata mode model moderation name namespace object operation outcome output output_format output_index
  output_schema output_text output_tokens output_tokens_details outputs parallel_tool_calls param parameters part
  partial_image_b64 partial_image_index path pattern payer pending_safety_checks phase presence_penalty previous_response_id
  prompt prompt_cache_breakpoint prompt_cache_key prompt_cache_options prompt_cache_retention quality queries query ranker
  ranking_options reason reasoning reasoning_tokens refusal require_approval response result results revised_prompt role
  safety_identifier schema score score_threshold scroll_x scroll_y search_context_size sequence_number server_label
  server_description server_url service_tier size skills source sources start_index status stderr stdout store strict summary
  summary_index temperature text text_weight timeout_ms title token tool_choice tools top_logprobs top_p total_tokens transcript
  truncation ttl type url usage user user_location value variables vector_store_ids verbosity version working_directory x y`.split(
    /\s+/,
  ),
)

/** Values of the protocol: kinds, states, roles, modes. */
const WORDS: ReadonlySet<string> = new Set(
  `16g 1g 24h 30m 4g 64g additional_tools all_turns allowed_tools allowlist always apply_patch apply_patch_call
  apply_patch_call_output approximate assistant auto back base64 b64_json browser calling cancelled click client
  code_interpreter code_interpreter_call commentary compaction compaction_trigger completed computer computer_call
  computer_call_output computer_screenshot computer_use_preview concise container_auto container_file_citation
  container_reference content_filter create_file critic current_turn custom custom_tool_call custom_tool_call_output default
  delete_file detailed developer direct disabled discriminator double_click drag error exec exit explicit failed file_citation
  file_path file_search file_search_call final_answer find_in_page flex forward function function_call function_call_output
  generating grammar high image image_generation image_generation_call implicit in_memory in_progress incomplete inline
  input_audio input_file input_image input_text interpreting item_reference jpeg json_object json_schema keepalive keypress left linux
  local local_shell local_shell_call local_shell_call_output logs low mac max max_output_tokens mcp mcp_approval_request
  mcp_approval_response mcp_call mcp_list_tools medium message minimal moderation_result move mp3 namespace never none opaque
  open_page original output_audio output_text png priority program program_output programmatic programmatic_tool_calling queued
  reasoning reasoning_text refusal required response response.compaction right scale screenshot scroll search searching server
  shell shell_call shell_call_output standard summary_text system text timeout tool tool_search tool_search_call
  tool_search_output transparent type ubuntu unknown update_file url url_citation user wait wav web_search
  web_search_2025_08_26 web_search_call web_search_preview web_search_preview_2025_03_11 webp wheel windows xhigh`.split(
    /\s+/,
  ),
)

/** Keys whose values name things and say nothing. */
const ID_KEYS: ReadonlySet<string> = new Set([
  'id',
  'item_id',
  'call_id',
  'caller_id',
  'file_id',
  'file_ids',
  'container_id',
  'vector_store_ids',
  'approval_request_id',
  'previous_response_id',
  'created_by',
  'fingerprint',
])

/** Keys whose values are names: one token, no sentence. */
const NAME_KEYS: ReadonlySet<string> = new Set([
  ...ID_KEYS,
  'name',
  'server_label',
  'namespace',
  'model',
  'filename',
  'type',
  'status',
  'object',
  'role',
])

/** Whether a value is a name. It is judged among names: alone, a classifier would take it for a very short answer. */
export function isName(key: string | undefined, text: string): boolean {
  return key !== undefined && NAME_KEYS.has(key) && /^[\p{L}\p{N}_.:/@-]{1,128}$/u.test(text)
}

export function isProtocolKey(key: string): boolean {
  return KEYS.has(key)
}

export function isProtocolWord(text: string): boolean {
  return WORDS.has(text)
}

export function isIdKey(key: string | number | undefined): boolean {
  return typeof key === 'string' && ID_KEYS.has(key)
}

/** What stands before the random part of an identifier: kinds of things in small letters, and perhaps a time. */
const PREFIX = /^(?:[a-z]{1,12}[_-]){0,3}(?:\d{4,16}[_-])?/
const UUID = /^(?:[a-z]{1,12}[_-]){0,3}?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Whether an identifier is one that a machine drew: no words, but digits or a jumble. */
export function looksRandom(text: string): boolean {
  if (text.length > 4096) return false
  if (UUID.test(text)) return true
  const body = text.replace(PREFIX, '')
  if (/^\d{1,40}$/.test(body)) return true
  if (/^[0-9a-f]{12,}$/.test(body)) return /\d/.test(body)
  if (body.length >= 64) return looksEncrypted(body)
  // Two dozen random letters and digits rarely have no digit, but then they hardly ever keep one case.
  const digits = body.match(/\d/g)?.length ?? 0
  if (/^[A-Za-z0-9]{16,}$/.test(body)) return digits >= 2 || caseChanges(body) >= 6
  return /^[A-Za-z0-9_-]{16,}$/.test(body) && caseChanges(body) >= (digits > 0 ? 3 : 5)
}

function caseChanges(text: string): number {
  return text.match(/[a-z](?=[A-Z])|[A-Z](?=[a-z])/g)?.length ?? 0
}

/** Whether a text is base64 of something that is not text: all kinds of characters in about the numbers chance gives them. */
export function looksEncrypted(text: string): boolean {
  if (text.length < 64 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text) || /[a-z_-]{24}|[A-Z_-]{24}/.test(text)) return false
  const share = (pattern: RegExp): number => (text.match(pattern)?.length ?? 0) / text.length
  const upper = share(/[A-Z]/g)
  const lower = share(/[a-z]/g)
  const digits = share(/[0-9]/g)
  return upper > 0.25 && upper < 0.6 && lower > 0.25 && lower < 0.6 && digits > 0.05 && digits < 0.3
}
