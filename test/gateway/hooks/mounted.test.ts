/**
 * The hooks as the gateway serves them: paths, keys, headers, and what happens to a body that never reaches a door. No hook asks the
 * model server for anything.
 */
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import type { HarnessOptions } from '../support.ts'
import { guard, harness, post, WORDS } from '../support.ts'

const failing = guard('failing', ({ text }) => {
  if (text.original.includes('FAILME')) throw new TypeError('MARKER in a stack')
  return { findings: [] }
})

function serving(options: HarnessOptions = {}) {
  return harness({ guards: [...WORDS, failing], ...options })
}

async function send(path: string, body: unknown, options: HarnessOptions = {}, headers: Record<string, string> = {}) {
  const { gateway, asked } = serving(options)
  const response = await gateway.fetch(post(path, body, headers))
  expect(asked).toEqual([])
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

const messages = (content: string) => [{ role: 'user', content }]
const DOORS: Readonly<Record<string, (text: string) => unknown>> = {
  '/beta/litellm_basic_guardrail_api': (text) => ({ input_type: 'request', texts: [text], request_data: {} }),
  '/v1/hooks/portkey': (text) => ({
    eventType: 'beforeRequestHook',
    requestType: 'chatComplete',
    request: { json: { model: 'm', messages: messages(text) } },
  }),
  '/v1/guardrail/checks': (text) => ({ model: 'm', messages: messages(text) }),
  '/v1/checks': (text) => ({ model: 'm', messages: messages(text) }),
  '/v1/moderations': (text) => ({ input: text }),
}

/** What says of an answer that the text may pass. */
function passes(body: Record<string, unknown>): boolean {
  const [result] = (body['results'] ?? []) as { flagged: boolean }[]
  return (
    body['action'] === 'NONE' ||
    body['verdict'] === true ||
    body['status'] === 'success' ||
    body['status'] === 'passed' ||
    result?.flagged === false
  )
}

describe.each(Object.entries(DOORS))('%s', (path, bodyFor) => {
  test('tells the decision in its headers, whatever its body looks like', async () => {
    const free = await send(path, bodyFor('hello'))
    expect([free.status, passes(free.body), free.headers.get('x-parapet-decision')]).toEqual([200, true, 'pass'])
    expect(free.headers.get('x-parapet-decision-id')).toMatch(/^dec_/)
    const stopped = await send(path, bodyFor('MARKER BLOCKME'))
    expect([stopped.status, passes(stopped.body)]).toEqual([200, false])
    expect(stopped.headers.get('x-parapet-decision')).toBe('block')
    expect(JSON.stringify(stopped.body)).not.toContain('MARKER')
  })

  test('never passes a text whose guard failed', async () => {
    const { body, headers } = await send(path, bodyFor('MARKER FAILME'))
    expect(passes(body)).toBe(false)
    expect(headers.get('x-parapet-decision')).toBe('error')
    expect(JSON.stringify(body)).not.toContain('MARKER')
  })

  test('takes the key as Bearer and as x-api-key, and nobody without one', async () => {
    const keys = { keys: [{ name: 'gate', key: 'a-long-enough-key' }] }
    expect((await send(path, bodyFor('hello'), keys, { authorization: 'Bearer a-long-enough-key' })).status).toBe(200)
    expect((await send(path, bodyFor('hello'), keys, { 'x-api-key': 'a-long-enough-key' })).status).toBe(200)
    const refused = await send(path, bodyFor('hello'), keys)
    expect([refused.status, passes(refused.body)]).toEqual([401, false])
  })

  test.each([
    ['no JSON', '{"input":', undefined],
    ['a list', [1], undefined],
    ['the same key twice', '{"input":"hello","input":"hello"}', undefined],
    ['too large', 'x'.repeat(2000), { limits: { body: 1000 } }],
  ])('a body that is %s never passes', async (_name, body, options) => {
    const answer = await send(path, body, options)
    expect(passes(answer.body)).toBe(false)
    // To Portkey an error would be a pass.
    if (path === '/v1/hooks/portkey') expect([answer.status, answer.body['verdict']]).toEqual([200, false])
    else expect(answer.status).toBeGreaterThanOrEqual(400)
  })

  test('is asked by POST', async () => {
    const { gateway } = serving()
    const response = await gateway.fetch(new Request(`http://127.0.0.1${path}`))
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  })
})

test('OpenAI’s client over the gateway’s fetch', async () => {
  const { gateway } = serving()
  const client = new OpenAI({
    apiKey: 'unused',
    baseURL: 'http://gateway.invalid/v1',
    maxRetries: 0,
    fetch: (url, init) => gateway.fetch(new Request(String(url), init)),
  })
  const { results } = await client.moderations.create({ input: ['hello', 'FLAGME'] })
  expect(results.map(({ flagged }) => flagged)).toEqual([false, true])
  await expect(client.moderations.create({ input: 'FAILME' })).rejects.toMatchObject({
    status: 503,
    code: 'guard_failed',
  })
})
