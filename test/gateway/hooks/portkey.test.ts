/**
 * Portkey's webhook. The bodies in `portkey.recorded.json` were posted by Portkey's gateway itself; the tests put their own words
 * into them.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, PortkeyReply } from '../../../src/contract/index.ts'
import { answerPortkey, refusePortkey } from '../../../src/gateway/hooks/portkey.ts'
import { ParapetError } from '../../../src/spec/index.ts'
import recorded from './portkey.recorded.json' with { type: 'json' }
import type { Desk } from './support.ts'
import { desk, thrownBy } from './support.ts'

interface Message {
  readonly role: string
  readonly content: string | null | readonly { readonly type: string; readonly text?: string }[]
  readonly [key: string]: unknown
}

function before(messages: readonly Message[], extra: JsonObject = {}): JsonObject {
  const { request, ...rest } = structuredClone(recorded.chatBefore)
  return { ...rest, request: { ...request, json: { ...request.json, messages } }, ...extra } as JsonObject
}

/** What a model answered: one message for each choice. */
function after(answers: readonly JsonObject[], messages?: readonly Message[]): JsonObject {
  const { request, response, ...rest } = structuredClone(recorded.chatAfter)
  const choices = answers.map((message, index) => ({
    ...response.json.choices[0],
    index,
    message: { role: 'assistant', ...message },
  }))
  return {
    ...rest,
    request: { ...request, json: { ...request.json, ...(messages === undefined ? {} : { messages }) } },
    response: { ...response, json: { ...response.json, choices } },
  } as unknown as JsonObject
}

async function ask(body: JsonObject, at: Desk = desk()): Promise<PortkeyReply> {
  const { status, body: reply } = await answerPortkey(body, at.deps)
  expect(status).toBe(200)
  return reply as unknown as PortkeyReply
}

const user = (content: Message['content']): Message => ({ role: 'user', content })

describe('what Portkey itself posted', () => {
  test('a request and an answer of two choices pass', async () => {
    const first = desk()
    expect(await answerPortkey(recorded.chatBefore as unknown as JsonObject, first.deps)).toEqual({
      status: 200,
      body: { verdict: true, data: { decision: 'pass', decision_id: 'dec_1', code: null, reason: null } },
      result: first.asked[0]?.result,
    })
    expect(first.asked[0]?.options).toEqual({ door: 'portkey', model: 'gpt-4o', signal: first.deps.signal })
    expect(first.asked[0]?.input.caller).toEqual({ key: 'gate', user: 'maria' })
    const second = desk()
    expect(await ask(recorded.chatAfter as unknown as JsonObject, second)).toMatchObject({ verdict: true })
    expect(second.asked.map(({ input }) => input)).toEqual(
      ['answer 0', 'answer 1'].map((response) => ({
        stage: 'output',
        response,
        prompt: 'second',
        system: 'Be kind.',
        caller: { key: 'gate', user: 'maria' },
      })),
    )
  })

  test('a stream is judged before it is asked for; its answer, which Portkey shows to nobody, is not called judged', async () => {
    expect(await ask(recorded.streamBefore as unknown as JsonObject)).toMatchObject({ verdict: true })
    const { deps, asked } = desk()
    expect(await answerPortkey(recorded.streamAfter as unknown as JsonObject, deps)).toEqual({
      status: 200,
      body: {
        verdict: false,
        data: {
          decision: null,
          decision_id: null,
          code: 'input_invalid',
          reason: 'Portkey shows a streamed answer to nobody: it went out unjudged.',
        },
      },
      result: null,
    })
    expect(asked).toEqual([])
  })
})

test.each(['completeBefore', 'embedBefore', 'messagesBefore'] as const)(
  'Portkey’s other requests are judged or refused, never passed unjudged: %s',
  async (name) => {
    const { deps, asked } = desk()
    const body = recorded[name] as unknown as JsonObject
    expect((await answerPortkey(body, deps)).body['verdict']).toBe(asked.length > 0)
    const bad = JSON.parse(JSON.stringify(body).replaceAll('first', 'BLOCKME')) as JsonObject
    expect((await answerPortkey(bad, deps)).body['verdict']).toBe(false)
  },
)

describe('verdicts', () => {
  const outcomes = [
    ['FLAGME', { verdict: true, data: { decision: 'flag', code: null, reason: null } }],
    [
      'BLOCKME',
      {
        verdict: false,
        data: {
          decision: 'block',
          code: 'content_filter',
          reason: 'The content was blocked by the policy. Ask the operator with the decision id dec_1.',
        },
      },
    ],
    ['REFUSEME', { verdict: false, data: { decision: 'refuse', code: 'refused', reason: 'I would rather not.' } }],
    ['HOLDME', { verdict: false, data: { decision: 'hold', code: 'held' } }],
    ['FAILME', { verdict: false, data: { decision: 'error', code: 'guard_failed' } }],
    ['LATEME', { verdict: false, data: { decision: 'timeout', code: 'guard_timeout' } }],
  ] as const

  test.each(outcomes)('%s in a request', async (word, expected) => {
    const reply = await ask(before([user(`MARKER ${word}`)]))
    expect(reply).toMatchObject(expected)
    expect(reply.transformedData).toBeUndefined()
    expect(JSON.stringify(reply)).not.toContain('MARKER')
  })

  test.each(outcomes)('%s in an answer', async (word, expected) => {
    const reply = await ask(after([{ content: `MARKER ${word}` }]))
    expect(reply).toMatchObject(expected)
    expect(reply.transformedData).toBeUndefined()
    expect(JSON.stringify(reply)).not.toContain('MARKER')
  })

  test('every message in the window counts, not only the last', async () => {
    const messages = [user('BLOCKME'), { role: 'assistant', content: 'No.' }, user('Hello')]
    expect(await ask(before(messages))).toMatchObject({ verdict: false })
    expect(await ask(before(messages), desk({ policy: { conversation: { messages: 1 } } }))).toMatchObject({
      verdict: true,
    })
  })

  test.each([
    ['the second choice', [{ content: 'fine' }, { content: 'BLOCKME' }]],
    ['reasoning', [{ content: 'fine', reasoning_content: 'BLOCKME' }]],
    ['a refusal', [{ content: null, refusal: 'BLOCKME' }]],
    [
      'tool arguments',
      [
        {
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":"BLOCKME"}' } }],
        },
      ],
    ],
    ['a field nobody knows', [{ content: 'fine', annotations: [{ note: 'BLOCKME' }] }]],
  ])('%s of an answer counts', async (_name, answers) => {
    expect(await ask(after(answers as readonly JsonObject[]))).toMatchObject({
      verdict: false,
      data: { decision: 'block' },
    })
    const roles = desk({ policy: { conversation: { roles: ['user', 'assistant'] } } })
    expect(await ask(after(answers as readonly JsonObject[]), roles)).toMatchObject({ verdict: false })
  })

  test('an answer is judged even where the window leaves assistant messages out', async () => {
    const roles = desk({ policy: { conversation: { roles: ['user'] } } })
    expect(await ask(after([{ content: 'BLOCKME' }]), roles)).toMatchObject({ verdict: false })
  })

  test('the history is not judged a second time with the answer', async () => {
    expect(await ask(after([{ content: 'fine' }], [user('BLOCKME')]))).toMatchObject({ verdict: true })
  })

  test('an answer without a word is judged like any other', async () => {
    const { deps, asked } = desk()
    expect((await answerPortkey(after([{ content: '' }]), deps)).body).toMatchObject({ verdict: true })
    expect(asked.map(({ input }) => input.response)).toEqual([''])
  })

  test('an answer’s own media follow the policy’s rule; one that the policy changes does not pass', async () => {
    const audio = { content: null, audio: { id: 'a', data: 'aGk=', expires_at: 1, transcript: 'Hello' } }
    const passing = desk({ policy: { media: 'pass' } })
    expect(await ask(after([audio]))).toMatchObject({ verdict: false, data: { decision: 'block' } })
    expect(await ask(after([audio]), passing)).toMatchObject({ verdict: true })
    const check: typeof passing.deps.check = async (input, options) => {
      const result = await passing.deps.check(input, options)
      return input.messages === undefined ? result : { ...result, decision: 'modify' }
    }
    const { body } = await answerPortkey(after([audio]), { ...passing.deps, check })
    expect(body).toMatchObject({ verdict: false, data: { decision: 'modify', code: 'content_filter' } })
    expect(body['transformedData']).toBeUndefined()
  })

  test('images follow the policy’s rule for media', async () => {
    const body = before([user([{ type: 'image_url', image_url: { url: 'https://example.org/a.png' } } as never])])
    expect(await ask(body)).toMatchObject({ verdict: false })
    expect(await ask(body, desk({ policy: { media: 'pass' } }))).toMatchObject({ verdict: true })
  })
})

describe('modified bodies', () => {
  test('a request comes back whole, with only the masked words changed', async () => {
    const messages = [
      { role: 'system', content: 'Be kind.' },
      user([
        { type: 'text', text: 'my MASKME' },
        { type: 'text', text: 'yes' },
      ]),
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":"MASKME"}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'MASKME done' },
      user('and?'),
    ]
    const body = before(messages, {})
    const { verdict, transformedData } = await ask(body)
    expect(verdict).toBe(true)
    const masked = JSON.parse(
      JSON.stringify((body['request'] as JsonObject)['json']).replaceAll('MASKME', '[masked]'),
    ) as unknown
    expect(transformedData).toEqual({ request: { json: masked } })
  })

  test('an answer comes back whole: every choice, and what was not changed as it was', async () => {
    const body = after([
      { content: 'keep' },
      {
        content: 'mask MASKME',
        reasoning_content: 'MASKME too',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":"MASKME"}' } }],
      },
    ])
    const { verdict, transformedData, data } = await ask(body)
    expect({ verdict, decision: data.decision }).toEqual({ verdict: true, decision: 'modify' })
    const masked = JSON.parse(
      JSON.stringify((body['response'] as JsonObject)['json']).replaceAll('MASKME', '[masked]'),
    ) as unknown
    expect(transformedData).toEqual({ response: { json: masked } })
  })

  test('messages and choices keep their number and order', async () => {
    const words = fc.constantFrom('plain', 'a MASKME b', 'MASKME', '🙂')
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 1, maxLength: 8 }), async (texts) => {
        const asked = await ask(before(texts.map(user)))
        const answered = await ask(after(texts.map((content) => ({ content }))))
        const wanted = texts.map((text) => text.replaceAll('MASKME', '[masked]'))
        const changed = texts.some((text) => text.includes('MASKME'))
        expect(asked.transformedData !== undefined).toBe(changed)
        if (!changed) return
        const { request } = asked.transformedData as { request: { json: { messages: { content: string }[] } } }
        const { response } = answered.transformedData as {
          response: { json: { choices: { message: { content: string } }[] } }
        }
        expect(request.json.messages.map(({ content }) => content)).toEqual(wanted)
        expect(response.json.choices.map(({ message }) => message.content)).toEqual(wanted)
      }),
    )
  })
})

describe('what cannot be read', () => {
  test.each([
    ['a request of another interface', { requestType: 'rerank' }, 'Requests of this type cannot be judged here.'],
    [
      'a request type that is a word of the language',
      { requestType: 'constructor' },
      'Requests of this type cannot be judged here.',
    ],
    ['no type at all', { requestType: null }, 'Requests of this type cannot be judged here.'],
    ['no body', { request: { json: null } }, '`request.json` must be the body of the request.'],
    [
      'a role nobody knows',
      { request: { json: { messages: [{ role: 'MARKER', content: 'x' }] } } },
      '`messages[0].role` is wrong',
    ],
    ['an answer that is no completion', { eventType: 'afterRequestHook', response: { json: { error: 'MARKER' } } }, ''],
  ])('%s is a false verdict, because an error would let it pass', async (_name, extra, reason) => {
    const { status, body, result } = await answerPortkey({ ...before([user('x')]), ...extra }, desk().deps)
    expect({ status, result }).toEqual({ status: 200, result: null })
    expect(body).toMatchObject({ verdict: false, data: { decision: null } })
    expect((body as unknown as PortkeyReply).data.reason).toContain(reason)
    expect(JSON.stringify(body)).not.toContain('MARKER')
  })

  test('neither is trouble on the way a pass; a caller that left is nobody to answer', async () => {
    const { deps } = desk()
    const gone = (code: 'record_unavailable' | 'aborted') => ({
      ...deps,
      check: () => Promise.reject(new ParapetError(code, 'The store is gone.')),
    })
    expect((await answerPortkey(before([user('x')]), gone('record_unavailable'))).body).toEqual({
      verdict: false,
      data: { decision: null, decision_id: null, code: 'record_unavailable', reason: 'The store is gone.' },
    })
    expect(await thrownBy(answerPortkey(before([user('x')]), gone('aborted')))).toMatchObject({ code: 'aborted' })
    expect(refusePortkey(new ParapetError('input_too_large', 'The body is too large.'))).toMatchObject({
      status: 200,
      body: { verdict: false, data: { code: 'input_too_large' } },
    })
  })

  test.each([
    [{}, 'eventType'],
    [{ eventType: 'onWednesdays', request: {} }, 'eventType'],
    [{ eventType: 'beforeRequestHook' }, 'request'],
    [{ eventType: 'beforeRequestHook', request: { isStreamingRequest: 'no' } }, 'request.isStreamingRequest'],
  ])('a body that is not Portkey’s is refused with the field: %j', async (body, param) => {
    expect(await thrownBy(answerPortkey(body as JsonObject, desk().deps))).toMatchObject({
      code: 'input_invalid',
      param,
    })
  })
})
