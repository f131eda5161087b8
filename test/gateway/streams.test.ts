/** What becomes of an answer on its way through: every kind of content, every choice, streamed and whole. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDemoUpstream } from '../../src/gateway/index.ts'
import type { Server } from './support.ts'
import { chat, chunk, chunksOf, completionOf, contentOf, deltasOf, eventsOf, harness, sseResponse } from './support.ts'
import { toyEngine } from './toy-engine.ts'

async function streamed(
  chunks: readonly unknown[],
  options: Record<string, unknown> = {},
  request: Record<string, unknown> = {},
): Promise<string> {
  const { gateway } = harness({ server: () => sseResponse(chunks), ...options })
  return (await gateway.fetch(chat('hi', { stream: true, ...request }))).text()
}

async function whole(completion: unknown, options: Record<string, unknown> = {}): Promise<Record<string, never>> {
  const { gateway } = harness({ server: () => Response.json(completion), ...options })
  return (await (await gateway.fetch(chat('hi'))).json()) as Record<string, never>
}

const toolChunks = [
  chunk({
    role: 'assistant',
    content: null,
    tool_calls: [{ index: 0, id: 'call_a', type: 'function', function: { name: 'find', arguments: '' } }],
  }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '{"who":' } }] }),
  chunk({ tool_calls: [{ index: 1, id: 'call_b', type: 'function', function: { name: 'none', arguments: '' } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '"MASKME"}' } }] }),
  chunk({}, 'tool_calls'),
]

describe('streamed', () => {
  test('chunks keep id, model and fingerprint, and begin with the role', async () => {
    const events = eventsOf(await streamed(chunksOf('one two three')))
    for (const event of events)
      expect(event).toMatchObject({
        id: 'chatcmpl-1',
        model: 'test-model',
        object: 'chat.completion.chunk',
        system_fingerprint: 'fp_1',
      })
    expect((events[0] as { choices: { delta: { role: string } }[] }).choices[0]?.delta.role).toBe('assistant')
  })

  test('masks across chunks', async () => {
    const text = await streamed(
      ['say MA', 'SK', 'ME now'].map((content) => chunk({ content })).concat([chunk({}, 'stop')]),
    )
    expect(contentOf(text)).toBe('say [masked] now')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test('every choice is guarded on its own', async () => {
    const chunks = [
      chunk({ content: 'a MASKME' }, null, 1),
      chunk({ content: 'plain' }, null, 0),
      chunk({}, 'stop', 0),
      chunk({}, 'length', 1),
    ]
    const text = await streamed(chunks, {}, { n: 2 })
    expect(contentOf(text, 0)).toBe('plain')
    expect(contentOf(text, 1)).toBe('a [masked]')
    expect(text).toContain('"finish_reason":"length"')
  })

  test('tool calls keep index, id and name, one without arguments too', async () => {
    const calls = deltasOf(await streamed(toolChunks)).flatMap((delta) => delta.tool_calls ?? [])
    const joined = (index: number) => calls.filter((call) => call.index === index)
    expect(joined(0)[0]).toMatchObject({ id: 'call_a', type: 'function', function: { name: 'find' } })
    expect(
      joined(0)
        .map((call) => call.function?.arguments ?? '')
        .join(''),
    ).toBe('{"who":"[masked]"}')
    expect(joined(1)).toMatchObject([{ id: 'call_b', function: { name: 'none', arguments: '' } }])
  })

  test('reasoning and refusals are guarded and keep their names', async () => {
    const text = await streamed([
      chunk({ reasoning: 'think MASKME' }),
      chunk({ refusal: 'no MASKME' }),
      chunk({}, 'stop'),
    ])
    expect(text).toContain('"reasoning":"think [masked]"')
    expect(
      deltasOf(text)
        .map((delta) => delta.refusal ?? '')
        .join(''),
    ).toBe('no [masked]')
    expect(text).not.toContain('MASKME')
  })

  test('fields nobody knows are guarded and kept', async () => {
    const extra = chunk({
      reasoning_details: [{ type: 'text', text: 'x MASKME' }],
      annotations: [{ url: 'https://a.example' }],
    })
    const text = await streamed([extra, { ...chunk({}, 'stop'), citations: ['https://b.example', 'MASKME'] }])
    expect(text).not.toContain('MASKME')
    expect(text).toContain('[{"type":"text","text":"x [masked]"}]')
    expect(text).toContain('"citations":["https://b.example","[masked]"]')
    const blocked = await streamed([chunk({ novel: { deep: 'BLOCKME' } }), chunk({}, 'stop')])
    expect(JSON.parse(blocked)).toMatchObject({ error: { code: 'content_filter' } })
  })

  test('media follow the policy', async () => {
    const chunks = [chunk({ audio: { id: 'a', data: 'AAAA', transcript: 'hello' } }), chunk({}, 'stop')]
    expect(JSON.parse(await streamed(chunks))).toMatchObject({ error: { code: 'content_filter' } })
    const passed = await streamed(chunks, { policy: { media: 'pass' } })
    expect(passed).toContain('"data":"AAAA"')
    expect(passed).toContain('"transcript":"hello"')
  })

  test('usage comes through, log-probabilities only beside the words they spell', async () => {
    const spelled = chunk({ content: 'ok' })
    ;(spelled['choices'] as [Record<string, unknown>])[0]['logprobs'] = { content: [{ token: 'SPELT', logprob: -1 }] }
    const usage = { ...chunk({}), choices: [], usage: { total_tokens: 5 } }
    const text = await streamed([spelled, chunk({}, 'stop'), usage])
    expect(text).toContain('"usage":{"total_tokens":5}')
    expect(text).not.toContain('SPELT')
  })

  test('the text that leaves does not depend on how it was cut', async () => {
    const words = fc.array(fc.constantFrom('plain ', 'MASKME', 'MASK', 'ME', '🐎', 'é', ' ', '\n'), {
      minLength: 1,
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(words, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), async (parts, sizes) => {
        const text = parts.join('')
        const pieces: string[] = []
        for (let at = 0, turn = 0; at < text.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1
          pieces.push(text.slice(at, at + size))
          at += size
        }
        // JSON escapes carry lone surrogates over the wire unharmed.
        const out = await streamed([...pieces.map((content) => chunk({ content })), chunk({}, 'stop')])
        expect(contentOf(out)).toBe(text.replaceAll('MASKME', '[masked]'))
      }),
      { numRuns: 60 },
    )
  })
})

describe('whole', () => {
  test('an answer that was not modified comes out as it came in', async () => {
    const completion = completionOf('fine', { annotations: [{ url: 'https://a.example' }], refusal: null })
    expect(await whole({ ...completion, custom: { x: ['y'] } })).toEqual({ ...completion, custom: { x: ['y'] } })
  })

  test('everything in it is guarded', async () => {
    const message = {
      refusal: 'r MASKME',
      reasoning_content: 't MASKME',
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":"MASKME"}' } }],
      annotations: ['MASKME'],
    }
    const answer = await whole(completionOf('c MASKME', message))
    expect(JSON.stringify(answer)).not.toContain('MASKME')
    expect(answer['choices']?.[0]).toMatchObject({
      message: {
        content: 'c [masked]',
        refusal: 'r [masked]',
        reasoning_content: 't [masked]',
        tool_calls: [{ id: 'c', function: { arguments: '{"a":"[masked]"}' } }],
        annotations: ['[masked]'],
      },
    })
  })

  test('a content that is a list is guarded', async () => {
    const completion = completionOf(null, { content: [{ type: 'text', text: 'x MASKME' }] })
    expect((await whole(completion))['choices']?.[0]?.['message']?.['content']).toEqual([
      { type: 'text', text: 'x [masked]' },
    ])
  })

  test('null content with tool calls stays null', async () => {
    const calls = [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }]
    expect((await whole(completionOf(null, { tool_calls: calls })))['choices']?.[0]?.['message']).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: calls,
    })
  })
})

describe('the request', () => {
  test('goes on untouched but for what was modified', async () => {
    const { gateway, asked } = harness()
    const messages = [
      { role: 'system', content: 's', odd: 1 },
      { role: 'user', content: 'a MASKME', name: 'ann' },
    ]
    const extra = {
      temperature: 0.1,
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
      novel: { x: [1] },
      messages,
    }
    await gateway.fetch(chat('', extra))
    expect(asked[0]?.body).toEqual({
      model: 'm',
      ...extra,
      messages: [messages[0], { role: 'user', content: 'a [masked]', name: 'ann' }],
    })
  })

  test('the client’s key stays here', async () => {
    const { gateway, asked } = harness()
    const request = chat('hi')
    request.headers.set('authorization', 'Bearer client-key')
    request.headers.set('traceparent', '00-1-2-01')
    await gateway.fetch(request)
    expect(asked[0]?.headers['authorization']).toBeUndefined()
    expect(asked[0]?.headers['traceparent']).toBe('00-1-2-01')
  })

  test('retry asks again with the reason', async () => {
    let turn = 0
    const server: Server = () => Response.json(completionOf((turn += 1) === 1 ? 'AGAINME' : 'better'))
    const { gateway, asked } = harness({
      server,
      guards: [(await import('./support.ts')).wordGuard('AGAINME', { action: 'retry', reason: 'Be better.' })],
    })
    const body = (await (await gateway.fetch(chat('hi'))).json()) as { choices: { message: { content: string } }[] }
    expect(body.choices[0]?.message.content).toBe('better')
    const again = asked[1]?.body['messages'] as { role: string; content: string }[]
    expect(again).toHaveLength(2)
    expect(again[1]?.content).toContain('Be better.')
  })
})

test('the demo model answers, streamed and whole', async () => {
  const upstream = createDemoUpstream(toyEngine())
  const { gateway } = harness({ upstream, demo: true })
  const text = await (await gateway.fetch(chat('rice', { stream: true, n: 2 }))).text()
  expect(contentOf(text, 1)).toMatch(/^about rice it is said/)
  const body = (await (await gateway.fetch(chat('rice'))).json()) as {
    model: string
    choices: { message: { content: string } }[]
  }
  expect(body.model).toBe('parapet-demo')
  expect(body.choices[0]?.message.content).toContain('about rice')
})
