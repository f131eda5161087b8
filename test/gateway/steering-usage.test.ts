/** Tokens of routed turns, as clients of each interface are told them: those of both calls, whichever way was taken. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Parapet } from '../../src/compose/index.ts'
import { createParapet } from '../../src/compose/index.ts'
import { createDemoUpstream, createSteeredUpstream } from '../../src/gateway/index.ts'
import { completionModel, createPrimeGuard } from '../../src/routing/primeguard/index.ts'
import type { PrimeGuardOptions } from '../../src/routing/primeguard/index.ts'
import type { CompletionUsage, LanguageModelEngine, RouteTrace } from '../../src/spec/index.ts'
import { choice, chunksOf, completion } from './completions/support.ts'
import { end, messageOf, start as messageStart, streamOf, text as textBlockOf, textBlock } from './messages/support.ts'
import { eventsOf, message, responseOf } from './responses/fixtures.ts'
import { sseResponse as eventStream } from './responses/support.ts'
import { chunksOf as chatChunksOf, completionOf, harness, sseResponse } from './support.ts'

type Body = Readonly<Record<string, unknown>>
type Told = CompletionUsage | null

const first = (route: string): string =>
  JSON.stringify({ system_check_result: 'A check.', route, system_tip: 'Be brief.' })
const GUIDED = JSON.stringify({ reevaluation: 'Fine.', final_response: 'It is old.' })

const ROUTES: readonly (readonly [string, string])[] = [
  ['no_to_minimal_risk', 'It is old.'],
  ['potential_violation', GUIDED],
  ['direct_violation', 'Sorry.'],
]
const ONE: CompletionUsage = { promptTokens: 10, cachedTokens: 4, completionTokens: 3 }
const TWO: CompletionUsage = { promptTokens: 20, cachedTokens: 6, completionTokens: 5 }

const open: Parapet[] = []
afterEach(async () => {
  for (const parapet of open.splice(0)) await parapet.close()
})

/** What model servers say of their tokens, interface by interface; nothing where they do not count. */
const WRITTEN = {
  openai: (told: Told) =>
    told === null
      ? undefined
      : {
          prompt_tokens: told.promptTokens,
          completion_tokens: told.completionTokens,
          total_tokens: told.promptTokens + told.completionTokens,
          prompt_tokens_details: { cached_tokens: told.cachedTokens },
        },
  responses: (told: Told) =>
    told === null
      ? undefined
      : {
          input_tokens: told.promptTokens,
          input_tokens_details: { cached_tokens: told.cachedTokens, cache_write_tokens: 0 },
          output_tokens: told.completionTokens,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: told.promptTokens + told.completionTokens,
        },
  /** Of a prompt, what was read from a cache stands beside the rest, and what was written to one too. */
  anthropic: (told: Told) =>
    told === null
      ? undefined
      : {
          input_tokens: told.promptTokens - (told.cachedTokens ?? 0),
          cache_read_input_tokens: told.cachedTokens ?? null,
          cache_creation_input_tokens: null,
          output_tokens: told.completionTokens,
        },
}

/** A model server with all four interfaces: it answers with this text and tells these tokens. */
async function answer(url: string, body: Body, text: string, told: Told): Promise<Response> {
  const streamed = body['stream'] === true
  const { include_usage: asked } = (body['stream_options'] ?? {}) as { include_usage?: boolean }
  const usage = WRITTEN.openai(told)
  const last = streamed && asked === true && usage !== undefined ? [usage] : []
  if (url.endsWith('/chat/completions')) {
    const count = Number(body['n'] ?? 1)
    const chunks = Array.from({ length: count }, (_, index) => chatChunksOf(text, index)).flat()
    const counted = last.map((counts) => ({ ...chunks[0], choices: [], usage: counts }))
    return streamed ? sseResponse([...chunks, ...counted]) : Response.json({ ...completionOf(text), usage })
  }
  if (url.endsWith('/completions')) {
    const counted = last.map((counts) => completion([], { usage: counts }))
    const chunks = [...chunksOf(text.match(/[^]{1,5}/g) ?? []), ...counted]
    return streamed ? sseResponse(chunks) : Response.json(completion([choice(text)], { usage }))
  }
  if (url.endsWith('/responses')) {
    const extra = { usage: WRITTEN.responses(told) } as object
    return streamed
      ? eventStream(eventsOf([message(text)], 5, extra))
      : Response.json(responseOf([message(text)], extra))
  }
  const counts = WRITTEN.anthropic(told)
  const usageOf = { usage: counts as never }
  if (!streamed) return Response.json(messageOf([textBlockOf(text)], usageOf))
  // The beginning tells the prompt and the first token, the end how many there were.
  const begun = counts === undefined ? usageOf : { usage: { ...counts, output_tokens: 1 } as never }
  const [closing, ...stop] = end()
  const closed = { ...closing, usage: counts === undefined ? undefined : { output_tokens: counts.output_tokens } }
  return streamOf([messageStart(begun), ...textBlock(0, text.match(/[^]{1,5}/g) ?? []), closed, ...stop])
}

interface Turn {
  readonly path: string
  readonly body: Body
  readonly script: readonly string[]
  readonly told: readonly Told[]
  readonly router?: Partial<PrimeGuardOptions>
}

/** What a client is sent of one routed turn: the whole answer, or the events of its stream. */
async function turn({ path, body, script, told, router = {} }: Turn): Promise<readonly Body[]> {
  let calls = 0
  const upstream = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    const call = calls
    calls += 1
    return answer(request.url, (await request.json()) as Body, script[call] ?? '', told[call] ?? null)
  }
  const parapet = await createParapet(
    { parapet: 1, media: 'pass', rails: {} },
    {
      router: createPrimeGuard({ guidelines: { restricted: ['No bets'] }, ...router }),
      upstream: { url: 'http://model.test/v1', fetch: upstream },
    },
  )
  open.push(parapet)
  return sentTo(path, body, (request) => parapet.fetch(request))
}

async function sentTo(
  path: string,
  body: Body,
  send: (request: Request) => Promise<Response>,
): Promise<readonly Body[]> {
  const response = await send(
    new Request(`http://gateway.test${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-test', ...body }),
    }),
  )
  expect(response.status).toBe(200)
  const sent = await response.text()
  if (body['stream'] !== true) return [JSON.parse(sent) as Body]
  return sent.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6)) as Body] : []))
}

/** All that the answer, or a stream's events, say of tokens. */
function usagesOf(sent: readonly Body[]): readonly Body[] {
  return sent.flatMap((one) => {
    const within = (one['response'] ?? one['message'] ?? one) as Body
    const usage = (one['usage'] ?? within['usage'] ?? null) as Body | null
    return usage === null ? [] : [usage]
  })
}

const SUMS: readonly (readonly [string, readonly Told[], CompletionUsage | null])[] = [
  ['by both calls', [ONE, TWO], { promptTokens: 30, cachedTokens: 10, completionTokens: 8 }],
  ['by the first call', [ONE, null], ONE],
  ['by the second call', [null, TWO], TWO],
  ['by nobody', [null, null], null],
]

const STREAM_OPTIONS = { stream_options: { include_usage: true } }
const DOORS: readonly (readonly [string, Body, 'openai' | 'responses' | 'anthropic'])[] = [
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'How old?' }], ...STREAM_OPTIONS }, 'openai'],
  ['/v1/completions', { prompt: 'How old?', ...STREAM_OPTIONS }, 'openai'],
  ['/v1/responses', { input: 'How old?' }, 'responses'],
  ['/v1/messages', { messages: [{ role: 'user', content: 'How old?' }], max_tokens: 50 }, 'anthropic'],
]

describe.each(DOORS)('%s', (path, asking, form) => {
  const cases = SUMS.flatMap(([who, told, sum]) =>
    ROUTES.flatMap(([route, said]) => [false, true].map((stream) => ({ who, route, stream, said, told, sum }))),
  )

  test.each(cases)('told $who, $route, stream $stream', async ({ route, stream, said, told, sum }) => {
    const body = stream ? { ...asking, stream } : { ...asking, stream_options: undefined }
    const sent = await turn({ path, body, script: [first(route), said], told })
    const usages = usagesOf(sent)
    const expected: Body | undefined = WRITTEN[form](sum)
    if (form !== 'anthropic') {
      // Where nobody told, nothing is said; where somebody did, it is said once.
      expect(usages).toEqual(expected === undefined ? [] : [expect.objectContaining(expected)])
      return
    }
    const { input_tokens, output_tokens, cache_read_input_tokens } = Object.assign({}, ...usages) as Body
    // A message that a router wrote must tell tokens; a server's own is handed on as it came, without.
    const counts = route === 'potential_violation' ? 0 : undefined
    const whole: Body = expected ?? { input_tokens: counts }
    expect([input_tokens, cache_read_input_tokens ?? undefined]).toEqual([
      whole['input_tokens'],
      whole['cache_read_input_tokens'],
    ])
    if (sum !== null) expect(output_tokens).toBe(sum.completionTokens)
  })
})

describe('a stream of chat completions', () => {
  const asking = { messages: [{ role: 'user', content: 'How old?' }], stream: true }
  const path = '/v1/chat/completions'

  test.each(ROUTES)('whose client asks for no tokens gets none: %s', async (route, said) => {
    const sent = await turn({ path, body: asking, script: [first(route), said], told: [ONE, TWO] })
    expect(usagesOf(sent)).toEqual([])
  })

  test('tells them last, in a chunk without choices that belongs to the answer', async () => {
    for (const [route, said] of ROUTES) {
      const script = [first(route), said]
      const sent = await turn({ path, body: { ...asking, ...STREAM_OPTIONS }, script, told: [ONE, null] })
      expect(sent.at(-1)).toMatchObject({ object: 'chat.completion.chunk', choices: [], id: sent[0]?.['id'] })
    }
  })
})

test('what is told as no count is not told', async () => {
  const wrong = { promptTokens: -1, completionTokens: 0.5 } as CompletionUsage
  for (const [path, body] of DOORS.slice(0, 3)) {
    const script = [first('potential_violation'), GUIDED]
    const whole = { ...body, stream_options: undefined }
    expect(usagesOf(await turn({ path, body: whole, script, told: [wrong, wrong] }))).toEqual([])
    const [usage] = usagesOf(await turn({ path, body: whole, script, told: [wrong, TWO] }))
    expect(usage).toMatchObject({ total_tokens: 25 })
  }
})

test('several guided answers to one prompt: the counts are told once', async () => {
  const path = '/v1/chat/completions'
  const body = { messages: [{ role: 'user', content: 'How old?' }], ...STREAM_OPTIONS }
  const script = [first('potential_violation'), GUIDED]
  const sent = await turn({ path, body: { ...body, n: 2, stream: true }, script, told: [ONE, TWO] })
  const ends = sent.flatMap(({ choices }) => (choices as Body[]).filter((one) => one['finish_reason'] === 'stop'))
  expect(ends.map(({ index }) => index)).toEqual([0, 1])
  expect(usagesOf(sent)).toMatchObject([{ total_tokens: 38 }])
})

describe('a model in the process, whose answers have no wire format', () => {
  test.each(DOORS)('%s', async (path, body, form) => {
    for (const [route, said] of ROUTES) {
      for (const stream of [true, false]) {
        let calls = 0
        const engine: LanguageModelEngine = {
          ...{ specVersion: 'v1', kind: 'language-model', id: 'counting' },
          async *generate() {
            calls += 1
            yield { type: 'text', text: calls === 1 ? first(route) : said }
            yield { type: 'end', reason: 'stop', usage: calls === 1 ? ONE : TWO }
          },
        }
        const router = createPrimeGuard({ guidelines: ['No bets'] })
        const upstream = createSteeredUpstream(createDemoUpstream(engine), () => router)
        const { gateway } = harness({ upstream, demo: true })
        const asked = stream ? { ...body, stream } : { ...body, stream_options: undefined }
        const usage = usagesOf(await sentTo(path, asked, (request) => gateway.fetch(request))).at(-1)
        const sum = WRITTEN[form]({ promptTokens: 30, cachedTokens: 10, completionTokens: 8 }) as Body
        const { cache_creation_input_tokens: _written, ...expected } = sum
        expect([calls, usage]).toEqual([2, expect.objectContaining(expected)])
      }
    }
  })
})

describe('a router with an engine of its own', () => {
  const routing = (route: string, usage: CompletionUsage | null): Partial<PrimeGuardOptions> => ({
    engine: completionModel({
      ...{ specVersion: 'v1', kind: 'completion', id: 'small', version: '1' },
      complete: async () => ({ text: first(route), tokens: null, finish: 'stop', usage }),
    }),
  })

  test.each(DOORS)('%s: its tokens are told with those of the answer', async (path, body) => {
    for (const [route, said] of ROUTES) {
      const whole = { ...body, stream_options: undefined }
      const [usage = {}] = usagesOf(
        await turn({ path, body: whole, script: [said], told: [TWO], router: routing(route, ONE) }),
      )
      expect(usage['completion_tokens'] ?? usage['output_tokens']).toBe(8)
    }
  })

  test.each(DOORS)('%s: a fixed refusal has used those of the one call', async (path, body, form) => {
    const router = { ...routing('direct_violation', ONE), refusal: 'fixed' } as const
    for (const stream of [true, false]) {
      const asking = stream ? { ...body, stream } : { ...body, stream_options: undefined }
      const usage = usagesOf(await turn({ path, body: asking, script: [], told: [], router })).at(-1)
      const { cache_creation_input_tokens: _written, ...expected } = { ...WRITTEN[form](ONE) } as Body
      expect(usage).toMatchObject(expected)
    }
  })

  test('an answer that it kept used nothing', async () => {
    const router = { ...routing('potential_violation', ONE), cache: 1 }
    const kept = createPrimeGuard({ guidelines: ['No bets'], ...router })
    const plans = [await kept.route({ messages: [{ role: 'user', content: 'x' }] })]
    plans.push(await kept.route({ messages: [{ role: 'user', content: 'x' }] }))
    expect(plans.map(({ usage }) => usage)).toEqual([ONE, undefined])
  })
})

test('the trace tells the tokens of each call, where they are told by the end of the text', async () => {
  const traces: RouteTrace[] = []
  const router = { onTrace: (trace: RouteTrace) => void traces.push(trace) }
  for (const [path, body] of DOORS) {
    for (const [route, said] of ROUTES) {
      const whole = { ...body, stream_options: undefined }
      await turn({ path, body: whole, script: [first(route), said], told: [ONE, TWO], router })
    }
  }
  expect(traces).toHaveLength(12)
  for (const { calls } of traces)
    expect(calls).toMatchObject([
      { promptTokens: 10, answerTokens: 3 },
      { promptTokens: 20, answerTokens: 5 },
    ])
})
