// What holds for the engine over each provider, in each version of the provider interface.
import assert from 'node:assert/strict'
import { createParapet } from 'parapet'
import { createAiSdkEngine, createAiSdkLanguageModel } from 'parapet/engines/ai-sdk'
import { createReliableEngine, failureReason } from 'parapet/engines/calls'
import { createJudgeGuard } from 'parapet/guards/judge'
import { json, refuse, say, startServer, stream } from './wire.mjs'

const KEY = 'sk-secret-4711'
const question = {
  chat: {
    messages: [
      { role: 'system', content: 'Judge what the user says.' },
      { role: 'user', content: 'a text' },
    ],
  },
  ...{ completion: null, stop: [], maxTokens: 20 },
}
const schema = {
  type: 'object',
  properties: { label: { type: 'string', enum: ['safe', 'unsafe'], maxLength: 9 } },
  required: ['label'],
  additionalProperties: false,
}

/** Models of the interfaces at a server, by name. */
export async function modelsOf(version) {
  const { createOpenAI } = await import(`openai-${version}`)
  const { createAnthropic } = await import(`anthropic-${version}`)
  const { createOpenAICompatible } = await import(`openai-compatible-${version}`)
  return {
    chat: (url) => createOpenAI({ baseURL: `${url}/v1`, apiKey: KEY }).chat('gpt-4o-mini'),
    responses: (url) => createOpenAI({ baseURL: `${url}/v1`, apiKey: KEY }).responses('gpt-4o-mini'),
    anthropic: (url) => createAnthropic({ baseURL: `${url}/v1`, apiKey: KEY })('claude-haiku-4-5'),
    compatible: (url) =>
      createOpenAICompatible({ name: 'local', baseURL: `${url}/v1`, apiKey: KEY, supportsStructuredOutputs: true })(
        'guard',
      ),
  }
}

const reasonOf = async (asked) => {
  const error = await asked.then(
    () => assert.fail('it did not fail'),
    (cause) => cause,
  )
  const shown = `${error.message} ${JSON.stringify(error.details)} ${error.cause ?? ''}`
  assert.ok(!shown.includes(KEY) && !shown.includes('a text') && !shown.includes('server words'), shown)
  return failureReason(error) ?? error.code
}

/** How each interface is told a schema. */
const SCHEMA_AT = {
  chat: ({ response_format: format }) => format.json_schema.schema,
  compatible: ({ response_format: format }) => format.json_schema.schema,
  responses: ({ text }) => text.format.schema,
  anthropic: ({ tools, output_format: format, output_config: config }) =>
    tools?.[0].input_schema ?? format?.schema ?? config.format.schema,
}

export const checks = {
  async 'asks and reads an answer'(make, kind) {
    await at(make, say('safe'), async (model, server) => {
      const { text, finish, usage, tokens } = await createAiSdkEngine({ model }).complete(question)
      assert.deepEqual([text, finish, tokens], ['safe', 'stop', null])
      assert.deepEqual(usage, { promptTokens: 9, cachedTokens: 4, completionTokens: 2 })
      const body = JSON.stringify(server.asked[0].body)
      assert.ok(body.includes('Judge what the user says.') && body.includes('a text'))
      assert.equal(server.asked.length, 1)
      assert.ok(JSON.stringify(server.asked[0].headers).includes(KEY), kind)
    })
  },
  async 'is held to a schema'(make, kind) {
    await at(make, say('{"label":"safe"}'), async (model, server) => {
      const { text, finish } = await createAiSdkEngine({ model }).complete({ ...question, schema })
      assert.deepEqual([JSON.parse(text), finish], [{ label: 'safe' }, 'stop'])
      const sent = SCHEMA_AT[kind](server.asked[0].body)
      assert.deepEqual(sent.properties.label.enum, ['safe', 'unsafe'])
      assert.ok(!('maxLength' in sent.properties.label))
    })
  },
  async 'gives probabilities where the provider has them'(make, kind) {
    await at(make, say('safe'), async (model, server) => {
      const logprobsOptions =
        kind === 'compatible' ? { logprobsOptions: (n) => ({ local: { logprobs: true, top_logprobs: n } }) } : {}
      const engine = createAiSdkEngine({ model, ...logprobsOptions })
      const { tokens } = await engine.complete({ ...question, topLogprobs: 5 })
      const token = { token: 'safe', logprob: -0.05, alternatives: [{ token: 'unsafe', logprob: -3 }] }
      assert.deepEqual(tokens, kind === 'anthropic' ? null : [token])
      if (kind !== 'anthropic') assert.equal(server.asked[0].body.top_logprobs, 5)
    })
  },
  async 'a refusal is no answer'(make) {
    await at(make, refuse, async (model) => {
      // The Responses provider of the AI SDK 5 does not know refusals, and takes the answer for a broken one.
      const { finish } = await createAiSdkEngine({ model })
        .complete(question)
        .catch((cause) => ({ finish: failureReason(cause) }))
      assert.ok(['filtered', 'malformed'].includes(finish), finish)
      const judge = createJudgeGuard({ engine: createAiSdkEngine({ model }), format: 'llama-guard-3' })
      const parapet = await parapetWith(judge)
      assert.equal((await parapet.check('a text')).decision, 'error')
      await parapet.close()
    })
  },
  async 'fails with a reason for each way in which a server can fail'(make) {
    const failures = [
      [(response) => json(response, { error: { message: 'server words' } }, 401), 'unauthorized'],
      [(response) => json(response, { error: { message: 'server words' } }, 404), 'not_found'],
      [(response) => json(response, { error: { message: 'server words' } }, 400), 'rejected'],
      [(response) => json(response, { error: { message: 'server words' } }, 429), 'rate_limited'],
      [(response) => json(response, { error: { message: 'server words' } }, 503), 'server_error'],
      [(response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>server words'), 'wrong_type'],
      [(response) => json(response, 'server words'), 'malformed'],
      [(response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ch'), 'malformed'],
      [(response) => response.destroy(), 'unreachable'],
      [
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': '999' })
          response.write('{"choices": [', () => response.destroy())
        },
        'broken_off',
      ],
      [() => undefined, 'timeout'],
    ]
    for (const [answer, reason] of failures)
      await at(make, answer, async (model, server) => {
        const engine = createAiSdkEngine({ model, timeout: reason === 'timeout' ? 150 : 30_000 })
        assert.equal(await reasonOf(engine.complete(question)), reason)
        assert.equal(server.asked.length, 1, 'asked once')
      })
  },
  async 'says when to come back, and its caller may leave'(make) {
    const limited = (response) => json(response, { error: { message: 'x' } }, 429, { 'retry-after': '2' })
    await at(make, limited, async (model) => {
      const error = await createAiSdkEngine({ model })
        .complete(question)
        .catch((cause) => cause)
      assert.equal(error.details.retryAfter, 2_000)
    })
    let hungUp
    const closed = new Promise((resolve) => (hungUp = resolve))
    const controller = new AbortController()
    const leave = (response) => {
      response.on('close', hungUp)
      controller.abort()
    }
    await at(make, leave, async (model) => {
      const asked = createAiSdkEngine({ model }).complete(question, { signal: controller.signal })
      assert.equal(await reasonOf(asked), 'aborted')
      await closed
    })
  },
  async 'judges in a policy; when its server is gone that is an error, and soon nobody waits for it'(make) {
    const server = await startServer()
    server.answer = (response, asked) =>
      say(JSON.stringify(asked.body).includes('zebrawood') ? 'unsafe\nS9' : 'safe')(response, asked)
    const inner = createAiSdkEngine({ model: make(server.url) })
    const engine = createReliableEngine(inner, { retries: 0, circuit: { failures: 2 } })
    const parapet = await parapetWith(createJudgeGuard({ engine, format: 'llama-guard-3' }))
    assert.equal((await parapet.check('a table')).decision, 'pass')
    const blocked = await parapet.check('a zebrawood table')
    assert.deepEqual([blocked.decision, blocked.categories.S9], ['block', 1])
    await server.close()
    for (const text of ['one', 'two']) assert.equal((await parapet.check(text)).decision, 'error')
    assert.equal(await reasonOf(engine.complete(question)), 'circuit_open')
    assert.equal((await parapet.check('three')).decision, 'error')
    await parapet.close()
  },
  async streams(make, kind) {
    if (kind === 'responses') return
    await at(make, stream(['Good ', 'day.']), async (model) => {
      const parts = []
      const messages = [{ role: 'user', content: 'hello' }]
      const options = { maxTokens: 20, temperature: 0, seed: 1 }
      for await (const part of createAiSdkLanguageModel({ model }).generate(messages, options)) parts.push(part)
      assert.equal(parts.map((part) => part.text ?? '').join(''), 'Good day.')
      assert.deepEqual([parts.at(-1).type, parts.at(-1).reason], ['end', 'stop'])
      assert.deepEqual(parts.at(-1).usage?.completionTokens, 2)
    })
  },
}

async function at(make, answer, work) {
  const server = await startServer()
  server.answer = answer
  try {
    await work(make(server.url), server)
  } finally {
    await server.close()
  }
}

function parapetWith(judge) {
  return createParapet(
    { parapet: 1, deadlines: { stage: 60_000 }, rails: { input: [{ guard: judge.id, deadline: 50_000 }] } },
    { guards: [judge] },
  )
}
