import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Policy } from '../spec/index.ts'
import type { Parapet } from './index.ts'
import { createParapet, parsePolicy } from './index.ts'

interface Asked {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let server: Server
let url: string
let asked: Asked[] = []
const open: Parapet[] = []

/** A server whose model finds unsafe whatever contains the word wrong. */
beforeEach(async () => {
  asked = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      asked.push({ headers: request.headers, body })
      const content = body.includes('wrong') ? 'unsafe\nS9' : 'safe'
      response.setHeader('content-type', 'application/json')
      const usage = { prompt_tokens: 900, completion_tokens: 2 }
      response.end(JSON.stringify({ choices: [{ message: { content }, finish_reason: 'stop' }], usage }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})

afterEach(async () => {
  for (const parapet of open.splice(0)) await parapet.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function parapetWith(yaml: string, env: Readonly<Record<string, string>> = {}): Promise<Parapet> {
  const parapet = await createParapet(parsePolicy(`parapet: 1\n${yaml}`, 'parapet.yaml'), { env })
  open.push(parapet)
  return parapet
}

const judge = (more = ''): string =>
  `{ use: judge, format: llama-guard-3, engine: { url: "${url}", model: guard${more} } }`

test('a policy names a judge and its server, and the judge decides', async () => {
  const parapet = await parapetWith(`rails: { input: [safety], output: [safety] }\nguards: { safety: ${judge()} }`)
  expect((await parapet.check('hello')).decision).toBe('pass')
  const blocked = await parapet.check('a wrong thing')
  expect([blocked.decision, blocked.categories['S9']]).toEqual(['block', 1])
  expect(asked).toHaveLength(2)
  expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({
    model: 'guard',
    messages: [{ role: 'user', content: 'hello' }],
  })
  expect(asked[0]?.headers.authorization).toBeUndefined()
})

test('a server that is gone is an error, not a clean text', async () => {
  const parapet = await parapetWith(`rails: { input: [safety] }\nguards: { safety: ${judge(', retries: 0')} }`)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const { decision, error } = await parapet.check('hello')
  expect([decision, error?.code]).toEqual(['error', 'guard_failed'])
})

test('the key comes from the variable named, and a missing one is said at once', async () => {
  const yaml = `rails: { input: [safety] }\nguards: { safety: ${judge(', keyEnv: JUDGE_KEY')} }`
  const parapet = await parapetWith(yaml, { JUDGE_KEY: 'sk-4711' })
  await parapet.check('hello')
  expect(asked[0]?.headers.authorization).toBe('Bearer sk-4711')
  await expect(parapetWith(yaml)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('JUDGE_KEY'),
  })
})

test('judges that name the same engine share its budget', async () => {
  // Room for one verdict, as the server counts.
  const definition = judge(', budget: { tokens: 1000, window: 1h }')
  const documents = definition.replace('use: judge', 'use: judge, stages: [retrieval]')
  const parapet = await parapetWith(
    `rails: { input: [one], retrieval: [two] }\nguards: { one: ${definition}, two: ${documents} }`,
  )
  expect((await parapet.check('hello')).decision).toBe('pass')
  const second = await parapet.check({ prompt: 'hello', stage: 'retrieval' })
  expect([second.decision, second.error?.message]).toEqual(['error', expect.stringContaining('budget of tokens')])
  expect(asked).toHaveLength(1)
})

test.each<readonly [string, string, string]>([
  ['no format', 'engine: { url: "http://localhost:1", model: m }', 'guards.j.format'],
  ['an unknown format', 'format: llama, engine: { url: "http://localhost:1", model: m }', 'guards.j.format'],
  ['no model', 'format: thinkguard, engine: { url: "http://localhost:1" }', 'guards.j.engine.model'],
  ['a url that is none', 'format: thinkguard, engine: { url: localhost, model: m }', 'guards.j.engine.url'],
  ['a key in the policy', 'format: thinkguard, engine: { url: "http://localhost:1", model: m, apiKey: x }', 'apiKey'],
  [
    'a wrong duration',
    'format: thinkguard, timeout: soon, engine: { url: "http://localhost:1", model: m }',
    'guards.j.timeout',
  ],
])('%s is a mistake of the policy', async (_what, options, key) => {
  const wrong = parapetWith(`rails: { input: [j] }\nguards: { j: { use: judge, ${options} } }`)
  await expect(wrong).rejects.toMatchObject({ code: 'policy_invalid', message: expect.stringContaining(key) })
})

test('a judge without a definition is a mistake of the policy too', async () => {
  const policy: Policy = { parapet: 1, rails: { input: ['judge'] } }
  await expect(createParapet(policy)).rejects.toMatchObject({ code: 'policy_invalid' })
})
