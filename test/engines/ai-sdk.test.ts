/**
 * Models of the AI SDK as engines: its own test models, its own errors, and its gateway provider over HTTP, which comes with `ai`. The
 * providers of OpenAI, Anthropic and OpenAI-compatible servers are in `integration/ai-sdk`.
 */
import { createGateway } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { createTextView } from '../../src/core/text/index.ts'
import type { AiSdkEngineOptions, AiSdkModel } from '../../src/engines/ai-sdk/index.ts'
import { createAiSdkEngine } from '../../src/engines/ai-sdk/index.ts'
import { failureReason } from '../../src/engines/calls/index.ts'
import { createJudgeGuard } from '../../src/guards/judge/index.ts'
import type { Completion, CompletionRequest, GuardReport } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import { question } from './scripted-engine.ts'
import { json, startWireServer, type WireServer } from './wire-server.ts'

const SECRET = 'sk-secret-4711'
const usage = {
  inputTokens: { total: 9, noCache: 5, cacheRead: 4, cacheWrite: undefined },
  outputTokens: { total: 2, text: 2, reasoning: undefined },
}
const good = {
  content: [{ type: 'text', text: 'safe' }],
  finishReason: { unified: 'stop', raw: 'stop' },
  usage,
  warnings: [],
}

/** The SDK's test model, whose answer is of any form. */
function model(answer: unknown, facts: { readonly provider?: string } = {}): MockLanguageModelV3 {
  const doGenerate = async (): Promise<never> => answer as never
  return new MockLanguageModelV3({ modelId: 'm', ...facts, doGenerate })
}

function engine(answer: unknown, options: Partial<AiSdkEngineOptions> = {}) {
  return createAiSdkEngine({ model: model(answer), ...options })
}

async function failure(asked: Promise<unknown>): Promise<ParapetError> {
  const error = await asked.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (!ParapetError.isInstance(error)) throw new Error('It did not fail as an engine does.')
  return error
}

let servers: WireServer[] = []
afterEach(async () => {
  for (const server of servers) await server.close()
  servers = []
})

describe('is asked', () => {
  test('in the words of the interface, with what the settings add', async () => {
    const mock = model(good, { provider: 'openai.chat' })
    const request: CompletionRequest = {
      chat: {
        messages: [
          { role: 'system', content: 'Judge.' },
          { role: 'user', content: 'a text' },
          { role: 'assistant', content: 'so' },
        ],
      },
      ...{ completion: null, stop: ['\n'], maxTokens: 12, seed: 3, topLogprobs: 50 },
      schema: { type: 'object', properties: { label: { type: 'string', maxLength: 9 } } },
    }
    await createAiSdkEngine({
      model: mock,
      headers: { 'x-team': 'safety' },
      extra: { maxOutputTokens: 900, temperature: null, prompt: [], abortSignal: null },
      providerOptions: { openai: { reasoningEffort: 'low' } },
    }).complete(request)
    expect(mock.doGenerateCalls).toEqual([
      {
        prompt: [
          { role: 'system', content: 'Judge.' },
          { role: 'user', content: [{ type: 'text', text: 'a text' }] },
          { role: 'assistant', content: [{ type: 'text', text: 'so' }] },
        ],
        ...{ maxOutputTokens: 900, seed: 3, stopSequences: ['\n'], headers: { 'x-team': 'safety' } },
        responseFormat: {
          ...{ type: 'json', name: 'answer' },
          schema: { type: 'object', properties: { label: { type: 'string' } } },
        },
        providerOptions: { openai: { logprobs: 20, reasoningEffort: 'low' } },
        abortSignal: expect.any(AbortSignal),
      },
    ])
  })

  test('greedily, and for nothing that was not wanted', async () => {
    const mock = model(good)
    await createAiSdkEngine({ model: mock, schema: 'off' }).complete(question('x', { schema: {}, topLogprobs: 5 }))
    expect(Object.keys(mock.doGenerateCalls[0] ?? {}).toSorted()).toEqual(
      ['abortSignal', 'maxOutputTokens', 'prompt', 'temperature'].toSorted(),
    )
    expect(mock.doGenerateCalls[0]?.temperature).toBe(0)
  })

  test('for probabilities as its provider takes them', async () => {
    for (const [name, asked] of [
      ['openai.responses', { openai: { logprobs: 5 } }],
      ['azure.chat', { openai: { logprobs: 5 }, azure: { logprobs: 5 } }],
      ['anthropic.messages', undefined],
      ['openai-like', undefined],
    ] as const) {
      const mock = model(good, { provider: name })
      await createAiSdkEngine({ model: mock }).complete(question('x', { topLogprobs: 5 }))
      expect(mock.doGenerateCalls[0]?.providerOptions).toEqual(asked)
    }
  })

  test('only what the interface has words for', async () => {
    const raw = question('x', { chat: null, completion: 'raw' })
    expect(await failure(engine(good).complete(raw))).toMatchObject({ code: 'configuration' })
    const thinking = question('x', { chat: { messages: [], templateOptions: { think: true } } })
    expect((await failure(engine(good).complete(thinking))).message).toContain('templateOptions')
    const mock = model(good)
    const templateOptions = (variables: object) => ({ vllm: { chat_template_kwargs: variables } })
    await createAiSdkEngine({ model: mock, templateOptions }).complete(thinking)
    expect(mock.doGenerateCalls[0]?.providerOptions).toEqual({ vllm: { chat_template_kwargs: { think: true } } })
    const nothing = question('x', { maxTokens: 0 })
    expect(await failure(engine(good).complete(nothing))).toMatchObject({ code: 'input_invalid' })
  })
})

const tokens = [{ token: 'safe', logprob: -0.1, top_logprobs: [{ token: 'unsafe', logprob: -2 }] }]
const scored = [{ token: 'safe', logprob: -0.1, alternatives: [{ token: 'unsafe', logprob: -2 }] }]

describe('answers', () => {
  test.each<readonly [string, object, Partial<Completion>]>([
    [
      'version 3 and 4',
      {},
      { text: 'safe', finish: 'stop', usage: { promptTokens: 9, cachedTokens: 4, completionTokens: 2 } },
    ],
    [
      'version 2',
      { finishReason: 'length', usage: { inputTokens: 9, outputTokens: 2, cachedInputTokens: undefined } },
      { finish: 'length', usage: { promptTokens: 9, completionTokens: 2 } },
    ],
    [
      'version 2 of Anthropic, whose cache is counted apart',
      {
        usage: { inputTokens: 5, outputTokens: 2, cachedInputTokens: 4 },
        providerMetadata: { anthropic: { cacheCreationInputTokens: 3 } },
      },
      { usage: { promptTokens: 12, cachedTokens: 4, completionTokens: 2 } },
    ],
    ['no count', { usage: { inputTokens: {}, outputTokens: {} } }, { usage: null }],
    ['a filter', { finishReason: { unified: 'content-filter' } }, { finish: 'filtered' }],
    ['no reason named', { finishReason: { unified: 'other', raw: undefined } }, { finish: 'stop' }],
    [
      'a refusal of its own',
      { content: [], response: { body: { choices: [{ message: { content: null, refusal: 'No.' } }] } } },
      { text: '', finish: 'filtered' },
    ],
    [
      'thoughts and sources beside the text',
      {
        content: [
          { type: 'reasoning', text: 'unsafe?' },
          { type: 'text', text: 'sa' },
          { type: 'source' },
          { type: 'text', text: 'fe' },
        ],
      },
      { text: 'safe' },
    ],
    ['chat logprobs', { providerMetadata: { openai: { logprobs: tokens } } }, { tokens: scored }],
    ['Responses logprobs', { providerMetadata: { azure: { logprobs: [tokens] } } }, { tokens: scored }],
    [
      'logprobs in the body',
      { response: { body: { choices: [{ logprobs: { content: tokens } }] } } },
      { tokens: scored },
    ],
    ['broken logprobs', { providerMetadata: { a: null, b: { logprobs: 'x' } } }, { tokens: null }],
  ])('%s', async (_what, parts, completion) => {
    const answer = await engine({ ...good, ...parts }).complete(question('x', { topLogprobs: 5 }))
    expect(answer).toMatchObject(completion)
  })

  test('end before a stop text that the provider does not know, with their tokens', async () => {
    const content = [{ type: 'text', text: 'safe\nor not' }]
    const all = ['sa', 'fe', '\n', 'or not'].map((token) => ({ token, logprob: -1, top_logprobs: [] }))
    const answer = { ...good, content, finishReason: 'length', providerMetadata: { x: { logprobs: all } } }
    const {
      text,
      finish,
      tokens: kept,
    } = await engine(answer).complete(question('x', { stop: ['\n'], topLogprobs: 1 }))
    expect([text, finish, kept?.map(({ token }) => token)]).toEqual(['safe', 'stop', ['sa', 'fe']])
  })

  test('probabilities that nobody asked for are left out; required ones that are missing are a failure', async () => {
    const given = { ...good, providerMetadata: { openai: { logprobs: tokens } } }
    expect((await engine(given).complete(question())).tokens).toBeNull()
    const mock = model(good, { provider: 'openai.chat' })
    const strict = createAiSdkEngine({ model: mock, logprobs: 'required' })
    expect(failureReason(await failure(strict.complete(question('x', { topLogprobs: 5 }))))).toBe('no_logprobs')
    expect((await strict.complete(question())).text).toBe('safe')
  })

  test.each<readonly [string, unknown, string]>([
    ['no object', null, 'malformed'],
    ['no content', { ...good, content: 'safe' }, 'malformed'],
    ['a tool call', { ...good, content: [{ type: 'tool-call', toolName: 'x' }] }, 'malformed'],
    ['a text that is none', { ...good, content: [{ type: 'text', text: 4 }] }, 'malformed'],
    ['an end by tools', { ...good, finishReason: { unified: 'tool-calls' } }, 'malformed'],
    ['an unknown end', { ...good, finishReason: { unified: 'other', raw: 'abort' } }, 'malformed'],
    ['an end of version 2 that is not known', { ...good, finishReason: 'unknown' }, 'malformed'],
    ['an end by an error', { ...good, finishReason: 'error' }, 'server_error'],
    [
      'a prompt without its system message',
      { ...good, warnings: [{ type: 'other', message: 'system messages are removed for this model' }] },
      'truncated',
    ],
  ])('%s is a failure', async (_what, answer, reason) => {
    expect(failureReason(await failure(engine(answer).complete(question())))).toBe(reason)
  })

  test('whatever comes, there is a completion or a failure with a reason', async () => {
    const words = fc.constantFrom(
      'content',
      'type',
      'text',
      'finishReason',
      'unified',
      'usage',
      'logprobs',
      'warnings',
      'message',
    )
    const part = fc.oneof(fc.jsonValue(), fc.constantFrom('text', 'stop', 'tool-call', 3, null))
    const known = fc.dictionary(words, fc.oneof(part, fc.array(fc.dictionary(words, part), { maxLength: 3 })))
    await fc.assert(
      fc.asyncProperty(fc.oneof(known, fc.record({ ...wrapped(known) }), fc.jsonValue()), async (answer) => {
        const got = await engine(answer)
          .complete(question('x', { topLogprobs: 2, stop: ['s'] }))
          .catch((cause: unknown) => cause)
        if (got instanceof Error) expect(failureReason(got)).not.toBeNull()
        else
          expect(got).toMatchObject({
            text: expect.any(String),
            finish: expect.stringMatching(/^(?:stop|length|filtered)$/),
          })
      }),
      { numRuns: 300 },
    )
  })
})

function wrapped(known: fc.Arbitrary<unknown>) {
  return {
    ...{ content: fc.array(known, { maxLength: 3 }), finishReason: fc.constant('stop') },
    usage: known,
    warnings: known,
  }
}

describe('over HTTP, by the provider that comes with the SDK', () => {
  const gateway = async (answer: Parameters<typeof startWireServer>[0]): Promise<AiSdkModel> => {
    const server = await startWireServer(answer)
    servers.push(server)
    return createGateway({ baseURL: server.url, apiKey: SECRET })('acme/guard')
  }

  test('an answer', async () => {
    const made = createAiSdkEngine({ model: await gateway(json(good)) })
    expect(await made.complete(question('a text'))).toMatchObject({ text: 'safe', finish: 'stop' })
    expect(servers[0]?.asked[0]).toMatchObject({
      headers: { authorization: `Bearer ${SECRET}`, 'ai-language-model-id': 'acme/guard' },
      body: { prompt: [{ role: 'user', content: [{ type: 'text', text: 'a text' }] }], maxOutputTokens: 10 },
    })
  })

  test.each([
    [401, 'unauthorized'],
    [429, 'rate_limited'],
    [503, 'server_error'],
  ])('status %i is %s', async (status, reason) => {
    const error = { error: { message: SECRET, type: 'internal_server_error' } }
    const made = createAiSdkEngine({ model: await gateway(json(error, status)) })
    const failed = await failure(made.complete(question()))
    expect(failureReason(failed)).toBe(reason)
    expect(failed.message).not.toContain(SECRET)
  })
})

describe('settings', () => {
  test.each<readonly [string, unknown]>([
    ['a name', 'openai/gpt-5'],
    ['nothing', undefined],
    ['something else', { modelId: 'x' }],
    ['another version', { ...model(good), specificationVersion: 'v1', doGenerate: () => null, doStream: () => null }],
  ])('%s is no model', (_what, given) => {
    expect(() => createAiSdkEngine({ model: given as AiSdkModel })).toThrow(
      expect.objectContaining({ code: 'configuration' }),
    )
  })

  test.each<Partial<AiSdkEngineOptions>>([
    { timeout: 0 },
    { timeout: 2 ** 31 },
    { logprobs: 'yes' as 'off' },
    { schema: 'yes' as 'off' },
    { logprobs: 'required' },
  ])('%#: wrong ones are refused', (options) => {
    expect(() => engine(good, options)).toThrow(expect.objectContaining({ code: 'configuration' }))
  })

  test('the version changes with what changes answers, and shows no key', () => {
    const versions = [{}, { revision: 'b' }, { extra: { topP: 0.5 } }, { providerOptions: { a: { key: SECRET } } }].map(
      (options) => engine(good, options).version,
    )
    expect(new Set(versions).size).toBe(4)
    expect(versions.join()).not.toContain(SECRET)
    expect(engine(good).id).toBe('m at mock-provider')
  })
})

test('as a judge it decides; without a verdict there is an error, never a clean text', async () => {
  const check = (answer: unknown): Promise<GuardReport> | GuardReport => {
    const guard = createJudgeGuard({ engine: engine(answer), format: 'llama-guard-3' })
    const { signal } = new AbortController()
    return guard.check({ stage: 'input', field: 'prompt', text: createTextView('a text'), caller: {}, signal })
  }
  const saying = (text: string): object => ({ ...good, content: [{ type: 'text', text }] })
  expect((await check(saying('safe'))).findings.filter(({ score }) => score > 0.5)).toEqual([])
  expect((await check(saying('unsafe\nS9'))).findings.map(({ label }) => label)).toEqual(['prompt_harm', 'S9'])
  for (const answer of [saying(''), saying('perhaps'), { ...saying('safe'), finishReason: 'content-filter' }, null])
    await expect(check(answer)).rejects.toBeInstanceOf(ParapetError)
})
