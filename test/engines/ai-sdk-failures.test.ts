/** Providers of the AI SDK that fail, with the SDK's own errors: each has a reason, and nothing they hold is repeated. */
import { MockLanguageModelV3 } from 'ai/test'
import * as provider from 'ai-sdk-provider-v3'
import { describe, expect, test } from 'vitest'
import { createAiSdkEngine } from '../../src/engines/ai-sdk/index.ts'
import { createReliableEngine, failureReason } from '../../src/engines/calls/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import { question } from './scripted-engine.ts'

const SECRET = 'sk-secret-4711'

function throwing(thrown: unknown): MockLanguageModelV3 {
  return new MockLanguageModelV3({ doGenerate: () => Promise.reject(thrown) })
}

async function failure(asked: Promise<unknown>): Promise<ParapetError> {
  const error = await asked.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (!ParapetError.isInstance(error)) throw new Error('It did not fail as an engine does.')
  return error
}

describe('a provider that fails', () => {
  const call = (facts: Partial<ConstructorParameters<typeof provider.APICallError>[0]>): unknown =>
    new provider.APICallError({
      ...{ message: `words with ${SECRET}`, url: `http://x/?key=${SECRET}`, responseBody: SECRET },
      requestBodyValues: { messages: [SECRET] },
      ...facts,
    })

  test.each<readonly [string, unknown, string]>([
    ['no connection', call({ cause: new Error('connect ECONNREFUSED') }), 'unreachable'],
    ['401', call({ statusCode: 401 }), 'unauthorized'],
    ['404', call({ statusCode: 404 }), 'not_found'],
    ['400', call({ statusCode: 400 }), 'rejected'],
    ['408', call({ statusCode: 408 }), 'timeout'],
    ['429', call({ statusCode: 429 }), 'rate_limited'],
    ['302', call({ statusCode: 302 }), 'redirected'],
    ['529', call({ statusCode: 529 }), 'server_error'],
    [
      'broken JSON',
      call({ statusCode: 200, cause: new provider.JSONParseError({ text: SECRET, cause: null }) }),
      'malformed',
    ],
    [
      'another form',
      call({ statusCode: 200, cause: new provider.TypeValidationError({ value: SECRET, cause: null }) }),
      'malformed',
    ],
    ['a web page', call({ statusCode: 200, responseHeaders: { 'content-type': 'text/html' } }), 'wrong_type'],
    ['half an answer', call({ statusCode: 200, cause: new TypeError('terminated') }), 'broken_off'],
    ['nothing', new provider.EmptyResponseBodyError(), 'empty'],
    ['no choices', new provider.InvalidResponseDataError({ data: SECRET }), 'malformed'],
    ['no such model', new provider.NoSuchModelError({ modelId: SECRET, modelType: 'languageModel' }), 'not_found'],
    ['no key', new provider.LoadAPIKeyError({ message: SECRET }), 'configuration'],
    ['what it cannot', new provider.UnsupportedFunctionalityError({ functionality: SECRET }), 'configuration'],
    ['a timer of its own', new DOMException(SECRET, 'TimeoutError'), 'timeout'],
    ['a socket', Object.assign(new Error(SECRET), { code: 'ECONNRESET' }), 'unreachable'],
    ['fetch', new TypeError('fetch failed'), 'unreachable'],
    ['a defect', new RangeError(SECRET), 'server_error'],
    ['a text', SECRET, 'server_error'],
    ['nothing thrown', undefined, 'server_error'],
  ])('with %s has a reason, and repeats nothing', async (_what, thrown, reason) => {
    const error = await failure(createAiSdkEngine({ model: throwing(thrown) }).complete(question()))
    expect(failureReason(error) ?? error.code).toBe(reason)
    expect(error.cause).toBeUndefined()
    expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain(SECRET)
  })

  const cyclic: Record<string, unknown> = { name: SECRET }
  cyclic['cause'] = cyclic
  const explosive = new Proxy(new Error(SECRET), {
    get: () => {
      throw new Error(SECRET)
    },
  })
  const { proxy: revoked, revoke } = Proxy.revocable({}, {})
  revoke()

  test.each<readonly [string, unknown, string]>([
    ['a cycle', cyclic, 'server_error'],
    ['getters that throw', explosive, 'server_error'],
    ['headers that throw', { statusCode: 429, responseHeaders: explosive }, 'rate_limited'],
    ['a proxy that is gone', revoked, 'server_error'],
    ['a name of every object', Object.assign(new Error(SECRET), { name: 'constructor' }), 'server_error'],
    ['such a name in its cause', call({ statusCode: 200, cause: { name: 'toString' } }), 'broken_off'],
    ['a status that is none', { statusCode: Number.NaN }, 'server_error'],
    ['status 0', { statusCode: 0, message: SECRET }, 'server_error'],
    ['a symbol', Symbol(SECRET), 'server_error'],
    ['null', null, 'server_error'],
  ])('in a strange way, %s, fails like any other', async (_what, thrown, reason) => {
    const error = await failure(createAiSdkEngine({ model: throwing(thrown) }).complete(question()))
    expect(failureReason(error) ?? error.code).toBe(reason)
    expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain(SECRET)
  })

  test('or answers with what throws when it is read: malformed, without its words', async () => {
    const trap = (): never => {
      throw new Error(SECRET)
    }
    const answer = { content: [{ type: 'text', get text() { return trap() } }], finishReason: 'stop' } // prettier-ignore
    const model = new MockLanguageModelV3({ doGenerate: () => Promise.resolve(answer as never) })
    const error = await failure(createAiSdkEngine({ model }).complete(question()))
    expect([failureReason(error), error.message.includes(SECRET), error.cause]).toEqual(['malformed', false, undefined])
  })

  test('settings that JSON cannot hold are refused', () => {
    for (const extra of [cyclic, { n: 1n }])
      expect(() => createAiSdkEngine({ model: throwing(null), extra })).toThrow(
        expect.objectContaining({ code: 'configuration' }),
      )
  })

  test('says when to come back', async () => {
    for (const [headers, wait] of [
      [{ 'retry-after': '2' }, 2_000],
      [{ 'retry-after': '2', 'retry-after-ms': '250' }, 250],
      [{ 'retry-after': 'soon' }, undefined],
    ] as const) {
      const thrown = call({ statusCode: 429, responseHeaders: headers })
      const error = await failure(createAiSdkEngine({ model: throwing(thrown) }).complete(question()))
      expect(error.details['retryAfter']).toBe(wait)
    }
  })

  test('is asked once: the tries are those of the reliable engine', async () => {
    const mock = throwing(call({ statusCode: 503, isRetryable: true }))
    const inner = createAiSdkEngine({ model: mock })
    await failure(inner.complete(question()))
    expect(mock.doGenerateCalls).toHaveLength(1)
    await failure(createReliableEngine(inner, { retries: 1, firstWait: 1, circuit: false }).complete(question()))
    expect(mock.doGenerateCalls).toHaveLength(3)
  })

  test('or hears nothing is left at its timeout, its deadline and by its caller', async () => {
    const signals: AbortSignal[] = []
    const deaf = new MockLanguageModelV3({
      doGenerate: ({ abortSignal }) => {
        if (abortSignal !== undefined) signals.push(abortSignal)
        return new Promise(() => undefined)
      },
    })
    const hung = createAiSdkEngine({ model: deaf, timeout: 20 })
    expect(failureReason(await failure(hung.complete(question())))).toBe('timeout')
    expect(failureReason(await failure(hung.complete(question(), { deadline: Date.now() - 1 })))).toBe('timeout')
    const controller = new AbortController()
    const left = createAiSdkEngine({ model: deaf }).complete(question(), { signal: controller.signal })
    controller.abort()
    expect((await failure(left)).code).toBe('aborted')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  })
})
