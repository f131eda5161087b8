/**
 * The door for embeddings: what is judged, what reaches the model server, what of its answer is passed on.
 *
 * The answers are written from the types that the `openai` package publishes (`resources/embeddings.d.ts`), not recorded.
 */
import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { errorBodySchema } from '../../../src/contract/index.ts'
import type { Upstream } from '../../../src/gateway/index.ts'
import type { Caller, Policy } from '../../../src/spec/index.ts'
import { planted } from '../completions/plant.ts'
import { clientOf } from '../completions/support.ts'
import type { HarnessOptions, Server } from '../support.ts'
import { guard, harness, post } from '../support.ts'

const ask = (input: unknown, extra: Record<string, unknown> = {}): Request =>
  post('/v1/embeddings', { model: 'm', input, ...extra })

const base64 = (numbers: readonly number[]): string => Buffer.from(Float32Array.from(numbers).buffer).toString('base64')

function embeddings(vectors: readonly unknown[], extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    object: 'list',
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    model: 'text-embedding-3-small',
    usage: { prompt_tokens: 8, total_tokens: 8 },
    ...extra,
  }
}

/** Vectors of three numbers, exact in 32 bits, in the form asked for. */
const embeds: Server = ({ input, encoding_format: format }) => {
  const count = Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1
  const vectors = Array.from({ length: count }, (_, index) => [index, 0.5, -0.25])
  return Response.json(embeddings(format === 'base64' ? vectors.map(base64) : vectors))
}

const answers =
  (answer: unknown): Server =>
  () =>
    Response.json(answer)

const setUp = (options: HarnessOptions = {}) => harness({ server: embeds, ...options })

async function errorOf(response: Response) {
  const text = await response.text()
  return { status: response.status, text, ...errorBodySchema.parse(JSON.parse(text)).error }
}

describe('with the openai client', () => {
  test('vectors come back as numbers, asked for as base64 underneath', async () => {
    const { gateway, asked } = setUp()
    const client = clientOf(gateway)
    const { data, response } = await client.embeddings.create({ model: 'm', input: ['a', 'b'] }).withResponse()
    expect(data.data.map(({ embedding }) => [...embedding])).toEqual([
      [0, 0.5, -0.25],
      [1, 0.5, -0.25],
    ])
    expect(data).toMatchObject({ object: 'list', model: 'text-embedding-3-small', usage: { total_tokens: 8 } })
    expect(response.headers.get('x-parapet-decision')).toBe('pass')
    expect(asked[0]?.body).toEqual({ model: 'm', input: ['a', 'b'], encoding_format: 'base64' })
    expect(asked[0]?.headers['authorization']).toBeUndefined()
  })

  test('floats, dimensions and user are handed on', async () => {
    const { gateway, asked } = setUp()
    const request = { model: 'm', input: 'a', encoding_format: 'float', dimensions: 3, user: 'ann' } as const
    const answer = await clientOf(gateway).embeddings.create(request)
    expect(answer.data).toEqual([{ object: 'embedding', index: 0, embedding: [0, 0.5, -0.25] }])
    expect(asked[0]?.body).toEqual(request)
  })

  test('a blocked text is an error it knows', async () => {
    const { gateway, asked } = setUp()
    const pending = clientOf(gateway).embeddings.create({ model: 'm', input: ['fine', 'BLOCKME'] })
    await expect(pending).rejects.toBeInstanceOf(OpenAI.BadRequestError)
    expect(asked).toHaveLength(0)
  })
})

describe('texts', () => {
  test('are all judged, as one decision, and masked before they leave', async () => {
    const { gateway, asked } = setUp()
    const texts = Array.from({ length: 40 }, (_, index) => `text ${index}`)
    const response = await gateway.fetch(ask(texts.with(0, 'a MASKME').with(39, 'MASKME')))
    expect(response.headers.get('x-parapet-decision')).toBe('modify')
    expect(asked[0]?.body['input']).toEqual(texts.with(0, 'a [masked]').with(39, '[masked]'))
    const metrics = await (await gateway.fetch(new Request('http://127.0.0.1/metrics'))).text()
    expect(metrics).toContain('parapet_decisions_total{decision="modify",door="embeddings"} 1')
    await gateway.fetch(ask('only MASKME', { task: 'retrieval of MASKME', truncate: true }))
    expect(asked[1]?.body).toEqual({
      model: 'm',
      input: 'only [masked]',
      task: 'retrieval of [masked]',
      truncate: true,
    })
  })

  test('are judged at the stage input, for the user they name', async () => {
    const seen: [string, Caller][] = []
    const watching = guard('watching', ({ stage, caller }) => {
      seen.push([stage, caller])
      return { findings: [] }
    })
    await setUp({ guards: [watching] }).gateway.fetch(ask(['a', 'b'], { user: 'ann' }))
    expect(seen).toEqual([
      ['input', { user: 'ann' }],
      ['input', { user: 'ann' }],
    ])
  })

  test.each([
    ['BLOCKME', 400, 'content_filter', 'block'],
    ['REFUSEME', 400, 'refused', 'refuse'],
  ])('%s reaches no model server', async (text, status, code, decision) => {
    const { gateway, asked } = setUp()
    const response = await gateway.fetch(ask(['fine', `${text} PLANTED`]))
    expect(response.headers.get('x-parapet-decision')).toBe(decision)
    expect(response.headers.get('x-should-retry')).toBe('false')
    const error = await errorOf(response)
    expect(error).toMatchObject({ status, code, type: code, decision_id: expect.stringMatching(/^dec_/) })
    expect(error.text).not.toContain('PLANTED')
    expect(asked).toHaveLength(0)
  })

  test('held ones wait for a human', async () => {
    const { gateway, asked } = setUp()
    const response = await gateway.fetch(ask('HOLDME'))
    expect(response.status).toBe(202)
    const { poll_url: url } = (await response.json()) as { poll_url: string }
    expect((await gateway.fetch(new Request(`http://127.0.0.1${url}`))).status).toBe(200)
    expect(asked).toHaveLength(0)
  })

  test.each([
    [
      'fails',
      guard('g', () => {
        throw new Error('PLANTED')
      }),
      503,
      'guard_failed',
    ],
    ['hangs', guard('g', () => new Promise(() => undefined)), 504, 'guard_timeout'],
  ])('are not embedded when a guard %s', async (_name, broken, status, code) => {
    const { gateway, asked } = setUp({ guards: [broken], policy: { deadlines: { guard: 30 } } })
    const error = await errorOf(await gateway.fetch(ask('x')))
    expect(error).toMatchObject({ status, code })
    expect(error.text).not.toContain('PLANTED')
    expect(asked).toHaveLength(0)
  })

  test.each([{ input: [1, 2, 3] }, { input: [[1, 2], [3]] }])(
    'as tokens follow the rule for media: %j',
    async ({ input }) => {
      const decide = async (media?: Policy['media']) => {
        const { gateway, asked } = setUp(media === undefined ? {} : { policy: { media } })
        return [(await gateway.fetch(ask(input))).status, asked[0]?.body['input']]
      }
      expect(await decide()).toEqual([400, undefined])
      expect(await decide('flag')).toEqual([200, input])
      expect(await decide('pass')).toEqual([200, input])
    },
  )

  test.each([
    [{}, 'input'],
    [{ input: [] }, 'input'],
    [{ input: null }, 'input'],
    [{ input: ['a', 1] }, 'input[1]'],
    [{ input: [{ text: 'a' }] }, 'input[0]'],
    [{ input: 'a', encoding_format: 'binary' }, 'encoding_format'],
    [{ input: 'a', dimensions: 0 }, 'dimensions'],
    [{ input: 'a', user: 1 }, 'user'],
    [{ input: 'a', model: {} }, 'model'],
  ])('%j is refused', async (body, param) => {
    const { gateway, asked } = setUp()
    expect(await errorOf(await gateway.fetch(post('/v1/embeddings', body)))).toMatchObject({
      status: 400,
      code: 'input_invalid',
      param,
    })
    expect(asked).toHaveLength(0)
  })
})

describe('the answer', () => {
  test('is written anew from what is known of it', async () => {
    const server = answers({
      ...embeddings([[0.1, 1e-8]], { usage: { prompt_tokens: 1, total_tokens: 2, note: 'words', details: {} } }),
      id: 'embd-1',
      data: [{ object: 'words', index: 0, embedding: [0.1, 1e-8], text: 'words' }],
      object: 'words',
    })
    expect(await (await setUp({ server }).gateway.fetch(ask('a'))).json()).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.1, 1e-8] }],
      model: 'text-embedding-3-small',
      usage: { prompt_tokens: 1, total_tokens: 2 },
    })
    const plain = answers({ data: [{ embedding: [1] }], model: 'the best of models' })
    expect(await (await setUp({ server: plain }).gateway.fetch(ask('a'))).json()).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [1] }],
      model: 'm',
    })
  })

  test('stands in the order of the texts', async () => {
    const server = answers({
      data: [
        { index: 1, embedding: [1] },
        { index: 0, embedding: [0] },
      ],
    })
    const body = (await (
      await setUp({ server }).gateway.fetch(ask(['a', 'b']))
    ).json()) as OpenAI.CreateEmbeddingResponse
    expect(body.data.map(({ index, embedding }) => [index, ...embedding])).toEqual([
      [0, 0],
      [1, 1],
    ])
  })

  test('has the form that was asked for, whatever the server sends', async () => {
    const numbers = [0.5, -2, 0.25]
    const ask64 = ask('a', { encoding_format: 'base64' })
    const packed = await (await setUp({ server: answers(embeddings([numbers])) }).gateway.fetch(ask64)).json()
    expect(packed).toMatchObject({ data: [{ embedding: base64(numbers) }] })
    const listed = await (
      await setUp({ server: answers(embeddings([base64(numbers)])) }).gateway.fetch(ask('a'))
    ).json()
    expect(listed).toMatchObject({ data: [{ embedding: numbers }] })
  })

  test.each([
    ['fewer vectors', embeddings([[1]])],
    ['more vectors', embeddings([[1], [2], [3]])],
    ['no list', { object: 'list', data: 'PLANTED' }],
    ['nothing', {}],
    ['an error', { error: { message: 'PLANTED' } }],
    ['a vector of words', embeddings([['PLANTED'], [1]])],
    [
      'a vector with a gap',
      embeddings([
        [1, null],
        [1, 2],
      ]),
    ],
    ['an empty vector', embeddings([[], []])],
    ['lengths that differ', embeddings([[1, 2], [1]])],
    ['a sentence', embeddings(['PLANTED words', [1]])],
    ['base64 of no floats', embeddings(['UExB', 'UExB'])],
    ['base64 of another alphabet', embeddings(['AAAA-_==', [1]])],
    ['base64 with more than its bits', embeddings(['AACAPx==', [1]])],
    ['base64 of no number', embeddings([base64([Number.NaN]), [1]])],
    [
      'the same index twice',
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 0, embedding: [1] },
        ],
      },
    ],
    [
      'an index nobody asked for',
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 2, embedding: [1] },
        ],
      },
    ],
    [
      'an index that is none',
      {
        data: [
          { index: '0', embedding: [1] },
          { index: 0.5, embedding: [1] },
        ],
      },
    ],
    ['an item that is none', { data: ['PLANTED', 'PLANTED'] }],
  ])('with %s is a 502', async (_name, answer) => {
    const { gateway } = setUp({ server: answers(answer) })
    const response = await gateway.fetch(ask(['a', 'b']))
    expect(response.headers.get('x-parapet-decision')).toBe('pass')
    const error = await errorOf(response)
    expect(error).toMatchObject({ status: 502, code: 'upstream_error', decision_id: expect.any(String) })
    expect(error.text).not.toContain('PLANTED')
  })

  test('of other dimensions than asked for, or beyond 32 bits, is a 502', async () => {
    const { gateway } = setUp()
    expect((await errorOf(await gateway.fetch(ask('a', { dimensions: 2 })))).message).toContain('`dimensions`')
    const huge = setUp({ server: answers(embeddings([[1e300]])) })
    expect((await huge.gateway.fetch(ask('a', { encoding_format: 'base64' }))).status).toBe(502)
    expect((await huge.gateway.fetch(ask('a'))).status).toBe(200)
  })

  test('carries no sentence, wherever one was planted', async () => {
    const answer = fc.constantFrom(
      embeddings(
        [
          [1, 2],
          [3, 4],
        ],
        { usage: { prompt_tokens: 1, total_tokens: 1, extra: 'x' }, id: 'e', note: { a: ['b'] } },
      ),
      embeddings([base64([1]), base64([2])]),
    )
    await fc.assert(
      fc.asyncProperty(answer.chain(planted), async (body) => {
        const response = await setUp({ server: answers(body) }).gateway.fetch(ask(['a', 'b']))
        expect(await response.text()).not.toContain('MASKME')
        expect([200, 502]).toContain(response.status)
      }),
      { numRuns: 200 },
    )
  })

  test('property: numbers come back as they were, through either form', async () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true })
    const vectors = fc
      .integer({ min: 1, max: 6 })
      .chain((length) =>
        fc.array(fc.array(float, { minLength: length, maxLength: length }), { minLength: 1, maxLength: 4 }),
      )
    await fc.assert(
      fc.asyncProperty(vectors, fc.boolean(), fc.boolean(), async (numbers, sent, wanted) => {
        const server = answers(embeddings(sent ? numbers.map(base64) : numbers))
        const format = wanted ? 'base64' : 'float'
        const texts = numbers.map((_, index) => `text ${index}`)
        const response = await setUp({ server }).gateway.fetch(ask(texts, { encoding_format: format }))
        const { data } = (await response.json()) as { data: { embedding: never }[] }
        const shown = data.map(({ embedding }) =>
          wanted ? [...new Float32Array(Uint8Array.from(Buffer.from(embedding, 'base64')).buffer)] : embedding,
        )
        // JSON knows no negative zero.
        const plain = (list: readonly number[][]) => list.map((row) => row.map((item) => item + 0))
        expect(plain(shown)).toEqual(plain(numbers))
      }),
    )
  })
})

describe('the model server', () => {
  test.each([
    [500, 502, 'upstream_error'],
    [401, 502, 'upstream_error'],
    [429, 429, 'rate_limited'],
  ])('that answers %i', async (status, expected, code) => {
    const server: Server = () => new Response('{"error":"PLANTED"}', { status, headers: { 'retry-after': '7' } })
    const { gateway, metrics } = setUp({ server })
    const response = await gateway.fetch(ask('a'))
    expect(response.headers.get('x-parapet-decision-id')).toMatch(/^dec_/)
    if (status === 429) expect(response.headers.get('retry-after')).toBe('7')
    const error = await errorOf(response)
    expect(error).toMatchObject({ status: expected, code, upstream_status: status })
    expect(error.text).not.toContain('PLANTED')
    expect(metrics.render({ policyVersion: 'v', version: '0' })).toMatch(/upstream[^\n]*\{[^\n]*\} 1/)
  })

  test('that hangs is given up, also one that ignores its signal', async () => {
    const deaf: Upstream = {
      name: 'deaf',
      open: () => new Promise(() => undefined),
      json: () => new Promise(() => undefined),
    }
    const { gateway } = setUp({ upstream: deaf, limits: { upstreamTimeout: 40 } })
    expect(await errorOf(await gateway.fetch(ask('a')))).toMatchObject({ status: 504, code: 'upstream_timeout' })
    const slow = setUp({ server: () => new Promise(() => undefined), timeouts: { firstByte: 40 } })
    expect(await errorOf(await slow.gateway.fetch(ask('a')))).toMatchObject({ status: 504, code: 'upstream_timeout' })
  })

  test('without such an interface is named', async () => {
    const { gateway } = setUp({ upstream: { name: 'old', open: () => new Promise(() => undefined) } })
    expect(await errorOf(await gateway.fetch(ask('a')))).toMatchObject({ status: 503, code: 'engine_unavailable' })
  })

  test('is chosen by the model’s name, its header or the key', async () => {
    const asked: [string, unknown][] = []
    const named = (name: string): Upstream => ({
      name,
      open: () => new Promise(() => undefined),
      json: async ({ body }) => {
        asked.push([name, body?.['model']])
        return embeddings([[1]]) as never
      },
    })
    const keys = [
      { name: 'first', key: 'key-of-the-first' },
      { name: 'second', key: 'key-of-the-second', upstream: 'two' },
    ]
    const { gateway } = setUp({ upstream: { one: named('one'), two: named('two') }, keys })
    const fetch = (model: string, key: string, headers = {}) =>
      gateway.fetch(post('/v1/embeddings', { model, input: 'a' }, { authorization: `Bearer ${key}`, ...headers }))
    await fetch('e', 'key-of-the-first')
    await fetch('two/e', 'key-of-the-first')
    await fetch('e', 'key-of-the-second')
    await fetch('e', 'key-of-the-first', { 'x-parapet-upstream': 'two' })
    expect(asked).toEqual([
      ['one', 'e'],
      ['two', 'e'],
      ['two', 'e'],
      ['two', 'e'],
    ])
    expect((await fetch('e', 'no-such-key')).status).toBe(401)
  })

  test('is left when the client leaves', async () => {
    const { gateway, asked } = setUp({ server: () => new Promise(() => undefined) })
    const leave = new AbortController()
    const pending = gateway.fetch(post('/v1/embeddings', { model: 'm', input: 'a' }, {}, leave.signal))
    await expect.poll(() => asked.length).toBe(1)
    leave.abort()
    expect((await pending).status).toBe(499)
    await expect.poll(() => asked[0]?.signal.aborted).toBe(true)
  })

  test('is not asked while the server goes down, and the client is told so', async () => {
    const { gateway, asked } = setUp({ server: () => new Promise(() => undefined) })
    const pending = gateway.fetch(ask('a'))
    await expect.poll(() => asked.length).toBe(1)
    await gateway.close({ grace: 20 })
    expect(await errorOf(await pending)).toMatchObject({ status: 503, code: 'shutting_down' })
    expect((await gateway.fetch(ask('a'))).status).toBe(503)
  })
})
