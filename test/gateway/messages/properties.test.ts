/**
 * What holds for any answer, over every kind of block, delta and field: what guards pass arrives as it was, however it was cut;
 * what they stop or mask is in no byte that leaves, wherever it stood.
 */
import type { Message } from '@anthropic-ai/sdk/resources/messages/messages'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Guard } from '../../../src/spec/index.ts'
import { bodyOf, harness, wordGuard } from '../support.ts'
import type { AnyBlock } from './blocks.ts'
import { ALL_BLOCKS, eventsFor } from './blocks.ts'
import type { Json } from './support.ts'
import { ask, end, eventsOf, messageOf, spelled, sse, start, streamOf, text } from './support.ts'

const REQUEST = {
  tools: [{ name: 'find', input_schema: { type: 'object' } }],
  mcp_servers: [{ type: 'url', name: 'example-mcp', url: 'https://mcp.example' }],
  stop_sequences: ['HALT'],
}
const PASS = { policy: { media: 'pass' as const } }

const blockList = fc.array(fc.constantFrom(...ALL_BLOCKS), { minLength: 1, maxLength: 6 })
const shuffled = fc.shuffledSubarray([...ALL_BLOCKS], { minLength: 1 })

async function streamedBody(response: Response | (() => Response), guards?: readonly Guard[]): Promise<string> {
  const server = typeof response === 'function' ? response : () => response
  const { gateway } = harness({ server, ...PASS, ...(guards === undefined ? {} : { guards }) })
  return (await gateway.fetch(ask('hi', { ...REQUEST, stream: true }))).text()
}

async function wholeBody(message: unknown, guards?: readonly Guard[]): Promise<string> {
  const server = (): Response => Response.json(message)
  const { gateway } = harness({ server, ...PASS, ...(guards === undefined ? {} : { guards }) })
  return (await gateway.fetch(ask('hi', REQUEST))).text()
}

/** Bytes in pieces of these sizes, over and over. */
async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

describe('what guards pass', () => {
  test('arrives whole as it was sent', async () => {
    await fc.assert(
      fc.asyncProperty(shuffled, async (blocks) => {
        const message = messageOf(blocks as Message['content'], { stop_sequence: 'HALT', stop_reason: 'stop_sequence' })
        expect(JSON.parse(await wholeBody(message))).toEqual(message)
      }),
      { numRuns: 40 },
    )
  })

  test('arrives in the very events it was sent in, when no block holds another up', async () => {
    for (const block of ALL_BLOCKS) {
      const events = [start(), ...eventsFor([block]), ...end('stop_sequence', 'HALT')]
      const received = eventsOf(await streamedBody(streamOf(events)))
      expect(spelled(received)).toEqual(spelled(events as Json[]))
      // Empty pieces, and a signature before the end of what it signs, are the only ones that may differ.
      expect(new Set(received.map((event) => JSON.stringify(event)))).toEqual(
        new Set(events.map((event) => JSON.stringify(event))),
      )
    }
  })

  test('does not depend on how text and bytes were cut', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(blockList, fc.integer({ min: 1, max: 30 }), sizes, async (blocks, size, steps) => {
        const events = [start(), ...eventsFor(blocks, size), ...end()]
        const bytes = new TextEncoder().encode(sse(events))
        const body = bodyOf(cut(bytes, steps))
        const response = new Response(body, { headers: { 'content-type': 'text/event-stream' } })
        expect(spelled(eventsOf(await streamedBody(response)))).toEqual(spelled(events as Json[]))
      }),
      { numRuns: 60 },
    )
  })
})

test('the text that is masked does not depend on how it was cut, over the borders of blocks too', async () => {
  const words = fc.array(fc.constantFrom('plain ', 'MASKME', 'MASK', 'ME', '🐎', 'é', ' ', '\n'), {
    minLength: 1,
    maxLength: 30,
  })
  const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(words, sizes, fc.integer({ min: 1, max: 5 }), async (parts, steps, perBlock) => {
      const all = parts.join('')
      const pieces: string[] = []
      for (let at = 0, turn = 0; at < all.length; turn += 1) {
        const size = steps[turn % steps.length] ?? 1
        pieces.push(all.slice(at, at + size))
        at += size
      }
      const blocks: string[][] = []
      pieces.forEach((piece, index) => {
        if (index % perBlock === 0) blocks.push([])
        blocks.at(-1)?.push(piece)
      })
      const events = blocks.flatMap((list, index) => [
        { type: 'content_block_start', index, content_block: text('') },
        // JSON escapes carry lone surrogates over the wire unharmed.
        ...list.map((piece) => ({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: piece } })),
        { type: 'content_block_stop', index },
      ])
      const message = spelled(eventsOf(await streamedBody(streamOf([start(), ...events, ...end()]))))
      const shown = message.content.map((item) => (item.type === 'text' ? item.text : '')).join('')
      expect(shown).toBe(all.replaceAll('MASKME', '[masked]'))
    }),
    { numRuns: 60 },
  )
})

/** A place in a JSON value: where a string stands, or an object that could have one more field. */
interface Spot {
  readonly path: readonly (string | number)[]
  readonly isObject: boolean
}

function spotsIn(value: unknown, path: readonly (string | number)[] = []): readonly Spot[] {
  if (typeof value === 'string') return [{ path, isObject: false }]
  if (typeof value !== 'object') return []
  // A null may as well have been a string.
  if (value === null) return [{ path, isObject: false }]
  const inner = Object.entries(value).flatMap(([key, item]) =>
    spotsIn(item, [...path, Array.isArray(value) ? Number(key) : key]),
  )
  return Array.isArray(value) ? inner : [{ path, isObject: true }, ...inner]
}

function picked(spots: readonly Spot[], at: number): Spot {
  const spot = spots.at(at % spots.length)
  if (spot === undefined) throw new Error('There is no such place.')
  return spot
}

type Plant = 'string' | 'field' | 'key' | 'nested'

function planted(root: unknown, { path, isObject }: Spot, marker: string, how: Plant): unknown {
  const copy = structuredClone({ root })
  const steps = ['root', ...path]
  const holder = steps.slice(0, -1).reduce<Json>((inner, step) => inner[step] as Json, copy)
  const last = steps.at(-1) as string
  if (!isObject) holder[last] = `well ${marker} then`
  else if (how === 'key') Object.assign(holder[last] as Json, { [`a ${marker}`]: 1 })
  else if (how === 'nested') Object.assign(holder[last] as Json, { novel: [{ deep: [`x\n${marker}`] }] })
  else Object.assign(holder[last] as Json, { novel: marker })
  return copy.root
}

/** Identifiers and sealed data cannot hold a marker with a space in it, so they are judged like words when they do. */
const MARKER = 'PLANTED WORD'
/** The model's answer, with the marker somewhere in it. */
const plants = fc.record({
  blocks: blockList,
  size: fc.integer({ min: 1, max: 20 }),
  at: fc.nat(),
  how: fc.constantFrom<Plant>('string', 'field', 'key', 'nested'),
  action: fc.constantFrom('block' as const, 'modify' as const, 'refuse' as const, 'hold' as const),
})

function guardFor(action: 'block' | 'modify' | 'refuse' | 'hold', marker = MARKER): readonly Guard[] {
  return [wordGuard(marker, { action, replacement: '[gone]' })]
}

function clean(body: string, marker = MARKER): void {
  expect(body).not.toContain(marker)
  expect(body).not.toContain(JSON.stringify(marker).slice(1, -1))
}

describe('a planted marker', () => {
  test('reaches nobody, at each place of an answer with every kind of block', async () => {
    const events = [start(), { type: 'ping' }, ...eventsFor(ALL_BLOCKS, 40), ...end()]
    const spots = spotsIn(events)
    expect(spots.length).toBeGreaterThan(200)
    for (const spot of spots) {
      const ways: readonly Plant[] = spot.isObject ? ['field', 'key', 'nested'] : ['string']
      for (const how of ways) {
        const sent = planted(events, spot, MARKER, how) as readonly object[]
        for (const action of ['block', 'modify'] as const) {
          const body = await streamedBody(streamOf(sent), guardFor(action))
          if (body.includes(MARKER)) expect.fail(`${spot.path.join('.')}, as a ${how}, under ${action}`)
        }
      }
    }
  })

  test('reaches nobody, wherever it stands in a whole answer', async () => {
    await fc.assert(
      fc.asyncProperty(plants, async ({ blocks, at, how, action }) => {
        const message = messageOf(blocks as Message['content'])
        const spots = spotsIn(message)
        const spot = picked(spots, at)
        clean(await wholeBody(planted(message, spot, MARKER, how), guardFor(action)))
      }),
      { numRuns: 200 },
    )
  })

  test('reaches nobody, wherever it stands in a stream', async () => {
    const ping = { type: 'ping' }
    const novel = { type: 'content_block_novel', index: 0, words: 'new' }
    await fc.assert(
      fc.asyncProperty(plants, async ({ blocks, size, at, how, action }) => {
        const events = [start(), ping, novel, ...eventsFor(blocks, size), ...end()]
        const spots = spotsIn(events)
        const spot = picked(spots, at)
        const sent = planted(events, spot, MARKER, how) as readonly object[]
        const body = await streamedBody(streamOf(sent), guardFor(action))
        clean(body)
        // A stream that is not an error is one that a client understands, unless what was sent was none.
        const form = ['partial_json', 'type'].includes(String(spot.path.at(-1)))
        if (!form && body.startsWith('event: ') && !body.includes('event: error'))
          clean(JSON.stringify(spelled(eventsOf(body))))
      }),
      { numRuns: 300 },
    )
  })

  test('reaches nobody when it is cut in pieces, within a block and over its border', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.boolean(), async (size, apart) => {
        const words = `It is PLANTED WORD, I say.`
        const cutAt = words.indexOf('TED')
        const made: readonly AnyBlock[] = apart
          ? [text(words.slice(0, cutAt)), text(words.slice(cutAt))]
          : [
              { type: 'thinking', thinking: words, signature: 'AAAA' },
              text(words),
              { ...(ALL_BLOCKS[3] as Extract<AnyBlock, { type: 'tool_use' }>), input: { words } },
            ]
        for (const action of ['block', 'modify'] as const) {
          const body = await streamedBody(streamOf([start(), ...eventsFor(made, size), ...end()]), guardFor(action))
          clean(body)
          if (action === 'modify') clean(JSON.stringify(spelled(eventsOf(body)).content))
          else expect(body).toContain('content_filter')
        }
      }),
      { numRuns: 20 },
    )
  })

  test('of one word reaches nobody outside of identifiers and sealed data', async () => {
    const identifiers = /^(?:id|tool_use_id|file_id|skill_id|tool_id|model|signature|data|encrypted_\w+)$/
    await fc.assert(
      fc.asyncProperty(plants, async ({ blocks, at, how, action }) => {
        const message = messageOf(blocks as Message['content'])
        const spots = spotsIn(message).filter(
          (spot) => spot.isObject || !identifiers.test(String(spot.path.findLast((step) => typeof step === 'string'))),
        )
        const spot = picked(spots, at)
        const sent = planted(message, spot, 'PLANTED', how)
        clean(await wholeBody(sent, guardFor(action, 'PLANTED')), 'PLANTED')
      }),
      { numRuns: 200 },
    )
  })
})

describe('rubbish', () => {
  const json = fc.jsonValue({ maxDepth: 3 })
  const type = fc.constantFrom(
    'message_start',
    'message_delta',
    'message_stop',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'ping',
    'novel',
  )
  const inner = fc.record(
    {
      type: fc.oneof(
        fc.constantFrom('text', 'thinking', 'tool_use', 'text_delta', 'thinking_delta', 'input_json_delta', 'novel'),
        json,
      ),
      text: json,
      thinking: json,
      input: json,
      partial_json: json,
      content: json,
      signature: json,
    },
    { requiredKeys: ['type'] },
  )
  const event = fc.record(
    {
      type: fc.oneof({ weight: 9, arbitrary: type }, json),
      index: fc.oneof(fc.nat(3), json),
      content_block: fc.oneof(inner, json),
      delta: fc.oneof(inner, json),
      message: fc.oneof(inner, json),
    },
    { requiredKeys: ['type'] },
  )

  test('from a model server never breaks the gateway', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), fc.boolean(), async (events, began) => {
        const sent = began ? [start(), ...events, ...end()] : events
        const { gateway } = harness({ server: () => streamOf(sent), ...PASS })
        const response = await gateway.fetch(ask('hi', { stream: true }))
        const body = await response.text()
        expect([200, 502]).toContain(response.status)
        expect(body).not.toContain('"code":"internal"')
      }),
      { numRuns: 500 },
    )
    await fc.assert(
      fc.asyncProperty(fc.oneof(inner, json), fc.array(inner), async (message, content) => {
        const body = typeof message === 'object' && message !== null ? { ...message, content } : message
        const { gateway } = harness({ server: () => Response.json(body), ...PASS })
        expect([200, 502, 503]).toContain((await gateway.fetch(ask('hi'))).status)
      }),
      { numRuns: 300 },
    )
  })

  test('from a client never breaks the gateway', async () => {
    const message = fc.record({ role: fc.constantFrom('user', 'assistant', 'system'), content: fc.array(inner) })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(message, json)), json, async (messages, system) => {
        const { gateway } = harness({ server: () => Response.json(messageOf([text('x')])), ...PASS })
        expect([200, 400]).toContain((await gateway.fetch(ask('', { messages, system }))).status)
      }),
      { numRuns: 300 },
    )
  })
})
