/**
 * LiteLLM's Generic Guardrail API. The requests are written from the published schema (BerriAI/litellm-docs
 * `docs/adding_provider/generic_guardrail_api.md`, read on 2026-11-26); no LiteLLM ran here.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/contract/index.ts'
import { answerLiteLlm } from '../../../src/gateway/hooks/litellm.ts'
import { ParapetError } from '../../../src/spec/index.ts'
import { desk, thrownBy } from './support.ts'

/** Every field of the published example, with invented words. */
function request(extra: JsonObject = {}): JsonObject {
  return {
    texts: ['What is the weather like?'],
    tools: [
      { type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } },
      { type: 'code_interpreter' },
    ],
    request_data: {
      user_api_key_hash: 'hash-1',
      user_api_key_alias: 'alias-1',
      user_api_key_user_id: 'user-1',
      user_api_key_user_email: 'someone@example.org',
      user_api_key_team_id: 'team-1',
      user_api_key_team_alias: 'support',
      user_api_key_end_user_id: 'end-user-1',
      user_api_key_org_id: null,
    },
    request_headers: { 'User-Agent': 'OpenAI/Python', 'X-Request-Id': '[present]' },
    litellm_version: '1.91.0',
    input_type: 'request',
    litellm_call_id: 'call-1',
    litellm_trace_id: 'trace-1',
    model: 'gpt-4o',
    additional_provider_specific_params: { threshold: 0.8 },
    ...extra,
  }
}

const response = (texts: readonly string[], extra: JsonObject = {}): JsonObject =>
  request({ input_type: 'response', texts, tools: undefined, ...extra })

describe('what is answered', () => {
  test('a clean request: NONE, with the decision’s id', async () => {
    const { deps, asked } = desk()
    const answer = await answerLiteLlm(request(), deps)
    expect(answer).toEqual({
      status: 200,
      body: { action: 'NONE', parapet: { decision: 'pass', decision_id: 'dec_1' } },
      result: asked[0]?.result,
    })
    expect(asked[0]?.options).toMatchObject({ door: 'litellm', model: 'gpt-4o' })
  })

  test.each(['request', 'response'])('each decision on a %s has its own answer', async (input_type) => {
    const answer = async (text: string) => {
      const { status, body } = await answerLiteLlm(request({ input_type, texts: [text] }), desk().deps)
      return { status, body }
    }
    expect(await answer('a FLAGME b')).toMatchObject({
      status: 200,
      body: { action: 'NONE', parapet: { decision: 'flag' } },
    })
    expect(await answer('a MASKME b')).toMatchObject({
      status: 200,
      body: { action: 'GUARDRAIL_INTERVENED', texts: ['a [masked] b'], parapet: { decision: 'modify' } },
    })
    expect(await answer('a BLOCKME b')).toEqual({
      status: 200,
      body: {
        action: 'BLOCKED',
        blocked_reason: 'The content was blocked by the policy. Ask the operator with the decision id dec_1.',
        parapet: { decision: 'block', decision_id: 'dec_1' },
      },
    })
    expect(await answer('a REFUSEME b')).toMatchObject({
      body: { action: 'BLOCKED', blocked_reason: 'I would rather not.', parapet: { decision: 'refuse' } },
    })
    expect(await answer('a HOLDME b')).toMatchObject({
      body: {
        action: 'BLOCKED',
        blocked_reason: 'The content waits for a human. Ask the operator with the decision id dec_1.',
      },
    })
    // Neither is a status that LiteLLM takes for an outage (502, 503, 504) and may let pass.
    expect(await answer('a FAILME b')).toMatchObject({
      status: 500,
      body: { error: { type: 'guard_failed', code: 'guard_failed', decision_id: 'dec_1' } },
    })
    expect(await answer('a LATEME b')).toMatchObject({
      status: 408,
      body: { error: { type: 'guard_timeout', code: 'guard_timeout', decision_id: 'dec_1' } },
    })
  })

  test('the end of a growing answer is held back, of a request nothing', async () => {
    for (const text of ['plain', 'MASKME']) {
      const grown = await answerLiteLlm(response([text, 'second']), desk().deps)
      expect(grown.body['stream_holdback_chars']).toEqual([512, 512])
      expect((await answerLiteLlm(request({ texts: [text] }), desk().deps)).body).not.toHaveProperty(
        'stream_holdback_chars',
      )
    }
  })

  test('a block is told before a failure, and nothing of a text or a stack is in any answer', async () => {
    const both = await answerLiteLlm(response(['FAILME MARKER', 'BLOCKME MARKER']), desk().deps)
    expect(both.body).toMatchObject({ action: 'BLOCKED' })
    expect(both.result?.decision).toBe('block')
    for (const word of ['BLOCKME', 'HOLDME', 'REFUSEME', 'FAILME', 'LATEME']) {
      const answer = await answerLiteLlm(response([`MARKER ${word}`]), desk().deps)
      expect(JSON.stringify(answer.body)).not.toContain('MARKER')
    }
  })

  test('trouble with the record is no outage either', async () => {
    const { deps } = desk()
    const check = () => Promise.reject(new ParapetError('record_unavailable', 'The store is gone.'))
    expect(await answerLiteLlm(request(), { ...deps, check })).toMatchObject({
      status: 500,
      body: { error: { type: 'record_unavailable' } },
      result: null,
    })
    const gone = () => Promise.reject(new ParapetError('aborted', 'The caller went away.'))
    expect(await thrownBy(answerLiteLlm(request(), { ...deps, check: gone }))).toMatchObject({ code: 'aborted' })
  })

  test('nothing to judge is NONE without a decision', async () => {
    for (const texts of [[], null, undefined]) {
      const answer = await answerLiteLlm(request({ texts }), desk().deps)
      expect(answer).toEqual({ status: 200, body: { action: 'NONE' }, result: null })
    }
  })
})

describe('who asks', () => {
  test('LiteLLM’s user, team and trace become the caller', async () => {
    const { deps, asked } = desk()
    await answerLiteLlm(request(), deps)
    expect(asked[0]?.input.caller).toEqual({
      key: 'gate',
      user: 'end-user-1',
      application: 'support',
      conversation: 'trace-1',
    })
  })

  test('what the API key or a header fixes stays; empty, wrong and endless ids are nobody’s', async () => {
    const { deps, asked } = desk({ caller: { key: 'gate', user: 'fixed', application: 'shop' } })
    await answerLiteLlm(request({ litellm_trace_id: null }), deps)
    expect(asked[0]?.input.caller).toEqual({ key: 'gate', user: 'fixed', application: 'shop', conversation: 'call-1' })
    const other = desk()
    const request_data = {
      user_api_key_end_user_id: 'x'.repeat(257),
      user_api_key_user_id: 7,
      user_api_key_team_id: '',
    }
    await answerLiteLlm(request({ request_data, litellm_trace_id: '', litellm_call_id: null }), other.deps)
    expect(other.asked[0]?.input.caller).toEqual({ key: 'gate' })
  })
})

describe('where a text is judged', () => {
  const structured_messages = [
    { role: 'system', content: 'Be kind. BLOCKME is a word of the house.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'My code is MASKME.' },
        { type: 'text', text: 'Thanks' },
      ],
    },
    { role: 'assistant', content: 'Noted.' },
    { role: 'user', content: 'And FLAGME?' },
  ]
  const texts = ['Be kind. BLOCKME is a word of the house.', 'My code is MASKME.', 'Thanks', 'Noted.', 'And FLAGME?']

  test('texts of a conversation are judged in it: each in its stage, the system prompt as context', async () => {
    const { deps, asked } = desk()
    const { body } = await answerLiteLlm(request({ texts, structured_messages }), deps)
    expect(body).toMatchObject({
      action: 'GUARDRAIL_INTERVENED',
      texts: texts.map((text) => text.replace('MASKME', '[masked]')),
    })
    expect(asked).toHaveLength(1)
    expect([...new Set(asked[0]?.result.guards.map(({ stage }) => stage))].toSorted()).toEqual(['input', 'output'])
  })

  test('a system prompt that LiteLLM left out does not shift the texts', async () => {
    const { body } = await answerLiteLlm(request({ texts: texts.slice(1), structured_messages }), desk().deps)
    expect(body).toMatchObject({ texts: texts.slice(1).map((text) => text.replace('MASKME', '[masked]')) })
  })

  test('older messages than the policy’s window are not judged again', async () => {
    const messages = [
      { role: 'user', content: 'BLOCKME' },
      { role: 'assistant', content: 'No.' },
      { role: 'user', content: 'Hello' },
    ]
    const body = request({ texts: ['BLOCKME', 'No.', 'Hello'], structured_messages: messages })
    expect((await answerLiteLlm(body, desk({ policy: { conversation: { messages: 1 } } }).deps)).body['action']).toBe(
      'NONE',
    )
    expect((await answerLiteLlm(body, desk().deps)).body['action']).toBe('BLOCKED')
  })

  test('texts that are not in the conversation are all judged, whatever the window', async () => {
    const many = ['BLOCKME', ...Array.from({ length: 20 }, (_, index) => `text ${index}`)]
    const policy = { conversation: { messages: 1 } }
    const answer = await answerLiteLlm(request({ texts: many, structured_messages }), desk({ policy }).deps)
    expect(answer.body['action']).toBe('BLOCKED')
  })

  test('a conversation that cannot be read does not stop the texts from being judged', async () => {
    const odd = [{ role: 'narrator', content: 'MASKME' }]
    const { body } = await answerLiteLlm(request({ texts: ['MASKME'], structured_messages: odd }), desk().deps)
    expect(body).toMatchObject({ action: 'GUARDRAIL_INTERVENED', texts: ['[masked]'] })
  })

  test('a conversation alone is judged; changed it cannot come back, and unreadable it is an error', async () => {
    const action = async (content: string) =>
      (await answerLiteLlm(request({ texts: null, structured_messages: [{ role: 'user', content }] }), desk().deps))
        .body['action']
    expect([await action('fine'), await action('BLOCKME'), await action('MASKME')]).toEqual([
      'NONE',
      'BLOCKED',
      'BLOCKED',
    ])
    const odd = request({ texts: null, structured_messages: [{ role: 'narrator', content: 'MARKER' }] })
    expect(await thrownBy(answerLiteLlm(odd, desk().deps))).toMatchObject({
      code: 'input_invalid',
      param: 'structured_messages',
    })
  })

  test('a response is judged as output, whatever roles the window has', async () => {
    const { deps, asked } = desk({ policy: { conversation: { roles: ['user'] } } })
    const { body } = await answerLiteLlm(response(['fine', 'so BLOCKME']), deps)
    expect(body['action']).toBe('BLOCKED')
    expect(asked.flatMap(({ result }) => result.guards).every(({ stage }) => stage === 'output')).toBe(true)
  })
})

describe('tool calls and images', () => {
  const call = (text: string) => ({
    id: 'call_1',
    type: 'function',
    function: { name: 'send', arguments: `{"to":"${text}"}` },
  })

  test.each(['request', 'response'])('arguments in a %s are judged as a tool call', async (input_type) => {
    const { deps, asked } = desk()
    const blocked = await answerLiteLlm(request({ input_type, texts: ['ok'], tool_calls: [call('BLOCKME')] }), deps)
    expect(blocked.body['action']).toBe('BLOCKED')
    expect(asked.some(({ result }) => result.guards.some(({ stage }) => stage === 'tool_call'))).toBe(true)
  })

  test.each(['request', 'response'])(
    'arguments in a %s cannot be given back changed, so a change is a block',
    async (input_type) => {
      const { body, result } = await answerLiteLlm(
        request({ input_type, texts: ['my MASKME'], tool_calls: [call('MASKME')] }),
        desk().deps,
      )
      expect(body).toMatchObject({
        action: 'BLOCKED',
        blocked_reason:
          'The policy changes this content, which is not possible here. Ask the operator with the decision id dec_1.',
      })
      expect(result?.decision).toBe('modify')
    },
  )

  test('arguments in the history beside the texts: judged once, and a change is a block', async () => {
    const structured_messages = [
      { role: 'user', content: 'Send it' },
      { role: 'assistant', content: null, tool_calls: [call('MASKME')] },
      { role: 'tool', tool_call_id: 'call_1', content: 'sent' },
    ]
    const { deps, asked } = desk()
    const { body } = await answerLiteLlm(
      request({ texts: ['Send it', 'sent'], structured_messages, tool_calls: [call('MASKME')] }),
      deps,
    )
    expect(body['action']).toBe('BLOCKED')
    expect(asked).toHaveLength(1)
    expect(new Set(asked[0]?.result.guards.map(({ stage }) => stage))).toEqual(
      new Set(['input', 'tool_call', 'tool_result']),
    )
  })

  test('calls of a response are judged whatever roles the window has', async () => {
    const { deps } = desk({ policy: { conversation: { roles: ['user'] } } })
    expect((await answerLiteLlm(response([], { tool_calls: [call('BLOCKME')] }), deps)).body['action']).toBe('BLOCKED')
  })

  test('a call of an unknown kind is judged as it came', async () => {
    const { body } = await answerLiteLlm(
      response(['ok'], { tool_calls: [{ type: 'custom', custom: { name: 'x', input: 'BLOCKME' } }] }),
      desk().deps,
    )
    expect(body['action']).toBe('BLOCKED')
  })

  test.each(['request', 'response'])('images in a %s follow the policy’s rule for media', async (input_type) => {
    const body = request({ input_type, texts: ['look'], images: ['data:image/png;base64,aGk='] })
    const action = async (media: 'block' | 'flag' | 'pass') =>
      (await answerLiteLlm(body, desk({ policy: { media } }).deps)).body['action']
    expect(await action('block')).toBe('BLOCKED')
    expect(await action('flag')).toBe('NONE')
    expect(await action('pass')).toBe('NONE')
  })

  test.each(['request', 'response'])('an image in a %s that the policy changes is a block', async (input_type) => {
    const { deps } = desk({ policy: { media: 'pass' } })
    const check: typeof deps.check = async (input, options) => {
      const result = await deps.check(input, options)
      const seen = input.messages?.some(({ content }) => typeof content !== 'string' && content[0]?.type === 'media')
      return seen === true ? { ...result, decision: 'modify' } : result
    }
    const body = request({ input_type, texts: ['look'], images: ['data:image/png;base64,aGk='] })
    expect((await answerLiteLlm(body, { ...deps, check })).body).toMatchObject({
      action: 'BLOCKED',
      parapet: { decision: 'modify' },
    })
  })

  test('an image in an old message does not block a conversation for ever', async () => {
    const structured_messages = [
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.org/a.png' } }] },
      { role: 'user', content: 'Hello' },
    ]
    const body = request({ texts: ['Hello'], structured_messages, images: ['https://example.org/a.png'] })
    const { deps } = desk({ policy: { conversation: { messages: 1 } } })
    expect((await answerLiteLlm(body, deps)).body['action']).toBe('NONE')
  })
})

test.each([
  [{ input_type: 'both' }, 'input_type'],
  [{ input_type: undefined }, 'input_type'],
  [{ texts: 'one text' }, 'texts'],
  [{ texts: ['a', 7] }, 'texts[1]'],
  [{ images: [{}] }, 'images[0]'],
  [{ tool_calls: [{ function: 'f' }] }, 'tool_calls[0].function'],
  [{ structured_messages: ['x'] }, 'structured_messages[0]'],
  [{ request_data: 'x' }, 'request_data'],
])('a body that is not LiteLLM’s is refused with the field: %j', async (extra, param) => {
  const error = await thrownBy(
    answerLiteLlm(request({ ...extra, texts: 'texts' in extra ? extra.texts : ['MARKER'] }), desk().deps),
  )
  expect(error).toMatchObject({ code: 'input_invalid', param })
  expect(error.message).not.toContain('MARKER')
})

test('as many texts come back as were sent, in order, each changed by itself alone', async () => {
  const text = fc.constantFrom('', 'plain', 'MASKME', 'a MASKME b', 'FLAGME', 'ünïcode 🙂', 'a\nb', '[masked]')
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 30 }), fc.boolean(), async (texts, isRequest) => {
      const body = request({ texts, input_type: isRequest ? 'request' : 'response' })
      const answer = await answerLiteLlm(body, desk().deps)
      const wanted = texts.map((one) => one.replaceAll('MASKME', '[masked]'))
      const given = answer.body['action'] === 'GUARDRAIL_INTERVENED' ? answer.body['texts'] : texts
      expect(given).toEqual(wanted)
    }),
  )
})

test('the same holds for texts of a conversation, whatever its messages are', async () => {
  const words = fc.constantFrom('plain', 'MASKME', 'x MASKME y', 'same', '')
  const message = fc.oneof(
    fc.record({ role: fc.constantFrom('user', 'assistant', 'system'), content: words }),
    fc.record({
      role: fc.constant('user'),
      content: fc.array(
        words.map((text) => ({ type: 'text', text })),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  )
  const textsOf = ({ content }: { content: string | { text: string }[] }): readonly string[] =>
    typeof content === 'string' ? [content] : content.map(({ text }) => text)
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), async (structured_messages) => {
      const texts = structured_messages.flatMap(textsOf)
      const { deps } = desk({ policy: { conversation: { messages: 'all', roles: ['user', 'assistant', 'system'] } } })
      const answer = await answerLiteLlm(request({ texts, structured_messages: structured_messages as never }), deps)
      const given = answer.body['action'] === 'GUARDRAIL_INTERVENED' ? answer.body['texts'] : texts
      expect(given).toEqual(texts.map((one) => one.replaceAll('MASKME', '[masked]')))
    }),
  )
})
