/** What goes wrong around the gateway: model servers, guards, clients. After each fault the next request is served. */
import { describe, expect, test } from 'vitest'
import type { Upstream } from '../../src/gateway/index.ts'
import type { Harness, HarnessOptions, Server } from './support.ts'
import {
  bodyOf,
  chat,
  chunk,
  chunksOf,
  contentOf,
  eventsOf,
  guard,
  harness,
  post,
  says,
  sseText,
  WORDS,
} from './support.ts'

const MARKER = 'PLANTEDMARKER'

async function servesOn({ gateway }: Harness): Promise<void> {
  const response = await gateway.fetch(post('/v1/guard', { prompt: 'next' }))
  expect(response.status).toBe(200)
  await response.text()
}

async function ask(
  h: Harness,
  stream: boolean,
  content = `hi ${MARKER}`,
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await h.gateway.fetch(chat(content, { stream }))
  const text = await response.text()
  return { status: response.status, text, headers: response.headers }
}

function lastError(text: string): Record<string, unknown> {
  const last = text.startsWith('data: ') ? eventsOf(text).at(-1) : (JSON.parse(text) as Record<string, unknown>)
  return (last?.['error'] ?? {}) as Record<string, unknown>
}

const long = 'calm words follow '.repeat(100)
const hang = (): Promise<never> => new Promise(() => undefined)

describe('model servers', () => {
  const refusing: Server = () => Promise.reject(new TypeError(`fetch failed ${MARKER}`))
  const answering =
    (status: number, headers = {}): Server =>
    () =>
      new Response(JSON.stringify({ error: { message: `${MARKER} sk-key` } }), { status, headers })

  test.each([
    ['refuses the connection', refusing, 502, 'upstream_error', undefined],
    ['answers 500', answering(500), 502, 'upstream_error', 500],
    ['answers 400', answering(400), 502, 'upstream_error', 400],
    ['answers 401', answering(401), 502, 'upstream_error', 401],
    ['answers 302', answering(302, { location: 'http://elsewhere.invalid/' }), 502, 'upstream_error', 302],
    ['answers 429', answering(429, { 'retry-after': '7' }), 429, 'rate_limited', 429],
    ['answers no JSON', () => new Response(`<html>${MARKER}`), 502, 'upstream_error', undefined],
    ['answers other JSON', () => Response.json({ error: { message: MARKER } }), 502, 'upstream_error', undefined],
    ['answers nothing', () => new Response(''), 502, 'upstream_error', undefined],
    [
      'reports an error in its stream',
      () => new Response(`data: {"error":{"message":"${MARKER}"}}\n\n`),
      502,
      'upstream_error',
      undefined,
    ],
    [
      'names a sentence as a tool',
      () =>
        new Response(
          sseText([
            chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: `say ${MARKER}`, arguments: '' } }] }),
            chunk({}, 'stop'),
          ]),
        ),
      502,
      'upstream_error',
      undefined,
    ],
    ['stalls', hang as Server, 504, 'upstream_timeout', undefined],
  ])('%s', async (_name, server, status, code, upstreamStatus) => {
    for (const stream of [false, true]) {
      const h = harness({ server, timeouts: { firstByte: 40 } })
      const answer = await ask(h, stream)
      expect(answer.status).toBe(status)
      expect(lastError(answer.text)).toMatchObject({ code, param: null })
      expect(lastError(answer.text)['upstream_status']).toBe(upstreamStatus)
      expect(answer.text).not.toMatch(new RegExp(`${MARKER}|sk-key`))
      expect(answer.headers.get('x-parapet-decision-id')).toMatch(/^dec_/)
      if (status === 429) expect(answer.headers.get('retry-after')).toBe('7')
      await servesOn(h)
    }
  })

  const streaming =
    (pieces: () => AsyncGenerator<string>): Server =>
    () =>
      new Response(bodyOf(pieces()))

  test.each([
    [
      'dies in the middle',
      async function* () {
        yield sseText(chunksOf(long).slice(0, 200), false)
        throw new Error(`socket hang up ${MARKER}`)
      },
      'upstream_error',
    ],
    [
      'sends half a frame',
      async function* () {
        yield `${sseText(chunksOf(long).slice(0, 200), false)}data: {"choices":[{"delta":{"content":"${MARKER}`
      },
      'upstream_error',
    ],
    [
      'ends without finishing',
      async function* () {
        yield sseText(chunksOf(long).slice(0, 200), true)
      },
      'upstream_error',
    ],
    [
      'falls silent',
      async function* () {
        yield sseText(chunksOf(long).slice(0, 200), false)
        await hang()
      },
      'upstream_timeout',
    ],
    [
      'sends nonsense',
      async function* () {
        yield `${sseText(chunksOf(long).slice(0, 200), false)}data: {nonsense ${MARKER}\n\n`
      },
      'upstream_error',
    ],
  ])('%s', async (_name, pieces, code) => {
    const h = harness({ server: streaming(pieces), timeouts: { idle: 60 } })
    const { status, text } = await ask(h, true)
    expect(status).toBe(200)
    expect(lastError(text)).toMatchObject({ code })
    expect(text).not.toContain('[DONE]')
    expect(text).not.toContain(MARKER)
    expect(contentOf(text).length).toBeGreaterThan(100)
    await servesOn(h)
  })

  test('one that never ends is read no faster than the client reads, and stopped when the client leaves', async () => {
    let sent = 0
    let stopped = false
    const endless: Server = () =>
      new Response(
        bodyOf(
          (async function* () {
            try {
              for (;;) {
                sent += 1
                yield sseText([chunk({ content: 'and so on ' })], false)
              }
            } finally {
              stopped = true
            }
          })(),
        ),
      )
    const h = harness({ server: endless })
    const reader = (await h.gateway.fetch(chat('hi', { stream: true }))).body?.getReader()
    for (let read = 0; read < 20; read += 1) await reader?.read()
    await new Promise((resolve) => setTimeout(resolve, 30))
    const before = sent
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(sent).toBe(before)
    expect(sent).toBeLessThan(2000)
    await reader?.cancel()
    await expect.poll(() => stopped).toBe(true)
    await expect.poll(() => h.asked[0]?.signal.aborted).toBe(true)
    await expect.poll(() => h.metrics.inFlight).toBe(0)
    await servesOn(h)
  })

  test('one that never ends in one piece is cut off', async () => {
    const endless: Server = () =>
      new Response(
        bodyOf(
          (async function* () {
            for (;;) yield 'x'.repeat(65_536)
          })(),
        ),
      )
    const h = harness({ server: endless, timeouts: { total: 300 } })
    const { status, text } = await ask(h, false)
    expect([502, 504]).toContain(status)
    expect(lastError(text)['code']).toMatch(/^upstream_/)
  })

  test('an upstream that ignores its signal cannot hold a request', async () => {
    const deaf: Upstream = { name: 'deaf', open: hang }
    const mute: Upstream = {
      name: 'mute',
      open: async () => ({ [Symbol.asyncIterator]: () => ({ next: hang, return: hang }) }),
    }
    for (const upstream of [deaf, mute]) {
      const h = harness({ upstream, limits: { upstreamTimeout: 50 } })
      expect((await ask(h, true)).status).toBe(504)
      expect((await ask(h, false)).status).toBe(504)
      await servesOn(h)
    }
  })

  test('a block cancels the call', async () => {
    const server: Server = () =>
      new Response(
        bodyOf(
          (async function* () {
            yield sseText([chunk({ content: 'BLOCKME now' })], false)
            await hang()
          })(),
        ),
      )
    const h = harness({ server })
    expect((await ask(h, true)).status).toBe(400)
    expect(h.asked[0]?.signal.aborted).toBe(true)
  })
})

describe('guards', () => {
  const deadlines = { deadlines: { guard: 40, stage: 40 } }
  const faulty: readonly [string, HarnessOptions, number, string][] = [
    [
      'throws',
      {
        guards: [
          guard('g', () => {
            throw new Error(MARKER)
          }),
        ],
      },
      503,
      'guard_failed',
    ],
    ['rejects', { guards: [guard('g', () => Promise.reject(new Error(MARKER)))] }, 503, 'guard_failed'],
    ['hangs', { guards: [guard('g', hang)], policy: deadlines }, 504, 'guard_timeout'],
    ['answers rubbish', { guards: [guard('g', () => 'fine' as never)] }, 503, 'guard_failed'],
    [
      'answers spans outside the text',
      { guards: [guard('g', () => ({ findings: [{ label: 'x', score: 1, span: { start: 5, end: 1e9 } }] }))] },
      503,
      'guard_failed',
    ],
    [
      'allocates too much',
      {
        guards: [
          guard('g', () => {
            'x'.repeat(2 ** 30)
            return { findings: [] }
          }),
        ],
      },
      503,
      'guard_failed',
    ],
  ]
  test.each(faulty)('%s', async (_name, options, status, code) => {
    const h = harness(options)
    for (const stream of [false, true]) {
      const answer = await ask(h, stream)
      expect(answer.status).toBe(status)
      expect(lastError(answer.text)).toMatchObject({ type: code })
      expect(answer.headers.get('x-should-retry')).toBe('false')
      expect(answer.text).not.toContain(MARKER)
    }
    expect(h.asked).toHaveLength(0)
    await servesOn(h)
  })
})

describe('clients', () => {
  test('one that leaves before the answer aborts the call', async () => {
    const h = harness({ server: hang })
    const leave = new AbortController()
    const pending = h.gateway.fetch(
      post('/v1/chat/completions', { messages: [{ role: 'user', content: 'hi' }] }, {}, leave.signal),
    )
    await expect.poll(() => h.asked.length).toBe(1)
    leave.abort()
    const response = await pending
    expect(response.status).toBe(499)
    await expect.poll(() => h.asked[0]?.signal.aborted).toBe(true)
    expect(h.metrics.inFlight).toBe(0)
    await servesOn(h)
  })

  test('1 MB is judged, 50 MB is refused without being read', async () => {
    const h = harness()
    const mega = await h.gateway.fetch(post('/v1/guard', { prompt: 'word '.repeat(200_000) }))
    expect(mega.status).toBe(200)
    let pulled = 0
    const huge = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1
        controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20))
        if (pulled === 50) controller.close()
      },
    })
    const request = new Request('http://127.0.0.1/v1/guard', {
      method: 'POST',
      body: huge,
      duplex: 'half',
    } as RequestInit)
    expect((await h.gateway.fetch(request)).status).toBe(413)
    expect(pulled).toBeLessThan(15)
    await servesOn(h)
  })

  test.each([
    [
      '\u202Eevil\u202C',
      '𝐁𝐋𝐎𝐂𝐊',
      'a\u0301'.repeat(5000),
      '\u{E0041}\u{E0042}',
      '\u200b'.repeat(10_000),
      '﷽'.repeat(3000),
      '👩‍👩‍👧‍👦'.repeat(500),
    ],
  ])('hostile Unicode is answered', async (...texts) => {
    const h = harness()
    for (const text of texts) {
      const response = await h.gateway.fetch(chat(text, { stream: true }))
      expect(response.status).toBe(200)
      await response.text()
    }
  })
})

test('policies swapped under load: every answer is whole and made under one policy', async () => {
  const h = harness({ server: says('an answer with MASKME inside') })
  const swap = (turn: number): void =>
    h.pipeline.swap(turn % 2 === 0 ? {} : { actions: { 'rule.MASKME': { action: 'block' } } })
  const results = await Promise.all(
    Array.from({ length: 200 }, async (_, turn) => {
      await new Promise((resolve) => setTimeout(resolve, turn % 40))
      if (turn % 5 === 0) swap(turn)
      return ask(h, turn % 2 === 0, 'hi')
    }),
  )
  for (const { status, text } of results) {
    expect(text).not.toContain('MASKME')
    expect([200, 400]).toContain(status)
    if (status === 200 && text.startsWith('data'))
      expect(text.endsWith('[DONE]\n\n') || lastError(text)['code'] === 'content_filter').toBe(true)
  }
  expect(new Set(results.map(({ status }) => status)).size).toBe(2)
})

test('shutting down aborts what does not finish in time', async () => {
  const server: Server = () =>
    new Response(
      bodyOf(
        (async function* () {
          yield sseText(chunksOf(long).slice(0, 200), false)
          await hang()
        })(),
      ),
    )
  const h = harness({ server, guards: WORDS })
  const response = await h.gateway.fetch(chat('hi', { stream: true }))
  const reading = response.text()
  await h.gateway.close({ grace: 30 })
  expect(lastError(await reading)).toMatchObject({ code: 'shutting_down' })
})
