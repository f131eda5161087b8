/** Every way in which a model server gives no answer is told apart, and no error holds a key, a prompt or what the server said. */
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { failureReason } from '../../src/engines/calls/index.ts'
import type { OpenAiCompatibleOptions } from '../../src/engines/openai-compatible/index.ts'
import { createOpenAiCompatibleEngine } from '../../src/engines/openai-compatible/index.ts'
import { parseRetryAfter } from '../../src/engines/openai-compatible/post-json.ts'
import type { CompletionEngine, CompletionRequest } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import type { Answer, WireServer } from './wire-server.ts'
import { json, startWireServer } from './wire-server.ts'

const KEY = 'sk-secret-4711'
const request: CompletionRequest = {
  chat: { messages: [{ role: 'user', content: 'the judged prompt' }] },
  completion: null,
  stop: [],
  maxTokens: 8,
  topLogprobs: 5,
}
const good = { choices: [{ message: { content: 'safe' }, finish_reason: 'stop' }] }

const servers: WireServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function serve(answer: Answer): Promise<WireServer> {
  const server = await startWireServer(answer)
  servers.push(server)
  return server
}

async function engineOn(answer: Answer, options: Partial<OpenAiCompatibleOptions> = {}): Promise<CompletionEngine> {
  const { url } = await serve(answer)
  return createOpenAiCompatibleEngine({ url, model: 'm', apiKey: KEY, ...options })
}

/** The error of a call, after a look whether it tells too much. */
async function failure(engine: CompletionEngine, asked: CompletionRequest = request): Promise<ParapetError> {
  const error: unknown = await engine.complete(asked).then(
    () => new Error('It answered.'),
    (cause: unknown) => cause,
  )
  if (!ParapetError.isInstance(error)) throw error
  const told = `${error.message} ${JSON.stringify(error.details)} ${String(error.cause)} ${error.stack ?? ''}`
  for (const secret of [KEY, 'judged prompt', 'server words']) expect(told).not.toContain(secret)
  return error
}

const echo = { error: { message: `server words about ${KEY} and the judged prompt` } }
const raw =
  (text: string, type = 'application/json'): Answer =>
  (response) =>
    response.writeHead(200, { 'content-type': type }).end(text)

describe('a server that answers', () => {
  test.each<readonly [string, Answer, string, string]>([
    ['401', json(echo, 401), 'unauthorized', 'upstream_error'],
    ['403', json(echo, 403), 'unauthorized', 'upstream_error'],
    ['404', json(echo, 404), 'not_found', 'upstream_error'],
    ['400', json(echo, 400), 'rejected', 'upstream_error'],
    ['408', json(echo, 408), 'timeout', 'upstream_timeout'],
    ['429', json(echo, 429), 'rate_limited', 'rate_limited'],
    ['500', json(echo, 500), 'server_error', 'upstream_error'],
    ['503', json(echo, 503), 'server_error', 'upstream_error'],
    ['HTML', raw('<html>server words</html>', 'text/html; charset=utf-8'), 'wrong_type', 'upstream_error'],
    ['plain text', raw('server words', 'text/plain'), 'wrong_type', 'upstream_error'],
    ['broken JSON', raw('{"choices": [server words'), 'malformed', 'upstream_error'],
    ['nothing', raw(''), 'malformed', 'upstream_error'],
    ['another form', json({ output: 'server words' }), 'malformed', 'upstream_error'],
    ['null', json(null), 'malformed', 'upstream_error'],
    ['a list', json([good]), 'malformed', 'upstream_error'],
    ['no choices', json({ choices: [] }), 'empty', 'upstream_error'],
    ['a choice that is none', json({ choices: ['server words'] }), 'malformed', 'upstream_error'],
    ['content that is no text', json({ choices: [{ message: { content: 4 } }] }), 'malformed', 'upstream_error'],
    [
      'an abort',
      json({ choices: [{ message: { content: 'safe' }, finish_reason: 'abort' }] }),
      'malformed',
      'upstream_error',
    ],
    ['too much', json({ ...good, padding: 'x'.repeat(3_000) }), 'too_large', 'upstream_error'],
    [
      'half of its body',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        response.write('{"choices": [', () => response.destroy())
      },
      'broken_off',
      'upstream_error',
    ],
    ['nothing and hangs up', (response) => response.destroy(), 'unreachable', 'upstream_error'],
    [
      'half of its body and falls silent',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
      'timeout',
      'upstream_timeout',
    ],
    ['never', () => undefined, 'timeout', 'upstream_timeout'],
  ])('with %s', async (_what, answer, reason, code) => {
    const error = await failure(
      await engineOn(answer, { timeout: reason === 'timeout' ? 150 : 30_000, maxAnswer: 2_000 }),
    )
    expect([failureReason(error), error.code]).toEqual([reason, code])
  })

  test.each([301, 302, 307, 308])(
    'with a redirect (%i) is not followed, and no key leaves for the other host',
    async (status) => {
      const other = await serve(json(good))
      const error = await failure(await engineOn(json({}, status, { location: `${other.url}/v1/chat/completions` })))
      expect(failureReason(error)).toBe('redirected')
      expect(other.asked).toEqual([])
    },
  )

  test('says when to come back, in seconds or as a date', async () => {
    const error = await failure(await engineOn(json(echo, 429, { 'retry-after': '2' })))
    expect(error.details).toEqual({ reason: 'rate_limited', status: 429, retryAfter: 2_000 })
    const now = Date.parse('2026-11-27T10:00:00Z')
    expect(parseRetryAfter('Fri, 27 Nov 2026 10:00:05 GMT', now)).toBe(5_000)
    expect(parseRetryAfter('Fri, 27 Nov 2026 09:00:00 GMT', now)).toBe(0)
    for (const nonsense of ['', 'soon', '-1', '1e9', 'NaN', '2026-11-27'])
      expect(parseRetryAfter(nonsense, now)).toBeNull()
  })

  test('with a refusal of its own is filtered, not empty', async () => {
    const declined = { choices: [{ message: { content: null, refusal: 'No.' }, finish_reason: 'stop' }] }
    expect(await (await engineOn(json(declined))).complete(request)).toMatchObject({ text: '', finish: 'filtered' })
    const filtered = { choices: [{ message: { content: '' }, finish_reason: 'content_filter' }] }
    expect(await (await engineOn(json(filtered))).complete(request)).toMatchObject({ finish: 'filtered' })
  })

  test('with a prompt it has cut is an answer to something else', async () => {
    const cut = { content: 'safe', stop_type: 'eos', truncated: true }
    const engine = await engineOn(json(cut), { dialect: 'llama.cpp', api: 'completions' })
    expect(failureReason(await failure(engine, { ...request, completion: 'the judged prompt' }))).toBe('truncated')
  })

  test('without the probabilities asked for: null where they are wanted, a failure where they are required', async () => {
    expect((await (await engineOn(json(good))).complete(request)).tokens).toBeNull()
    expect(failureReason(await failure(await engineOn(json(good), { logprobs: 'required' })))).toBe('no_logprobs')
  })
})

test.each(['openai', 'vllm', 'llama.cpp', 'ollama'] as const)(
  '%s: whatever JSON comes, there is a completion or a failure with a reason',
  async (dialect) => {
    const words = fc.constantFrom(
      'choices',
      'message',
      'content',
      'logprobs',
      'done',
      'usage',
      'stop_type',
      'text',
      'tokens',
    )
    const part = fc.oneof(fc.jsonValue(), fc.constant('stop'), fc.constant(true), fc.constant(3))
    const known = fc.dictionary(words, fc.oneof(part, fc.array(fc.dictionary(words, part), { maxLength: 2 })))
    await fc.assert(
      fc.asyncProperty(fc.oneof(known, fc.jsonValue()), fc.boolean(), async (value, asText) => {
        const send = async (): Promise<Response> => Response.json(value)
        const api = asText ? 'completions' : 'chat'
        const engine = createOpenAiCompatibleEngine({
          url: 'http://localhost:1',
          model: 'm',
          dialect,
          api,
          fetch: send,
        })
        const answered = await engine.complete({ ...request, completion: 'raw' }).catch((cause: unknown) => cause)
        if (answered instanceof Error) expect(failureReason(answered)).not.toBeNull()
        else
          expect(answered).toMatchObject({
            text: expect.any(String),
            finish: expect.stringMatching(/^(stop|length|filtered)$/),
          })
      }),
      { numRuns: 200 },
    )
  },
)

test('a server that is not there is unreachable', async () => {
  const server = await startWireServer(json(good))
  await server.close()
  const engine = createOpenAiCompatibleEngine({ url: server.url, model: 'm', apiKey: KEY })
  expect(failureReason(await failure(engine))).toBe('unreachable')
})

test('a caller who leaves ends the call: before it began, and while it runs, when the connection is closed', async () => {
  const controller = new AbortController()
  const { signal } = controller
  let hungUp = (): void => undefined
  const closed = new Promise<void>((resolve) => (hungUp = resolve))
  const engine = await engineOn((response) => {
    response.on('close', hungUp)
    controller.abort()
  })
  await expect(engine.complete(request, { signal })).rejects.toMatchObject({ code: 'aborted' })
  await closed
  await expect(engine.complete(request, { signal })).rejects.toMatchObject({ code: 'aborted' })
})

test('a fetch that ignores its signal is not waited for', async () => {
  const deaf = (): Promise<Response> => new Promise(() => undefined)
  const engine = createOpenAiCompatibleEngine({ url: 'http://localhost:1', model: 'm', fetch: deaf, timeout: 20 })
  expect(failureReason(await failure(engine))).toBe('timeout')
})

test('nothing is asked once the deadline has passed', async () => {
  const server = await serve(json(good))
  const engine = createOpenAiCompatibleEngine({ url: server.url, model: 'm' })
  await expect(engine.complete(request, { deadline: Date.now() - 1 })).rejects.toMatchObject({
    code: 'upstream_timeout',
  })
  expect(server.asked).toEqual([])
})

describe('settings', () => {
  const base = { url: 'http://localhost:1/v1', model: 'm' }

  test.each<Partial<OpenAiCompatibleOptions> & Record<string, unknown>>([
    { url: 'localhost' },
    { url: 'file:///etc/passwd' },
    { url: 'http://me:secret@localhost/v1' },
    { url: 'http://localhost/v1?key=secret' },
    { model: '' },
    { timeout: 0 },
    { timeout: 2 ** 31 },
    { maxAnswer: 1.5 },
    { apiKey: `${KEY}\nx` },
    { headers: { 'x y': KEY } },
    { dialect: 'other' as 'openai' },
    { api: 'responses' as 'chat' },
  ])('%#: wrong ones are refused without a word of the key', (options) => {
    const create = (): unknown => createOpenAiCompatibleEngine({ ...base, ...options })
    expect(create).toThrow(
      expect.objectContaining({ code: 'configuration', message: expect.not.stringMatching(/secret/) }),
    )
    expect(create).toThrow(expect.not.objectContaining({ cause: expect.anything() }))
  })

  test('neither name nor version of an engine holds its key', () => {
    const { id, version } = createOpenAiCompatibleEngine({ ...base, apiKey: KEY, headers: { 'x-key': KEY } })
    expect(`${id} ${version}`).not.toContain(KEY)
    expect(id).toBe('m at localhost:1')
  })

  test('what a server has no words for is said before it is asked', async () => {
    const withOptions = { ...request, chat: { messages: [], templateOptions: { think: true } } }
    const onlyText = { ...request, chat: null, completion: 'x' }
    const ask = async (options: Partial<OpenAiCompatibleOptions>, asked: CompletionRequest): Promise<unknown> =>
      createOpenAiCompatibleEngine({ ...base, ...options }).complete(asked)
    await expect(ask({}, withOptions)).rejects.toThrow(/chat template/)
    await expect(ask({ dialect: 'ollama' }, withOptions)).rejects.toThrow(/chat template/)
    await expect(ask({ api: 'chat' }, onlyText)).rejects.toThrow(/no chat form/)
    await expect(ask({ api: 'completions' }, request)).rejects.toThrow(/no raw prompt/)
    await expect(ask({}, { ...request, maxTokens: 0 })).rejects.toMatchObject({ code: 'input_invalid' })
  })

  test('where a server cannot render the messages, the raw prompt asks the same', async () => {
    const server = await serve(json({ choices: [{ text: 'safe', finish_reason: 'stop' }] }))
    const both = { ...request, chat: { messages: [], templateOptions: { think: true } }, completion: 'raw' }
    const engine = createOpenAiCompatibleEngine({ url: server.url, model: 'm' })
    expect((await engine.complete(both)).text).toBe('safe')
    expect(server.asked[0]?.path).toBe('/v1/completions')
  })

  test('extra fields win over those written here, and null takes one out', async () => {
    const server = await serve(json(good))
    const extra = { max_tokens: null, max_completion_tokens: 99, reasoning_effort: 'low' }
    await createOpenAiCompatibleEngine({ url: server.url, model: 'm', extra }).complete(request)
    expect(server.asked[0]?.body).toMatchObject({ max_completion_tokens: 99, reasoning_effort: 'low' })
    expect(server.asked[0]?.body).not.toHaveProperty('max_tokens')
  })
})
