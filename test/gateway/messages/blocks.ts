/**
 * One content block of every kind an answer can have, and the events it comes in. Written from the published types of Anthropic's
 * SDK: when one of its unions gains a member, this file does not compile.
 */
import type { BetaContentBlock } from '@anthropic-ai/sdk/resources/beta/messages/messages'
import type { ContentBlock, RawContentBlockDelta, TextCitation } from '@anthropic-ai/sdk/resources/messages/messages'
import { toolUse } from './support.ts'

type BlockOf<T extends ContentBlock['type']> = Extract<ContentBlock, { type: T }>
type BetaBlockOf<T extends BetaContentBlock['type']> = Extract<BetaContentBlock, { type: T }>

export const CITATIONS: { readonly [T in TextCitation['type']]: Extract<TextCitation, { type: T }> } = {
  char_location: {
    type: 'char_location',
    cited_text: 'The grass is green.',
    document_index: 0,
    document_title: 'On grass',
    start_char_index: 0,
    end_char_index: 19,
    file_id: null,
  },
  page_location: {
    type: 'page_location',
    cited_text: 'Water is wet.',
    document_index: 1,
    document_title: null,
    start_page_number: 1,
    end_page_number: 2,
    file_id: 'file_011CNha8iCJcU1wXNR6q4V8w',
  },
  content_block_location: {
    type: 'content_block_location',
    cited_text: 'These are findings.',
    document_index: 2,
    document_title: 'Findings',
    start_block_index: 0,
    end_block_index: 1,
    file_id: null,
  },
  web_search_result_location: {
    type: 'web_search_result_location',
    cited_text: 'Claude Shannon was born in 1916.',
    encrypted_index: 'Eo8BCioIAhgBIiQyYjQ0OWJmZi1lNm',
    title: 'A life',
    url: 'https://a.example/shannon',
  },
  search_result_location: {
    type: 'search_result_location',
    cited_text: 'To configure it, open the settings.',
    source: 'https://docs.example/guide',
    title: 'Guide',
    search_result_index: 0,
    start_block_index: 0,
    end_block_index: 1,
  },
}

export const BLOCKS: { readonly [T in ContentBlock['type']]: BlockOf<T> } = {
  text: { type: 'text', text: 'The grass is green and the sky is blue.', citations: Object.values(CITATIONS) },
  thinking: { type: 'thinking', thinking: 'First I look at the grass.', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h' },
  redacted_thinking: { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix/LafPsn4aDFIT2Xlxh0L5L8rLVyIw' },
  tool_use: toolUse('find', { who: 'a friend', deep: [{ a: 'line\nbreak' }, 1, null] }) as BlockOf<'tool_use'>,
  server_tool_use: {
    type: 'server_tool_use',
    id: 'srvtoolu_01WYG3ziw53XMcoyKL4XcZmE',
    name: 'web_search',
    input: { query: 'shannon born' },
    caller: { type: 'direct' },
  },
  web_search_tool_result: {
    type: 'web_search_tool_result',
    tool_use_id: 'srvtoolu_01WYG3ziw53XMcoyKL4XcZmE',
    caller: { type: 'direct' },
    content: [
      {
        type: 'web_search_result',
        url: 'https://a.example/shannon',
        title: 'A life',
        encrypted_content: 'EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5',
        page_age: 'April 30, 2025',
      },
    ],
  },
  web_fetch_tool_result: {
    type: 'web_fetch_tool_result',
    tool_use_id: 'srvtoolu_02',
    caller: { type: 'direct' },
    content: {
      type: 'web_fetch_result',
      url: 'https://a.example/article',
      retrieved_at: '2025-08-25T10:30:00Z',
      content: {
        type: 'document',
        title: 'An article',
        citations: { enabled: true },
        source: { type: 'text', media_type: 'text/plain', data: 'The whole article.' },
      },
    },
  },
  code_execution_tool_result: {
    type: 'code_execution_tool_result',
    tool_use_id: 'srvtoolu_03',
    content: { type: 'code_execution_result', stdout: 'out 1\n', stderr: 'warn', return_code: 0, content: [] },
  },
  bash_code_execution_tool_result: {
    type: 'bash_code_execution_tool_result',
    tool_use_id: 'srvtoolu_04',
    content: { type: 'bash_code_execution_result', stdout: 'a\n\nb', stderr: '', return_code: 1, content: [] },
  },
  text_editor_code_execution_tool_result: {
    type: 'text_editor_code_execution_tool_result',
    tool_use_id: 'srvtoolu_05',
    content: {
      type: 'text_editor_code_execution_str_replace_result',
      lines: ['- old line', '+ new line'],
      old_start: 1,
      old_lines: 1,
      new_start: 1,
      new_lines: 1,
    },
  },
  tool_search_tool_result: {
    type: 'tool_search_tool_result',
    tool_use_id: 'srvtoolu_06',
    content: {
      type: 'tool_search_tool_search_result',
      tool_references: [{ type: 'tool_reference', tool_name: 'find' }],
    },
  },
  container_upload: { type: 'container_upload', file_id: 'file_011CNha8iCJcU1wXNR6q4V8w' },
}

export const BETA_BLOCKS: {
  readonly [T in Exclude<BetaContentBlock['type'], ContentBlock['type']>]: BetaBlockOf<T>
} = {
  mcp_tool_use: {
    type: 'mcp_tool_use',
    id: 'mcptoolu_014Q35RayjACSWkSj4X2yov1',
    name: 'echo',
    server_name: 'example-mcp',
    input: { param: 'one' },
  },
  mcp_tool_result: {
    type: 'mcp_tool_result',
    tool_use_id: 'mcptoolu_014Q35RayjACSWkSj4X2yov1',
    is_error: false,
    content: [{ type: 'text', text: 'an echo', citations: null }],
  },
  mcp_tool_listing: {
    type: 'mcp_tool_listing',
    mcp_server_name: 'example-mcp',
    tools: [{ name: 'echo', description: 'says it again', input_schema: { type: 'object' } }],
  },
  advisor_tool_result: {
    type: 'advisor_tool_result',
    tool_use_id: 'srvtoolu_07',
    content: { type: 'advisor_result', text: 'better not', stop_reason: 'end_turn' },
  },
  compaction: { type: 'compaction', content: 'What was said before.', encrypted_content: null },
  fallback: {
    type: 'fallback',
    from: { model: 'model-a' },
    to: { model: 'model-b' },
    trigger: { type: 'refusal', category: null },
  },
}

export type AnyBlock = ContentBlock | BetaContentBlock

export const ALL_BLOCKS: readonly AnyBlock[] = [...Object.values(BLOCKS), ...Object.values(BETA_BLOCKS)]

interface Streamed {
  readonly head: object
  readonly deltas: readonly object[]
}

/** How a block comes in a stream, its words cut after every so many characters. */
export function streamed(block: AnyBlock, size: number): Streamed {
  const pieces = (words: string): readonly string[] => words.match(new RegExp(`[^]{1,${size}}`, 'gu')) ?? []
  const as = (delta: RawContentBlockDelta): RawContentBlockDelta => delta
  switch (block.type) {
    case 'text':
      return {
        head: { ...block, text: '', citations: [] },
        deltas: [
          ...pieces(block.text).map((text) => as({ type: 'text_delta', text })),
          ...(block.citations ?? []).map((citation) => ({ type: 'citations_delta', citation })),
        ],
      }
    case 'thinking':
      return {
        head: { ...block, thinking: '', signature: '' },
        deltas: [
          ...pieces(block.thinking).map((thinking) => as({ type: 'thinking_delta', thinking })),
          as({ type: 'signature_delta', signature: block.signature }),
        ],
      }
    case 'tool_use':
    case 'server_tool_use':
    case 'mcp_tool_use':
      return {
        head: { ...block, input: {} },
        deltas: pieces(JSON.stringify(block.input)).map((partial_json) =>
          as({ type: 'input_json_delta', partial_json }),
        ),
      }
    case 'compaction':
      return {
        head: { ...block, content: null },
        deltas: [{ type: 'compaction_delta', content: block.content, encrypted_content: null }],
      }
    case 'redacted_thinking':
    case 'web_search_tool_result':
    case 'web_fetch_tool_result':
    case 'code_execution_tool_result':
    case 'bash_code_execution_tool_result':
    case 'text_editor_code_execution_tool_result':
    case 'tool_search_tool_result':
    case 'container_upload':
    case 'mcp_tool_result':
    case 'mcp_tool_listing':
    case 'advisor_tool_result':
    case 'fallback':
      return { head: block, deltas: [] }
    default:
      return block satisfies never
  }
}

/** The events of these blocks, between start and end of a message that the caller adds. */
export function eventsFor(blocks: readonly AnyBlock[], size = 7): readonly object[] {
  return blocks.flatMap((block, index) => {
    const { head, deltas } = streamed(block, size)
    return [
      { type: 'content_block_start', index, content_block: head },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]
  })
}
