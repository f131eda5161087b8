/** The door with the real Anthropic client in front of it: whole answers, streams, tools, errors, keys. */
import Anthropic from '@anthropic-ai/sdk'
import type { MessageParam } from '@anthropic-ai/sdk/resources/messages/messages'
import { describe, expect, test } from 'vitest'
import { harness } from '../support.ts'
import {
  answer,
  clientOf,
  messageOf,
  saysMessage,
  streamOf,
  text,
  textBlock,
  thinkingBlock,
  toolBlock,
  toolUse,
  wordsOf,
} from './support.ts'

const QUESTION = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] } as const
const asked = { ...QUESTION, messages: [...QUESTION.messages] }
const tools = [{ name: 'find', input_schema: { type: 'object' as const } }]

describe('create', () => {
  test('a whole answer arrives as the model server sent it', async () => {
    const sent = messageOf([text('Hello.'), toolUse('find', { who: 'me', deep: { a: [1, null] } })], {
      stop_reason: 'tool_use',
    })
    const { gateway } = harness({ server: () => Response.json(sent) })
    const { _request_id: _, ...message } = await clientOf(gateway).messages.create({ ...asked, tools })
    expect(message).toEqual(sent)
  })

  test('a stream of events', async () => {
    const { gateway } = harness({ server: saysMessage('Hello MASKME there.') })
    const words: string[] = []
    for await (const event of await clientOf(gateway).messages.create({ ...asked, stream: true })) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') words.push(event.delta.text)
    }
    expect(words.join('')).toBe('Hello [masked] there.')
  })
})

describe('stream', () => {
  test('the final message has text, thinking, tools and usage', async () => {
    const events = answer(
      thinkingBlock(0, ['I think ', 'so']),
      textBlock(1, ['Let me ', 'see.']),
      toolBlock(2, 'find', ['{"who":', '"me"}']),
      toolBlock(3, 'find', []),
    )
    const { gateway } = harness({ server: () => streamOf(events) })
    const message = await clientOf(gateway)
      .messages.stream({ ...asked, tools })
      .finalMessage()
    expect(message.content).toEqual([
      { type: 'thinking', thinking: 'I think so', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h' },
      { type: 'text', text: 'Let me see.', citations: null },
      toolUse('find', { who: 'me' }, 'toolu_02'),
      toolUse('find', {}, 'toolu_03'),
    ])
    expect(message.stop_reason).toBe('end_turn')
    expect(message.usage.output_tokens).toBe(15)
    expect(message.id).toBe('msg_01XFDUDYJgAACzvnptvVoYEL')
  })

  test('a refusal is a message of its own', async () => {
    const { gateway } = harness({ server: saysMessage('well REFUSEME') })
    const message = await clientOf(gateway).messages.stream(asked).finalMessage()
    expect(wordsOf(message)).toBe('I would rather not.')
    expect(message.stop_reason).toBe('refusal')
  })

  test('a block in the middle is an error of the client', async () => {
    const words = `${'fine words here '.repeat(60)} BLOCKME ${'more '.repeat(50)}`
    const { gateway } = harness({ server: saysMessage(words) })
    const stream = clientOf(gateway).messages.stream(asked)
    const shown: string[] = []
    stream.on('text', (piece) => shown.push(piece))
    const error = await stream.finalMessage().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Anthropic.APIError)
    expect(error).toMatchObject({ type: 'invalid_request_error', errorCode: 'content_filter' })
    expect(shown.join('')).toContain('fine words')
    expect(shown.join('')).not.toMatch(/BLOCKME|more/)
  })
})

test('a turn with a tool', async () => {
  const conversation: MessageParam[] = [{ role: 'user', content: 'who is it?' }]
  const { gateway, asked: requests } = harness({
    server: (body) =>
      (body['messages'] as unknown[]).length === 1
        ? Response.json(messageOf([toolUse('find', { who: 'it' })], { stop_reason: 'tool_use' }))
        : Response.json(messageOf([text('It is you.')])),
  })
  const client = clientOf(gateway)
  const call = await client.messages.create({ ...asked, messages: conversation, tools })
  const [use] = call.content
  if (use?.type !== 'tool_use') throw new Error('no call')
  const reply: MessageParam[] = [
    ...conversation,
    { role: 'assistant', content: call.content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'a MASKME person' }] },
  ]
  const last = await client.messages.create({ ...asked, messages: reply, tools })
  expect(wordsOf(last)).toBe('It is you.')
  expect(requests[1]?.body['messages']).toEqual([
    ...reply.slice(0, 2),
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'a [masked] person' }] },
  ])
})

test('beta messages go the same way, with their query and header', async () => {
  const { gateway, asked: requests } = harness({ server: saysMessage('Hello.') })
  const message = await clientOf(gateway).beta.messages.create({ ...asked, betas: ['context-1m-2025-08-07'] })
  expect(message.content).toEqual([text('Hello.')])
  expect(requests[0]?.headers['anthropic-beta']).toBe('context-1m-2025-08-07')
  expect(requests[0]?.headers['anthropic-version']).toMatch(/^\d{4}-\d\d-\d\d$/)
})

describe('errors', () => {
  const failure = async (content: string, options: Parameters<typeof harness>[0] = {}, key?: string) =>
    clientOf(harness({ server: saysMessage('x'), ...options }).gateway, key)
      .messages.create({ ...asked, messages: [{ role: 'user', content }] })
      .then(
        () => null,
        (thrown: unknown) => thrown,
      )

  test('blocked', async () => {
    const error = await failure('BLOCKME')
    expect(error).toBeInstanceOf(Anthropic.BadRequestError)
    expect(error).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      errorCode: 'content_filter',
      error: { type: 'error', error: { code: 'content_filter', decision_id: expect.stringMatching(/^dec_/) } },
    })
  })

  test('a wrong key', async () => {
    const keys = ['correct-horse']
    expect(await failure('hi', { keys }, 'wrong-horse')).toBeInstanceOf(Anthropic.AuthenticationError)
    expect(await failure('hi', { keys }, 'correct-horse')).toBeNull()
  })

  test('an overloaded model server', async () => {
    const server = (): Response => new Response('{}', { status: 529 })
    expect(await failure('hi', { server })).toMatchObject({ status: 502, type: 'overloaded_error' })
  })
})

test('counting tokens', async () => {
  const { gateway, asked: requests } = harness({ server: () => Response.json({ input_tokens: 14 }) })
  const { _request_id: _, ...count } = await clientOf(gateway).messages.countTokens({
    model: 'm',
    messages: [{ role: 'user', content: 'a MASKME' }],
  })
  expect(count).toEqual({ input_tokens: 14 })
  expect(requests[0]?.body['messages']).toEqual([{ role: 'user', content: 'a [masked]' }])
})
