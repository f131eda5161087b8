/**
 * The list of models over several upstreams, and one model by its id.
 *
 * The answers are written from the types that the `openai` package publishes (`resources/models.d.ts`), not recorded.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ModelListBody } from '../../../src/contract/index.ts'
import { errorBodySchema } from '../../../src/contract/index.ts'
import type { GatewayOptions, Upstream } from '../../../src/gateway/index.ts'
import {
  createDemoUpstream,
  createGateway,
  createGatewayMetrics,
  createHttpUpstream,
} from '../../../src/gateway/index.ts'
import { ParapetError } from '../../../src/spec/index.ts'
import { planted } from '../completions/plant.ts'
import { ask, clientOf } from '../completions/support.ts'
import { harness, pipelineOf } from '../support.ts'
import { toyEngine } from '../toy-engine.ts'

const model = (id: string, extra: Record<string, unknown> = {}) => ({
  id,
  object: 'model',
  created: 1_686_935_002,
  owned_by: 'openai',
  ...extra,
})
const list = (...ids: readonly string[]) => ({ object: 'list', data: ids.map((id) => model(id)) })

/** A model server with these models, which counts how often it is asked. */
function serves(answer: unknown): Upstream & { asked: number; json: NonNullable<Upstream['json']> } {
  const upstream = {
    name: 'served',
    asked: 0,
    open: () => Promise.reject(new Error('nobody asks a model here')),
    json: async () => {
      upstream.asked += 1
      if (answer instanceof Error) throw answer
      return structuredClone(answer) as never
    },
  }
  return upstream
}

function gatewayOf(upstream: GatewayOptions['upstream'], options: Partial<GatewayOptions> = {}) {
  const metrics = createGatewayMetrics()
  return createGateway({ pipeline: pipelineOf([], {}, metrics), upstream, metrics, version: '0.0.0', ...options })
}

const down = () =>
  serves(new ParapetError('upstream_error', 'The model server answered with status 500.', { details: { status: 500 } }))
const get = (path: string, headers: Record<string, string> = {}) => new Request(`http://127.0.0.1${path}`, { headers })

async function listed(gateway: ReturnType<typeof gatewayOf>, headers: Record<string, string> = {}) {
  const response = await gateway.fetch(get('/v1/models', headers))
  const body = (await response.json()) as ModelListBody
  return { status: response.status, body, ids: body.data?.map(({ id }) => id) }
}

describe('with the openai client', () => {
  test('one model server behind HTTP: list and retrieve', async () => {
    const seen: string[] = []
    const upstream = createHttpUpstream({
      url: 'http://model.invalid/v1',
      apiKey: 'server-key',
      fetch: async (url, init = {}) => {
        const { authorization } = init.headers as Record<string, string>
        seen.push(`${init.method} ${String(url)} ${authorization} ${String(init.body)}`)
        return Response.json({ ...list('gpt-4o', 'meta-llama/Llama-3.1-8B'), extra: 1 })
      },
    })
    const client = clientOf(gatewayOf(upstream))
    const all = []
    for await (const item of client.models.list()) all.push(item)
    expect(all).toEqual([model('gpt-4o'), model('meta-llama/Llama-3.1-8B')])
    expect(await client.models.retrieve('meta-llama/Llama-3.1-8B')).toEqual(model('meta-llama/Llama-3.1-8B'))
    await expect(client.models.retrieve('gpt-5')).rejects.toMatchObject({ status: 404, code: 'not_found' })
    expect(seen).toEqual(['GET http://model.invalid/v1/models Bearer server-key undefined'])
  })

  test('the demo model is there', async () => {
    const upstream = createDemoUpstream(toyEngine())
    const client = clientOf(gatewayOf(upstream))
    expect((await client.models.list()).data).toMatchObject([{ id: 'parapet-demo', owned_by: 'parapet' }])
    expect(await client.models.retrieve('parapet-demo')).toMatchObject({ id: 'parapet-demo' })
  })
})

describe('several upstreams', () => {
  const upstreams = () => ({ one: serves(list('gpt-4o', 'two/x', 'org/m')), two: serves(list('llama', 'gpt-4o')) })

  test('the first’s models have their own names, the others’ their upstream’s before', async () => {
    const { ids, body } = await listed(gatewayOf(upstreams()))
    expect(ids).toEqual(['gpt-4o', 'one/two/x', 'org/m', 'two/llama', 'two/gpt-4o'])
    expect(body).not.toHaveProperty('parapet')
  })

  test('every id leads a request to the model it names', async () => {
    const asked: [string, unknown][] = []
    const named = (name: string, ...ids: readonly string[]): Upstream => {
      const { json } = serves(list(...ids))
      return {
        name,
        json,
        async open({ body }) {
          asked.push([name, body['model']])
          return (async function* () {
            yield { type: 'text' as const, text: 'x' }
            yield { type: 'finish' as const, reason: 'stop' }
          })()
        },
      }
    }
    const upstream = { one: named('one', 'gpt-4o', 'two/x', 'one/y'), two: named('two', 'llama', 'one/z') }
    const { gateway } = harness({ upstream })
    for (const id of (await listed(gateway)).ids) {
      expect((await gateway.fetch(get(`/v1/models/${encodeURIComponent(id)}`))).status).toBe(200)
      expect((await gateway.fetch(ask('hi', { model: id }))).status).toBe(200)
    }
    expect(asked).toEqual([
      ['one', 'gpt-4o'],
      ['one', 'two/x'],
      ['one', 'one/y'],
      ['two', 'llama'],
      ['two', 'one/z'],
    ])
  })

  test('whose key or header names another upstream sees that one’s models by their own names', async () => {
    const gateway = gatewayOf(upstreams(), {
      keys: [
        { name: 'a', key: 'key-of-the-first' },
        { name: 'b', key: 'key-of-the-second', upstream: 'two' },
      ],
    })
    const as = (key: string, headers = {}) => listed(gateway, { authorization: `Bearer ${key}`, ...headers })
    expect((await as('key-of-the-second')).ids).toEqual(['one/gpt-4o', 'one/two/x', 'one/org/m', 'llama', 'gpt-4o'])
    expect((await as('key-of-the-first', { 'x-parapet-upstream': 'two' })).ids).toEqual(['llama', 'gpt-4o'])
    expect((await as('key-of-the-first', { 'x-parapet-upstream': 'three' })).status).toBe(400)
    expect((await as('no-such-key')).status).toBe(401)
  })

  test.each([
    ['/v1/models/gpt-4o', 'gpt-4o'],
    ['/v1/models/org/m', 'org/m'],
    ['/v1/models/org%2Fm', 'org/m'],
    ['/v1/models/two/llama', 'two/llama'],
    ['/v1/models/one/gpt-4o', 'one/gpt-4o'],
    ['/v1/models/one/two/x', 'one/two/x'],
  ])('%s is one', async (path, id) => {
    const response = await gatewayOf(upstreams()).fetch(get(path))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(model(id))
  })

  test.each([
    '/v1/models/llama',
    '/v1/models/two/nothing',
    '/v1/models/two/',
    '/v1/models/..%2fchat',
    '/v1/models/three/x',
  ])('%s is none', async (path) => {
    const response = await gatewayOf(upstreams()).fetch(get(path))
    expect(response.status).toBe(404)
    expect(errorBodySchema.parse(await response.json()).error).toMatchObject({ code: 'not_found' })
  })

  test('one model asks one model server', async () => {
    const both = upstreams()
    await gatewayOf(both).fetch(get('/v1/models/two/llama'))
    expect([both.one.asked, both.two.asked]).toEqual([0, 1])
  })
})

describe('an upstream that fails', () => {
  test('is named, and the others are listed', async () => {
    const metrics = createGatewayMetrics()
    const gateway = gatewayOf({ one: down(), two: serves(list('llama')), three: serves({ models: [] }) }, { metrics })
    const { status, body } = await listed(gateway)
    expect(status).toBe(200)
    expect(body).toEqual({
      object: 'list',
      data: [model('two/llama')],
      parapet: {
        failed: [
          { upstream: 'one', code: 'upstream_error' },
          { upstream: 'three', code: 'upstream_error' },
        ],
        omitted: 0,
      },
    })
    expect(metrics.render({ policyVersion: 'v', version: '0' })).toMatch(/upstream[^\n]*upstream_error[^\n]* 2/)
    expect((await gateway.fetch(get('/v1/models/x'))).status).toBe(502)
    expect((await gateway.fetch(get('/v1/models/two/llama'))).status).toBe(200)
  })

  test('alone fails the list', async () => {
    const response = await gatewayOf({ one: down(), two: down() }).fetch(get('/v1/models'))
    expect(response.status).toBe(502)
    expect(errorBodySchema.parse(await response.json()).error).toMatchObject({
      code: 'upstream_error',
      upstream_status: 500,
    })
  })

  test('by silence is given up', async () => {
    const silent: Upstream = { ...serves(list()), json: () => new Promise(() => undefined) }
    const gateway = gatewayOf({ one: silent, two: serves(list('a')) }, { limits: { upstreamTimeout: 30 } })
    expect((await listed(gateway)).body.parapet?.failed).toEqual([{ upstream: 'one', code: 'upstream_timeout' }])
  })

  test('because it has no list is named, unless it has only one model', async () => {
    const open = serves(list()).open
    const gateway = gatewayOf({ one: { name: 'one', open }, two: { name: 'two', open, model: 'only' } })
    expect((await listed(gateway)).body).toMatchObject({
      data: [{ id: 'two/only', created: 0, owned_by: 'two' }],
      parapet: { failed: [{ upstream: 'one', code: 'engine_unavailable' }] },
    })
  })
})

describe('what is passed on', () => {
  test('is ids, times and owners, and nothing that is none', async () => {
    const odd = {
      data: [
        model('good', { permission: [{ id: 'words' }], note: 'words' }),
        model('a sentence, not an id'),
        model(''),
        model('x'.repeat(300)),
        { object: 'model' },
        'words',
        null,
        model('good', { owned_by: 'twice' }),
        model('plain', { created: 'yesterday', owned_by: 'the people of words', object: 'words' }),
      ],
    }
    const { body } = await listed(gatewayOf(serves(odd)))
    expect(body).toEqual({
      object: 'list',
      data: [model('good'), model('plain', { created: 0, owned_by: 'default' })],
      parapet: { failed: [], omitted: 7 },
    })
  })

  test('carries no sentence, wherever one was planted', async () => {
    await fc.assert(
      fc.asyncProperty(planted({ ...list('a', 'b/c'), has_more: false, first: 'a' }), async (answer) => {
        const gateway = gatewayOf(serves(answer))
        for (const path of ['/v1/models', '/v1/models/a', '/v1/models/b/c'])
          expect(await (await gateway.fetch(get(path))).text()).not.toContain('MASKME')
      }),
      { numRuns: 100 },
    )
  })
})

describe('lists are kept for a few seconds', () => {
  test('and asked for once by many', async () => {
    let now = 1000
    const upstream = serves(list('a'))
    const gateway = gatewayOf(upstream, { now: () => now })
    await Promise.all([listed(gateway), listed(gateway), gateway.fetch(get('/v1/models/a'))])
    expect(upstream.asked).toBe(1)
    now += 4999
    await listed(gateway)
    expect(upstream.asked).toBe(1)
    now += 2
    await listed(gateway)
    expect(upstream.asked).toBe(2)
  })

  test('for each client’s credentials apart, and not when they failed', async () => {
    const upstream = serves(list('a'))
    const gateway = gatewayOf(upstream)
    for (const key of ['Bearer one', 'Bearer two', 'Bearer one']) await listed(gateway, { authorization: key })
    expect(upstream.asked).toBe(2)
    const broken = down()
    const failing = gatewayOf(broken)
    await listed(failing)
    await listed(failing)
    expect(broken.asked).toBe(2)
  })

  test('in a bounded number', async () => {
    const upstream = serves(list('a'))
    const gateway = gatewayOf(upstream)
    for (let client = 0; client < 300; client += 1) await listed(gateway, { authorization: `Bearer ${client}` })
    await listed(gateway, { authorization: 'Bearer 299' })
    expect(upstream.asked).toBe(300)
    await listed(gateway, { authorization: 'Bearer 0' })
    expect(upstream.asked).toBe(301)
  })

  test('whoever leaves does not spoil it for others', async () => {
    const waiting: ((answer: never) => void)[] = []
    const upstream: Upstream = { ...serves(list()), json: () => new Promise((resolve) => void waiting.push(resolve)) }
    const gateway = gatewayOf(upstream)
    const leave = new AbortController()
    const first = gateway.fetch(new Request('http://127.0.0.1/v1/models', { signal: leave.signal }))
    const second = listed(gateway)
    await expect.poll(() => waiting.length).toBe(1)
    leave.abort()
    waiting.forEach((answer) => answer(list('a') as never))
    expect((await second).ids).toEqual(['a'])
    await first
  })
})

test('paths and methods', async () => {
  const gateway = gatewayOf(serves(list('a')))
  const status = async (path: string, method: string) =>
    (await gateway.fetch(new Request(`http://127.0.0.1${path}`, { method }))).status
  expect(await status('/v1/models', 'POST')).toBe(405)
  expect(await status('/v1/models', 'HEAD')).toBe(200)
  expect(await status('/v1/models/a', 'DELETE')).toBe(405)
  expect(await status('/v1/models/', 'GET')).toBe(404)
  expect(await status('/v1/embeddings', 'GET')).toBe(405)
  expect(await status('/v1/completions', 'GET')).toBe(405)
  expect(await status('/v1/completions/x', 'GET')).toBe(404)
  await gateway.close()
  expect(await status('/v1/models', 'GET')).toBe(503)
})
