/** Statuses, bodies and headers of every decision, at both doors. */
import { describe, expect, test } from 'vitest'
import { errorBodySchema } from '../../src/contract/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import { chat, contentOf, eventsOf, guard, harness, post, says } from './support.ts'

const failing = guard('failing', () => {
  throw new TypeError('MARKER in a stack')
})
const hanging = guard('hanging', () => new Promise(() => undefined))
const deadlines = { deadlines: { guard: 30, stage: 30 } }

describe('chat completions', () => {
  test('a clean request is answered with the decision in the headers', async () => {
    const { gateway } = harness()
    const response = await gateway.fetch(chat('hi'))
    expect(response.status).toBe(200)
    expect(response.headers.get('x-parapet-decision')).toBe('pass')
    expect(response.headers.get('x-parapet-decision-id')).toMatch(/^dec_/)
    const body = (await response.json()) as { choices: { message: { content: string } }[] }
    expect(body.choices[0]?.message.content).toBe('Hello there.')
  })

  test.each([
    ['blocked input', { guards: undefined }, 'BLOCKME MARKER', 'Hello', 400, 'content_filter'],
    ['blocked output', { guards: undefined }, 'hi MARKER', 'so BLOCKME MARKER', 400, 'content_filter'],
    ['guard failed', { guards: [failing] }, 'MARKER', 'Hello', 503, 'guard_failed'],
    ['guard timed out', { guards: [hanging], policy: deadlines }, 'MARKER', 'Hello', 504, 'guard_timeout'],
  ])('%s', async (_name, { guards, policy }: { guards?: unknown; policy?: unknown }, prompt, answer, status, code) => {
    const options = { ...(guards ? { guards } : {}), ...(policy ? { policy } : {}), server: says(answer) }
    for (const stream of [false, true]) {
      const response = await harness(options as never).gateway.fetch(chat(prompt, { stream }))
      const text = await response.text()
      expect(response.status).toBe(status)
      const body = JSON.parse(text) as unknown
      expect(errorBodySchema.parse(body).error).toMatchObject({ code, type: code })
      expect(text).not.toContain('MARKER')
      expect(response.headers.get('x-should-retry')).toBe('false')
      expect(response.headers.get('x-parapet-decision-id')).toBe(errorBodySchema.parse(body).error.decision_id)
      expect(response.headers.get('x-parapet-decision')).toBe(
        code === 'content_filter' ? 'block' : code === 'guard_failed' ? 'error' : 'timeout',
      )
    }
  })

  test('a refusal is an answer in the policy’s words', async () => {
    for (const [prompt, answer] of [
      ['REFUSEME', 'x'],
      ['hi', 'well REFUSEME'],
    ] as const) {
      const whole = await harness({ server: says(answer) }).gateway.fetch(chat(prompt, { n: 2 }))
      expect(whole.status).toBe(200)
      expect(whole.headers.get('x-parapet-decision')).toBe('refuse')
      const body = (await whole.json()) as { choices: { finish_reason: string; message: { content: string } }[] }
      expect(body.choices).toHaveLength(2)
      expect(body.choices[0]).toMatchObject({
        finish_reason: 'content_filter',
        message: { content: 'I would rather not.' },
      })

      const stream = await harness({ server: says(answer) }).gateway.fetch(chat(prompt, { stream: true }))
      const text = await stream.text()
      expect(stream.status).toBe(200)
      expect(contentOf(text)).toContain('I would rather not.')
      expect(contentOf(text)).not.toContain('REFUSEME')
      expect(text).toContain('"finish_reason":"content_filter"')
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    }
  })

  test('a streamed refusal ends every answer that was asked for', async () => {
    const { gateway } = harness()
    const body = await (await gateway.fetch(chat('REFUSEME', { stream: true, n: 3 }))).text()
    for (const index of [0, 1, 2]) {
      expect(contentOf(body, index)).toBe('I would rather not.')
      const ends = eventsOf(body).flatMap(
        (event) => event['choices'] as { index: number; finish_reason: string | null }[],
      )
      expect(ends.filter((end) => end.index === index && end.finish_reason === 'content_filter')).toHaveLength(1)
    }
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test('held content is a 202 with a poll URL that answers', async () => {
    const { gateway } = harness()
    const response = await gateway.fetch(chat('HOLDME'))
    expect(response.status).toBe(202)
    const body = (await response.json()) as { decision_id: string; poll_url: string }
    expect(response.headers.get('location')).toBe(body.poll_url)
    expect(response.headers.get('x-parapet-decision')).toBe('hold')
    const poll = await gateway.fetch(new Request(`http://127.0.0.1${body.poll_url}`))
    expect(poll.status).toBe(200)
    expect(await poll.json()).toMatchObject({ id: body.decision_id, status: 'held' })
    expect((await gateway.fetch(new Request('http://127.0.0.1/v1/decisions/none'))).status).toBe(404)
  })

  test('a block after bytes were sent is an error event without [DONE]', async () => {
    const text = await (
      await harness({
        server: says(`${'fine words here '.repeat(60)} BLOCKME MARKER ${'more '.repeat(50)}`),
      }).gateway.fetch(chat('hi', { stream: true }))
    ).text()
    const events = eventsOf(text)
    expect(events.length).toBeGreaterThan(2)
    expect(errorBodySchema.parse(events.at(-1)).error).toMatchObject({ code: 'content_filter' })
    expect(text).not.toContain('[DONE]')
    expect(text).not.toMatch(/BLOCKME|MARKER|more/)
  })
})

describe('guard', () => {
  const ask = async (body: unknown, options = {}) => {
    const response = await harness(options).gateway.fetch(post('/v1/guard', body))
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    }
  }

  test.each([
    ['hello', 'pass'],
    ['FLAGME', 'flag'],
    ['MASKME', 'modify'],
    ['REFUSEME', 'refuse'],
    ['HOLDME', 'hold'],
    ['BLOCKME', 'block'],
  ])('%s is %s with status 200', async (prompt, decision) => {
    const { status, body, headers } = await ask({ prompt, id: 'row-1', unknown: { key: 1 } })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: 'row-1', decision, error: null })
    expect(body['guards']).toHaveLength(5)
    expect(body['policyVersion']).toEqual(expect.any(String))
    expect(headers.get('x-parapet-decision')).toBe(decision)
    expect(headers.get('x-parapet-decision-id')).toBe(body['decision_id'])
    if (decision === 'modify') expect(body['text']).toBe('[masked]')
  })

  test('a failed guard is a decision too', async () => {
    expect(await ask({ prompt: 'x' }, { guards: [failing] })).toMatchObject({
      status: 200,
      body: { decision: 'error', error: { code: 'guard_failed' } },
    })
    expect(await ask({ prompt: 'x' }, { guards: [hanging], policy: deadlines })).toMatchObject({
      status: 200,
      body: { decision: 'timeout' },
    })
  })

  test('the decision’s id stands in for a missing row id', async () => {
    const { body } = await ask({ prompt: '', response: 'fine' })
    expect(body['id']).toBe(body['decision_id'])
  })

  test('a conversation comes back rewritten only where it was modified', async () => {
    const kept = {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      extra: 1,
    }
    const messages = [
      { role: 'user', content: [{ type: 'text', text: 'a MASKME b', odd: true }] },
      kept,
      { role: 'tool', tool_call_id: 'c', content: 'ok' },
    ]
    const { body } = await ask({ messages })
    expect(body['decision']).toBe('modify')
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a [masked] b', odd: true }] },
      kept,
      messages[2],
    ])
  })

  test.each([
    [{}, 'prompt'],
    [{ prompt: '' }, 'prompt'],
    [{ prompt: 1 }, 'prompt'],
    [{ prompt: 'MARKER', stage: 'MARKER' }, 'stage'],
    [{ prompt: 'MARKER', messages: [{ role: 'user', content: 'x' }] }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'MARKER', content: 'x' }] }, 'messages[0].role'],
    [
      {
        messages: [
          { role: 'user', content: 'x' },
          { role: 'user', content: [{ type: 1 }] },
        ],
      },
      'messages[1].content[0].type',
    ],
    [{ response: ['MARKER'] }, 'response'],
  ])('bad input %j is a 400 at %s', async (input, param) => {
    const { status, body } = await ask(input)
    expect(status).toBe(400)
    expect(body['error']).toMatchObject({ code: 'input_invalid', type: 'invalid_request_error', param })
    expect(JSON.stringify(body)).not.toContain('MARKER')
  })
})

describe('bodies', () => {
  const status = async (body: string | Uint8Array, headers = {}, path = '/v1/chat/completions') => {
    const response = await harness({ limits: { body: 4096 } }).gateway.fetch(post(path, body, headers))
    const text = await response.text()
    return {
      status: response.status,
      text,
      param: (JSON.parse(text) as { error?: { param: string | null } }).error?.param,
    }
  }
  const messages = '"messages":[{"role":"user","content":"hi"}]'

  test.each([
    ['{"messages"', 'body'],
    ['', 'body'],
    ['[]', 'body'],
    ['{"model":"a","model":"b",' + messages + '}', 'body'],
    ['{"__proto__":{},' + messages + '}', 'body'],
    ['{"\\u005f_proto__":{},' + messages + '}', 'body'],
    [`{"x":${'['.repeat(200)}${']'.repeat(200)},${messages}}`, 'body'],
    ['{"messages":[{"role":"user","content":"\\u0000"}]}', 'body'],
    ['{"messages":[{"role":"user","content":"\\ud83d"}]}', 'body'],
    ['{"messages":[{"role":"user","content":"hi","name":"two words"}]}', 'messages[0].name'],
    ['{"stream":"yes",' + messages + '}', 'stream'],
    ['{"n":0,' + messages + '}', 'n'],
  ])('%s is refused', async (body, param) => {
    expect(await status(body)).toMatchObject({ status: 400, param })
  })

  test('broken UTF-8 is refused, a byte order mark is not', async () => {
    expect((await status(Uint8Array.of(0x7b, 0xff, 0x7d))).status).toBe(400)
    expect((await status(`\ufeff{${messages}}`)).status).toBe(200)
  })

  test('compressed bodies are read within the limit', async () => {
    const zip = async (text: string) =>
      new Uint8Array(
        await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer(),
      )
    expect((await status(await zip(`{${messages}}`), { 'content-encoding': 'gzip' })).status).toBe(200)
    expect(
      (await status(await zip(`{"x":"${'a'.repeat(100_000)}",${messages}}`), { 'content-encoding': 'gzip' })).status,
    ).toBe(413)
    expect((await status('not gzip', { 'content-encoding': 'gzip' })).status).toBe(400)
    expect(await status('x', { 'content-encoding': 'zstd' })).toMatchObject({ status: 415, param: 'content-encoding' })
  })

  test('a body over the limit is a 413', async () => {
    expect((await status(`{"x":"${'a'.repeat(5000)}",${messages}}`)).status).toBe(413)
  })

  test('odd strings are judged at /v1/guard', async () => {
    expect((await status('{"prompt":"\\ud83d \\u0000"}', {}, '/v1/guard')).status).toBe(200)
  })
})

describe('routes', () => {
  test('paths and methods', async () => {
    const { gateway } = harness()
    const ask = async (path: string, method = 'GET') =>
      gateway.fetch(new Request(`http://127.0.0.1${path}`, { method }))
    expect((await ask('/healthz')).status).toBe(200)
    expect((await ask('/healthz', 'HEAD')).status).toBe(200)
    expect((await ask('/readyz')).status).toBe(200)
    expect((await ask('/v1/guard/')).status).toBe(404)
    expect((await ask('/nothing')).status).toBe(404)
    const wrong = await ask('/v1/guard')
    expect(wrong.status).toBe(405)
    expect(wrong.headers.get('allow')).toBe('POST, OPTIONS')
    expect(await wrong.json()).toMatchObject({ error: { code: 'method_not_allowed' } })
    expect((await ask('/v1/guard', 'OPTIONS')).status).toBe(204)
  })

  test('keys', async () => {
    const { gateway } = harness({ keys: ['correct-horse', { name: 'team', key: 'battery-staple' }] })
    const ask = async (path: string, authorization?: string) =>
      gateway.fetch(
        path === '/v1/guard'
          ? post(path, { prompt: 'x' }, authorization ? { authorization } : {})
          : new Request(`http://127.0.0.1${path}`),
      )
    expect((await ask('/v1/guard')).status).toBe(401)
    expect((await ask('/v1/guard', 'Bearer correct-hors')).status).toBe(401)
    expect((await ask('/v1/guard', 'correct-horse')).status).toBe(401)
    expect((await ask('/v1/guard', 'Bearer correct-horse')).status).toBe(200)
    expect((await ask('/v1/guard', 'bearer battery-staple')).status).toBe(200)
    expect((await ask('/healthz')).status).toBe(200)
    expect((await ask('/metrics')).status).toBe(401)
    expect(() => harness({ keys: ['short'] })).toThrow(ParapetError)
  })

  test('metrics count each decision once and hold no text', async () => {
    const { gateway } = harness()
    await (await gateway.fetch(chat('BLOCKME'))).text()
    await (await gateway.fetch(chat('hi', { stream: true }))).text()
    await (await gateway.fetch(post('/v1/guard', { prompt: 'MARKER' }))).text()
    const text = await (await gateway.fetch(new Request('http://127.0.0.1/metrics'))).text()
    expect(text).toContain('parapet_decisions_total{decision="block",door="chat-completions"} 1')
    expect(text).toContain('parapet_decisions_total{decision="pass",door="chat-completions"} 1')
    expect(text).toContain('parapet_decisions_total{decision="pass",door="guard"} 1')
    expect(text).toMatch(/parapet_guard_duration_seconds_count\{guard="BLOCKME",status="judged"\} \d/)
    expect(text).toContain('parapet_in_flight_requests 0')
    expect(text).toContain('parapet_policy_info{policy_version=')
    expect(text).not.toMatch(/MARKER|hi"/)
  })

  test('more requests than allowed are a 429', async () => {
    const { gateway } = harness({
      guards: [guard('slow', () => new Promise((resolve) => setTimeout(() => resolve({ findings: [] }), 50)))],
      limits: { concurrency: 1 },
    })
    const [first, second] = await Promise.all([
      gateway.fetch(post('/v1/guard', { prompt: 'x' })),
      gateway.fetch(post('/v1/guard', { prompt: 'x' })),
    ])
    expect([first?.status, second?.status].sort()).toEqual([200, 429])
    expect((await gateway.fetch(post('/v1/guard', { prompt: 'x' }))).status).toBe(200)
  })

  test('while draining, nothing new is begun', async () => {
    const { gateway } = harness()
    await gateway.close()
    expect((await gateway.fetch(new Request('http://127.0.0.1/readyz'))).status).toBe(503)
    expect((await gateway.fetch(new Request('http://127.0.0.1/healthz'))).status).toBe(200)
    const response = await gateway.fetch(chat('hi'))
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ error: { code: 'shutting_down' } })
  })
})
