/**
 * Wire objects of the Responses API, written from the types that the `openai` package publishes (version 6.49): one of every kind of
 * output item and every stream event around it. None of them was recorded from a model server.
 */
import type {
  Response as WireResponse,
  ResponseOutputItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'
import type { OutputItemType } from '../../../src/gateway/protocols/responses/wire-types.ts'

/** An event before its number is known. */
export type Unnumbered = ResponseStreamEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'sequence_number'>
    : never
  : never

const HEX = '68af4030592c819083c0f4dbd1ee6e2b03cbc8a1c8f8d9a1'

/** An identifier as OpenAI draws them. */
export function idOf(prefix: string, index = 0): string {
  return `${prefix}_${HEX.slice(0, -2)}${index.toString(16).padStart(2, '0')}`
}

/** One item of each kind, all fields filled. @param index position in the answer */
export const ITEMS: Readonly<Record<OutputItemType, (index: number) => ResponseOutputItem>> = {
  message: (index) => ({
    id: idOf('msg', index),
    type: 'message',
    status: 'completed',
    role: 'assistant',
    phase: 'final_answer',
    content: [
      {
        type: 'output_text',
        text: 'The harbour opens at nine, says the town.',
        annotations: [
          {
            type: 'url_citation',
            start_index: 0,
            end_index: 11,
            title: 'Harbour hours',
            url: 'https://town.example/hours',
          },
          { type: 'file_citation', file_id: 'file-68af4030592c', filename: 'hours.txt', index: 12 },
          {
            type: 'container_file_citation',
            container_id: idOf('cntr'),
            file_id: 'cfile_68af4030592c',
            filename: 'plan.csv',
            start_index: 1,
            end_index: 2,
          },
          { type: 'file_path', file_id: 'file-68af4030592d', index: 3 },
        ],
        logprobs: [],
      },
      { type: 'refusal', refusal: 'I cannot name the keeper.' },
    ],
  }),
  reasoning: (index) => ({
    id: idOf('rs', index),
    type: 'reasoning',
    status: 'completed',
    summary: [
      { type: 'summary_text', text: 'Looking for opening hours.' },
      { type: 'summary_text', text: 'Found them.' },
    ],
    content: [{ type: 'reasoning_text', text: 'The user asks for the harbour, so I look it up.' }],
    encrypted_content: null,
  }),
  function_call: (index) => ({
    id: idOf('fc', index),
    type: 'function_call',
    status: 'completed',
    call_id: 'call_Q1w2E3r4T5y6U7i8O9p0AsDf',
    name: 'find_hours',
    arguments: '{"place":"harbour","day":"monday"}',
  }),
  custom_tool_call: (index) => ({
    id: idOf('ctc', index),
    type: 'custom_tool_call',
    call_id: 'call_Z1x2C3v4B5n6M7a8S9d0FgHj',
    name: 'note',
    input: 'write down: nine to five',
  }),
  function_call_output: (index) => ({
    id: idOf('fco', index),
    type: 'function_call_output',
    status: 'completed',
    call_id: 'call_Q1w2E3r4T5y6U7i8O9p0AsDf',
    output: [
      { type: 'input_text', text: 'nine to five' },
      { type: 'input_image', detail: 'low', image_url: 'https://town.example/harbour.png' },
    ],
  }),
  custom_tool_call_output: (index) => ({
    id: idOf('ctco', index),
    type: 'custom_tool_call_output',
    status: 'completed',
    call_id: 'call_Z1x2C3v4B5n6M7a8S9d0FgHj',
    output: 'noted',
  }),
  file_search_call: (index) => ({
    id: idOf('fs', index),
    type: 'file_search_call',
    status: 'completed',
    queries: ['harbour hours', 'opening times'],
    results: [
      {
        file_id: 'file-68af4030592c',
        filename: 'hours.txt',
        score: 0.9,
        text: 'Open nine to five.',
        attributes: { season: 'summer', year: 2024 },
      },
    ],
  }),
  web_search_call: (index) => ({
    id: idOf('ws', index),
    type: 'web_search_call',
    status: 'completed',
    action: {
      type: 'search',
      query: 'harbour opening hours',
      queries: ['harbour opening hours'],
      sources: [{ type: 'url', url: 'https://town.example/hours' }],
    },
  }),
  computer_call: (index) => ({
    id: idOf('cu', index),
    type: 'computer_call',
    status: 'completed',
    call_id: 'call_P1o2I3u4Y5t6R7e8W9q0LkJh',
    action: { type: 'type', text: 'harbour hours' },
    actions: [
      { type: 'type', text: 'harbour hours' },
      { type: 'keypress', keys: ['ENTER'] },
    ],
    pending_safety_checks: [{ id: idOf('sc'), code: 'malicious_instructions', message: 'Look before you go on.' }],
  }),
  computer_call_output: (index) => ({
    id: idOf('cuo', index),
    type: 'computer_call_output',
    status: 'completed',
    call_id: 'call_P1o2I3u4Y5t6R7e8W9q0LkJh',
    output: { type: 'computer_screenshot', image_url: 'data:image/png;base64,iVBORw0KGgo=' },
    acknowledged_safety_checks: [{ id: idOf('sc'), code: 'malicious_instructions', message: 'Look before you go on.' }],
  }),
  program: (index) => ({
    id: idOf('prog', index),
    type: 'program',
    call_id: 'call_M1n2B3v4C5x6Z7a8S9d0FgHj',
    code: 'const hours = await find_hours("harbour")',
    fingerprint: '68af4030592c819083c0f4dbd1ee6e2b',
  }),
  program_output: (index) => ({
    id: idOf('prog', index),
    type: 'program_output',
    status: 'completed',
    call_id: 'call_M1n2B3v4C5x6Z7a8S9d0FgHj',
    result: 'nine to five',
  }),
  tool_search_call: (index) => ({
    id: idOf('tsc', index),
    type: 'tool_search_call',
    status: 'completed',
    call_id: null,
    execution: 'server',
    arguments: { query: 'opening hours' },
  }),
  tool_search_output: (index) => ({
    id: idOf('tso', index),
    type: 'tool_search_output',
    status: 'completed',
    call_id: null,
    execution: 'server',
    tools: [{ type: 'function', name: 'find_hours', description: 'Finds hours.', parameters: {}, strict: true }],
  }),
  additional_tools: (index) => ({
    id: idOf('at', index),
    type: 'additional_tools',
    role: 'developer',
    tools: [{ type: 'custom', name: 'note', description: 'Writes a note.' }],
  }),
  compaction: (index) => ({ id: idOf('cmp', index), type: 'compaction', encrypted_content: CIPHER }),
  image_generation_call: (index) => ({
    id: idOf('ig', index),
    type: 'image_generation_call',
    status: 'completed',
    result: 'iVBORw0KGgoAAAANSUhEUgAA',
  }),
  code_interpreter_call: (index) => ({
    id: idOf('ci', index),
    type: 'code_interpreter_call',
    status: 'completed',
    code: 'print(17 - 9)',
    container_id: idOf('cntr'),
    outputs: [
      { type: 'logs', logs: 'eight hours' },
      { type: 'image', url: 'https://files.example/plot.png' },
    ],
  }),
  local_shell_call: (index) => ({
    id: idOf('lsh', index),
    type: 'local_shell_call',
    status: 'completed',
    call_id: 'call_L1k2J3h4G5f6D7s8A9p0OiUy',
    action: {
      type: 'exec',
      command: ['ls', '-l'],
      env: { HOME: 'here' },
      user: 'guest',
      working_directory: 'docs',
      timeout_ms: 1000,
    },
  }),
  local_shell_call_output: (index) => ({
    id: idOf('lsho', index),
    type: 'local_shell_call_output',
    status: 'completed',
    output: 'hours.txt',
  }),
  shell_call: (index) => ({
    id: idOf('sh', index),
    type: 'shell_call',
    status: 'completed',
    call_id: 'call_H1g2F3d4S5a6P7o8I9u0YtRe',
    action: { commands: ['cat hours.txt'], max_output_length: 1000, timeout_ms: 1000 },
    environment: { type: 'container_reference', container_id: idOf('cntr') },
    created_by: 'user_68af4030592c',
  }),
  shell_call_output: (index) => ({
    id: idOf('sho', index),
    type: 'shell_call_output',
    status: 'completed',
    call_id: 'call_H1g2F3d4S5a6P7o8I9u0YtRe',
    max_output_length: 1000,
    output: [{ outcome: { type: 'exit', exit_code: 0 }, stdout: 'nine to five', stderr: 'one warning' }],
  }),
  apply_patch_call: (index) => ({
    id: idOf('apc', index),
    type: 'apply_patch_call',
    status: 'completed',
    call_id: 'call_D1s2A3q4W5e6R7t8Y9u0IoPp',
    operation: { type: 'update_file', path: 'docs/hours.txt', diff: '@@\n-eight\n+nine' },
    caller: { type: 'program', caller_id: idOf('prog') },
  }),
  apply_patch_call_output: (index) => ({
    id: idOf('apco', index),
    type: 'apply_patch_call_output',
    status: 'completed',
    call_id: 'call_D1s2A3q4W5e6R7t8Y9u0IoPp',
    output: 'patched',
  }),
  mcp_call: (index) => ({
    id: idOf('mcp', index),
    type: 'mcp_call',
    status: 'completed',
    approval_request_id: null,
    server_label: 'town',
    name: 'opening_hours',
    arguments: '{"place":"harbour"}',
    output: 'nine to five',
    error: 'slow answer',
  }),
  mcp_list_tools: (index) => ({
    id: idOf('mcpl', index),
    type: 'mcp_list_tools',
    server_label: 'town',
    tools: [
      { name: 'opening_hours', description: 'Hours of places.', input_schema: { type: 'object' }, annotations: null },
    ],
    error: 'one tool is missing',
  }),
  mcp_approval_request: (index) => ({
    id: idOf('mcpr', index),
    type: 'mcp_approval_request',
    server_label: 'town',
    name: 'book',
    arguments: '{"berth":4}',
  }),
  mcp_approval_response: (index) => ({
    id: idOf('mcpa', index),
    type: 'mcp_approval_response',
    approval_request_id: idOf('mcpr'),
    approve: true,
    reason: 'it is free',
  }),
}

/** Random bytes in base64, as ciphertext looks. */
export const CIPHER =
  'gAAAAABo4u1H9xq2ZtV7mKcW0sJpR5yEdLfN8bQhXgT3iAoUvC6zYwP1eMkSrD4nBjG7lHaFx0tO9IuVqZ2cRsK5yWmEp8NdLfJbQhXgT3iA'

export function responseOf(output: readonly ResponseOutputItem[], extra: Partial<WireResponse> = {}): WireResponse {
  return {
    id: idOf('resp'),
    object: 'response',
    created_at: 1_756_315_696,
    status: 'completed',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: 'gpt-test-2025-08-07',
    output: [...output],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: 'medium', summary: null },
    service_tier: 'default',
    temperature: 1,
    text: { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: {
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 16,
    },
    ...({ store: true } as object),
    ...extra,
  } as WireResponse
}

/** Cuts a text in pieces of about `size` characters. */
export function piecesOf(text: string, size: number): readonly string[] {
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size))
  return pieces
}

/** The events that tell of one item, between its beginning and its end. */
function eventsWithin(item: ResponseOutputItem, output: number, size: number): readonly Unnumbered[] {
  const at = { item_id: item.id ?? '', output_index: output }
  switch (item.type) {
    case 'message':
      return item.content.flatMap((part, index): readonly Unnumbered[] => {
        const place = { ...at, content_index: index }
        if (part.type === 'refusal') {
          return [
            { type: 'response.content_part.added', ...place, part: { ...part, refusal: '' } },
            ...piecesOf(part.refusal, size).map((delta): Unnumbered => ({
              type: 'response.refusal.delta',
              ...place,
              delta,
            })),
            { type: 'response.refusal.done', ...place, refusal: part.refusal },
            { type: 'response.content_part.done', ...place, part },
          ]
        }
        return [
          { type: 'response.content_part.added', ...place, part: { ...part, text: '', annotations: [] } },
          ...piecesOf(part.text, size).map((delta): Unnumbered => ({
            type: 'response.output_text.delta',
            ...place,
            delta,
            logprobs: [],
          })),
          ...part.annotations.map((annotation, annotation_index): Unnumbered => ({
            type: 'response.output_text.annotation.added',
            ...place,
            annotation_index,
            annotation,
          })),
          { type: 'response.output_text.done', ...place, text: part.text, logprobs: [] },
          { type: 'response.content_part.done', ...place, part },
        ]
      })
    case 'reasoning':
      return [
        ...item.summary.flatMap((part, summary_index): readonly Unnumbered[] => {
          const place = { ...at, summary_index }
          return [
            { type: 'response.reasoning_summary_part.added', ...place, part: { ...part, text: '' } },
            ...piecesOf(part.text, size).map((delta): Unnumbered => ({
              type: 'response.reasoning_summary_text.delta',
              ...place,
              delta,
            })),
            { type: 'response.reasoning_summary_text.done', ...place, text: part.text },
            { type: 'response.reasoning_summary_part.done', ...place, part },
          ]
        }),
        ...(item.content ?? []).flatMap((part, content_index): readonly Unnumbered[] => {
          const place = { ...at, content_index }
          return [
            { type: 'response.content_part.added', ...place, part: { ...part, text: '' } },
            ...piecesOf(part.text, size).map((delta): Unnumbered => ({
              type: 'response.reasoning_text.delta',
              ...place,
              delta,
            })),
            { type: 'response.reasoning_text.done', ...place, text: part.text },
            { type: 'response.content_part.done', ...place, part },
          ]
        }),
      ]
    case 'function_call':
      return [
        ...piecesOf(item.arguments, size).map((delta): Unnumbered => ({
          type: 'response.function_call_arguments.delta',
          ...at,
          delta,
        })),
        { type: 'response.function_call_arguments.done', ...at, arguments: item.arguments, name: item.name },
      ]
    case 'custom_tool_call':
      return [
        ...piecesOf(item.input, size).map((delta): Unnumbered => ({
          type: 'response.custom_tool_call_input.delta',
          ...at,
          delta,
        })),
        { type: 'response.custom_tool_call_input.done', ...at, input: item.input },
      ]
    case 'code_interpreter_call':
      return [
        { type: 'response.code_interpreter_call.in_progress', ...at },
        ...piecesOf(item.code ?? '', size).map((delta): Unnumbered => ({
          type: 'response.code_interpreter_call_code.delta',
          ...at,
          delta,
        })),
        { type: 'response.code_interpreter_call_code.done', ...at, code: item.code ?? '' },
        { type: 'response.code_interpreter_call.interpreting', ...at },
        { type: 'response.code_interpreter_call.completed', ...at },
      ]
    case 'mcp_call':
      return [
        { type: 'response.mcp_call.in_progress', ...at },
        ...piecesOf(item.arguments, size).map((delta): Unnumbered => ({
          type: 'response.mcp_call_arguments.delta',
          ...at,
          delta,
        })),
        { type: 'response.mcp_call_arguments.done', ...at, arguments: item.arguments },
        { type: item.error === 'slow answer' ? 'response.mcp_call.completed' : 'response.mcp_call.failed', ...at },
      ]
    case 'mcp_list_tools':
      return [
        { type: 'response.mcp_list_tools.in_progress', ...at },
        { type: 'response.mcp_list_tools.failed', ...at },
        { type: 'response.mcp_list_tools.completed', ...at },
      ]
    case 'file_search_call':
      return [
        { type: 'response.file_search_call.in_progress', ...at },
        { type: 'response.file_search_call.searching', ...at },
        { type: 'response.file_search_call.completed', ...at },
      ]
    case 'web_search_call':
      return [
        { type: 'response.web_search_call.in_progress', ...at },
        { type: 'response.web_search_call.searching', ...at },
        { type: 'response.web_search_call.completed', ...at },
      ]
    case 'image_generation_call':
      return [
        { type: 'response.image_generation_call.in_progress', ...at },
        { type: 'response.image_generation_call.generating', ...at },
        {
          type: 'response.image_generation_call.partial_image',
          ...at,
          partial_image_index: 0,
          partial_image_b64: 'iVBORw0KGgo=',
        },
        { type: 'response.image_generation_call.completed', ...at },
      ]
    default:
      return []
  }
}

/** An item as it is when it begins: what comes in pieces is empty, the rest not there yet. */
function begun(item: ResponseOutputItem): ResponseOutputItem {
  switch (item.type) {
    case 'message':
      return { ...item, status: 'in_progress', content: [] }
    case 'reasoning':
      return { ...item, status: 'in_progress', summary: [], content: [] }
    case 'function_call':
      return { ...item, status: 'in_progress', arguments: '' }
    case 'custom_tool_call':
      return { ...item, input: '' }
    case 'code_interpreter_call':
      return { ...item, status: 'in_progress', code: '', outputs: null }
    case 'mcp_call':
      return { ...item, status: 'in_progress', arguments: '', output: null, error: null }
    case 'file_search_call':
      return { ...item, status: 'in_progress', results: null }
    case 'image_generation_call':
      return { ...item, status: 'in_progress', result: null }
    default:
      return item
  }
}

/** Every event of an answer with these items. @param size characters of a delta */
export function eventsOf(
  output: readonly ResponseOutputItem[],
  size = 5,
  extra: Partial<WireResponse> = {},
): readonly ResponseStreamEvent[] {
  const response = responseOf(output, extra)
  const started: WireResponse = { ...response, status: 'in_progress', output: [] }
  delete started.usage
  const last = response.status === 'incomplete' ? 'response.incomplete' : 'response.completed'
  const events: readonly Unnumbered[] = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    ...output.flatMap((item, output_index): readonly Unnumbered[] => [
      { type: 'response.output_item.added', output_index, item: begun(item) },
      ...eventsWithin(item, output_index, size),
      { type: 'response.output_item.done', output_index, item },
    ]),
    { type: last, response },
  ]
  return numbered(events)
}

export function numbered(events: readonly Unnumbered[]): readonly ResponseStreamEvent[] {
  return events.map((event, sequence_number) => ({ ...event, sequence_number }))
}

export function message(text: string, index = 0): ResponseOutputItem {
  return {
    id: idOf('msg', index),
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  }
}
