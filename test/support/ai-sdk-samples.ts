/**
 * One value or more of every kind of part, content and message part, with every field it can have, typed by the real packages: a new
 * kind, or a new field of a kind, fails the type check of the tests.
 */
import type * as V2 from 'ai-sdk-provider-v2'
import type * as V3 from 'ai-sdk-provider-v3'
import type * as V4 from 'ai-sdk-provider-v4'

/** For each kind, values that have all of its fields. */
type Samples<Union extends { type: string }> = {
  readonly [Kind in Union['type']]: readonly Required<Extract<Union, { type: Kind }>>[]
}
type PartOf<Message extends { role: string; content: unknown }, Role> = Extract<
  Exclude<Extract<Message, { role: Role }>['content'], string>,
  readonly unknown[]
>[number] & { type: string }

const metadata = { scripted: { note: 'a note' } }
const usage2 = { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
  raw: { tier: 'a tier' },
}
const timestamp = new Date(0)
const flags = { providerExecuted: true, dynamic: true }
const result = { isError: false, preliminary: false, dynamic: true, result: { found: ['a find'], 'a key': 1 } }
const url = { type: 'source', sourceType: 'url', id: 's1', url: 'https://example.org/a', title: 'A page' } as const
const document = {
  type: 'source',
  sourceType: 'document',
  id: 's2',
  mediaType: 'text/plain',
  title: 'A text',
  filename: 'a.txt',
} as const
const citation: Required<V4.LanguageModelV4Citation> = {
  source: { ...url, providerMetadata: metadata },
  startIndex: 0,
  endIndex: 1,
  citedText: 'a quote',
}
const base64 = btoa('some words')
const meta = { providerMetadata: metadata }

const blocks = {
  'text-start': [{ type: 'text-start', id: 't', ...meta }],
  'text-delta': [{ type: 'text-delta', id: 't', delta: 'some text', ...meta }],
  'text-end': [{ type: 'text-end', id: 't', ...meta }],
  'reasoning-start': [{ type: 'reasoning-start', id: 'r', ...meta }],
  'reasoning-delta': [{ type: 'reasoning-delta', id: 'r', delta: 'some thought', ...meta }],
  'reasoning-end': [{ type: 'reasoning-end', id: 'r', ...meta }],
  'tool-input-delta': [{ type: 'tool-input-delta', id: 'c', delta: '{"q":"a thing"}', ...meta }],
  'tool-input-end': [{ type: 'tool-input-end', id: 'c', ...meta }],
} as const
const call = { type: 'tool-call', toolCallId: 'c', toolName: 'look', input: '{"q":"a thing"}', ...meta } as const
const common = {
  source: [
    { ...url, ...meta },
    { ...document, ...meta },
  ],
  'response-metadata': [{ type: 'response-metadata', id: 'i', modelId: 'm', timestamp }],
  raw: [{ type: 'raw', rawValue: { chunk: 'a chunk' } }],
  error: [
    { type: 'error', error: 'an error' },
    { type: 'error', error: { message: 'an error', deep: { body: 'a body' } } },
  ],
} as const
const approval = { type: 'tool-approval-request', approvalId: 'a', toolCallId: 'c', ...meta } as const

export const STREAM_PARTS = {
  v2: {
    ...blocks,
    ...common,
    'tool-input-start': [{ type: 'tool-input-start', id: 'c', toolName: 'look', providerExecuted: true, ...meta }],
    'tool-call': [{ ...call, providerExecuted: true }],
    'tool-result': [
      {
        type: 'tool-result',
        toolCallId: 'c',
        toolName: 'look',
        result: 'a result',
        isError: false,
        providerExecuted: true,
        ...meta,
      },
    ],
    file: [{ type: 'file', mediaType: 'text/plain', data: base64 }],
    'stream-start': [
      {
        type: 'stream-start',
        warnings: [
          { type: 'other', message: 'a warning' },
          { type: 'unsupported-setting', setting: 'topK', details: 'a detail' },
        ],
      },
    ],
    finish: [{ type: 'finish', usage: usage2, finishReason: 'stop', ...meta }],
  } satisfies Samples<V2.LanguageModelV2StreamPart>,
  v3: {
    ...blocks,
    ...common,
    'tool-input-start': [
      {
        type: 'tool-input-start',
        id: 'c',
        toolName: 'look',
        title: 'a title',
        inputEncoding: 'json',
        ...flags,
        ...meta,
      },
    ],
    'tool-call': [{ ...call, ...flags }],
    'tool-result': [{ type: 'tool-result', toolCallId: 'c', toolName: 'look', ...result, ...meta }],
    'tool-approval-request': [approval],
    file: [{ type: 'file', mediaType: 'text/plain', data: base64, ...meta }],
    'stream-start': [
      {
        type: 'stream-start',
        warnings: [
          { type: 'other', message: 'a warning' },
          { type: 'unsupported', feature: 'a feature', details: 'a detail' },
          { type: 'compatibility', feature: 'a feature', details: 'a detail' },
        ],
      },
    ],
    finish: [{ type: 'finish', usage, finishReason: { unified: 'stop', raw: 'a reason' }, ...meta }],
  } satisfies Samples<V3.LanguageModelV3StreamPart>,
  v4: {
    ...blocks,
    ...common,
    'text-end': [{ type: 'text-end', id: 't', citations: [citation], ...meta }],
    'tool-input-start': [
      {
        type: 'tool-input-start',
        id: 'c',
        toolName: 'look',
        title: 'a title',
        inputEncoding: 'json',
        ...flags,
        ...meta,
      },
    ],
    'tool-call': [{ ...call, ...flags }],
    'tool-result': [{ type: 'tool-result', toolCallId: 'c', toolName: 'look', ...result, ...meta }],
    'tool-approval-request': [approval],
    custom: [{ type: 'custom', kind: 'scripted.thing', ...meta }],
    file: [
      { type: 'file', mediaType: 'text/plain', data: { type: 'data', data: base64 }, ...meta },
      { type: 'file', mediaType: 'image/png', data: { type: 'url', url: new URL('https://example.org/a') }, ...meta },
    ],
    'reasoning-file': [
      { type: 'reasoning-file', mediaType: 'text/plain', data: { type: 'data', data: base64 }, ...meta },
    ],
    'stream-start': [
      {
        type: 'stream-start',
        warnings: [
          { type: 'other', message: 'a warning' },
          { type: 'unsupported', feature: 'a feature', details: 'a detail' },
          { type: 'compatibility', feature: 'a feature', details: 'a detail' },
          { type: 'deprecated', setting: 'a setting', message: 'a message' },
        ],
      },
    ],
    ping: [{ type: 'ping' }],
    finish: [{ type: 'finish', usage, finishReason: { unified: 'stop', raw: 'a reason' }, ...meta }],
  } satisfies Samples<V4.LanguageModelV4StreamPart>,
}

export const CONTENTS = {
  v2: {
    text: [{ type: 'text', text: 'some text', ...meta }],
    reasoning: [{ type: 'reasoning', text: 'some thought', ...meta }],
    file: STREAM_PARTS.v2.file,
    source: common.source,
    'tool-call': STREAM_PARTS.v2['tool-call'],
    'tool-result': STREAM_PARTS.v2['tool-result'],
  } satisfies Samples<V2.LanguageModelV2Content>,
  v3: {
    text: [{ type: 'text', text: 'some text', ...meta }],
    reasoning: [{ type: 'reasoning', text: 'some thought', ...meta }],
    file: STREAM_PARTS.v3.file,
    source: common.source,
    'tool-call': STREAM_PARTS.v3['tool-call'],
    'tool-result': STREAM_PARTS.v3['tool-result'],
    'tool-approval-request': [approval],
  } satisfies Samples<V3.LanguageModelV3Content>,
  v4: {
    text: [{ type: 'text', text: 'some text', citations: [citation], ...meta }],
    reasoning: [{ type: 'reasoning', text: 'some thought', ...meta }],
    custom: STREAM_PARTS.v4.custom,
    file: STREAM_PARTS.v4.file,
    'reasoning-file': STREAM_PARTS.v4['reasoning-file'],
    source: common.source,
    'tool-call': STREAM_PARTS.v4['tool-call'],
    'tool-result': STREAM_PARTS.v4['tool-result'],
    'tool-approval-request': [approval],
  } satisfies Samples<V4.LanguageModelV4Content>,
}

const options = { providerOptions: { scripted: { note: 'a note' } } }
const asked = {
  text: [{ type: 'text', text: 'some text', ...options }],
  file: [
    {
      type: 'file',
      mediaType: 'text/plain',
      filename: 'a.txt',
      originalUrl: 'https://example.org/a',
      data: base64,
      ...options,
    },
  ],
} as const
const thought = [{ type: 'reasoning', text: 'some thought', ...options }] as const
const called = [
  { type: 'tool-call', toolCallId: 'c', toolName: 'look', input: { q: 'a thing' }, providerExecuted: true, ...options },
] as const
const response = [
  { type: 'tool-approval-response', approvalId: 'a', approved: false, reason: 'a reason', ...options },
] as const

/** Results of a tool with each kind of output; `content` with each kind of item. */
function results<Output>(outputs: readonly Output[]) {
  return outputs.map((output) => ({
    type: 'tool-result' as const,
    toolCallId: 'c',
    toolName: 'look',
    output,
    ...options,
  }))
}

type Output2 = V2.LanguageModelV2ToolResultOutput
type Output3 = V3.LanguageModelV3ToolResultOutput
type Output4 = V4.LanguageModelV4ToolResultOutput
type ItemOf<Output> =
  Extract<Output, { type: 'content' }> extends { value: (infer Item)[] } ? Item & { type: string } : never

const plain = [
  { type: 'text', value: 'a text' },
  { type: 'json', value: { found: 'a find' } },
  { type: 'error-text', value: 'an error' },
  { type: 'error-json', value: ['an error'] },
] as const

const items2 = {
  text: [{ type: 'text', text: 'a text' }],
  media: [{ type: 'media', mediaType: 'text/plain', data: base64 }],
} satisfies Samples<ItemOf<Output2>>
const items3 = {
  text: [{ type: 'text', text: 'a text', ...options }],
  'file-data': [{ type: 'file-data', mediaType: 'text/plain', filename: 'a.txt', data: base64, ...options }],
  'file-url': [{ type: 'file-url', mediaType: 'text/plain', url: 'https://example.org/a', ...options }],
  'file-id': [{ type: 'file-id', fileId: 'f', ...options }],
  'image-data': [{ type: 'image-data', mediaType: 'image/png', data: 'AAAA', ...options }],
  'image-url': [{ type: 'image-url', url: 'https://example.org/a', ...options }],
  'image-file-id': [{ type: 'image-file-id', fileId: { scripted: 'f' }, ...options }],
  custom: [{ type: 'custom', ...options }],
} satisfies Samples<ItemOf<Output3>>
const items4 = {
  text: items3.text,
  file: [
    { type: 'file', mediaType: 'text/plain', filename: 'a.txt', data: { type: 'text', text: 'a text' }, ...options },
  ],
  custom: items3.custom,
} satisfies Samples<ItemOf<Output4>>

const denied = { type: 'execution-denied', reason: 'a reason', ...options } as const
const rich = plain.map((output) => ({ ...output, ...options }))
const result2 = results<Output2>([
  ...(plain as unknown as Output2[]),
  { type: 'content', value: Object.values(items2).flat() },
])
const result3 = results<Output3>([
  ...(rich as unknown as Output3[]),
  denied,
  { type: 'content', value: Object.values(items3).flat() },
])
const result4 = results<Output4>([
  ...(rich as unknown as Output4[]),
  denied,
  { type: 'content', value: Object.values(items4).flat() },
])

const data4 = [
  { type: 'data', data: base64 },
  { type: 'text', text: 'a text' },
] as const
const asked4 = {
  text: asked.text,
  file: [
    ...data4.map((data) => ({ type: 'file' as const, mediaType: 'text/plain', filename: 'a.txt', data, ...options })),
    {
      type: 'file',
      mediaType: 'image/png',
      filename: 'a.png',
      data: { type: 'url', url: new URL('https://example.org/a'), originalUrl: 'https://example.org/a' },
      ...options,
    },
    {
      type: 'file',
      mediaType: 'image/png',
      filename: 'a.png',
      data: { type: 'reference', reference: { scripted: 'f' } },
      ...options,
    },
  ],
} satisfies Samples<PartOf<V4.LanguageModelV4Message, 'user'>>

export const PROMPT_PARTS = {
  v2: {
    user: asked satisfies Samples<PartOf<V2.LanguageModelV2Message, 'user'>>,
    assistant: {
      ...asked,
      reasoning: thought,
      'tool-call': called,
      'tool-result': result2,
    } satisfies Samples<PartOf<V2.LanguageModelV2Message, 'assistant'>>,
    tool: { 'tool-result': result2 } satisfies Samples<PartOf<V2.LanguageModelV2Message, 'tool'>>,
  },
  v3: {
    user: asked satisfies Samples<PartOf<V3.LanguageModelV3Message, 'user'>>,
    assistant: {
      ...asked,
      reasoning: thought,
      'tool-call': called,
      'tool-result': result3,
    } satisfies Samples<PartOf<V3.LanguageModelV3Message, 'assistant'>>,
    tool: { 'tool-result': result3, 'tool-approval-response': response } satisfies Samples<
      PartOf<V3.LanguageModelV3Message, 'tool'>
    >,
  },
  v4: {
    user: asked4,
    assistant: {
      ...asked4,
      reasoning: thought,
      custom: [{ type: 'custom', kind: 'scripted.thing', ...options }],
      'reasoning-file': [
        { type: 'reasoning-file', mediaType: 'text/plain', data: { type: 'data', data: base64 }, ...options },
      ],
      'tool-call': called,
      'tool-result': result4,
    } satisfies Samples<PartOf<V4.LanguageModelV4Message, 'assistant'>>,
    tool: { 'tool-result': result4, 'tool-approval-response': response } satisfies Samples<
      PartOf<V4.LanguageModelV4Message, 'tool'>
    >,
  },
}
