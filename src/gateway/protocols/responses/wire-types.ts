/**
 * The members of the Responses API's unions, by name: kinds of output items, of input items and of stream events, as the `openai`
 * package (version 6) types them. `test/gateway/responses/wire-types.test.ts` does not compile when a list here and the union
 * there differ, so a new member has to be placed by hand in every `switch` over these names.
 *
 * Names only: what each of them holds is said in `item-words` and `event-reader`.
 */

export const OUTPUT_ITEM_TYPES = [
  'message',
  'file_search_call',
  'function_call',
  'function_call_output',
  'web_search_call',
  'computer_call',
  'computer_call_output',
  'reasoning',
  'program',
  'program_output',
  'tool_search_call',
  'tool_search_output',
  'additional_tools',
  'compaction',
  'image_generation_call',
  'code_interpreter_call',
  'local_shell_call',
  'local_shell_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'mcp_call',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'custom_tool_call',
  'custom_tool_call_output',
] as const

export type OutputItemType = (typeof OUTPUT_ITEM_TYPES)[number]

/** Kinds of items that only a request can hold. */
export const INPUT_ONLY_ITEM_TYPES = ['compaction_trigger', 'item_reference'] as const

export type ItemType = OutputItemType | (typeof INPUT_ONLY_ITEM_TYPES)[number]

export const EVENT_TYPES = [
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.completed',
  'response.incomplete',
  'response.failed',
  'error',
  'response.output_item.added',
  'response.output_item.done',
  'response.content_part.added',
  'response.content_part.done',
  'response.output_text.delta',
  'response.output_text.done',
  'response.output_text.annotation.added',
  'response.refusal.delta',
  'response.refusal.done',
  'response.reasoning_text.delta',
  'response.reasoning_text.done',
  'response.reasoning_summary_part.added',
  'response.reasoning_summary_part.done',
  'response.reasoning_summary_text.delta',
  'response.reasoning_summary_text.done',
  'response.function_call_arguments.delta',
  'response.function_call_arguments.done',
  'response.custom_tool_call_input.delta',
  'response.custom_tool_call_input.done',
  'response.mcp_call_arguments.delta',
  'response.mcp_call_arguments.done',
  'response.mcp_call.in_progress',
  'response.mcp_call.completed',
  'response.mcp_call.failed',
  'response.mcp_list_tools.in_progress',
  'response.mcp_list_tools.completed',
  'response.mcp_list_tools.failed',
  'response.code_interpreter_call_code.delta',
  'response.code_interpreter_call_code.done',
  'response.code_interpreter_call.in_progress',
  'response.code_interpreter_call.interpreting',
  'response.code_interpreter_call.completed',
  'response.file_search_call.in_progress',
  'response.file_search_call.searching',
  'response.file_search_call.completed',
  'response.web_search_call.in_progress',
  'response.web_search_call.searching',
  'response.web_search_call.completed',
  'response.image_generation_call.in_progress',
  'response.image_generation_call.generating',
  'response.image_generation_call.partial_image',
  'response.image_generation_call.completed',
  'response.audio.delta',
  'response.audio.done',
  'response.audio.transcript.delta',
  'response.audio.transcript.done',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

const ITEMS: ReadonlySet<unknown> = new Set([...OUTPUT_ITEM_TYPES, ...INPUT_ONLY_ITEM_TYPES])
const EVENTS: ReadonlySet<unknown> = new Set(EVENT_TYPES)

export function isItemType(value: unknown): value is ItemType {
  return ITEMS.has(value)
}

export function isEventType(value: unknown): value is EventType {
  return EVENTS.has(value)
}
