/**
 * What guards see of a request at the Messages door, and what the model server gets: every place that carries words, at its
 * stage, and everything that was not modified as the very value that came.
 */
import type { MessageCreateParams } from '@anthropic-ai/sdk/resources/messages/messages'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, MessagesRequest, WireMessage } from '../../../src/contract/index.ts'
import { translateConversation } from '../../../src/gateway/protocols/messages/conversation.ts'
import { requestFormOf } from '../../../src/gateway/protocols/messages/wire.ts'
import type { Message } from '../../../src/spec/index.ts'
import { guard, harness, post } from '../support.ts'
import { ALL_BLOCKS, BLOCKS, CITATIONS } from './blocks.ts'
import { ask, saysMessage } from './support.ts'

const PNG = 'iVBORw0KGgoAAAANSUhEUg=='

/** A conversation with every kind of block, checked by the SDK's types. */
const CONVERSATION: Pick<MessageCreateParams, 'system' | 'messages'> = {
  system: [
    { type: 'text', text: 'be kind', cache_control: { type: 'ephemeral', ttl: '1h' } },
    { type: 'text', text: 'be brief' },
  ],
  messages: [
    { role: 'user', content: 'hello' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'let me think', signature: 'EqQBCgIYAhIM' },
        { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix' },
        { type: 'text', text: 'I look', citations: [{ ...CITATIONS.char_location, cited_text: 'quoted words' }] },
        { type: 'tool_use', id: 'toolu_1', name: 'find', input: { who: 'ann' } },
        { type: 'tool_use', id: 'toolu_2', name: 'list', input: {} },
        { type: 'tool_use', id: 'toolu_3', name: 'find', input: { who: 'bob' } },
        BLOCKS.server_tool_use,
        BLOCKS.web_search_tool_result,
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_1', content: 'ann is here', is_error: false },
        {
          type: 'tool_result',
          tool_use_id: 'toolu_2',
          content: [
            { type: 'text', text: 'a list' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
            {
              type: 'search_result',
              source: 'https://s.example',
              title: 'a find',
              content: [{ type: 'text', text: 'found words' }],
            },
          ],
        },
        {
          type: 'tool_result',
          tool_use_id: 'toolu_3',
          content: [{ type: 'text', text: 'bob is away' }],
          is_error: true,
        },
        { type: 'text', text: 'go on', cache_control: { type: 'ephemeral' } },
        { type: 'image', source: { type: 'url', url: 'https://i.example/a.png' } },
        {
          type: 'document',
          title: 'a title',
          context: 'some context',
          source: { type: 'text', media_type: 'text/plain', data: 'a document' },
        },
        {
          type: 'document',
          source: {
            type: 'content',
            content: [
              { type: 'text', text: 'inner text' },
              { type: 'image', source: { type: 'file', file_id: 'file_1' } },
            ],
          },
        },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQK' } },
        { type: 'container_upload', file_id: 'file_2' },
      ],
    },
    { role: 'system', content: 'a later word' },
    { role: 'user', content: [] },
  ],
}

const wire = CONVERSATION as unknown as MessagesRequest
const NOTHING: ReadonlySet<string> = new Set(['web_search'])

function media(mediaType: string, source: string): { type: 'media'; mediaType: string; source: string } {
  return { type: 'media', mediaType, source }
}

function blocksOf(message: WireMessage | undefined): readonly JsonObject[] {
  const content = message?.content
  return typeof content === 'object' ? content : []
}

function words(text: string): { type: 'text'; text: string } {
  return { type: 'text', text }
}

test('every place that carries words is seen', () => {
  expect(translateConversation(wire, NOTHING).messages).toEqual([
    { role: 'system', content: [words('be kind'), words('be brief')] },
    { role: 'user', content: 'hello' },
    {
      role: 'assistant',
      content: [words('let me think'), words('I look'), words('quoted words\nOn grass')],
      toolCalls: [
        { id: 'toolu_1', name: 'find', input: '{"who":"ann"}' },
        { id: 'toolu_2', name: 'list', input: '{}' },
        { id: 'toolu_3', name: 'find', input: '{"who":"bob"}' },
        { id: 'srvtoolu_01WYG3ziw53XMcoyKL4XcZmE', name: 'web_search', input: '{"query":"shannon born"}' },
      ],
    },
    {
      role: 'tool',
      toolCallId: 'srvtoolu_01WYG3ziw53XMcoyKL4XcZmE',
      content: 'https://a.example/shannon\nA life\nApril 30, 2025',
    },
    { role: 'tool', toolCallId: 'toolu_1', content: [words('ann is here'), words('bob is away')] },
    {
      role: 'tool',
      toolCallId: 'toolu_2',
      content: [words('a list'), media('image/png', PNG), words('https://s.example\na find\nfound words')],
    },
    {
      role: 'user',
      content: [
        words('go on'),
        media('image/*', 'https://i.example/a.png'),
        words('a title'),
        words('some context'),
        words('a document'),
        words('inner text'),
        media('image/*', 'file_1'),
        media('application/pdf', 'JVBERi0xLjQK'),
        media('application/octet-stream', 'file_2'),
      ],
    },
    { role: 'system', content: 'a later word' },
    { role: 'user', content: '' },
  ])
})

/** The conversation with every text changed. */
function changed(messages: readonly Message[], change: (text: string) => string): readonly Message[] {
  return messages.map((message) => ({
    ...message,
    content:
      typeof message.content === 'string'
        ? change(message.content)
        : message.content.map((part) => (part.type === 'text' ? { ...part, text: change(part.text) } : part)),
    ...(message.toolCalls === undefined
      ? {}
      : { toolCalls: message.toolCalls.map((call) => ({ ...call, input: change(call.input) })) }),
  }))
}

describe('the way back', () => {
  test('what was not modified is the very value that came in', () => {
    const conversation = translateConversation(wire, NOTHING)
    const copies = conversation.messages.map((message) => ({ ...message }))
    const back = conversation.rewrite(copies)
    expect(back).not.toHaveProperty('system')
    expect(back.messages).toHaveLength(wire.messages.length)
    back.messages.forEach((message, index) => expect(message).toBe(wire.messages[index]))
  })

  test('every text can be rewritten in its own place', () => {
    const conversation = translateConversation(wire, NOTHING)
    const mark = (text: string): string => text.replaceAll(/(ann|bob|brief|o)/g, '<$1>')
    const back = conversation.rewrite(changed(conversation.messages, mark))
    expect(back.system).toEqual([
      { type: 'text', text: 'be kind', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'be <brief>' },
    ])
    expect(back.messages[0]).toEqual({ role: 'user', content: 'hell<o>' })
    const [assistant, user] = [wire.messages[1], wire.messages[2]].map((item) => item?.content as readonly JsonObject[])
    expect(back.messages[1]?.content).toEqual([
      ...(assistant ?? []).slice(0, 2),
      {
        type: 'text',
        text: 'I l<o><o>k',
        citations: [{ ...CITATIONS.char_location, cited_text: 'qu<o>ted w<o>rds', document_title: 'On grass' }],
      },
      { type: 'tool_use', id: 'toolu_1', name: 'find', input: { 'wh<o>': '<ann>' } },
      { type: 'tool_use', id: 'toolu_2', name: 'list', input: {} },
      { type: 'tool_use', id: 'toolu_3', name: 'find', input: { 'wh<o>': '<bob>' } },
      { ...BLOCKS.server_tool_use, input: { query: 'sh<ann><o>n b<o>rn' } },
      {
        ...BLOCKS.web_search_tool_result,
        content: [{ ...(BLOCKS.web_search_tool_result.content as object[])[0], url: 'https://a.example/sh<ann><o>n' }],
      },
    ])
    const result = (index: number): JsonObject => user?.[index] ?? {}
    expect(back.messages[2]?.content).toEqual([
      { ...result(0), content: '<ann> is here' },
      {
        ...result(1),
        content: [
          { type: 'text', text: 'a list' },
          (result(1)['content'] as JsonObject[])[1],
          {
            type: 'search_result',
            source: 'https://s.example',
            title: 'a find',
            content: [{ type: 'text', text: 'f<o>und w<o>rds' }],
          },
        ],
      },
      { ...result(2), content: [{ type: 'text', text: '<bob> is away' }] },
      { type: 'text', text: 'g<o> <o>n', cache_control: { type: 'ephemeral' } },
      user?.[4],
      {
        type: 'document',
        title: 'a title',
        context: 's<o>me c<o>ntext',
        source: { type: 'text', media_type: 'text/plain', data: 'a d<o>cument' },
      },
      user?.[6],
      user?.[7],
      user?.[8],
    ])
    expect(back.messages[3]).toEqual({ role: 'system', content: 'a later w<o>rd' })
    expect(back.messages[4]).toBe(wire.messages[4])
  })

  test('input that is no JSON any more is none', () => {
    const conversation = translateConversation(wire, NOTHING)
    const back = conversation.rewrite(changed(conversation.messages, (text) => text.replace('"ann"', 'gone')))
    expect(blocksOf(back.messages[1])[3]).toMatchObject({ id: 'toolu_1', input: {} })
  })

  test('thinking whose words were changed is not sent on, nor is any that was changed in an answer', () => {
    const messages = [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'bad thought', signature: 'AAAA' },
          { type: 'thinking', thinking: 'fine', signature: 'BBBB' },
          { type: 'thinking', thinking: 'masked', signature: 'parapet-modified' },
          { type: 'text', text: 'ok' },
        ],
      },
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'masked', signature: 'parapet-modified' }] },
    ] as unknown as MessagesRequest['messages']
    const conversation = translateConversation({ messages }, NOTHING)
    const back = conversation.rewrite(changed(conversation.messages, (text) => text.replace('bad', 'good')))
    expect(back.messages).toEqual([
      messages[0],
      { role: 'assistant', content: [blocksOf(messages[1])[1], { type: 'text', text: 'ok' }] },
    ])
    expect(translateConversation({ messages }, NOTHING).rewrite(conversation.messages).messages).toHaveLength(2)
  })

  test('a medium that a guard removed becomes text', () => {
    const conversation = translateConversation(wire, NOTHING)
    const back = conversation.rewrite(
      conversation.messages.map((message) => ({
        ...message,
        content:
          typeof message.content === 'string'
            ? message.content
            : message.content.map((part) => (part.type === 'media' ? words('[gone]') : part)),
      })),
    )
    const [, , user] = back.messages
    const gone = { type: 'text', text: '[gone]' }
    expect(blocksOf(user).filter((_, index) => [4, 7, 8].includes(index))).toEqual([gone, gone, gone])
    expect(JSON.stringify(back)).not.toMatch(/iVBOR|file_1|file_2|JVBERi|i\.example/)
  })

  test.each([
    ['a string', 'hi', [{ type: 'text', text: 'hi' }]],
    ['blocks', [{ type: 'text', text: 'hi' }], [{ type: 'text', text: 'hi' }]],
  ])('what the pipeline adds goes to the user’s turn: %s', (_name, content, before) => {
    const messages = [{ role: 'user', content }] as MessagesRequest['messages']
    const conversation = translateConversation({ messages }, NOTHING)
    expect(conversation.rewrite([...conversation.messages, { role: 'user', content: 'again' }]).messages).toEqual([
      { role: 'user', content: [...before, { type: 'text', text: 'again' }] },
    ])
  })

  test('what the pipeline adds behind the model’s turn is a turn of its own', () => {
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'well' },
    ] as const
    const conversation = translateConversation({ messages }, NOTHING)
    expect(conversation.rewrite([...conversation.messages, { role: 'user', content: 'again' }]).messages).toEqual([
      ...messages,
      { role: 'user', content: 'again' },
    ])
  })
})

describe('blocks nobody knows', () => {
  const novel = { type: 'novel', words: 'inside', deep: [{ more: 'words' }], count: 1 }
  const messages = [{ role: 'user', content: [novel] }] as MessagesRequest['messages']

  test('are judged as text and as a medium', () => {
    const conversation = translateConversation({ messages }, NOTHING)
    expect(conversation.messages).toEqual([
      { role: 'user', content: [words('novel\ninside\nwords'), media('application/octet-stream', '')] },
    ])
    const back = conversation.rewrite(changed(conversation.messages, (text) => text.replace('words', 'things')))
    expect(back.messages).toEqual([{ role: 'user', content: [{ ...novel, deep: [{ more: 'things' }] }] }])
  })

  test('and fields nobody knows, of blocks and of messages', () => {
    const odd = [
      { role: 'user', content: [{ type: 'text', text: 'x', novel: 'one' }], extra: ['two'], 'a key of words': 1 },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a sentence', content: { odd: 'three' } }] },
      { role: 'user', content: [{ type: 'image', source: { type: 'base64', data: 'four words', note: 'five' } }] },
    ] as unknown as MessagesRequest['messages']
    const seen = JSON.stringify(translateConversation({ messages: odd }, NOTHING).messages)
    for (const word of ['one', 'two', 'a key of words', 'a sentence', 'three', 'four words', 'five'])
      expect(seen).toContain(word)
  })
})

const PLANT = 'PLANTED WORD'

test('a word anywhere in a block of a request is seen by a guard', () => {
  const blocks = [...ALL_BLOCKS, ...blocksOf(wire.messages[2])]
  const planted = (value: unknown, at: { left: number }): unknown => {
    if (typeof value === 'string') return (at.left -= 1) === -1 ? `${value} ${PLANT}` : value
    if (Array.isArray(value)) return value.map((item: unknown) => planted(item, at))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, planted(item, at)]))
  }
  fc.assert(
    fc.property(fc.constantFrom(...blocks), fc.nat(30), fc.boolean(), (block, at, mine) => {
      const content = [planted(block, { left: at })]
      const role = mine ? 'user' : 'assistant'
      const messages = [{ role, content }] as unknown as MessagesRequest['messages']
      if (!JSON.stringify(messages).includes(PLANT)) return
      const seen = JSON.stringify(translateConversation({ messages }, NOTHING).messages)
      // A link and an id of a medium are seen as its source.
      expect(seen).toContain(PLANT)
    }),
    { numRuns: 1000 },
  )
})

describe('at the door', () => {
  test('everything goes on untouched but for what was modified', async () => {
    const { gateway, asked } = harness({ server: saysMessage('x'), policy: { media: 'pass' } })
    const body = {
      model: 'm',
      max_tokens: 5,
      temperature: 0.5,
      metadata: { user_id: 'someone' },
      tools: [{ name: 'find', description: 'BLOCKME', input_schema: { type: 'object' } }],
      tool_choice: { type: 'auto' },
      thinking: { type: 'enabled', budget_tokens: 1024 },
      stop_sequences: ['BLOCKME'],
      novel: { x: [1] },
      ...CONVERSATION,
      messages: [...CONVERSATION.messages, { role: 'user', content: [{ type: 'text', text: 'a MASKME', odd: 1 }] }],
    }
    const request = post('/v1/messages', body, {
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'some-beta',
      'x-api-key': 'client-key',
    })
    expect((await gateway.fetch(request)).status).toBe(200)
    expect(asked[0]?.body).toEqual({
      ...body,
      messages: [...CONVERSATION.messages, { role: 'user', content: [{ type: 'text', text: 'a [masked]', odd: 1 }] }],
    })
    expect(asked[0]?.headers).toMatchObject({ 'anthropic-version': '2023-06-01', 'anthropic-beta': 'some-beta' })
    expect(asked[0]?.headers['x-api-key']).toBeUndefined()
  })

  test('what tools gave back is judged as such, with the name of the tool', async () => {
    const seen: string[] = []
    const witness = guard('witness', ({ stage, tool, text }) => {
      if (stage !== 'output') seen.push(`${stage} ${tool ?? '-'}: ${text.original}`)
      return { findings: [] }
    })
    const { gateway } = harness({ server: saysMessage('x'), guards: [witness] })
    const messages = [
      { role: 'user', content: 'who?' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'find', input: { q: 1 } }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 't1', content: 'it is ann' },
          { type: 'text', text: 'thanks' },
        ],
      },
    ]
    await gateway.fetch(ask('', { messages }))
    expect(seen.toSorted()).toEqual([
      'input -: thanks',
      'input -: who?',
      'tool_call find: {"q":1}',
      'tool_result find: it is ann',
    ])
  })

  test.each([
    [{ messages: [] }, 'messages'],
    [{ messages: 'MARKER' }, 'messages'],
    [{ messages: [{ role: 'tool', content: 'MARKER' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 1 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ text: 'MARKER' }] }] }, 'messages[0].content[0].type'],
    [{ messages: [{ role: 'user', content: ['MARKER'] }] }, 'messages[0].content[0]'],
    [{ system: { MARKER: 1 } }, 'system'],
    [{ stream: 'MARKER' }, 'stream'],
    [{ stop_sequences: [1] }, 'stop_sequences[0]'],
    [{ metadata: { user_id: 1 } }, 'metadata.user_id'],
  ])('bad input %j is a 400 at %s', async (more, param) => {
    const response = await harness().gateway.fetch(ask('hi', more))
    expect(response.status).toBe(400)
    const body = await response.text()
    expect(JSON.parse(body)).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', code: 'input_invalid', param },
    })
    expect(body).not.toContain('MARKER')
  })

  test('a body that is no JSON, and a wrong method, have the shape of the door', async () => {
    const { gateway } = harness()
    for (const request of [post('/v1/messages', '{'), new Request('http://127.0.0.1/v1/messages')])
      expect(await (await gateway.fetch(request)).json()).toMatchObject({
        type: 'error',
        error: { type: 'invalid_request_error' },
      })
  })

  test('names that every object has are harmless', () => {
    for (const type of ['constructor', 'toString', 'hasOwnProperty']) {
      expect(requestFormOf(type)).toBeNull()
      const messages = [
        { role: 'user', content: [{ type, constructor: 'x' }] },
      ] as unknown as MessagesRequest['messages']
      expect(translateConversation({ messages }, NOTHING).messages[0]?.content).toHaveLength(2)
    }
  })
})

describe('counting tokens', () => {
  const count = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
  const path = '/v1/messages/count_tokens'

  test('what was judged is counted', async () => {
    const { gateway, asked } = harness({ server: () => Response.json({ input_tokens: 14, more: { a: 1 } }) })
    const response = await gateway.fetch(post(path, { ...count, system: 's' }))
    expect(await response.json()).toEqual({ input_tokens: 14, more: { a: 1 } })
    expect(asked[0]?.body).toEqual({ ...count, system: 's' })
  })

  test('what was stopped is not sent', async () => {
    for (const word of ['BLOCKME', 'REFUSEME']) {
      const { gateway, asked } = harness({ server: () => Response.json({ input_tokens: 14 }) })
      const response = await gateway.fetch(post(path, { ...count, messages: [{ role: 'user', content: word }] }))
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ type: 'error', error: { code: 'content_filter' } })
      expect(asked).toHaveLength(0)
    }
  })

  test('words in the answer are judged, and an answer without a count is none', async () => {
    const of = async (answer: unknown): Promise<unknown> =>
      (await harness({ server: () => Response.json(answer) }).gateway.fetch(post(path, count))).json()
    expect(await of({ input_tokens: 1, note: 'a MASKME' })).toEqual({ input_tokens: 1, note: 'a [masked]' })
    expect(await of({ input_tokens: 1, note: 'BLOCKME' })).toMatchObject({ error: { code: 'content_filter' } })
    expect(await of({ tokens: 1 })).toMatchObject({ error: { code: 'upstream_error' } })
  })
})
