/**
 * Where words stand in each kind of item, and what they are: the answer, a refusal, reasoning, what the model sends to a tool,
 * what a tool said, or a medium.
 *
 * Only the places with a meaning of their own are listed. Everything else in an item that could carry words (names, file names,
 * links, fields nobody here knows) is found by `holes` and judged together, as a list.
 */
import type { ItemType } from './wire-types.ts'

/** Texts that also come in pieces; each has its own kind of delta event. */
export type StreamForm =
  | 'answer'
  | 'refusal'
  | 'reasoning'
  | 'summary'
  | 'arguments'
  | 'custom-input'
  | 'mcp-arguments'
  | 'code'
  | 'transcript'

/**
 * What a value is. `call`: the model's words to a tool, in one piece. `words`: a tool's words. `cipher`: what the model server
 * encrypted for itself.
 */
export type Form = StreamForm | 'call' | 'words' | 'cipher' | 'image' | 'audio' | 'file'

/** Pattern of a place (`*` for any index) to its form. */
export type ItemWords = Readonly<Record<string, Form>>

const NONE: ItemWords = {}
const CONTENT: ItemWords = {
  content: 'answer',
  'content.*.text': 'answer',
  'content.*.refusal': 'refusal',
  'content.*.transcript': 'answer',
  'content.*.data': 'audio',
  'content.*.input_audio.data': 'audio',
  'content.*.image_url': 'image',
  'content.*.file_data': 'file',
  'content.*.file_url': 'file',
}
const REASONING: ItemWords = {
  'content.*.text': 'reasoning',
  'summary.*.text': 'summary',
  encrypted_content: 'cipher',
}
const TOOL_OUTPUT: ItemWords = {
  output: 'words',
  'output.*.text': 'words',
  'output.*.image_url': 'image',
  'output.*.file_data': 'file',
  'output.*.file_url': 'file',
  'output.*.input_audio.data': 'audio',
}
const FILE_SEARCH: ItemWords = { 'queries.*': 'call', 'results.*.text': 'words' }
const WEB_SEARCH: ItemWords = {
  'action.query': 'call',
  'action.queries.*': 'call',
  'action.pattern': 'call',
  'action.url': 'call',
}
const COMPUTER: ItemWords = { action: 'call', 'actions.*': 'call', 'pending_safety_checks.*.message': 'words' }
const SCREENSHOT: ItemWords = { 'output.image_url': 'image', 'acknowledged_safety_checks.*.message': 'words' }
const CODE_INTERPRETER: ItemWords = { code: 'code', 'outputs.*.logs': 'words', 'outputs.*.url': 'image' }
const SHELL_OUTPUT: ItemWords = { output: 'words', 'output.*.stdout': 'words', 'output.*.stderr': 'words' }
const PATCH: ItemWords = { 'operation.diff': 'call', 'operation.path': 'call' }
const MCP_CALL: ItemWords = { arguments: 'mcp-arguments', output: 'words', error: 'words' }

/** Places of words in an item of this kind. */
export function wordsOf(type: ItemType): ItemWords {
  switch (type) {
    case 'message':
      return CONTENT
    case 'reasoning':
      return REASONING
    case 'function_call':
      return { arguments: 'arguments' }
    case 'custom_tool_call':
      return { input: 'custom-input' }
    case 'function_call_output':
    case 'custom_tool_call_output':
      return TOOL_OUTPUT
    case 'file_search_call':
      return FILE_SEARCH
    case 'web_search_call':
      return WEB_SEARCH
    case 'computer_call':
      return COMPUTER
    case 'computer_call_output':
      return SCREENSHOT
    case 'image_generation_call':
      return { result: 'image', revised_prompt: 'call' }
    case 'code_interpreter_call':
      return CODE_INTERPRETER
    case 'local_shell_call':
    case 'shell_call':
      return { action: 'call' }
    case 'local_shell_call_output':
    case 'apply_patch_call_output':
      return { output: 'words' }
    case 'shell_call_output':
      return SHELL_OUTPUT
    case 'apply_patch_call':
      return PATCH
    case 'mcp_call':
      return MCP_CALL
    case 'mcp_list_tools':
      return { tools: 'words', error: 'words' }
    case 'mcp_approval_request':
      return { arguments: 'call' }
    case 'mcp_approval_response':
      return { reason: 'words' }
    case 'tool_search_call':
      return { arguments: 'call' }
    case 'tool_search_output':
    case 'additional_tools':
      return { tools: 'words' }
    case 'program':
      return { code: 'call' }
    case 'program_output':
      return { result: 'words' }
    case 'compaction':
      return { encrypted_content: 'cipher' }
    case 'compaction_trigger':
    case 'item_reference':
      return NONE
    default:
      return type satisfies never
  }
}

/** Under which name guards and policies know the tool that an item calls; null when the item calls none. */
export function toolOf(type: ItemType, name: string | undefined): string | null {
  switch (type) {
    case 'function_call':
    case 'custom_tool_call':
    case 'mcp_call':
    case 'mcp_approval_request':
      return name ?? null
    case 'file_search_call':
    case 'web_search_call':
    case 'code_interpreter_call':
    case 'image_generation_call':
    case 'tool_search_call':
    case 'local_shell_call':
    case 'apply_patch_call':
    case 'shell_call':
    case 'computer_call':
      return type.slice(0, -'_call'.length)
    case 'program':
      return type
    case 'message':
    case 'reasoning':
    case 'compaction':
    case 'compaction_trigger':
    case 'item_reference':
    case 'additional_tools':
    case 'mcp_list_tools':
    case 'mcp_approval_response':
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'computer_call_output':
    case 'local_shell_call_output':
    case 'shell_call_output':
    case 'apply_patch_call_output':
    case 'tool_search_output':
    case 'program_output':
      return null
    default:
      return type satisfies never
  }
}
