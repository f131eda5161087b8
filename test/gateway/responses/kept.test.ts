/** Requests that go on from earlier ones: judged as a whole from what is kept here, or refused with a reason. */
import { describe, expect, test } from 'vitest'
import type { Server } from '../support.ts'
import { guard, harness, post, wordGuard, WORDS } from '../support.ts'
import { eventsOf, idOf, ITEMS, message, responseOf } from './fixtures.ts'
import type { Wire } from './support.ts'
import { answers, ask, lastResponse, parse, sseResponse } from './support.ts'

/** Answers turn after turn with a new id. @param stores whether the model server says that it keeps its responses */
function turns(words: readonly string[] = [], stores = true): Server {
  let turn = 0
  return (body) => {
    turn += 1
    const extra = { id: idOf('resp', turn), ...({ store: stores } as object) }
    const output = [message(words[turn - 1] ?? `answer ${turn}`, turn)]
    return body['stream'] === true ? sseResponse(eventsOf(output, 5, extra)) : Response.json(responseOf(output, extra))
  }
}

const user = (content: string): Wire => ({ role: 'user', content })

function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Request {
  return new Request(`http://127.0.0.1${path}`, { method, headers })
}

async function json(response: Response): Promise<Wire> {
  return (await response.json()) as Wire
}

describe('previous_response_id', () => {
  test('the turns before are judged with the new one', async () => {
    const conversations: number[] = []
    const spy = guard('spy', ({ stage, messages }) => {
      if (stage === 'input') conversations.push(messages?.length ?? 0)
      return { findings: [] }
    })
    const { gateway, asked } = harness({ guards: [spy], server: turns(), policy: { cache: false } })
    const first = await json(await gateway.fetch(ask('one')))
    const second = await json(await gateway.fetch(ask('two', { previous_response_id: first['id'] })))
    await gateway.fetch(ask('three', { previous_response_id: second['id'] }))
    expect(Math.max(...conversations)).toBe(5)
    // The model server keeps the same conversation, so it is told where to go on.
    expect(asked[2]?.body).toEqual({ model: 'gpt-test', input: 'three', previous_response_id: second['id'] })
  })

  test('an attack that is spread over turns is seen as one conversation', async () => {
    const pair = guard('pair', ({ messages }) => {
      const said = JSON.stringify(messages)
      return {
        findings: said.includes('FIRST') && said.includes('SECOND') ? [{ label: 'x', score: 1, action: 'block' }] : [],
      }
    })
    const { gateway } = harness({ guards: [pair], server: turns(), policy: { cache: false } })
    const first = await json(await gateway.fetch(ask('FIRST half')))
    expect((await gateway.fetch(ask('SECOND half', { previous_response_id: first['id'] }))).status).toBe(400)
    expect((await gateway.fetch(ask('SECOND half'))).status).toBe(200)
  })

  test('a streamed answer is kept as well', async () => {
    const { gateway, asked } = harness({ server: turns() })
    const events = parse(await (await gateway.fetch(ask('one', { stream: true }))).text())
    const { id } = lastResponse(events)
    expect((await gateway.fetch(ask('two', { previous_response_id: id }))).status).toBe(200)
    expect(asked[1]?.body['previous_response_id']).toBe(id)
  })

  test('a model server that keeps nothing gets the items', async () => {
    const { gateway, asked } = harness({ server: turns([], false) })
    const first = await json(await gateway.fetch(ask('one')))
    const second = await json(
      await gateway.fetch(ask([user('two')], { previous_response_id: first['id'], temperature: 0 })),
    )
    expect(asked[1]?.body).toEqual({
      model: 'gpt-test',
      temperature: 0,
      input: [{ type: 'message', role: 'user', content: 'one' }, message('answer 1', 1), user('two')],
    })
    // The client sees what it asked for.
    expect(second['previous_response_id']).toBe(first['id'])
  })

  test('where the model said something else than was shown, it gets what was shown', async () => {
    const { gateway, asked } = harness({ server: turns(['say MASKME']) })
    const first = await json(await gateway.fetch(ask('one')))
    await gateway.fetch(ask('two', { previous_response_id: first['id'] }))
    expect(JSON.stringify(asked[1]?.body)).not.toContain('MASKME')
    expect(asked[1]?.body['previous_response_id']).toBeUndefined()
    expect(asked[1]?.body['input']).toMatchObject([{}, { content: [{ text: 'say [masked]' }] }, { content: 'two' }])
  })

  test('where the policy now changes an earlier turn, the model gets it changed', async () => {
    const { gateway, pipeline, asked } = harness({
      guards: [wordGuard('LATER', { action: 'modify', replacement: '[later]' })],
      server: turns(),
      policy: { actions: { 'rule.LATER': { action: 'pass' } } },
    })
    const first = await json(await gateway.fetch(ask('say LATER')))
    pipeline.swap({})
    await gateway.fetch(ask('two', { previous_response_id: first['id'] }))
    expect(asked[0]?.body['input']).toBe('say LATER')
    expect(asked[1]?.body['previous_response_id']).toBeUndefined()
    expect(asked[1]?.body['input']).toMatchObject([{ content: 'say [later]' }, {}, { content: 'two' }])
  })

  test('where the policy now stops an earlier turn, the request ends', async () => {
    const { gateway, pipeline } = harness({
      guards: [wordGuard('LATER', { action: 'block' })],
      server: turns(),
      policy: { actions: { 'rule.LATER': { action: 'pass' } } },
    })
    const first = await json(await gateway.fetch(ask('say LATER')))
    pipeline.swap({})
    expect((await gateway.fetch(ask('two', { previous_response_id: first['id'] }))).status).toBe(400)
  })

  test('what was passed on is kept, not what was asked', async () => {
    const { gateway, asked } = harness({ server: turns([], false) })
    const first = await json(await gateway.fetch(ask('one MASKME')))
    await gateway.fetch(ask('two', { previous_response_id: first['id'] }))
    expect(asked[1]?.body['input']).toMatchObject([{ content: 'one [masked]' }, {}, { content: 'two' }])
  })

  test('a refused turn is no part of the conversation', async () => {
    for (const stream of [false, true]) {
      const { gateway, asked } = harness({ server: turns() })
      const first = await json(await gateway.fetch(ask('one')))
      const reply = await gateway.fetch(ask('REFUSEME', { previous_response_id: first['id'], stream }))
      const refusal = stream ? (parse(await reply.text()).at(-1)?.['response'] as Wire) : await json(reply)
      expect(refusal).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } })
      const again = await gateway.fetch(ask('two', { previous_response_id: refusal['id'] }))
      expect(again.status).toBe(200)
      expect(asked.at(-1)?.body['input']).toMatchObject([{ content: 'one' }, { role: 'assistant' }, { content: 'two' }])
    }
  })

  test('a blocked answer is not kept', async () => {
    const { gateway } = harness({ server: turns(['BLOCKME']) })
    expect((await gateway.fetch(ask('one'))).status).toBe(400)
    expect((await gateway.fetch(ask('two', { previous_response_id: idOf('resp', 1) }))).status).toBe(400)
    expect((await gateway.fetch(get(`/v1/responses/${idOf('resp', 1)}`))).status).toBe(404)
  })

  test('nor is one that was not to be stored, or came before a restart', async () => {
    const { gateway } = harness({ server: turns() })
    const unkept = await json(await gateway.fetch(ask('one', { store: false })))
    expect((await gateway.fetch(ask('two', { previous_response_id: unkept['id'] }))).status).toBe(400)
    const kept = await json(await gateway.fetch(ask('one')))
    const restarted = harness({ server: turns() })
    const refused = await restarted.gateway.fetch(ask('two', { previous_response_id: kept['id'] }))
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: { param: 'previous_response_id' } })
  })

  test('the demo model goes on from what was said', async () => {
    const upstream = {
      name: 'bare',
      async open({ messages }: { messages: readonly unknown[] }) {
        return (async function* () {
          yield { type: 'text', text: `heard ${messages.length}` } as const
          yield { type: 'finish', reason: 'stop' } as const
        })()
      },
    }
    const { gateway } = harness({ upstream })
    const first = await json(await gateway.fetch(ask('one')))
    const second = await json(await gateway.fetch(ask('two', { previous_response_id: first['id'] })))
    expect(JSON.stringify(second['output'])).toContain('heard 3')
  })
})

describe('whose they are', () => {
  const keys = [
    { name: 'a', key: 'first-secret-key' },
    { name: 'b', key: 'second-secret-key' },
  ]
  const bearer = (key: string, more: Record<string, string> = {}): Record<string, string> => ({
    authorization: `Bearer ${key}`,
    ...more,
  })

  test('another key, application or user cannot go on from them', async () => {
    const { gateway } = harness({ server: turns(), keys })
    const own = bearer('first-secret-key', { 'x-parapet-user': 'ann', 'x-parapet-application': 'shop' })
    const first = await json(await gateway.fetch(ask('one', {}, own)))
    const id = String(first['id'])
    const on = async (headers: Record<string, string>, extra: Wire = {}): Promise<number> =>
      (await gateway.fetch(ask('two', { previous_response_id: id, ...extra }, headers))).status
    expect(await on(bearer('second-secret-key', { 'x-parapet-user': 'ann', 'x-parapet-application': 'shop' }))).toBe(
      400,
    )
    expect(await on(bearer('first-secret-key', { 'x-parapet-user': 'bob', 'x-parapet-application': 'shop' }))).toBe(400)
    expect(await on(bearer('first-secret-key', { 'x-parapet-user': 'ann' }))).toBe(400)
    expect(await on(bearer('first-secret-key', { 'x-parapet-application': 'shop' }))).toBe(400)
    expect(await on(bearer('first-secret-key', { 'x-parapet-application': 'shop' }), { user: 'ann' })).toBe(200)
    const read = async (headers: Record<string, string>): Promise<number> =>
      (await gateway.fetch(get(`/v1/responses/${id}`, headers))).status
    expect(await read(bearer('second-secret-key', { 'x-parapet-application': 'shop' }))).toBe(404)
    expect(await read(bearer('first-secret-key', { 'x-parapet-user': 'bob', 'x-parapet-application': 'shop' }))).toBe(
      404,
    )
    expect(await read(own)).toBe(200)
    // Whoever holds the key and names no user reads those of all its users.
    expect(await read(bearer('first-secret-key', { 'x-parapet-application': 'shop' }))).toBe(200)
    expect((await gateway.fetch(get(`/v1/responses/${id}`))).status).toBe(401)
  })

  test('items and conversations neither', async () => {
    const { gateway } = harness({ server: turns(), keys })
    await gateway.fetch(ask('one', {}, bearer('first-secret-key')))
    const reference = [{ type: 'item_reference', id: idOf('msg', 1) }, user('two')]
    expect((await gateway.fetch(ask(reference, {}, bearer('second-secret-key')))).status).toBe(400)
    expect((await gateway.fetch(ask(reference, {}, bearer('first-secret-key')))).status).toBe(200)
    const made = await json(await gateway.fetch(post('/v1/conversations', {}, bearer('first-secret-key'))))
    const path = `/v1/conversations/${String(made['id'])}`
    expect((await gateway.fetch(get(path, bearer('second-secret-key')))).status).toBe(404)
    expect((await gateway.fetch(get(path, bearer('second-secret-key'), 'DELETE'))).status).toBe(404)
    expect((await gateway.fetch(get(path, bearer('first-secret-key')))).status).toBe(200)
  })
})

describe('item_reference', () => {
  test('is judged as the item, and passed on as it came where the model server keeps the same', async () => {
    const { gateway, asked } = harness({ server: turns() })
    await gateway.fetch(ask('one'))
    const input = [{ type: 'item_reference', id: idOf('msg', 1) }, user('two')]
    expect((await gateway.fetch(ask(input))).status).toBe(200)
    expect(asked[1]?.body['input']).toEqual(input)
    expect((await gateway.fetch(ask([{ id: idOf('msg', 1) }]))).status).toBe(200)
    expect(asked[2]?.body['input']).toEqual([{ id: idOf('msg', 1) }])
  })

  test('becomes the item as it was shown where it does not', async () => {
    const { gateway, asked } = harness({ server: turns(['say MASKME']) })
    await gateway.fetch(ask('one'))
    await gateway.fetch(ask([{ type: 'item_reference', id: idOf('msg', 1) }, user('two')]))
    expect(asked[1]?.body['input']).toMatchObject([
      { type: 'message', content: [{ text: 'say [masked]' }] },
      user('two'),
    ])
  })
})

describe('conversations', () => {
  test('begin here, grow with every answer, and end', async () => {
    const { gateway, asked } = harness({ server: turns() })
    const made = await json(
      await gateway.fetch(post('/v1/conversations', { metadata: { a: 'b' }, items: [user('zero')] })),
    )
    expect(made).toMatchObject({ object: 'conversation', metadata: { a: 'b' } })
    const conversation = String(made['id'])
    const first = await json(await gateway.fetch(ask('one', { conversation })))
    expect(first['conversation']).toEqual({ id: conversation })
    const events = parse(
      await (await gateway.fetch(ask('two', { conversation: { id: conversation }, stream: true }))).text(),
    )
    expect(events[0]?.['response']).toMatchObject({ conversation: { id: conversation } })
    expect(asked[1]?.body['conversation']).toBeUndefined()
    expect(asked[1]?.body['input']).toMatchObject([
      { content: 'zero' },
      { content: 'one' },
      { id: idOf('msg', 1) },
      { content: 'two' },
    ])
    const items = await json(await gateway.fetch(get(`/v1/conversations/${conversation}/items?order=asc&limit=3`)))
    expect(items).toMatchObject({
      object: 'list',
      has_more: true,
      data: [{ content: 'zero' }, { content: 'one' }, { role: 'assistant' }],
    })
    const path = `/v1/conversations/${conversation}`
    expect(await json(await gateway.fetch(get(path, {}, 'DELETE')))).toMatchObject({ deleted: true })
    expect((await gateway.fetch(get(path))).status).toBe(404)
    expect((await gateway.fetch(ask('three', { conversation }))).status).toBe(400)
  })

  test('what was put in at the beginning is judged with the first request', async () => {
    const { gateway } = harness({ server: turns() })
    const made = await json(await gateway.fetch(post('/v1/conversations', { items: [user('BLOCKME')] })))
    expect((await gateway.fetch(ask('one', { conversation: made['id'] }))).status).toBe(400)
  })

  test('a refused turn does not grow them', async () => {
    const { gateway } = harness({ server: turns(['REFUSEME']) })
    const { id } = await json(await gateway.fetch(post('/v1/conversations', {})))
    expect((await gateway.fetch(ask('one', { conversation: id }))).status).toBe(200)
    expect(await json(await gateway.fetch(get(`/v1/conversations/${String(id)}/items`)))).toMatchObject({ data: [] })
  })

  test('a response of a conversation is not gone on from without it', async () => {
    const { gateway } = harness({ server: turns() })
    const { id } = await json(await gateway.fetch(post('/v1/conversations', { items: [user('zero')] })))
    const first = await json(await gateway.fetch(ask('one', { conversation: id })))
    expect((await gateway.fetch(ask('two', { previous_response_id: first['id'] }))).status).toBe(400)
  })

  test.each([
    [{ items: 'MARKER' }, 'items'],
    [{ metadata: { a: 4 } }, 'metadata.a'],
    [[], 'body'],
  ])('bad input %j is a 400', async (body, param) => {
    const response = await harness().gateway.fetch(post('/v1/conversations', body))
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param } })
  })
})

describe('reading', () => {
  test('a response as it was shown, its input as it was passed on', async () => {
    const { gateway, asked } = harness({ server: answers([ITEMS.message(0), ITEMS.reasoning(1)]) })
    const shown = await json(await gateway.fetch(ask([user('one MASKME'), user('two'), user('three')])))
    const path = `/v1/responses/${String(shown['id'])}`
    expect(await json(await gateway.fetch(get(path)))).toEqual(shown)
    const list = await json(await gateway.fetch(get(`${path}/input_items?limit=2`)))
    expect(list).toMatchObject({ object: 'list', has_more: true, data: [{ content: 'three' }, { content: 'two' }] })
    const next = await json(await gateway.fetch(get(`${path}/input_items?after=${String(list['last_id'])}`)))
    expect(next).toMatchObject({ has_more: false, data: [{ content: 'one [masked]', type: 'message' }] })
    expect(asked).toHaveLength(1)
  })

  test.each([
    ['/v1/responses/resp_unknown', 404, 'not_found'],
    ['/v1/responses/resp_unknown/input_items', 404, 'not_found'],
    ['/v1/responses/resp_unknown?stream=true', 400, 'input_invalid'],
    ['/v1/conversations/conv_unknown/items', 404, 'not_found'],
    ['/v1/responses/resp_unknown/cancel', 404, 'not_found'],
  ])('%s is %i and asks no model server', async (path, status, code) => {
    const { gateway, asked } = harness()
    const response = await gateway.fetch(get(path))
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { code } })
    expect(asked).toHaveLength(0)
  })

  test('a limit that is none is a 400', async () => {
    const { gateway } = harness({ server: turns() })
    const { id } = await json(await gateway.fetch(ask('one')))
    for (const limit of ['0', '101', 'x'])
      expect((await gateway.fetch(get(`/v1/responses/${String(id)}/input_items?limit=${limit}`))).status).toBe(400)
  })

  test('deleting one is not possible: what the model server keeps would stay', async () => {
    const { gateway } = harness({ server: turns() })
    const { id } = await json(await gateway.fetch(ask('one')))
    expect((await gateway.fetch(get(`/v1/responses/${String(id)}`, {}, 'DELETE'))).status).toBe(405)
  })

  test('every word of it was judged', async () => {
    const { gateway } = harness({ guards: WORDS, server: turns(['say MASKME']) })
    const { id } = await json(await gateway.fetch(ask('one MASKME')))
    const text = await (await gateway.fetch(get(`/v1/responses/${String(id)}`))).text()
    expect(text).toContain('[masked]')
    expect(text).not.toContain('MASKME')
  })
})
