import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Message } from '../../spec/index.ts'
import { translatePrompt } from './prompt.ts'
import type { AnyPrompt } from './provider-types.ts'

const read = (prompt: readonly unknown[]): ReturnType<typeof translatePrompt> => translatePrompt(prompt as AnyPrompt)

/** The conversation with every text changed, as a pipeline that masks does it. */
function shout(messages: readonly Message[]): readonly Message[] {
  return messages.map((message) => ({
    ...message,
    content:
      typeof message.content === 'string'
        ? message.content.toUpperCase()
        : message.content.map((part) => (part.type === 'text' ? { ...part, text: part.text.toUpperCase() } : part)),
    ...(message.toolCalls === undefined
      ? {}
      : { toolCalls: message.toolCalls.map((call) => ({ ...call, input: call.input.toUpperCase() })) }),
  }))
}

describe('a prompt as a conversation', () => {
  test('roles, texts, calls and results', () => {
    const { messages } = read([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Look it up.' }] },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'hm' },
          { type: 'text', text: 'Sure.' },
          { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: { q: 1 } },
          { type: 'tool-call', toolCallId: 'c2', toolName: 'calc', input: 'raw' },
          { type: 'tool-result', toolCallId: 'c3', toolName: 'web', output: { type: 'text', value: 'found' } },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: 'c1', toolName: 'look', output: { type: 'json', value: { a: 'b' } } },
          { type: 'tool-result', toolCallId: 'c4', toolName: 'look', output: { type: 'error-text', value: 'none' } },
          { type: 'tool-result', toolCallId: 'c2', toolName: 'calc', output: { type: 'text', value: '7' } },
        ],
      },
    ])
    expect(messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Look it up.' },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'hm' },
          { type: 'text', text: 'Sure.' },
        ],
        toolCalls: [
          { id: 'c1', name: 'look', input: '{"q":1}' },
          { id: 'c2', name: 'calc', input: 'raw' },
        ],
      },
      { role: 'tool', content: 'found', toolCallId: 'c3' },
      {
        role: 'tool',
        content: [
          { type: 'text', text: '{"a":"b"}' },
          { type: 'text', text: 'none' },
        ],
        toolCallId: 'c1',
      },
      { role: 'tool', content: '7', toolCallId: 'c2' },
    ])
  })

  test('files of text are texts, others are media', () => {
    const files = [
      { mediaType: 'text/plain', data: btoa('some words') },
      { mediaType: 'text/markdown', data: new TextEncoder().encode('some words') },
      { mediaType: 'application/json', data: { type: 'data', data: btoa('"some words"') } },
      { mediaType: 'application/octet-stream', data: { type: 'text', text: 'some words' } },
      { mediaType: 'text/plain', data: new URL('data:text/plain;base64,c29tZSB3b3Jkcw==') },
      { mediaType: 'text/plain', data: new URL('data:,some%20words') },
      { mediaType: 'image/png', data: 'AAAA' },
      { mediaType: 'image/png', data: new Uint8Array([1, 2, 3]) },
      { mediaType: 'text/plain', data: new URL('https://example.org/a.txt') },
      { mediaType: 'text/plain', data: new Uint8Array([0xff, 0xfe]) },
      { mediaType: 'application/pdf', data: { type: 'reference', reference: { scripted: 'f' } } },
      { mediaType: 'text/plain', data: null },
    ]
    const { messages } = read([{ role: 'user', content: files.map((file) => ({ type: 'file', ...file })) }])
    const parts = messages[0]?.content as readonly { type: string; text?: string; source?: string }[]
    expect(parts.map(({ type }) => type)).toEqual([...Array<string>(6).fill('text'), ...Array<string>(6).fill('media')])
    expect(parts.slice(0, 6).every(({ text }) => text?.includes('some words'))).toBe(true)
    expect(parts.slice(6).map(({ source }) => source)).toEqual([
      'AAAA',
      'AQID',
      'https://example.org/a.txt',
      '//4=',
      '',
      '',
    ])
  })

  test('what nobody here knows is judged and counts as a medium', () => {
    const { messages, rewrite } = read([{ role: 'user', content: [{ type: 'hologram', words: 'hi' }] }])
    expect(messages[0]?.content).toMatchObject([
      { type: 'text', text: '{"type":"hologram","words":"hi"}' },
      { type: 'media' },
    ])
    expect(rewrite(shout(messages))).toEqual([
      { role: 'user', content: [{ type: 'text', text: '{"TYPE":"HOLOGRAM","WORDS":"HI"}' }] },
    ])
  })
})

describe('the way back', () => {
  const picture = { type: 'file', mediaType: 'image/png', data: new Uint8Array([1]) }
  const prompt = [
    { role: 'system', content: 'be brief', providerOptions: { scripted: { cache: true } } },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'one' },
        { type: 'file', mediaType: 'text/plain', filename: 'a b.txt', data: btoa('two') },
        picture,
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'three', providerOptions: { scripted: { signature: 'x' } } },
        { type: 'tool-call', toolCallId: 'c', toolName: 't', input: { a: 'four' } },
      ],
    },
    {
      role: 'tool',
      content: [
        { type: 'tool-result', toolCallId: 'c', toolName: 't', output: { type: 'json', value: ['five'] } },
        {
          type: 'tool-result',
          toolCallId: 'd',
          toolName: 'u',
          output: { type: 'content', value: [{ type: 'text', text: 'six' }] },
        },
        { type: 'tool-approval-response', approvalId: 'a', approved: false, reason: 'seven it is' },
      ],
    },
  ]

  test('what was not changed is the very value that came in', () => {
    const { messages, rewrite } = read(prompt)
    const same = rewrite(messages)
    expect(same.every((message, index) => message === prompt[index])).toBe(true)
    const changed = rewrite(messages.map((message) => ({ ...message })))
    expect(changed.every((message, index) => message === prompt[index])).toBe(true)
  })

  test('what was changed stands where it stood', () => {
    const before = structuredClone(prompt)
    const { messages, rewrite } = read(prompt)
    const [system, user, assistant, result] = rewrite(shout(messages)) as unknown as typeof prompt
    expect(system).toEqual({ ...prompt[0], content: 'BE BRIEF' })
    expect(user?.content).toEqual([
      { type: 'text', text: 'ONE' },
      { type: 'file', mediaType: 'text/plain', filename: 'A B.TXT', data: btoa('TWO') },
      picture,
    ])
    expect(assistant?.content).toEqual([
      { type: 'reasoning', text: 'THREE' },
      { type: 'tool-call', toolCallId: 'c', toolName: 't', input: { A: 'FOUR' } },
    ])
    expect(result?.content).toEqual([
      { type: 'tool-result', toolCallId: 'c', toolName: 't', output: { type: 'json', value: ['FIVE'] } },
      {
        type: 'tool-result',
        toolCallId: 'd',
        toolName: 'u',
        output: { type: 'content', value: [{ type: 'text', text: 'SIX' }] },
      },
      { type: 'tool-approval-response', approvalId: 'a', approved: false, reason: 'SEVEN IT IS' },
    ])
    expect(prompt).toEqual(before)
  })

  test('what is no JSON any more becomes text, or nothing', () => {
    const { messages, rewrite } = read([prompt[2], prompt[3]])
    const broken = messages.map((message) => ({
      ...message,
      ...(typeof message.content === 'string' ? { content: `${message.content}]` } : {}),
      ...(message.toolCalls === undefined
        ? {}
        : { toolCalls: message.toolCalls.map((call) => ({ ...call, input: '{' })) }),
    }))
    const [assistant, result] = rewrite(broken) as unknown as { content: { input?: unknown; output?: unknown }[] }[]
    expect(assistant?.content[1]?.input).toEqual({})
    expect(result?.content[0]?.output).toEqual({ type: 'text', value: '["five"]]' })
  })

  test('a message of the pipeline comes last', () => {
    const { messages, rewrite } = read(prompt)
    expect(rewrite([...messages, { role: 'user', content: 'again, please' }]).at(-1)).toEqual({
      role: 'user',
      content: [{ type: 'text', text: 'again, please' }],
    })
  })

  test('any texts go and come back', () => {
    const words = fc.string({ minLength: 1, maxLength: 12 })
    const part = fc.oneof(
      words.map((text) => ({ type: 'text', text })),
      words.map((text) => ({ type: 'reasoning', text })),
      words.map((value) => ({ type: 'tool-call', toolCallId: 'c', toolName: 't', input: { value } })),
      words.map((value) => ({
        type: 'tool-result',
        toolCallId: 'c',
        toolName: 't',
        output: { type: 'json', value: { value } },
      })),
    )
    fc.assert(
      fc.property(fc.array(fc.array(part, { maxLength: 4 }), { minLength: 1, maxLength: 4 }), (contents) => {
        const asked = contents.map((content) => ({ role: 'assistant', content }))
        const { messages, rewrite } = read(asked)
        const tagged = messages.map((message): Message => {
          const mark = (text: string): string =>
            text.startsWith('{') && text.endsWith('}') ? `${text.slice(0, -1)},"x":1}` : `${text}*`
          const { content, toolCalls } = message
          return {
            ...message,
            content:
              typeof content === 'string'
                ? content && mark(content)
                : content.map((item) => (item.type === 'text' ? { ...item, text: mark(item.text) } : item)),
            ...(toolCalls === undefined
              ? {}
              : { toolCalls: toolCalls.map((call) => ({ ...call, input: mark(call.input) })) }),
          }
        })
        const again = read(rewrite(tagged)).messages
        expect(again).toEqual(tagged)
      }),
    )
  })
})
