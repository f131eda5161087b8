import { expect, test } from 'vitest'
import type { ChatMessage } from '../../../contract/index.ts'
import type { Message } from '../../../spec/index.ts'
import { translateMessages } from './messages.ts'

const SOURCES: readonly ChatMessage[] = [
  { role: 'developer', content: 'be kind' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'look' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
      { type: 'input_audio', input_audio: { data: 'BBBB', format: 'wav' } },
      { type: 'novel', words: 'inside' },
    ],
    name: 'ann',
  },
  {
    role: 'assistant',
    content: null,
    reasoning_content: 'thinking',
    refusal: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"q":"x"}' } }],
  },
  { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: 'result' }] },
  { role: 'assistant', content: 'old', function_call: { name: 'g', arguments: '{}' } },
  { role: 'function', name: 'g', content: 'legacy result' },
  { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }], custom: { deep: ['words'] }, weight: 0 },
]

test('every place that carries words is seen', () => {
  const { messages } = translateMessages(SOURCES)
  expect(messages).toEqual([
    { role: 'developer', content: 'be kind' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'media', mediaType: 'image/png', source: 'data:image/png;base64,AAAA' },
        { type: 'media', mediaType: 'audio/wav', source: 'BBBB' },
        { type: 'text', text: '{"type":"novel","words":"inside"}' },
        { type: 'media', mediaType: 'application/octet-stream', source: '' },
      ],
    },
    { role: 'assistant', content: 'thinking', toolCalls: [{ id: 'c1', name: 'f', input: '{"q":"x"}' }] },
    { role: 'tool', content: 'result', toolCallId: 'c1' },
    { role: 'assistant', content: 'old', toolCalls: [{ id: 'function_call', name: 'g', input: '{}' }] },
    { role: 'tool', content: 'legacy result', toolCallId: 'function_call' },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'no' },
        { type: 'text', text: '{"deep":["words"]}' },
      ],
    },
  ])
})

test('what was not modified is the very value that came in', () => {
  const conversation = translateMessages(SOURCES)
  const copies = conversation.messages.map((message) => ({ ...message }))
  conversation.rewrite(copies).forEach((message, index) => expect(message).toBe(SOURCES[index]))
})

test('every text can be rewritten in its own place', () => {
  const conversation = translateMessages(SOURCES)
  const upper = (text: string): string => text.toUpperCase()
  const changed: readonly Message[] = conversation.messages.map((message) => ({
    ...message,
    content:
      typeof message.content === 'string'
        ? upper(message.content)
        : message.content.map((part) => (part.type === 'text' ? { ...part, text: upper(part.text) } : part)),
    ...(message.toolCalls === undefined
      ? {}
      : { toolCalls: message.toolCalls.map((call) => ({ ...call, input: upper(call.input) })) }),
  }))
  expect(conversation.rewrite([...changed, { role: 'user', content: 'again' }])).toEqual([
    { role: 'developer', content: 'BE KIND' },
    {
      ...SOURCES[1],
      content: [
        { type: 'text', text: 'LOOK' },
        ...((SOURCES[1]?.['content'] ?? []) as []).slice(1, 3),
        { type: 'text', text: '{"TYPE":"NOVEL","WORDS":"INSIDE"}' },
      ],
    },
    {
      ...SOURCES[2],
      reasoning_content: 'THINKING',
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"Q":"X"}' } }],
    },
    { ...SOURCES[3], content: [{ type: 'text', text: 'RESULT' }] },
    { ...SOURCES[4], content: 'OLD', function_call: { name: 'g', arguments: '{}' } },
    { ...SOURCES[5], content: 'LEGACY RESULT' },
    { ...SOURCES[6], content: [{ type: 'refusal', refusal: 'NO' }], custom: { DEEP: ['WORDS'] } },
    { role: 'user', content: 'again' },
  ])
})
