/** The door for completions from before chat: what reaches the model, what comes back, every status. */
import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { errorBodySchema } from '../../../src/contract/index.ts'
import { createDemoUpstream } from '../../../src/gateway/index.ts'
import type { Policy } from '../../../src/spec/index.ts'
import type { HarnessOptions, Server } from '../support.ts'
import { eventsOf, guard, harness, sseResponse, sseText, wordGuard } from '../support.ts'
import { ask, choice, chunk, chunksOf, clientOf, completes, completion, textOf } from './support.ts'
import { toyEngine } from '../toy-engine.ts'

const setUp = (options: HarnessOptions = {}) => harness({ server: completes('Hello there.'), ...options })

describe('with the openai client', () => {
  test('a whole answer', async () => {
    const { gateway, asked } = setUp()
    const { data, response } = await clientOf(gateway)
      .completions.create({ model: 'm', prompt: 'Say hello' })
      .withResponse()
    expect(data).toEqual(completion([choice('Hello there.')]))
    expect(response.headers.get('x-parapet-decision')).toBe('pass')
    expect(asked[0]?.body).toEqual({ model: 'm', prompt: 'Say hello' })
    expect(asked[0]?.headers['authorization']).toBeUndefined()
  })

  test('a stream, with counts when they were asked for', async () => {
    const client = clientOf(setUp({ server: completes('one two MASKME four') }).gateway)
    const request = { model: 'm', prompt: 'count', stream: true } as const
    const chunks = []
    for await (const item of await client.completions.create({ ...request, stream_options: { include_usage: true } }))
      chunks.push(item)
    expect(chunks.map((item) => item.choices[0]?.text ?? '').join('')).toBe('one two [masked] four')
    expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set(['cmpl-1']))
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 3 } })
    const text = await (await setUp().gateway.fetch(ask('count', { stream: true }))).text()
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(text).not.toContain('usage')
  })

  test('choices of several prompts are numbered prompt by prompt', async () => {
    const server: Server = ({ prompt, n }) =>
      Response.json(
        completion(
          (prompt as string[])
            .flatMap((item, at) =>
              Array.from({ length: n as number }, (_, own) =>
                choice(`${item} ${own}`, { index: at * (n as number) + own }),
              ),
            )
            .toReversed(),
        ),
      )
    const prompts = ['red', 'MASKME', 'blue']
    const answer = await clientOf(setUp({ server }).gateway).completions.create({ model: 'm', prompt: prompts, n: 2 })
    expect(answer.choices.map(({ index, text }) => [index, text])).toEqual([
      [5, 'blue 1'],
      [4, 'blue 0'],
      [3, '[masked] 1'],
      [2, '[masked] 0'],
      [1, 'red 1'],
      [0, 'red 0'],
    ])
  })

  test('errors are those the client knows', async () => {
    const client = clientOf(setUp().gateway)
    await expect(client.completions.create({ model: 'm', prompt: 'BLOCKME' })).rejects.toBeInstanceOf(
      OpenAI.BadRequestError,
    )
    await expect(client.completions.create({ model: 'm', prompt: 'x', n: 0 })).rejects.toMatchObject({
      status: 400,
      param: 'n',
    })
  })
})

describe('the request', () => {
  test('goes on untouched but for what was modified', async () => {
    const { gateway, asked } = setUp()
    const settings = {
      suffix: 'the end',
      max_tokens: 7,
      temperature: 0.1,
      best_of: 3,
      n: 2,
      echo: false,
      logprobs: 2,
      stop: ['MASKME', '\n'],
      logit_bias: { '50256': -100 },
      user: 'ann',
      min_p: 0.1,
      stop_token_ids: [1, 2],
    }
    await gateway.fetch(ask('say MASKME', settings))
    expect(asked[0]?.body).toEqual({ model: 'm', prompt: 'say [masked]', ...settings })
    await gateway.fetch(ask(['a', 'b'], settings))
    expect(asked[1]?.body).toEqual({ model: 'm', prompt: ['a', 'b'], ...settings })
  })

  test('every prompt is judged, however many there are', async () => {
    const prompts = Array.from({ length: 40 }, (_, index) => `prompt ${index}`)
    for (const at of [0, 20, 39]) {
      const { gateway, asked } = setUp()
      const bad = prompts.with(at, 'MASKME')
      await gateway.fetch(ask(bad))
      expect(asked[0]?.body['prompt']).toEqual(prompts.with(at, '[masked]'))
      expect((await gateway.fetch(ask(prompts.with(at, 'BLOCKME')))).status).toBe(400)
      expect(asked).toHaveLength(1)
    }
  })

  test('the suffix and fields nobody knows are judged too', async () => {
    const { gateway, asked } = setUp()
    await gateway.fetch(ask('x', { suffix: 'MASKME', grammar: 'MASKME', extra: { deep: ['MASKME', 1] } }))
    expect(asked[0]?.body).toMatchObject({ suffix: '[masked]', grammar: '[masked]', extra: { deep: ['[masked]', 1] } })
    for (const field of ['suffix', 'grammar'])
      expect((await gateway.fetch(ask('x', { [field]: 'BLOCKME' }))).status).toBe(400)
    expect(asked).toHaveLength(1)
  })

  test.each([
    ['one prompt', { prompt: [1, 2, 3] }],
    ['several', { prompt: [[1, 2], [3]] }],
    ['vectors', { prompt: 'x', prompt_embeds: 'AAAA' }],
  ])('tokens cannot be read, so the rule for media holds: %s', async (_name, body) => {
    const decide = async (media?: Policy['media']) => {
      const { gateway, asked } = setUp(media === undefined ? {} : { policy: { media } })
      const response = await gateway.fetch(ask('', body))
      return { status: response.status, decision: response.headers.get('x-parapet-decision'), body: asked[0]?.body }
    }
    expect(await decide()).toEqual({ status: 400, decision: 'block', body: undefined })
    expect(await decide('flag')).toEqual({ status: 200, decision: 'flag', body: { model: 'm', ...body } })
    expect(await decide('pass')).toEqual({ status: 200, decision: 'pass', body: { model: 'm', ...body } })
  })

  test('a prompt is not needed', async () => {
    const { gateway, asked } = setUp()
    expect((await gateway.fetch(ask(undefined))).status).toBe(200)
    expect((await gateway.fetch(ask(null))).status).toBe(200)
    expect((await gateway.fetch(ask(''))).status).toBe(200)
    expect(asked.map(({ body }) => body)).toEqual([
      { model: 'm' },
      { model: 'm', prompt: null },
      { model: 'm', prompt: '' },
    ])
  })

  test.each([
    [{ prompt: [] }, 'prompt'],
    [{ prompt: 1 }, 'prompt'],
    [{ prompt: ['a', 1] }, 'prompt[1]'],
    [{ prompt: [[1], 'a'] }, 'prompt[1]'],
    [{ prompt: [-1] }, 'prompt[0]'],
    [{ prompt: { text: 'a' } }, 'prompt'],
    [{ suffix: 1 }, 'suffix'],
    [{ n: 1.5 }, 'n'],
    [{ n: 128, prompt: Array.from({ length: 17 }, () => 'a') }, 'n'],
    [{ stream: 'yes' }, 'stream'],
    [{ stop: { MARKER: 1 } }, 'stop'],
    [{ logit_bias: { MARKER: 1 } }, 'logit_bias'],
    [{ logit_bias: { 1: 'MARKER' } }, 'logit_bias'],
    [{ user: {} }, 'user'],
  ])('%j is refused', async (body, param) => {
    const { gateway, asked } = setUp()
    const response = await gateway.fetch(ask('x', body))
    expect(response.status).toBe(400)
    expect(errorBodySchema.parse(await response.json()).error).toMatchObject({ code: 'input_invalid', param })
    expect(asked).toHaveLength(0)
  })

  test('a retry says why at the end of each prompt', async () => {
    let turn = 0
    const server: Server = () => Response.json(completion([choice((turn += 1) === 1 ? 'AGAINME' : 'better')]))
    const { gateway, asked } = setUp({
      server,
      guards: [wordGuard('AGAINME', { action: 'retry', reason: 'Be better.' })],
    })
    const answer = (await (await gateway.fetch(ask(['a', 'b']))).json()) as OpenAI.Completion
    expect(answer.choices[0]?.text).toBe('better')
    const again = asked[1]?.body['prompt'] as string[]
    expect(again.map((prompt) => prompt.slice(0, 3))).toEqual(['a\n\n', 'b\n\n'])
    for (const prompt of again) expect(prompt).toContain('Be better.')
    await gateway.fetch(ask('once'))
    expect(asked.at(-1)?.body['prompt']).toBe('once')
  })
})

describe('echo', () => {
  test('returns the prompt as it was modified, and is judged with the answer', async () => {
    const { gateway, asked } = setUp({ server: completes(' and more MASKME') })
    for (const stream of [false, true]) {
      const text = await (await gateway.fetch(ask('my MASKME', { echo: true, stream }))).text()
      const shown = stream ? textOf(eventsOf(text)) : (JSON.parse(text) as OpenAI.Completion).choices[0]?.text
      expect(shown).toBe('my [masked] and more [masked]')
      expect(text).not.toContain('MASKME')
    }
    expect(asked[0]?.body).toMatchObject({ prompt: 'my [masked]', echo: true })
  })
})

describe('decisions', () => {
  const failing = guard('failing', () => {
    throw new TypeError('PLANTED')
  })
  const hanging = guard('hanging', () => new Promise(() => undefined))

  test.each([
    ['blocked input', {}, 'BLOCKME PLANTED', 'Hello', 400, 'content_filter'],
    ['blocked output', {}, 'hi', 'so BLOCKME PLANTED', 400, 'content_filter'],
    ['guard failed', { guards: [failing] }, 'PLANTED', 'Hello', 503, 'guard_failed'],
    [
      'guard timed out',
      { guards: [hanging], policy: { deadlines: { guard: 30 } } },
      'hi',
      'Hello',
      504,
      'guard_timeout',
    ],
  ] satisfies [string, HarnessOptions, string, string, number, string][])(
    '%s',
    async (_name, options, prompt, answer, status, code) => {
      for (const stream of [false, true]) {
        const response = await setUp({ ...options, server: completes(answer) }).gateway.fetch(ask(prompt, { stream }))
        const text = await response.text()
        expect(response.status).toBe(status)
        expect(errorBodySchema.parse(JSON.parse(text)).error).toMatchObject({ code, type: code })
        expect(text).not.toContain('PLANTED')
        expect(response.headers.get('x-parapet-decision-id')).toMatch(/^dec_/)
      }
    },
  )

  test('a refusal answers every choice in the policy’s words', async () => {
    for (const [prompts, answer] of [
      [['REFUSEME', 'b'], 'x'],
      [['a', 'b'], 'well REFUSEME'],
    ] as const) {
      const { gateway } = setUp({ server: completes(answer) })
      const whole = await gateway.fetch(ask(prompts, { n: 2 }))
      expect(whole.status).toBe(200)
      expect(whole.headers.get('x-parapet-decision')).toBe('refuse')
      const body = (await whole.json()) as OpenAI.Completion
      expect(body).toMatchObject({ object: 'text_completion', model: 'm', usage: { total_tokens: 0 } })
      expect(body.id).toMatch(/^cmpl-/)
      expect(body.choices).toEqual(
        [0, 1, 2, 3].map((index) => choice('I would rather not.', { index, finish_reason: 'content_filter' })),
      )
      const text = await (await gateway.fetch(ask(prompts, { n: 2, stream: true }))).text()
      for (const index of [0, 1, 2, 3]) expect(textOf(eventsOf(text), index)).toContain('I would rather not.')
      expect(text.match(/"content_filter"/g)).toHaveLength(4)
      expect(text).not.toContain('REFUSEME')
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    }
  })

  test('held content is a 202', async () => {
    const response = await setUp().gateway.fetch(ask('HOLDME'))
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({ status: 'held' })
  })

  test('a block after bytes were sent is an error event without [DONE]', async () => {
    const long = `${'fine words here '.repeat(60)} BLOCKME PLANTED ${'more '.repeat(50)}`
    const text = await (await setUp({ server: completes(long) }).gateway.fetch(ask('hi', { stream: true }))).text()
    const events = eventsOf(text)
    expect(events.length).toBeGreaterThan(2)
    expect(errorBodySchema.parse(events.at(-1)).error).toMatchObject({ code: 'content_filter' })
    expect(text).not.toContain('[DONE]')
    expect(text).not.toMatch(/BLOCKME|PLANTED|more/)
  })

  test('metrics name the door', async () => {
    const { gateway } = setUp()
    await (await gateway.fetch(ask('hi'))).text()
    const text = await (await gateway.fetch(new Request('http://127.0.0.1/metrics'))).text()
    expect(text).toContain('parapet_decisions_total{decision="pass",door="completions"} 1')
  })
})

describe('a model server that answers wrongly', () => {
  test.each([
    ['an error', { error: { message: 'PLANTED' } }],
    ['no choices', completion([])],
    ['other JSON', { answer: 'PLANTED' }],
    ['a choice of chat', completion([{ index: 0, message: { role: 'assistant', content: 'PLANTED' } }])],
    ['a text that is none', completion([choice('', { text: ['PLANTED'] as never })])],
    ['a choice nobody asked for', completion([choice('PLANTED', { index: 1 })])],
    ['the same choice twice', completion([choice('PLANTED'), choice('PLANTED')])],
    ['a choice that is none', completion(['PLANTED'])],
  ])('%s is a 502', async (_name, answer) => {
    const { gateway } = setUp({
      server: ({ stream }) => (stream === true ? sseResponse([answer]) : Response.json(answer)),
    })
    const response = await gateway.fetch(ask('hi'))
    const text = await response.text()
    expect(response.status).toBe(502)
    expect(errorBodySchema.parse(JSON.parse(text)).error).toMatchObject({ code: 'upstream_error' })
    expect(text).not.toContain('PLANTED')
  })

  test.each([
    ['an error', [{ error: { message: 'PLANTED' } }]],
    ['no end', [chunk('PLANTED')]],
    ['nothing', []],
    ['a choice nobody asked for', [chunk('PLANTED', { index: 2 }), chunk('', { finish_reason: 'stop' })]],
    ['one of two that never ends', [...chunksOf(['PLANTED']), chunk('PLANTED', { index: 1 })]],
  ])('a stream with %s is an error', async (_name, chunks) => {
    const { gateway } = setUp({ server: () => sseResponse(chunks) })
    const response = await gateway.fetch(ask(['a', 'b'], { stream: true }))
    const text = await response.text()
    if (response.status === 200) expect(errorBodySchema.parse(eventsOf(text).at(-1)).error.code).toBe('upstream_error')
    else expect(response.status).toBe(502)
    expect(text).not.toContain('[DONE]')
  })
})

describe('log-probabilities', () => {
  const logprobs = {
    tokens: ['so', ' far'],
    token_logprobs: [null, -0.5],
    text_offset: [0, 2],
    top_logprobs: [null, { ' far': -0.5, ' good': -1.5 }],
  }
  const both = async (text: string, given: unknown, options: HarnessOptions = {}) => {
    const { gateway } = setUp({
      ...options,
      server: ({ stream }) =>
        stream === true
          ? sseResponse([chunk(text, { logprobs: given, finish_reason: 'length' })])
          : Response.json(completion([choice(text, { logprobs: given as never, finish_reason: 'length' })])),
    })
    const whole = (await (await gateway.fetch(ask('hi'))).json()) as OpenAI.Completion
    const events = eventsOf(await (await gateway.fetch(ask('hi', { stream: true }))).text())
    const streamed = events.flatMap((event) => event['choices'] as OpenAI.CompletionChoice[])
    return {
      whole: whole.choices?.[0]?.logprobs,
      streamed: streamed?.find((item) => item.text !== '')?.logprobs,
      events,
    }
  }

  test('stand beside the words they spell', async () => {
    expect(await both('so far', logprobs)).toMatchObject({ whole: logprobs, streamed: logprobs })
  })

  test('bytes of a character count as the character', async () => {
    const bytes = {
      tokens: ['bytes:\\xe2\\x82', 'bytes:\\xac', ' 5'],
      token_logprobs: [-1, -1, -1],
      top_logprobs: null,
    }
    expect(await both('€ 5', bytes)).toMatchObject({ whole: bytes, streamed: bytes })
  })

  test.each([
    ['other words', { ...logprobs, tokens: ['so', ' BLOCKME'] }],
    ['no list', { ...logprobs, tokens: 'so far' }],
    ['tokens that are none', { ...logprobs, tokens: ['so', 1] }],
    ['the form of chat', { content: [{ token: 'so far', logprob: -1, bytes: null, top_logprobs: [] }] }],
    ['a list', ['so far']],
  ])('are left out when they hold %s', async (_name, given) => {
    expect(await both('so far', given)).toMatchObject({ whole: null, streamed: null })
  })

  test('keep only what is understood', async () => {
    const odd = {
      ...logprobs,
      token_logprobs: ['BLOCKME', 1],
      text_offset: [0],
      top_logprobs: [{ a: 'BLOCKME' }, null],
      note: 'BLOCKME',
    }
    expect(await both('so far', odd)).toMatchObject({
      whole: { tokens: ['so', ' far'] },
      streamed: { tokens: ['so', ' far'] },
    })
    expect(JSON.stringify(await both('so far', odd))).not.toContain('BLOCKME')
  })

  test('are left out beside a text that was modified', async () => {
    const given = { tokens: ['so', ' MASKME'], token_logprobs: [0, 0], text_offset: [0, 2], top_logprobs: null }
    const { whole, streamed, events } = await both('so MASKME', given)
    expect([whole, streamed]).toEqual([null, null])
    expect(textOf(events)).toBe('so [masked]')
  })

  test('the tokens that were not taken are judged', async () => {
    const top = (word: string) => ({ ...logprobs, top_logprobs: [{ so: -1, [word]: -2 }, { ' far': -1 }] })
    const { whole, streamed } = await both('so far', top('MASKME'))
    const { top_logprobs: _top, ...rest } = logprobs
    expect(whole).toEqual(rest)
    expect(streamed).toEqual(rest)
    const { events } = await both('so far', top('BLOCKME')).catch(() => ({ events: [] }))
    expect(JSON.stringify(events)).not.toContain('BLOCKME')
  })
})

describe('a chunk', () => {
  test('with the last words, their end and the counts together loses none of it', async () => {
    const usage = {
      prompt_tokens: 1,
      completion_tokens: 1,
      total_tokens: 2,
      prompt_tokens_details: { cached_tokens: 0 },
    }
    const server: Server = () => sseResponse([chunk('all', { finish_reason: 'length', stop_reason: 7 }, { usage })])
    const events = eventsOf(await (await setUp({ server }).gateway.fetch(ask('hi', { stream: true }))).text())
    expect(events.map((event) => event['choices'])).toEqual([
      [{ index: 0, text: 'all', logprobs: null, finish_reason: null, stop_reason: 7 }],
      [{ index: 0, text: '', logprobs: null, finish_reason: 'length', stop_reason: 7 }],
    ])
    expect(events[1]?.['usage']).toEqual(usage)
  })

  test('with words for several choices is taken apart', async () => {
    const chunks = [
      completion([
        choice('a MASKME', { finish_reason: null as never }),
        choice('b', { index: 1, finish_reason: null as never }),
      ]),
      completion([choice('', { index: 1 }), choice('')]),
    ]
    const { gateway } = setUp({ server: () => sseResponse(chunks) })
    const events = eventsOf(await (await gateway.fetch(ask(['a', 'b'], { stream: true }))).text())
    expect([textOf(events, 0), textOf(events, 1)]).toEqual(['a [masked]', 'b'])
  })

  test('of metadata does not begin the answer: a block after it still has its status', async () => {
    const filter = {
      prompt_filter_results: [{ prompt_index: 0, content_filter_results: { hate: { severity: 'safe' } } }],
    }
    const serve =
      (text: string): Server =>
      () =>
        sseResponse([completion([], { ...filter, usage: null }), ...chunksOf([text])])
    const blocked = await setUp({ server: serve('BLOCKME') }).gateway.fetch(ask('hi', { stream: true }))
    expect(blocked.status).toBe(400)
    const events = eventsOf(
      await (await setUp({ server: serve('fine') }).gateway.fetch(ask('hi', { stream: true }))).text(),
    )
    expect(events[0]).toMatchObject(filter)
    expect(textOf(events)).toBe('fine')
  })
})

test('lists of numbers nobody knows are not passed on: they may be tokens', async () => {
  const odd = { token_ids: [77, 65], nested: { ids: [[1], [2]] }, count: 3, on: true }
  const { gateway } = setUp({
    server: () => Response.json({ ...completion([choice('x', odd)]), prompt_token_ids: [1] }),
  })
  const body = (await (await gateway.fetch(ask('hi'))).json()) as Record<string, unknown>
  expect(body).toEqual(completion([choice('x', { count: 3, on: true })]))
})

describe('the demo model', () => {
  const upstream = createDemoUpstream(toyEngine())

  test('answers every choice, streamed and whole, with the prompt when that is wanted', async () => {
    const { gateway } = harness({ upstream, demo: true })
    const text = await (await gateway.fetch(ask(['rice', 'tea MASKME'], { n: 2, stream: true, echo: true }))).text()
    expect(textOf(eventsOf(text), 1)).toMatch(/^riceabout rice it is said/)
    expect(textOf(eventsOf(text), 3)).toMatch(/^tea \[masked\]about tea \[masked\] it is said/)
    const body = (await (await gateway.fetch(ask('rice', { n: 2 }))).json()) as OpenAI.Completion
    expect(body).toMatchObject({ object: 'text_completion', model: 'parapet-demo' })
    expect(body.choices.map(({ index, finish_reason: reason }) => [index, reason])).toEqual([
      [0, 'stop'],
      [1, 'stop'],
    ])
    expect(body.choices[1]?.text).toContain('about rice')
  })
})

test('property: the text that leaves does not depend on how it was cut, in chunks or in bytes', async () => {
  const words = fc.array(fc.constantFrom('plain ', 'MASKME', 'MASK', 'ME', '🐎', 'é', ' ', '\n'), {
    minLength: 1,
    maxLength: 30,
  })
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(words, sizes, sizes, async (parts, cuts, bytes) => {
      const text = parts.join('')
      const pieces: string[] = []
      for (let at = 0, turn = 0; at < text.length; turn += 1) {
        const size = cuts[turn % cuts.length] ?? 1
        pieces.push(text.slice(at, at + size))
        at += size
      }
      const wire = new TextEncoder().encode(sseText(chunksOf(pieces)))
      let at = 0
      let turn = 0
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const size = (bytes[(turn += 1) % bytes.length] ?? 1) * 7
          controller.enqueue(wire.slice(at, at + size))
          at += size
          if (at >= wire.length) controller.close()
        },
      })
      const { gateway } = setUp({ server: () => new Response(body) })
      const answer = await (await gateway.fetch(ask('hi', { stream: true }))).text()
      expect(textOf(eventsOf(answer))).toBe(text.replaceAll('MASKME', '[masked]'))
    }),
    { numRuns: 60 },
  )
})
