/** What holds for any answer of a completions server: nothing unjudged comes out, and what was not modified comes out as it was. */
import fc from 'fast-check'
import type { Completion, CompletionChoice } from 'openai/resources/completions'
import { expect, test } from 'vitest'
import { eventsOf, harness, sseResponse } from '../support.ts'
import { planted } from './plant.ts'
import { ask, choice, completion, textOf } from './support.ts'

const token = fc.constantFrom('plain', ' words', ' and', ' more', '\n', ' 🐎', ' é', '')
const tokens = fc.array(token, { maxLength: 8 })
const reason = fc.constantFrom('stop' as const, 'length' as const, 'content_filter' as const)

/** Fields that servers send beside what is published. */
const extras = fc.record(
  {
    stop_reason: fc.constantFrom(null, 7, 'enough'),
    timings: fc.constant({ predicted_per_second: 1.5, note: 'quick' }),
    content_filter_results: fc.constant({ hate: { filtered: false, severity: 'safe' } }),
    cached: fc.boolean(),
  },
  { requiredKeys: [] },
)

const around = fc.record(
  {
    id: fc.constantFrom('cmpl-7QmVI15qgYVllxK0FtxVGG6ywfzaq', 'chatcmpl-42', 'a'),
    model: fc.constantFrom('gpt-3.5-turbo-instruct:20230824-v2', 'meta-llama/Llama-3.1-8B'),
    system_fingerprint: fc.constantFrom('fp_44709d6fcb', null as never),
    service_tier: fc.constantFrom('default', null),
    usage: fc.constant({
      prompt_tokens: 5,
      completion_tokens: 7,
      total_tokens: 12,
      prompt_tokens_details: { cached_tokens: 1 },
    }),
  },
  { requiredKeys: ['id', 'model'] },
)

function logprobsOf(pieces: readonly string[], withTop: boolean): CompletionChoice.Logprobs {
  return {
    tokens: [...pieces],
    token_logprobs: pieces.map((_, index) => -1 - index),
    text_offset: pieces.map((_, index) => pieces.slice(0, index).join('').length),
    ...(withTop ? { top_logprobs: pieces.map((piece) => ({ [piece]: -0.5, other: -2 })) } : {}),
  }
}

/** What one choice says. */
const lane = fc.record({
  pieces: tokens,
  end: reason,
  logprobs: fc.constantFrom('none', 'plain', 'top'),
  extra: extras,
})
type Lane = typeof lane extends fc.Arbitrary<infer T> ? T : never

function wholeChoice({ pieces, end, logprobs, extra }: Lane, index: number): CompletionChoice {
  const given = logprobs === 'none' ? {} : { logprobs: logprobsOf(pieces, logprobs === 'top') }
  return choice(pieces.join(''), { index, finish_reason: end, ...given, ...extra })
}

/** The chunks of several choices, which take turns. */
function chunksOf(lanes: readonly Lane[], head: Record<string, unknown>): readonly Completion[] {
  const { usage, ...rest } = head
  const turns = Math.max(...lanes.map(({ pieces }) => pieces.length))
  const chunk = (index: number, text: string, extra: Record<string, unknown>): Completion => {
    const { usage: _usage, ...made } = completion([{ ...choice(text), index, finish_reason: null, ...extra }], rest)
    return made
  }
  const said = Array.from({ length: turns }, (_, turn) =>
    lanes.flatMap(({ pieces, logprobs }, index) => {
      const piece = pieces[turn]
      if (piece === undefined) return []
      return [chunk(index, piece, logprobs === 'none' ? {} : { logprobs: logprobsOf([piece], logprobs === 'top') })]
    }),
  ).flat()
  const ends = lanes.map(({ end, extra }, index) => chunk(index, '', { finish_reason: end, ...extra }))
  return [...said, ...ends, ...(usage === undefined ? [] : [completion([], head)])]
}

const prompts = (lanes: readonly unknown[]): readonly string[] => lanes.map((_, index) => `prompt ${index}`)
const lanes = fc.array(lane, { minLength: 1, maxLength: 3 })

test('unmodified, a whole answer arrives as it was', async () => {
  await fc.assert(
    fc.asyncProperty(lanes, around, extras, async (said, head, extra) => {
      const answer = completion(said.map(wholeChoice), { ...head, ...extra })
      const { gateway } = harness({ server: () => Response.json(answer) })
      const response = await gateway.fetch(ask(prompts(said)))
      expect(response.headers.get('x-parapet-decision')).toBe('pass')
      expect(await response.json()).toEqual(answer)
    }),
  )
})

test('unmodified, a stream says what it said', async () => {
  await fc.assert(
    fc.asyncProperty(lanes, around, async (said, head) => {
      const chunks = chunksOf(said, head)
      const { gateway } = harness({ server: () => sseResponse(chunks) })
      const text = await (await gateway.fetch(ask(prompts(said), { stream: true }))).text()
      const events = eventsOf(text)
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
      const spoken = events.flatMap((event) => event['choices'] as CompletionChoice[])
      said.forEach(({ pieces, end, logprobs, extra }, index) => {
        const own = spoken.filter((item) => item.index === index)
        expect(textOf(events, index)).toBe(pieces.join(''))
        expect(own.flatMap((item) => item.logprobs?.tokens ?? []).join('')).toBe(
          logprobs === 'none' ? '' : pieces.join(''),
        )
        if (logprobs === 'top') {
          const tops = own.flatMap((item) => item.logprobs?.top_logprobs ?? [])
          expect(tops.filter((top) => !('' in top))).toEqual(
            pieces.filter((piece) => piece !== '').map((piece) => ({ [piece]: -0.5, other: -2 })),
          )
        }
        expect(own.map((item) => item.finish_reason).filter((item) => item !== null)).toEqual([end])
        for (const [key, value] of Object.entries(extra))
          expect(own.map((item) => (item as unknown as Record<string, unknown>)[key])).toContainEqual(value)
      })
      const { usage, ...rest } = head
      for (const event of events) expect(event).toMatchObject({ object: 'text_completion', ...rest })
      expect(events.flatMap((event) => event['usage'] ?? [])).toEqual(usage === undefined ? [] : [usage])
    }),
  )
})

test('a sentence planted anywhere in a whole answer reaches no client', async () => {
  const answers = fc
    .tuple(lanes, around, extras)
    .chain(([said, head, extra]) => planted(completion(said.map(wholeChoice), { ...head, ...extra })))
  await fc.assert(
    fc.asyncProperty(answers, async (answer) => {
      const { gateway } = harness({ server: () => Response.json(answer) })
      const response = await gateway.fetch(ask(['a', 'b', 'c']))
      const text = await response.text()
      expect([...response.headers].join() + text).not.toContain('MASKME')
      expect([200, 502]).toContain(response.status)
    }),
    { numRuns: 300 },
  )
})

test('a sentence planted anywhere in a stream reaches no client', async () => {
  const streams = fc.tuple(lanes, around).chain(([said, head]) => planted(chunksOf(said, head)))
  await fc.assert(
    fc.asyncProperty(streams, async (chunks) => {
      const { gateway } = harness({ server: () => sseResponse(chunks) })
      const response = await gateway.fetch(ask(['a', 'b', 'c'], { stream: true }))
      const text = await response.text()
      expect([...response.headers].join() + text).not.toContain('MASKME')
      expect([200, 502]).toContain(response.status)
    }),
    { numRuns: 300 },
  )
})

test('any JSON whatever is an answer or a 502, and the next request is served', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), fc.boolean(), async (value, stream) => {
      const answers = [value, completion([choice('fine')])]
      const { gateway } = harness({
        server: () => (stream ? sseResponse([answers.shift()]) : Response.json(answers.shift())),
      })
      const odd = await gateway.fetch(ask('hi', { stream }))
      await odd.text()
      expect([200, 502]).toContain(odd.status)
      const next = await gateway.fetch(ask('hi', { stream }))
      expect(next.status).toBe(200)
      expect(await next.text()).toContain('fine')
    }),
  )
})
