/** `route.engine`: the model that makes a router's first call. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Parapet } from '../../src/compose/index.ts'
import { createParapet, parsePolicy } from '../../src/compose/index.ts'
import { json, startWireServer } from '../engines/wire-server.ts'
import { choice, completion } from './completions/support.ts'

type Body = Readonly<Record<string, unknown>>

const REQUEST = 'How old is the mill?'
const first = (route: string): string =>
  JSON.stringify({ system_check_result: 'A check.', route, system_tip: 'Be brief.' })
const second = (text: string): string => JSON.stringify({ reevaluation: 'Fine.', final_response: text })

const open: Parapet[] = []
afterEach(async () => {
  for (const parapet of open.splice(0)) await parapet.close()
})

describe('a router’s own engine', () => {
  const yaml = (engine: string): string =>
    `parapet: 1\nroute: { use: primeguard, guidelines: [No bets], engine: ${engine} }\n`

  test('named in the policy makes the first call; the model server is asked once', async () => {
    const server = await startWireServer((response) => {
      const message = { role: 'assistant', content: first('potential_violation') }
      json({ choices: [{ index: 0, message, finish_reason: 'stop' }] })(response, { path: '', headers: {}, body: null })
    })
    const asked: Body[] = []
    const policy = parsePolicy(yaml(`{ url: "${server.url}/v1", model: small, keyEnv: ROUTE_KEY }`), 'parapet.yaml')
    const parapet = await createParapet(policy, {
      env: { ROUTE_KEY: 'sk-1' },
      upstream: {
        url: 'http://model.test/v1',
        fetch: async (input, init) => {
          asked.push((await new Request(input, init).json()) as Body)
          return Response.json(completion([choice(second('It is old.'))]))
        },
      },
    })
    open.push(parapet)
    const response = await parapet.fetch(
      new Request('http://gateway.test/v1/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm', prompt: REQUEST }),
      }),
    )
    expect(await response.text()).toContain('"text":"It is old."')
    expect([asked.length, server.asked.length]).toEqual([1, 1])
    expect(server.asked[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer sk-1' },
      body: { model: 'small', temperature: 0, max_tokens: 400 },
    })
    await server.close()
  })

  test('that fails is no way to an unrouted answer', async () => {
    const asked: unknown[] = []
    const policy = parsePolicy(yaml('{ url: "http://127.0.0.1:9/v1", model: small, retries: 0 }'), 'parapet.yaml')
    const parapet = await createParapet(policy, {
      upstream: {
        url: 'http://model.test/v1',
        fetch: (input) => {
          asked.push(input)
          return Promise.resolve(Response.json(completion([choice('It is old.')])))
        },
      },
    })
    open.push(parapet)
    const response = await parapet.fetch(
      new Request('http://gateway.test/v1/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm', prompt: REQUEST }),
      }),
    )
    expect([response.status >= 500, asked.length]).toEqual([true, 0])
  })

  test.each([
    ['{ model: small }', 'route.engine.url'],
    ['{ url: localhost, model: small }', 'route.engine.url'],
    ['{ url: "http://localhost:1/v1", model: small, api: completions }', 'route.engine.api'],
    ['small', 'route.engine'],
  ])('with a mistake is told by its key: %s', async (engine, key) => {
    const wrong = async (): Promise<Parapet> => createParapet(parsePolicy(yaml(engine), 'parapet.yaml'))
    await expect(wrong()).rejects.toMatchObject({
      code: 'policy_invalid',
      message: expect.stringContaining(key) as string,
    })
  })

  test('whose key is missing is said at once', async () => {
    const policy = parsePolicy(yaml('{ url: "http://localhost:1/v1", model: m, keyEnv: ROUTE_KEY }'), 'parapet.yaml')
    await expect(createParapet(policy, { env: {} })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('ROUTE_KEY') as string,
    })
  })
})
