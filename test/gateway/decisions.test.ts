/** Decisions over HTTP: who sees what, the live feed, feedback, reviews, export, deletion. */
import { describe, expect, test } from 'vitest'
import type { DecisionBody, DecisionListBody } from '../../src/contract/index.ts'
import type { Gateway } from '../../src/gateway/index.ts'
import { createGateway, createGatewayMetrics, createHttpUpstream } from '../../src/gateway/index.ts'
import type { DecisionRecord, DecisionStore, ParapetListener } from '../../src/spec/index.ts'
import { createMemoryStore } from '../../src/testing/index.ts'
import { chat, pipelineOf, post, says, WORDS } from './support.ts'

const KEYS = [
  { name: 'shop', key: 'key-of-the-shop' },
  { name: 'bank', key: 'key-of-the-bank' },
  { name: 'ops', key: 'key-of-operators', role: 'operator' },
] as const
const SHOP = { authorization: 'Bearer key-of-the-shop' }
const BANK = { authorization: 'Bearer key-of-the-bank' }
const OPS = { authorization: 'Bearer key-of-operators' }

function open(store: DecisionStore | null = createMemoryStore()): { gateway: Gateway; store: DecisionStore | null } {
  const metrics = createGatewayMetrics()
  const listeners = new Set<ParapetListener>([metrics.listener])
  const counted = {
    ...metrics,
    listener: (event: Parameters<ParapetListener>[0]) => listeners.forEach((tell) => tell(event)),
  }
  const gateway = createGateway({
    pipeline: pipelineOf(WORDS, {}, counted),
    upstream: createHttpUpstream({
      url: 'http://model.invalid/v1',
      fetch: async (_url, init) =>
        says('Hello.')(JSON.parse(String(init?.body)) as Record<string, unknown>, new AbortController().signal),
    }),
    metrics,
    on: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    decisions: store,
    keys: KEYS,
    version: '0',
  })
  return { gateway, store }
}

function record(id: string, more: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id,
    at: 1_000,
    state: 'final',
    door: 'guard',
    decision: 'block',
    shadowDecision: 'block',
    policyVersion: 'v1',
    caller: { key: 'shop', user: 'u1' },
    ms: 1,
    guards: [],
    scores: { prompt_harm: null, response_harm: null, refusal: null, injection: null, toxicity: null },
    categories: {},
    spans: [],
    error: null,
    exceptions: [],
    warnings: [],
    content: { prompt: 'SECRET-TEXT' },
    expires: 9e15,
    ...more,
  }
}

async function get(gateway: Gateway, path: string, headers: Record<string, string>, method = 'GET'): Promise<Response> {
  return gateway.fetch(new Request(`http://127.0.0.1${path}`, { method, headers }))
}

describe('who sees what', () => {
  test('a caller sees its own without texts, an operator all with texts, nobody the rest', async () => {
    const { gateway, store } = open()
    await store?.write([record('dec_a'), record('dec_b', { caller: { key: 'bank' }, at: 2_000 })])
    const list = async (headers: Record<string, string>) =>
      ((await (await get(gateway, '/v1/decisions', headers)).json()) as DecisionListBody).data
    expect((await list(SHOP)).map(({ id, content }) => [id, content])).toEqual([['dec_a', null]])
    expect((await list(OPS)).map(({ id, content }) => [id, content?.prompt])).toEqual([
      ['dec_b', 'SECRET-TEXT'],
      ['dec_a', 'SECRET-TEXT'],
    ])
    expect((await get(gateway, '/v1/decisions/dec_b', SHOP)).status).toBe(404)
    expect((await get(gateway, '/v1/decisions?key=bank', SHOP)).status).toBe(200)
    expect(((await (await get(gateway, '/v1/decisions?key=bank', SHOP)).json()) as DecisionListBody).data).toHaveLength(
      1,
    )
    expect((await get(gateway, '/v1/decisions', {})).status).toBe(401)
  })

  test.each([
    ['POST', '/v1/decisions/dec_a/review'],
    ['GET', '/v1/export'],
    ['DELETE', '/v1/users/u1/decisions'],
  ])('%s %s needs an operator', async (method, path) => {
    const { gateway, store } = open()
    await store?.write([record('dec_a')])
    const answer = await get(gateway, path, SHOP, method)
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ error: { type: 'permission_error', code: 'forbidden' } })
    expect(await store?.get('dec_a')).not.toBeNull()
  })

  test('a held answer shows its text to its caller only once it was approved', async () => {
    const { gateway, store } = open()
    await store?.write([record('dec_y', { decision: 'hold' }), record('dec_n', { decision: 'hold' })])
    const content = async (id: string) => {
      const body = (await (await get(gateway, `/v1/decisions/${id}`, SHOP)).json()) as DecisionBody
      return [body.status, body.content?.prompt ?? null]
    }
    expect(await content('dec_y')).toEqual(['held', null])
    const settle = (id: string, verdict: string) => gateway.fetch(post(`/v1/decisions/${id}/review`, { verdict }, OPS))
    expect((await settle('dec_y', 'approve')).status).toBe(200)
    expect((await settle('dec_n', 'reject')).status).toBe(200)
    expect((await settle('dec_y', 'reject')).status).toBe(409)
    expect((await settle('dec_none', 'reject')).status).toBe(404)
    expect(await content('dec_y')).toEqual(['final', 'SECRET-TEXT'])
    expect(await content('dec_n')).toEqual(['final', null])
  })
})

describe('feedback', () => {
  test('is given on one’s own decisions and says by whom', async () => {
    const { gateway, store } = open()
    await store?.write([record('dec_a')])
    const give = (id: string, body: unknown, headers: Record<string, string>) =>
      gateway.fetch(post(`/v1/decisions/${id}/feedback`, body, headers))
    const given = await give('dec_a', { verdict: 'false_positive', expected: 'pass', note: 'harmless' }, SHOP)
    expect(given.status).toBe(201)
    expect((await store?.get('dec_a'))?.feedback).toMatchObject([
      { verdict: 'false_positive', expected: 'pass', by: 'shop' },
    ])
    expect((await give('dec_a', { verdict: 'correct' }, BANK)).status).toBe(404)
    for (const wrong of [
      {},
      { verdict: 'x' },
      { verdict: 'correct', extra: 1 },
      { verdict: 'correct', note: 'n'.repeat(5000) },
    ]) {
      expect((await give('dec_a', wrong, SHOP)).status).toBe(400)
    }
    const labelled = await get(gateway, '/v1/decisions?feedback=true', OPS)
    expect(((await labelled.json()) as DecisionListBody).data.map(({ id }) => id)).toEqual(['dec_a'])
  })
})

describe('queries', () => {
  test.each([
    'decison=block',
    'decision=blocked',
    'from=yesterday',
    'limit=0',
    'limit=9999',
    'limit=5&limit=6',
    'cursor=%00',
    'review=open',
  ])('%s is refused', async (query) => {
    const { gateway, store } = open()
    await store?.write([record('dec_a')])
    const answer = await get(gateway, `/v1/decisions?${query}`, OPS)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { code: 'input_invalid' } })
  })

  test('pages are whole and do not overlap', async () => {
    const { gateway, store } = open()
    await store?.write(Array.from({ length: 25 }, (_, index) => record(`dec_${index}`, { at: 1000 + (index % 3) })))
    const ids: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page = (await (await get(gateway, `/v1/decisions?limit=7${query}`, OPS)).json()) as DecisionListBody
      ids.push(...page.data.map(({ id }) => id))
      cursor = page.next_cursor
    }
    expect(ids).toHaveLength(25)
    expect(new Set(ids).size).toBe(25)
  })
})

test('export is every decision once, and forgetting a user forgets no other', async () => {
  const { gateway, store } = open()
  await store?.write(
    Array.from({ length: 420 }, (_, index) =>
      record(`dec_${index}`, { at: index, caller: { key: 'shop', user: `u${index % 2}` } }),
    ),
  )
  const lines = (await (await get(gateway, '/v1/export', OPS)).text()).trim().split('\n')
  expect(new Set(lines.map((line) => (JSON.parse(line) as DecisionBody).id)).size).toBe(420)
  const forgotten = await get(gateway, '/v1/users/u0/decisions', OPS, 'DELETE')
  expect(await forgotten.json()).toEqual({ object: 'parapet.deleted', user: 'u0', deleted: 210 })
  expect((await (await get(gateway, '/v1/export?user=u1', OPS)).text()).trim().split('\n')).toHaveLength(210)
  expect(await (await get(gateway, '/v1/export?user=u0', OPS)).text()).toBe('')
})

test('without a store decisions are not there, and the reason is told', async () => {
  const { gateway } = open(null)
  const answer = await get(gateway, '/v1/decisions', OPS)
  expect(answer.status).toBe(404)
  expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('not kept') as string } })
})

describe('the live feed', () => {
  async function watch(gateway: Gateway, headers: Record<string, string>, query = ''): Promise<() => Promise<string>> {
    const response = await get(gateway, `/v1/decisions/live${query}`, headers)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const read = async (): Promise<string> => {
      const { value, done } = await reader.read()
      return done ? 'END' : new TextDecoder().decode(value)
    }
    expect(await read()).toBe(': live\n\n')
    return read
  }

  test('tells each watcher what it may see, without any text, and ends when the server stops', async () => {
    const { gateway } = open()
    const shop = await watch(gateway, SHOP)
    const all = await watch(gateway, OPS)
    const blocks = await watch(gateway, OPS, '?decision=block')
    for (const [content, headers] of [
      ['hi', BANK],
      ['BLOCKME SECRET-TEXT', SHOP],
    ] as const) {
      const request = chat(content)
      await gateway.fetch(new Request(request, { headers: { ...Object.fromEntries(request.headers), ...headers } }))
    }
    const [first, second, third] = [await all(), await shop(), await blocks()]
    expect(first).toMatch(/^event: decision\ndata: \{.*"key":"bank"/)
    expect(second).toMatch(/"decision":"block".*"key":"shop"/)
    expect(third).toBe(second)
    expect(first + second).not.toContain('SECRET-TEXT')
    const ended = [shop(), blocks()]
    await all()
    await gateway.close()
    expect(await Promise.all(ended)).toEqual(['END', 'END'])
  })
})

test('the session tells what a key may do', async () => {
  const { gateway } = open()
  expect(await (await get(gateway, '/v1/session', SHOP)).json()).toMatchObject({
    object: 'parapet.session',
    keyed: true,
    key: 'shop',
    role: 'caller',
    recording: true,
  })
})
