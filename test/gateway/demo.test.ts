/** What the demo upstream asks its model for: the conversation, each prompt, and the settings of every protocol within bounds. */
import { describe, expect, test } from 'vitest'
import { createDemoUpstream } from '../../src/gateway/index.ts'
import { chat, harness } from './support.ts'
import { type ToyCall, toyEngine } from './toy-engine.ts'

async function asked(body: Record<string, unknown>, path = '/v1/chat/completions'): Promise<readonly ToyCall[]> {
  const calls: ToyCall[] = []
  const { gateway } = harness({ upstream: createDemoUpstream(toyEngine(calls)), demo: true })
  const request = new Request(`http://gateway.invalid${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'default', ...body }),
  })
  const response = await gateway.fetch(request)
  await response.text()
  expect(response.status).toBe(200)
  return calls
}

test('the whole conversation goes to the model, with settings as they were asked for', async () => {
  const messages = [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: 'one' },
    { role: 'assistant', content: 'two' },
    { role: 'user', content: 'three' },
  ]
  const [call] = await asked({
    ...{ messages, temperature: 0.5, top_p: 0.9, seed: 7, stop: ['x', ''], max_tokens: 9 },
  })
  expect(call?.messages.map(({ role, content }) => [role, content])).toEqual(
    messages.map(({ role, content }) => [role, content]),
  )
  expect(call?.options).toMatchObject({ temperature: 0.5, topP: 0.9, seed: 7, stop: ['x'], maxTokens: 9 })
})

test('greedy without a temperature; out of bounds becomes the nearest bound', async () => {
  const messages = [{ role: 'user', content: 'hi' }]
  expect((await asked({ messages }))[0]?.options).toMatchObject({ temperature: 0, seed: 1, stop: [] })
  const [wild] = await asked({ messages, temperature: 99, top_p: -1, max_tokens: 1e9, stop: 'x' })
  expect(wild?.options).toMatchObject({ temperature: 2, maxTokens: 512, stop: ['x'] })
  expect(wild?.options.topP).toBeUndefined()
})

test('every choice and every prompt is asked once, each with a seed of its own', async () => {
  const calls = await asked({ prompt: ['rice', 'tea'], n: 2, seed: 3 }, '/v1/completions')
  expect(calls.map(({ messages, options }) => [messages, options.seed])).toEqual([
    [[{ role: 'user', content: 'rice' }], 3],
    [[{ role: 'user', content: 'rice' }], 4],
    [[{ role: 'user', content: 'tea' }], 5],
    [[{ role: 'user', content: 'tea' }], 6],
  ])
  const [stops] = await asked(
    { messages: [{ role: 'user', content: 'hi' }], max_tokens: 5, stop_sequences: ['END'] },
    '/v1/messages',
  )
  expect(stops?.options).toMatchObject({ stop: ['END'], maxTokens: 5 })
})

test('a prompt beside a conversation is no prompt: nobody has judged it', async () => {
  const messages = [{ role: 'user', content: 'hi' }]
  const calls = await asked({ messages, prompt: ['unjudged', 'twice'], echo: true })
  expect(calls.map((call) => call.messages)).toEqual([messages])
})

test('too many stop texts are refused', async () => {
  const { gateway } = harness({ upstream: createDemoUpstream(toyEngine()), demo: true })
  const stop = Array.from({ length: 17 }, (_, index) => `stop ${index}`)
  const response = await gateway.fetch(chat('hi', { stop }))
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('at most 16 stop texts')
})

describe('tokens are told in every protocol, whole and as a stream', () => {
  interface Said {
    readonly path: string
    readonly body: Record<string, unknown>
  }

  async function answer({ path, body }: Said): Promise<string> {
    const { gateway } = harness({ upstream: createDemoUpstream(toyEngine()), demo: true })
    const request = new Request(`http://gateway.invalid${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'default', ...body }),
    })
    return (await gateway.fetch(request)).text()
  }

  const whole = async (said: Said): Promise<unknown> => (JSON.parse(await answer(said)) as { usage: unknown }).usage

  /** What the events of a stream say of tokens, in order. */
  async function streamed({ path, body }: Said): Promise<readonly unknown[]> {
    const text = await answer({ path, body: { ...body, stream: true } })
    const events = text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []))
    return (events as { usage?: unknown; response?: { usage?: unknown } }[]).flatMap((event) => {
      const usage = event.usage ?? event.response?.usage
      return usage === undefined || usage === null ? [] : [usage]
    })
  }

  const messages = [{ role: 'user', content: 'two words' }]
  // The toy says: about two words it is said MASKME.
  const counted = { prompt_tokens: 2, completion_tokens: 7, total_tokens: 9 }

  test('chat completions', async () => {
    const said = { path: '/v1/chat/completions', body: { messages } }
    expect(await whole(said)).toEqual(counted)
    expect(await streamed(said)).toEqual([])
    const asking = { ...said, body: { messages, stream_options: { include_usage: true } } }
    expect(await streamed(asking)).toEqual([counted])
  })

  test('completions: a prompt counts once, however many answers it gets', async () => {
    const said = { path: '/v1/completions', body: { prompt: ['two words', 'one'], n: 2 } }
    const all = { prompt_tokens: 3, completion_tokens: 26, total_tokens: 29 }
    expect(await whole(said)).toEqual(all)
    expect(await streamed({ ...said, body: { ...said.body, stream_options: { include_usage: true } } })).toEqual([all])
  })

  test('messages', async () => {
    const said = { path: '/v1/messages', body: { messages, max_tokens: 4 } }
    expect(await whole(said)).toMatchObject({ input_tokens: 2, output_tokens: 4 })
    expect((await streamed(said)).at(-1)).toMatchObject({ input_tokens: 2, output_tokens: 4 })
  })

  test('responses', async () => {
    const said = { path: '/v1/responses', body: { input: 'two words' } }
    const told = { input_tokens: 2, output_tokens: 7, total_tokens: 9 }
    expect(await whole(said)).toMatchObject(told)
    expect(await streamed(said)).toMatchObject([told])
  })
})
