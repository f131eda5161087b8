/**
 * Ten thousand malformed requests from a grammar at each door. For each: a status that is allowed, a body of the documented
 * shape, nothing of the planted marker in an error, and the next request is served.
 */
import { expect, test } from 'vitest'
import { errorBodySchema } from '../../src/contract/index.ts'
import { createMemoryStore } from '../../src/testing/index.ts'
import { harness, post, wordGuard } from './support.ts'

const MARKER = 'PLANTED-7f3a'
const DOORS = ['/v1/guard', '/v1/chat/completions'] as const

/** A small generator of numbers, so that a failure names its seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

type Random = (below: number) => number
function pick<T>(random: Random, items: readonly [T, ...T[]]): T {
  return items[random(items.length)] ?? items[0]
}

const STRINGS: readonly [string, ...string[]] = [
  MARKER,
  '',
  `${MARKER}\\u0000`,
  '\\ud800',
  '\\udc00x',
  '\\u202e',
  'a'.repeat(300),
  '\\"',
  '😀',
  'user',
  'system',
  'text',
  '__proto__',
  'constructor',
  '\\u200b',
  '[DONE]',
  'toString',
]
const KEYS: readonly [string, ...string[]] = [
  'messages',
  'role',
  'content',
  'prompt',
  'response',
  'system',
  'stage',
  'id',
  'stream',
  'n',
  'tools',
  'tool_calls',
  'function',
  'arguments',
  'name',
  'type',
  'text',
  'model',
  'stream_options',
  'function_call',
  'image_url',
  'refusal',
  'user',
  'input',
  'max_tokens',
  'texts',
  'input_type',
  'eventType',
  'requestType',
  'request',
  'verdict',
  'previous_response_id',
  '__proto__',
  'constructor',
  MARKER,
]
const ATOMS: readonly [string, ...string[]] = [
  'null',
  'true',
  'false',
  '0',
  '-1',
  '1e400',
  '1.5',
  '-0',
  '01',
  'NaN',
  'undefined',
  '9'.repeat(40),
  "'x'",
  '',
]

function value(random: Random, depth: number): string {
  switch (random(depth > 4 ? 2 : 5)) {
    case 0:
      return pick(random, ATOMS)
    case 1:
      return `"${pick(random, STRINGS)}"`
    case 2:
      return `[${Array.from({ length: random(4) }, () => value(random, depth + 1)).join(pick(random, [',', ',', ',', ',,', ';', '']))}]`
    default:
      return object(random, depth + 1)
  }
}

function object(random: Random, depth: number): string {
  const members = Array.from(
    { length: random(5) },
    () => `"${pick(random, KEYS)}"${pick(random, [':', ':', ':', ':', '=', ''])}${value(random, depth)}`,
  )
  return `{${members.join(',')}${pick(random, ['', '', '', '', ','])}}`
}

/** A request that is nearly right, with one thing spoilt. */
function nearly(random: Random): string {
  const message = `{"role":"${pick(random, ['user', 'system', 'tool', 'assistant', MARKER])}","content":${value(random, 3)},"tool_calls":${value(random, 3)}}`
  const row = `{"messages":[${message}],"prompt":${value(random, 4)},"${pick(random, KEYS)}":${value(random, 2)}}`
  switch (random(6)) {
    case 5:
      return `{"messages":[{"role":"user","content":"${pick(random, STRINGS)}"}],"${pick(random, KEYS)}":${value(random, 2)}}`
    case 0:
      return row.slice(0, random(row.length))
    case 1:
      return row.replace('"', '')
    case 2:
      return `{"messages":[${message}],"${pick(random, KEYS)}":${value(random, 2)}}`
    case 3:
      return `{"prompt":"${pick(random, STRINGS)}","${pick(random, KEYS)}":${value(random, 2)}}`
    default:
      return row
  }
}

function whole(random: Random): string | Uint8Array {
  switch (random(12)) {
    case 0:
      return `${'['.repeat(random(3000))}${MARKER}`
    case 1:
      return '{"a":'.repeat(random(3000))
    case 2:
      return Uint8Array.from({ length: random(200) }, () => random(256))
    case 3:
      return pick(random, [
        '',
        ' ',
        '\0',
        '\ufeff',
        'null',
        '[]',
        '""',
        '{}',
        `"${MARKER}"`,
        MARKER,
        '<xml/>',
        `${MARKER}=1&b=2`,
      ])
    case 4:
    case 5:
    case 6:
      return object(random, 0)
    default:
      return nearly(random)
  }
}

const HEADERS: readonly [Record<string, string>, ...Record<string, string>[]] = [
  {},
  {},
  {},
  {},
  { 'content-type': 'text/plain' },
  { 'content-encoding': 'gzip' },
  { 'content-encoding': MARKER },
  { 'content-length': '3' },
  { 'x-parapet-user': 'u'.repeat(400) },
  { authorization: `Bearer ${MARKER}` },
]

/** Says what is wrong with an answer, or null. Plain conditions: an assertion for each would take longer than the gateway. */
function complaint(response: Response, text: string): string | null {
  if (response.status === 200) return response.headers.has('x-parapet-decision') ? null : 'no decision in the headers'
  if (![400, 413, 415].includes(response.status)) return `status ${response.status}`
  if (text.includes(MARKER)) return 'the marker is in the error'
  const body = errorBodySchema.safeParse(JSON.parse(text))
  if (!body.success || body.data.error.message === '') return 'the body is not of the documented shape'
  const decided = response.headers.has('x-parapet-decision')
  return decided || body.data.error.code.startsWith('input_') ? null : `code ${body.data.error.code}`
}

const RUNS = DOORS.flatMap((door) => [1, 2].map((seed) => [door, seed] as const))

test.each(RUNS)(
  '5,000 at %s, seed %i',
  async (door, seed) => {
    const random = randomFrom(seed)
    const h = harness({ guards: [wordGuard('BLOCKME', { action: 'block' })] })
    const seen = new Map<number, number>()
    for (let turn = 0; turn < 5000; turn += 1) {
      const response = await h.gateway.fetch(post(door, whole(random), pick(random, HEADERS)))
      const text = await response.text()
      const problem = complaint(response, text)
      if (problem !== null) expect.fail(`turn ${turn}: ${problem}: ${text}`)
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1)
      if (turn % 50 === 0) {
        const next = await h.gateway.fetch(post('/v1/guard', { prompt: 'next' }))
        expect(next.status).toBe(200)
        await next.text()
      }
    }
    expect(seen.get(400)).toBeGreaterThan(2500)
    expect(seen.get(200)).toBeGreaterThan(20)
    expect(h.metrics.inFlight).toBe(0)
  },
  300_000,
)

/** Every other door that takes a body, from the router's own list. */
const OTHERS = harness({ decisions: createMemoryStore() })
  .gateway.routes.filter(({ path, methods }) => methods.POST !== undefined && !DOORS.some((door) => door === path))
  .map(({ path }) => path.replace(':id', 'dec_1'))

/** Answers in each door's own shape; what all have in common is a message, a status that fits, and nothing of the marker. */
function otherComplaint(status: number, text: string): string | null {
  if (status === 200 || status === 201) return null
  // A 502 is the scripted model server's, which speaks chat completions only.
  if (![400, 404, 413, 415, 502].includes(status)) return `status ${status}`
  if (text.includes(MARKER)) return 'the marker is in the error'
  const { error } = JSON.parse(text) as { error?: { message?: unknown } }
  return typeof error?.message === 'string' && error.message !== '' ? null : 'there is no message'
}

test('there are other doors', () => {
  expect(OTHERS.length).toBeGreaterThan(10)
})

test.each(OTHERS)(
  '1,000 at %s',
  async (door) => {
    const random = randomFrom(3)
    const h = harness({ guards: [wordGuard('BLOCKME', { action: 'block' })], decisions: createMemoryStore() })
    for (let turn = 0; turn < 1000; turn += 1) {
      const response = await h.gateway.fetch(post(door, whole(random), pick(random, HEADERS)))
      const problem = otherComplaint(response.status, await response.text())
      if (problem !== null) expect.fail(`turn ${turn}: ${problem}`)
    }
    expect((await h.gateway.fetch(post('/v1/guard', { prompt: 'next' }))).status).toBe(200)
    expect(h.metrics.inFlight).toBe(0)
  },
  120_000,
)
