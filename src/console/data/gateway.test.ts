import { describe, expect, test } from 'vitest'
import type { GatewayClient } from './gateway.ts'
import { createGatewayClient } from './gateway.ts'
import type { Problem } from './problem.ts'
import { problemFrom } from './problem.ts'

interface Call {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: unknown
}

function clientWith(
  answer: () => Response | Promise<Response>,
  key: string | null = null,
): { readonly client: GatewayClient; readonly calls: Call[] } {
  const calls: Call[] = []
  const client = createGatewayClient({
    base: 'https://gate.example/prefix/',
    key: () => key,
    fetch: async (url, init = {}) => {
      calls.push({
        url: String(url),
        method: init.method ?? 'GET',
        headers: new Headers(init.headers),
        body: typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : null,
      })
      return answer()
    },
  })
  return { client, calls }
}

const problemOfCall = (call: Promise<unknown>): Promise<Problem> =>
  call.then(
    () => {
      throw new Error('it should have failed')
    },
    (thrown: unknown) => problemFrom(thrown),
  )

const DECISION = {
  object: 'parapet.decision',
  id: 'a/b',
  at: '',
  decision: 'hold',
  guards: [],
  spans: [],
  feedback: [],
  critiques: [],
}

describe('what is sent', () => {
  test('addresses are below the page, names in them are escaped', async () => {
    const { client, calls } = clientWith(() => Response.json(DECISION))
    await client.decision('a/b?c')
    await client.feedback('a/b', { verdict: 'correct', note: 'x' })
    await client.review('a/b', { verdict: 'approve' })
    expect(calls.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', 'https://gate.example/prefix/v1/decisions/a%2Fb%3Fc', null],
      ['POST', 'https://gate.example/prefix/v1/decisions/a%2Fb/feedback', { verdict: 'correct', note: 'x' }],
      ['POST', 'https://gate.example/prefix/v1/decisions/a%2Fb/review', { verdict: 'approve' }],
    ])
  })

  test('the query of a list holds only what was asked for', async () => {
    const { client, calls } = clientWith(() => Response.json({ object: 'list', data: [], next_cursor: null }))
    await client.list({ limit: 50, decisions: [] })
    await client.list({ limit: 5, decisions: ['block', 'hold'], cursor: 'c&d' })
    expect(calls.map(({ url }) => url.split('?')[1])).toEqual([
      'limit=50',
      'limit=5&cursor=c%26d&decision=block%2Chold',
    ])
  })

  test('the key goes into the authorization header, and nowhere without a key', async () => {
    const session = (): Response => Response.json({ object: 'parapet.session' })
    const keyed = clientWith(session, 'the-key')
    const open = clientWith(session)
    await keyed.client.session()
    await open.client.session()
    expect(keyed.calls[0]?.headers.get('authorization')).toBe('Bearer the-key')
    expect(keyed.calls[0]?.url).not.toContain('the-key')
    expect(open.calls[0]?.headers.has('authorization')).toBe(false)
  })
})

describe('what comes back', () => {
  test('an error of the gateway is told in its words, with what to do', async () => {
    const error = { message: 'The key is wrong.', type: 'authentication_error', code: 'unauthorized', param: null }
    const { client } = clientWith(() => Response.json({ error }, { status: 401, headers: { 'retry-after': '7' } }))
    expect(await problemOfCall(client.session())).toEqual({
      code: 'unauthorized',
      title: 'The key was not accepted',
      message: 'The key is wrong.',
      remedy: 'Enter a key that this gateway knows.',
      status: 401,
      param: null,
      decisionId: null,
      retryAfter: 7,
    })
  })

  test.each([
    ['a page of a proxy', new Response('<h1>Bad gateway</h1>', { status: 502 }), 502],
    ['an error of another shape', Response.json({ error: 'no' }, { status: 500 }), 500],
    ['a success that is not JSON', new Response('hello'), 200],
    ['a success of another kind', Response.json({ object: 'model' }), 200],
    ['a success that is no object', Response.json([1]), 200],
  ])('%s is not understood', async (_name, response, status) => {
    const { client } = clientWith(() => response)
    expect(await problemOfCall(client.session())).toMatchObject({ code: 'unreadable', status })
  })

  test('no answer is told apart from a wrong one', async () => {
    const { client } = clientWith(() => Promise.reject(new TypeError('Failed to fetch')))
    expect(await problemOfCall(client.guard({ prompt: 'a' }))).toMatchObject({ code: 'network', status: null })
  })

  test('an aborted call rejects with its reason and is no problem', async () => {
    const { client } = clientWith(() => Promise.reject(new DOMException('aborted', 'AbortError')))
    const reason = new Error('changed my mind')
    await expect(client.guard({ prompt: 'a' }, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test('of a decision that is held and not recorded only that is known', async () => {
    const { client } = clientWith(() => Response.json({ id: 'a', object: 'parapet.decision', status: 'held' }))
    expect(await client.decision('a')).toBeNull()
  })

  test('an error of a live connection is a problem as any other', async () => {
    const error = { message: 'm', type: 'server_error', code: 'shutting_down', param: null }
    const { client } = clientWith(() => Response.json({ error }, { status: 503 }))
    expect(await problemOfCall(client.live(AbortSignal.timeout(60_000)))).toMatchObject({ code: 'shutting_down' })
  })
})
