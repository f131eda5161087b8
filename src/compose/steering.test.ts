/** A Parapet with a router: the library's turns, the gateway's and guarded models are routed between input and output rails, once each. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { sayingModel } from '../../test/support/language-model.ts'
import { scriptedModel, usage, VERSIONS } from '../../test/support/ai-sdk.ts'
import { guardModel, steerModel } from '../integrations/ai-sdk/index.ts'
import { createPrimeGuard } from '../routing/primeguard/index.ts'
import type { LanguageModelEngine, Message, Policy, Router, StreamPart } from '../spec/index.ts'
import { createMemoryStore, createScriptedUpstream } from '../testing/index.ts'
import { checkPolicyFile, createParapet, loadGuidelines } from './index.ts'

const POLICY: Policy = {
  parapet: 1,
  media: 'pass',
  guards: { words: { use: 'rules', phrases: ['quince'], action: 'block' } },
  rails: { input: ['words'], output: ['words'] },
}
const first = (route: string): string =>
  JSON.stringify({ system_check_result: 'A check.', route, system_tip: 'Be brief.' })
const second = (text: string): string => JSON.stringify({ reevaluation: 'Fine.', final_response: text })
const router = (route: string, own = true): Router =>
  createPrimeGuard({ guidelines: ['No bets'], ...(own ? { engine: sayingModel([first(route)]) } : {}) })
const REQUEST = 'How old is the mill?'
const asking = [{ role: 'user', content: REQUEST }] as const

describe('converse', () => {
  const turn = async (
    route: string,
    answer: string,
    messages: readonly Message[] = asking,
  ): Promise<{ asked: (readonly Message[])[]; text: string; labels: readonly string[]; decision: string }> => {
    const asked: (readonly Message[])[] = []
    const parapet = await createParapet(POLICY, { router: router(route, false) })
    const stream = parapet.converse({ messages }, async (given) => {
      const said = asked.push(given) === 1 ? first(route) : answer
      return (async function* (): AsyncGenerator<StreamPart> {
        for (const piece of said.match(/[^]{1,5}/g) ?? []) yield { type: 'text', text: piece }
        yield { type: 'finish', reason: 'stop' }
      })()
    })
    let text = ''
    for await (const part of stream) if (part.type === 'text') text += part.text
    const { guards, decision } = await stream.result
    await parapet.close()
    return { asked, text, decision, labels: guards.flatMap((guard) => guard.labels) }
  }

  test.each([
    ['no_to_minimal_risk', 'It is old.', 'It is old.', 1],
    ['potential_violation', second('It is old.'), 'It is old.', 3],
    ['direct_violation', 'Sorry.', 'Sorry.', 1],
  ])('%s: the same model is asked twice and the decision names the route', async (route, answer, text, messages) => {
    const answered = await turn(route, answer)
    expect(answered).toMatchObject({ text, decision: 'pass', labels: [`route.${route}`] })
    expect(answered.asked.map(({ length }) => length)).toEqual([1, messages])
  })

  test('rails stand before and behind it', async () => {
    const stopped = await turn('direct_violation', 'x', [{ role: 'user', content: 'a quince' }])
    expect([stopped.asked.length, stopped.decision]).toEqual([0, 'block'])
    const answer = await turn('potential_violation', second('one quince').replace('quince', 'qui\\u006ece'))
    expect([answer.text, answer.decision]).toEqual(['', 'block'])
  })
})

describe('the record', () => {
  test.each([
    ['full', { check: 'A check.', tip: 'Be brief.' }],
    ['none', undefined],
  ] as const)('capture %s', async (capture, route) => {
    const store = createMemoryStore()
    const parapet = await createParapet(
      { ...POLICY, record: { capture } },
      { router: router('no_to_minimal_risk'), store },
    )
    const stream = parapet.converse({ messages: asking }, async () =>
      (async function* (): AsyncGenerator<StreamPart> {
        yield { type: 'text', text: 'old' }
        yield { type: 'finish', reason: 'stop' }
      })(),
    )
    for await (const part of stream) expect(part.type).not.toBe('error')
    await stream.result
    await parapet.close()
    const { items } = await store.list({})
    expect(items[0]?.content?.route).toEqual(route)
    expect(JSON.stringify(items[0]?.guards)).toContain('route.no_to_minimal_risk')
    expect(JSON.stringify(items[0]?.guards)).not.toContain('A check.')
  })
})

describe('the gateway', () => {
  const ask = async (
    path: string,
    body: object,
    script: readonly string[],
    options: { own?: string; anthropic?: boolean; policy?: Policy } = {},
  ): Promise<{ status: number; answer: string; asked: Record<string, unknown>[] }> => {
    const upstream = createScriptedUpstream({
      script: (_, call) =>
        options.anthropic === true
          ? {
              body: JSON.stringify({
                type: 'message',
                role: 'assistant',
                model: 'm',
                id: 'i',
                content: [{ type: 'text', text: script[call] }],
                stop_reason: 'end_turn',
                stop_sequence: null,
                usage: { input_tokens: 1, output_tokens: 1 },
              }),
            }
          : { choices: [{ content: script[call] ?? '' }] },
    })
    const parapet = await createParapet(options.policy ?? POLICY, {
      router: router(options.own ?? 'x', options.own !== undefined),
      upstream: { url: 'http://model.test', fetch: (input, init) => upstream(new Request(input, init)) },
    })
    const response = await parapet.fetch(
      new Request(`http://gateway.test${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm', messages: asking, ...body }),
      }),
    )
    const answer = await response.text()
    await parapet.close()
    return {
      status: response.status,
      answer,
      asked: upstream.requests.map(({ body: asked }) => asked as Record<string, unknown>),
    }
  }
  const CHAT = '/v1/chat/completions'

  test.each([true, false])('chat completions, stream %s: a guided answer is its response alone', async (stream) => {
    const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }]
    const { status, answer, asked } = await ask(CHAT, { stream, tools, max_tokens: 10 }, [
      first('potential_violation'),
      second('It is old.'),
    ])
    expect(status).toBe(200)
    const text = stream
      ? [...answer.matchAll(/"content":"([^"]*)"/g)].map((match) => match[1]).join('')
      : (JSON.parse(answer) as { choices: { message: { content: string } }[] }).choices[0]?.message.content
    expect(text).toBe('It is old.')
    expect(answer).not.toContain('reevaluation')
    expect(asked.map((body) => (body['messages'] as Message[]).map(({ role }) => role).join(' '))).toEqual([
      'user',
      'user assistant user',
    ])
    expect(asked.map((body) => [body['stream'], body['max_tokens'], 'tools' in body])).toEqual([
      [false, 400, false],
      [stream, 210, false],
    ])
  })

  test('a plain answer keeps tools and everything of the request but its last text', async () => {
    const messages = [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', name: 'ann', content: 'Hello.' },
      { role: 'assistant', content: 'Hello.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
        ],
      },
    ]
    const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }]
    const { asked } = await ask(CHAT, { messages, tools }, ['It is old.'], { own: 'no_to_minimal_risk' })
    const [body] = asked as [{ messages: object[]; tools: object }]
    expect(asked).toHaveLength(1)
    expect(body.tools).toEqual(tools)
    expect(body.messages.slice(0, 3)).toEqual(messages.slice(0, 3))
    expect(JSON.stringify(body.messages[3])).toContain('Be brief.')
    expect(JSON.stringify(body.messages[3])).toContain('image_url')
  })

  const FIELDS = {
    prediction: 'mill',
    chat_template: 'mill',
    web_search_options: {},
    mcp_servers: [],
    container: 'mill',
  }

  test.each(['potential_violation', 'direct_violation'])('%s: fields that nobody knows stay out', async (route) => {
    const { asked } = await ask(CHAT, { ...FIELDS, temperature: 0.5 }, [first(route), second('Sorry.')])
    expect(Object.keys(asked[1] ?? {}).toSorted()).toEqual(['messages', 'model', 'temperature'])
  })

  test('the first call of Anthropic’s messages does not think: the budget would pass its length', async () => {
    const body = { max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 2000 }, ...FIELDS }
    const script = [first('potential_violation'), second('It is old.')]
    const { asked } = await ask('/v1/messages', body, script, { anthropic: true })
    expect(asked.map((call) => 'thinking' in call)).toEqual([false, true])
    expect(Object.keys(FIELDS).filter((name) => name in (asked[1] ?? {}))).toEqual([])
  })

  test('guided: of the last message its media stay, without texts, results and their ids', async () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }
    const content = [
      { type: 'tool_result', tool_use_id: 't', content: 'a result' },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a document' } },
      image,
      { type: 'text', text: 'What is it?' },
    ]
    const use = { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'n', input: {} }] }
    const messages = [...asking, use, { role: 'user', content }]
    const options = { own: 'potential_violation', anthropic: true }
    const { asked } = await ask('/v1/messages', { max_tokens: 9, messages }, [second('It is old.')], options)
    const [{ messages: routed }] = asked as unknown as [{ messages: { content: unknown }[] }]
    expect(routed[0]?.content).toEqual([image, { type: 'text', text: expect.stringContaining('a document') as string }])
    const photo = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }
    const call = { id: 't', type: 'function', function: { name: 'n', arguments: '{}' } }
    const chat = [
      ...[...asking, { role: 'assistant', content: null, tool_calls: [call] }],
      { role: 'tool', tool_call_id: 't', content: [photo] },
    ]
    const { asked: again } = await ask(CHAT, { messages: chat }, [second('It is old.')], { own: 'potential_violation' })
    const [{ messages: turns }] = again as unknown as [{ messages: object[] }]
    expect(turns[0]).toEqual({ role: 'user', content: [photo, expect.objectContaining({ type: 'text' })] })
  })

  test('asked again on the plain route, Anthropic’s model still has the request', async () => {
    const retrying: Policy = {
      ...POLICY,
      guards: { words: { use: 'rules', phrases: ['quince'], action: 'retry' } },
      rails: { output: ['words'] },
      retries: 1,
    }
    const script = ['one quince', 'It is old.']
    const { answer, asked } = await ask('/v1/messages', { max_tokens: 9 }, script, {
      ...{ own: 'no_to_minimal_risk', anthropic: true, policy: retrying },
    })
    expect(answer).toContain('It is old.')
    expect(JSON.stringify(asked[1])).toContain(REQUEST)
    expect(JSON.stringify(asked[1])).toContain('could not be used')
  })

  test('a refusal’s call holds nothing of the request', async () => {
    const messages = [{ role: 'system', content: 'Secret rules.' }, ...asking]
    const { asked } = await ask(CHAT, { messages }, ['Sorry.'], { own: 'direct_violation' })
    expect(JSON.stringify(asked)).not.toMatch(/mill|Secret/)
  })

  test('Anthropic’s messages are routed, their system prompt beside them', async () => {
    const body = { max_tokens: 10, system: 'Be kind.' }
    const { answer, asked } = await ask('/v1/messages', body, [first('potential_violation'), second('It is old.')], {
      anthropic: true,
    })
    expect(answer).toContain('"text":"It is old."')
    expect(asked[1]).toMatchObject({ system: [{ type: 'text', text: 'Be kind.' }], max_tokens: 210 })
    const [, { messages }] = asked as [unknown, { messages: Message[] }]
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
  })
})

describe.each(VERSIONS)('a model of the AI SDK, %s', (version) => {
  const params = {
    prompt: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: [{ type: 'text', text: REQUEST }] },
    ],
    tools: [{}],
  }
  const parts = (text: string): { type: string; [key: string]: unknown }[] => [
    { type: 'stream-start', warnings: [] },
    { type: 'reasoning-start', id: 'r' },
    { type: 'reasoning-delta', id: 'r', delta: 'rules' },
    { type: 'reasoning-end', id: 'r' },
    { type: 'text-start', id: 't' },
    ...(text.match(/[^]{1,4}/g) ?? []).map((delta) => ({ type: 'text-delta', id: 't', delta })),
    { type: 'text-end', id: 't' },
    { type: 'finish', finishReason: version === 'v2' ? 'stop' : { unified: 'stop', raw: 'stop' }, usage: {} },
  ]

  test('steered: whole and streaming, each route', async () => {
    for (const [route, said, shown, roles] of [
      ['no_to_minimal_risk', 'It is old.', 'It is old.', 'system user'],
      ['potential_violation', second('It is old.'), 'It is old.', 'system user assistant user'],
      ['direct_violation', 'Sorry.', 'Sorry.', 'user'],
    ] as const) {
      const content = (call: number): { type: string; text: string }[] => [
        { type: 'text', text: call === 0 ? first(route) : said },
      ]
      const whole = scriptedModel(version, { content })
      const own = { own: { text: said } }
      const saying = {
        ...whole.model,
        doGenerate: async (asked: never) => ({ ...(await whole.model.doGenerate(asked)), providerMetadata: own }),
      }
      const answer = await steerModel(saying, router('', false)).doGenerate(params as never)
      expect(answer.content).toEqual([{ type: 'text', text: shown }])
      expect(answer.providerMetadata).toEqual(route === 'potential_violation' ? undefined : own)
      expect(whole.calls.map(({ prompt }) => prompt.map(({ role }) => role).join(' '))).toEqual(['user', roles])
      expect('tools' in (whole.calls[1] as object)).toBe(route === 'no_to_minimal_risk')
      const streaming = scriptedModel(version, { stream: () => parts(said) })
      const { stream } = await steerModel(streaming.model, router(route)).doStream(params as never)
      const got: { type: string; delta?: string }[] = []
      for await (const part of stream as unknown as AsyncIterable<{ type: string; delta?: string }>) got.push(part)
      const kinds = got.map(({ type }) => type)
      expect(got.flatMap(({ type, delta }) => (type === 'text-delta' ? [delta] : [])).join('')).toBe(shown)
      expect(kinds.includes('reasoning-delta')).toBe(route !== 'potential_violation')
      expect([kinds[0], kinds.at(-2), kinds.at(-1)]).toEqual(['stream-start', 'text-end', 'finish'])
    }
  })

  test('the tokens of both calls are told, whole and streaming, guarded or not', async () => {
    const twice =
      version === 'v2'
        ? { inputTokens: 6, outputTokens: 10, totalTokens: 16 }
        : { inputTokens: { total: 6, noCache: 6 }, outputTokens: { total: 10, text: 10 } }
    for (const [route, said] of [
      ['no_to_minimal_risk', 'It is old.'],
      ['potential_violation', second('It is old.')],
      ['direct_violation', 'Sorry.'],
    ] as const) {
      const parapet = await createParapet(POLICY, { router: router('', false) })
      for (const around of [
        (model: ReturnType<typeof asked>) => steerModel(model, router('', false)),
        (model: ReturnType<typeof asked>) => guardModel(model, parapet),
      ]) {
        const whole = await around(asked(route, said)).doGenerate(params as never)
        expect(whole.usage).toMatchObject(twice)
        const { stream } = await around(asked(route, said)).doStream(params as never)
        const ends: unknown[] = []
        for await (const part of stream as unknown as AsyncIterable<{ type: string; usage?: unknown }>)
          if (part.type === 'finish') ends.push(part.usage)
        expect(ends).toMatchObject([twice])
      }
      await parapet.close()
    }
  })

  /** A model that chooses this route when it is asked in one piece first, and answers with these words. */
  function asked(route: string, said: string): ReturnType<typeof scriptedModel>['model'] {
    const content = (call: number): { type: string; text: string }[] => [
      { type: 'text', text: call === 0 ? first(route) : said },
    ]
    const counted = parts(said).map((part) => (part.type === 'finish' ? { ...part, usage: usage(version) } : part))
    return scriptedModel(version, { content, stream: () => counted }).model
  }

  test('tokens that nobody told stay undefined; those of one call are told alone', async () => {
    const silent = scriptedModel(version, { content: () => [{ type: 'text', text: 'x' }], result: { usage: {} } })
    const answer = await steerModel(silent.model, router('', false)).doGenerate(params as never)
    expect(answer.usage).toEqual({})
    const told = { promptTokens: 7, cachedTokens: 2, completionTokens: 1 }
    const engine: LanguageModelEngine = {
      ...{ specVersion: 'v1', kind: 'language-model', id: 'counting' },
      async *generate() {
        yield { type: 'text', text: first('direct_violation') }
        yield { type: 'end', reason: 'stop', usage: told }
      },
    }
    for (const refusal of ['fixed', 'model'] as const) {
      const refusing = createPrimeGuard({ guidelines: ['No bets'], engine, refusal })
      expect((await steerModel(silent.model, refusing).doGenerate(params as never)).usage).toMatchObject(
        version === 'v2'
          ? { inputTokens: 7, outputTokens: 1, totalTokens: 8, cachedInputTokens: 2 }
          : { inputTokens: { total: 7, cacheRead: 2 }, outputTokens: { total: 1 } },
      )
    }
  })

  test('guarded by a Parapet with a router: routed once, between the rails', async () => {
    const parapet = await createParapet(POLICY, { router: router('', false) })
    const content = (call: number): { type: string; text: string }[] => [
      { type: 'text', text: call === 0 ? first('potential_violation') : second('It is old.') },
    ]
    const { model, calls } = scriptedModel(version, { content })
    const answer = await guardModel(model, parapet).doGenerate(params as never)
    expect(answer.content).toEqual([{ type: 'text', text: 'It is old.' }])
    expect(calls).toHaveLength(2)
    expect(JSON.stringify(answer.providerMetadata)).toContain('route.potential_violation')
    await parapet.close()
  })

  test('guided after a tool: its result is told as text, not as a result without a call', async () => {
    const value = [
      { type: 'text', text: 'a result' },
      { type: 'media', data: 'AA==', mediaType: 'image/png' },
    ]
    const result = { type: 'tool-result', toolCallId: 't', toolName: 'n', output: { type: 'content', value } }
    const call = { type: 'tool-call', toolCallId: 't', toolName: 'n', input: {} }
    const prompt = [...params.prompt, { role: 'assistant', content: [call] }, { role: 'tool', content: [result] }]
    const { model, calls } = scriptedModel(version, { content: () => [{ type: 'text', text: second('It is old.') }] })
    await steerModel(model, router('potential_violation')).doGenerate({ prompt } as never)
    const [, asked] = calls[0]?.prompt ?? []
    expect(asked).toEqual({
      role: 'user',
      content: [{ type: 'text', text: expect.stringContaining('a result') as string }],
    })
  })

  test('a fixed refusal asks no model', async () => {
    const { model, calls } = scriptedModel(version, {})
    const guard = sayingModel([first('direct_violation')])
    const fixed = createPrimeGuard({ guidelines: ['No bets'], engine: guard, refusal: 'fixed' })
    const steeredModel = steerModel(model, fixed)
    expect((await steeredModel.doGenerate(params as never)).content).toMatchObject([{ type: 'text' }])
    const { stream } = await steeredModel.doStream(params as never)
    const kinds: string[] = []
    for await (const { type } of stream as unknown as AsyncIterable<{ type: string }>) kinds.push(type)
    expect(kinds).toEqual(['stream-start', 'text-start', 'text-delta', 'text-end', 'finish'])
    expect(calls).toEqual([])
  })
})

describe('a policy that routes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parapet-route-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const text = (guidelines: string): string =>
    `parapet: 1\nroute: { use: primeguard, style: compact, guidelines: ${guidelines} }\n`

  test('has a router, its guidelines in it or in a file beside it', async () => {
    const path = join(folder, 'parapet.yaml')
    writeFileSync(join(folder, 'guidelines.yaml'), '- No bets\n')
    for (const guidelines of ['guidelines.yaml', '[No bets]', '{ restricted: [No bets], tone: kind }']) {
      writeFileSync(path, text(guidelines))
      const parapet = await createParapet(path, { watch: false })
      expect(parapet.router?.id).toBe('primeguard')
      await parapet.close()
      expect((await checkPolicyFile(path)).issues).toEqual([])
    }
    const plain = await createParapet(POLICY)
    expect(plain.router).toBeNull()
    await plain.close()
  })

  test.each([
    ['none.yaml', 'none.yaml'],
    ['wrong.yaml', 'wrong.yaml:1 restricted'],
    ['[ok, ""]', 'restricted[1]'],
    ['{ restricted: [ok], rules: 1 }', 'rules'],
    ['7', 'guidelines'],
  ])('is told what is wrong with its guidelines: %s', async (guidelines, place) => {
    const path = join(folder, 'wrong-policy.yaml')
    writeFileSync(join(folder, 'wrong.yaml'), 'restricted: 7\n')
    writeFileSync(path, text(guidelines))
    await expect(createParapet(path, { watch: false })).rejects.toMatchObject({
      code: 'policy_invalid',
      message: expect.stringContaining(place) as string,
    })
  })

  test('an edit of the policy takes effect on the next request, with the same gateway', async () => {
    const path = join(folder, 'edited.yaml')
    writeFileSync(path, 'parapet: 1\n')
    const upstream = createScriptedUpstream({ script: () => ({ choices: [{ content: first('direct_violation') }] }) })
    const parapet = await createParapet(path, {
      upstream: { url: 'http://model.test', fetch: (input, init) => upstream(new Request(input, init)) },
    })
    const ask = async (): Promise<number> => {
      const body = JSON.stringify({ model: 'm', messages: asking })
      const headers = { 'content-type': 'application/json' }
      const before = upstream.requests.length
      await parapet.fetch(new Request('http://gateway.test/v1/chat/completions', { method: 'POST', headers, body }))
      return upstream.requests.length - before
    }
    expect(await ask()).toBe(1)
    const changed = new Promise<void>((done) => parapet.on(({ type }) => type === 'policy-changed' && done()))
    writeFileSync(path, text('[No bets]'))
    await changed
    expect(await ask()).toBe(2)
    await parapet.close()
  })
})

describe('a guidelines file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parapet-guidelines-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('is read from its path, and what is wrong with it told', async () => {
    const path = join(folder, 'guidelines.yaml')
    writeFileSync(path, '- No bets\n')
    expect((await loadGuidelines(path)).restricted).toEqual([{ id: 'G1', text: 'No bets' }])
    writeFileSync(path, 'restricted: 7\n')
    await expect(loadGuidelines(path)).rejects.toMatchObject({
      code: 'policy_invalid',
      message: expect.stringContaining(path) as string,
    })
    writeFileSync(path, Buffer.from([0xff, 0xfe, 0x41]))
    await expect(loadGuidelines(path)).rejects.toMatchObject({ code: 'configuration' })
    await expect(loadGuidelines(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'configuration' })
  })
})
