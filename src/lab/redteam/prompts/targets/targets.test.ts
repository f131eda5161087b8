/** Targets: a real HTTP server that blocks, holds, limits and dies, an engine that fails, and the shipped model in both decodings. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { sayingModel } from '../../../../../test/support/language-model.ts'
import { engineFailure } from '../../../../engines/calls/index.ts'
import { MODEL_FILES } from '../../../../engines/embedded/index.ts'
import { type LanguageModelEngine, ParapetError } from '../../../../spec/index.ts'
import { worldGoals } from '../goals/world-goals.ts'
import { engineTarget } from './engine-target.ts'
import { parseBody } from './http-body.ts'
import { httpTarget, type HttpTargetOptions } from './http-target.ts'
import { openLocalModel } from './local-model.ts'
import { Pace } from './pace.ts'

const OPTIONS = { maxTokens: 8, temperature: 0, seed: 1 }
const MESSAGES = [{ role: 'user', content: 'hello' }] as const

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

interface Served {
  readonly url: string
  readonly bodies: readonly unknown[]
  readonly requests: readonly IncomingMessage[]
}

async function serve(answer: (response: ServerResponse, number: number) => void): Promise<Served> {
  const [bodies, requests]: [unknown[], IncomingMessage[]] = [[], []]
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (piece: Buffer) => (text += piece.toString()))
    request.on('end', () => {
      requests.push(request)
      answer(response, bodies.push(JSON.parse(text)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, requests }
}

const json = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
const chat = (content: string | null, finish = 'stop'): unknown => ({
  choices: [{ message: { role: 'assistant', content }, finish_reason: finish }],
  usage: { prompt_tokens: 7, completion_tokens: 3 },
})
const failure = (code: string): unknown => ({ error: { code, type: code, message: 'words of the server' } })

const ask = (url: string, more: Partial<HttpTargetOptions> = {}): Promise<unknown> =>
  httpTarget({ url, model: 'small', firstWait: 1, retries: 2, ...more }).ask(MESSAGES, OPTIONS)

describe('a server or gateway', () => {
  test.each([
    ['an answer', 200, chat('hi'), {}, { outcome: 'answered', text: 'hi', promptTokens: 7, answerTokens: 3 }],
    [
      'a refusal of the policy',
      200,
      chat('no', 'content_filter'),
      { 'x-parapet-decision': 'refuse' },
      { outcome: 'refused', text: 'no' },
    ],
    ['an answer withheld by a server', 200, chat('', 'content_filter'), {}, { outcome: 'blocked' }],
    ['a block of a gateway', 400, failure('content_filter'), {}, { outcome: 'blocked', by: 'content_filter' }],
    ['held for review', 202, failure('held'), {}, { outcome: 'blocked', by: 'held for review' }],
    ['a guard that failed', 503, failure('guard_failed'), {}, { outcome: 'failed', reason: 'guard_failed' }],
    ['a guard that took too long', 504, failure('guard_timeout'), {}, { outcome: 'timed_out' }],
    ['a wrong request', 400, failure('input_invalid'), {}, { outcome: 'failed', reason: 'rejected' }],
    ['no answer in it', 200, {}, {}, { outcome: 'failed', reason: 'malformed' }],
  ])('%s is told apart, and asked once', async (_name, status, body, headers, expected) => {
    const { url, bodies } = await serve((response) => json(response, status, body, headers))
    expect(await ask(url)).toMatchObject(expected)
    expect(bodies).toHaveLength(1)
  })

  test.each([
    ['rate limits', 429, { outcome: 'failed', reason: 'rate_limited' }],
    ['errors of the server', 500, { outcome: 'failed', reason: 'server_error' }],
    ['an upstream that is slow', 504, { outcome: 'timed_out' }],
  ])('%s are tried again, as often as said', async (_name, status, expected) => {
    const { url, bodies } = await serve((response) => json(response, status, failure('other')))
    expect(await ask(url)).toMatchObject(expected)
    expect(bodies).toHaveLength(3)
    const mended = await serve((response, number) =>
      number < 3 ? json(response, status, failure('other')) : json(response, 200, chat('hi')),
    )
    expect(await ask(mended.url)).toMatchObject({ outcome: 'answered', text: 'hi' })
  })

  test('while a 429 holds nobody asks', async () => {
    let limited = true
    const { url, bodies } = await serve((response, number) => {
      if (number === 1) setTimeout(() => (limited = false), 150)
      if (limited) json(response, 429, failure('rate_limited'), { 'retry-after': '0.3' })
      else json(response, 200, chat('hi'))
    })
    const target = httpTarget({ url, model: 'small', firstWait: 1 })
    await target.ask(MESSAGES, OPTIONS)
    expect(bodies).toHaveLength(2)
    expect(await ask(url, { longestWait: 100 })).toMatchObject({ outcome: 'answered' })
  })

  test('a wait that is too long ends in a failure, not in a wait', async () => {
    const { url, bodies } = await serve((response) => json(response, 429, failure('x'), { 'retry-after': '3600' }))
    expect(await ask(url)).toMatchObject({ outcome: 'failed', reason: 'rate_limited' })
    expect(bodies).toHaveLength(1)
  })

  test('slow, cut off, and gone differ; gone ends the run', async () => {
    const slow = await serve(() => undefined)
    expect(await ask(slow.url, { timeout: 50, retries: 0 })).toMatchObject({ outcome: 'timed_out' })
    const { url } = await serve((response) => response.destroy())
    await expect(ask(url)).rejects.toThrow(/could not be reached in 3 attempts.*--resume/)
  })

  test.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'configuration'],
    [302, 'configuration'],
  ])('status %d ends the run, and no word of the server is repeated', async (status, code) => {
    const { url } = await serve((response) => json(response, status, failure('secret-of-the-server')))
    const error: unknown = await ask(url).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code })
    expect(String(error)).not.toContain('server.')
  })

  test('an answer broken off half way is a failure of that case, not the end of the run', async () => {
    const { url, bodies } = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '900' })
      response.write('{"choices":[{"message":{"content":"half an ans')
      setTimeout(() => response.destroy(), 20)
    })
    expect(await ask(url)).toMatchObject({ outcome: 'failed', reason: 'broken_off' })
    expect(bodies).toHaveLength(3)
  })

  test('a gigantic answer is left unread, and what is no JSON is no answer', async () => {
    const large = await serve((response) => json(response, 200, chat('x'.repeat(6_000_000))))
    expect(await ask(large.url)).toMatchObject({ outcome: 'failed', reason: 'malformed' })
    const broken = await serve((response) => void response.writeHead(200).end('{"choices":[{"message":'))
    expect(await ask(broken.url)).toMatchObject({ outcome: 'failed', reason: 'malformed' })
  })

  test.each([301, 302, 307, 308])(
    'a redirect by %d to another host never gets there, nor does the key',
    async (status) => {
      const other = await serve((response) => json(response, 200, chat('hi')))
      const { url } = await serve((response) =>
        json(response, status, {}, { location: `${other.url}/v1/chat/completions` }),
      )
      await expect(ask(url, { apiKey: 'k-1' })).rejects.toMatchObject({ code: 'configuration' })
      expect(other.requests).toEqual([])
    },
  )

  test('the key, tool calls and their results go out as the interface has them', async () => {
    const { url, bodies, requests } = await serve((response) => json(response, 200, chat('hi')))
    const target = httpTarget({ url: `${url}/v1/`, model: 'small', apiKey: 'k-1' })
    await target.ask(
      [
        { role: 'assistant', content: '', toolCalls: [{ id: '1', name: 'look', input: '{}' }] },
        { role: 'tool', toolCallId: '1', content: 'found' },
      ],
      OPTIONS,
    )
    expect(requests[0]?.headers.authorization).toBe('Bearer k-1')
    expect(requests[0]?.url).toBe('/v1/chat/completions')
    expect(bodies[0]).toMatchObject({
      model: 'small',
      max_tokens: 8,
      messages: [
        { role: 'assistant', tool_calls: [{ id: '1', type: 'function', function: { name: 'look', arguments: '{}' } }] },
        { role: 'tool', tool_call_id: '1', content: 'found' },
      ],
    })
  })

  test('no body makes the reader throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(Object.keys(parseBody(text))).toEqual(['text', 'finish', 'usage', 'code', 'type'])
      }),
    )
    expect(() => httpTarget({ url: 'ftp://x', model: 'm' })).toThrow(ParapetError)
    expect(() => new Pace(0)).toThrow(ParapetError)
  })
})

describe('an engine', () => {
  const failing = (error: unknown): LanguageModelEngine => ({
    ...sayingModel([]),
    // eslint-disable-next-line require-yield
    async *generate() {
      throw error
    },
  })

  test('fails for the moment, is too slow, or ends the run', async () => {
    const of = (error: unknown): Promise<unknown> => engineTarget({ engine: failing(error) }).ask(MESSAGES, OPTIONS)
    expect(await of(engineFailure('server_error', 'x'))).toMatchObject({ outcome: 'failed', reason: 'server_error' })
    expect(await of(engineFailure('timeout', 'x'))).toMatchObject({ outcome: 'timed_out' })
    expect(await of(new ParapetError('input_too_large', 'x'))).toMatchObject({ reason: 'input_too_large' })
    await expect(of(new ParapetError('engine_unavailable', 'x'))).rejects.toMatchObject({ code: 'engine_unavailable' })
    await expect(of(engineFailure('unauthorized', 'x'))).rejects.toMatchObject({ code: 'upstream_error' })
  })

  test('is not asked what does not fit', async () => {
    const engine = sayingModel(['hi'])
    const target = engineTarget({ engine, fits: () => false })
    expect(await target.ask(MESSAGES, OPTIONS)).toMatchObject({ outcome: 'failed', reason: 'too_long', calls: 0 })
    expect(engine.asked).toEqual([])
  })
})

test('the shipped model says the same in batches and one by one, and knows what fits', async () => {
  const path = fileURLToPath(MODEL_FILES.chat)
  const [batched, plain] = [
    await openLocalModel({ path, id: 'demo' }),
    await openLocalModel({ path, id: 'demo', decoding: 'plain' }),
  ]
  const texts = worldGoals({ count: 4 })
    .goals(1)
    .map(({ texts: own, language }) => own[language] ?? '')
  const say = async ({ engine }: typeof plain, content: string): Promise<string> => {
    const reply = await engineTarget({ engine }).ask([{ role: 'user', content }], { ...OPTIONS, maxTokens: 40 })
    return reply.outcome === 'answered' ? reply.text : reply.outcome
  }
  const together = await Promise.all([...texts, ...texts].map((text) => say(batched, text)))
  expect(together.slice(0, 2)).toEqual([await say(plain, texts[0] ?? ''), await say(plain, texts[1] ?? '')])
  expect(together.slice(4)).toEqual(together.slice(0, 4))
  expect(new Set(together).size).toBeGreaterThan(2)
  expect(batched.fits([{ role: 'user', content: 'word '.repeat(40) }], 40)).toBe(true)
  expect(batched.fits([{ role: 'user', content: 'word '.repeat(400) }], 40)).toBe(false)
  expect(plain.version).toBe(batched.version)
  await batched.dispose()
})
