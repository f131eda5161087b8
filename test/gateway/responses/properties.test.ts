/**
 * What holds for every answer: a word that the guards take out or stop at reaches the client in no byte, wherever in any event or
 * field of any kind of item it stood; the answer agrees with itself; what passes arrives as it came, however it was cut.
 */
import fc from 'fast-check'
import type { ResponseOutputItem } from 'openai/resources/responses/responses'
import { expect, test } from 'vitest'
import { OUTPUT_ITEM_TYPES } from '../../../src/gateway/protocols/responses/wire-types.ts'
import { bodyOf, harness } from '../support.ts'
import { eventsOf, ITEMS, message, responseOf } from './fixtures.ts'
import type { Path } from './planting.ts'
import { contradiction, isMedium, pick, placesIn, planted } from './planting.ts'
import { ask, lastResponse, parse, sse, streamed, whole } from './support.ts'

const itemsOf = (types: readonly (typeof OUTPUT_ITEM_TYPES)[number][]): readonly ResponseOutputItem[] =>
  types.map((type, index) => ITEMS[type](index))

const someTypes = fc.uniqueArray(fc.constantFrom(...OUTPUT_ITEM_TYPES), { minLength: 1, maxLength: 5 })
const answer = someTypes.map((types) => [...itemsOf(types), message('That is all there is to say.', 40)])
const size = fc.integer({ min: 1, max: 9 })
/** Which of the places: a number, because how many there are depends on the answer. */
const which = fc.nat()

test('what passes arrives as it came', async () => {
  await fc.assert(
    fc.asyncProperty(answer, size, async (items, length) => {
      const events = eventsOf(items, length)
      expect(parse(await streamed(events))).toEqual(events)
      expect(await whole(responseOf(items))).toEqual(responseOf(items))
    }),
    { numRuns: 40 },
  )
})

test('a word that is taken out reaches nobody, wherever in a stream it stood', async () => {
  await fc.assert(
    fc.asyncProperty(answer, size, which, which, async (items, length, first, second) => {
      let events = eventsOf(items, length)
      for (const choice of [first, second]) {
        const places = placesIn(events)
        events = planted(events, pick(places, choice), 'MASKME')
      }
      const text = await streamed(events)
      expect(text).not.toContain('MASKME')
    }),
    { numRuns: 150 },
  )
})

test.each(OUTPUT_ITEM_TYPES)('%s: a word that stands everywhere at once reaches nobody', async (type) => {
  const everywhere = <T>(root: T): T =>
    placesIn(root)
      .filter(({ path, kind }) => kind === 'append' && path.at(-1) !== 'type')
      .reduce((copy, place) => planted(copy, place, 'MASKME'), root)
  const items = [ITEMS[type](0), message('All of it.', 1)]
  for (const length of [1, 4, 100]) {
    const text = await streamed(everywhere(eventsOf(items.map(everywhere), length)))
    expect(text).not.toContain('MASKME')
    expect(text).toContain('response.completed')
  }
  expect(JSON.stringify(await whole(everywhere(responseOf(items))))).not.toContain('MASKME')
})

test('a word that is taken out reaches nobody, wherever in a whole answer it stood', async () => {
  await fc.assert(
    fc.asyncProperty(answer, which, async (items, choice) => {
      const response = responseOf(items)
      const places = placesIn(response)
      const text = JSON.stringify(await whole(planted(response, pick(places, choice), 'MASKME')))
      expect(text).not.toContain('MASKME')
    }),
    { numRuns: 100 },
  )
})

test('a word that stops an answer reaches nobody, and the answer is not completed', async () => {
  await fc.assert(
    fc.asyncProperty(answer, size, which, async (items, length, choice) => {
      const places = placesIn(eventsOf(items, length)).filter(
        // Padding is never passed on, and what an event is called only decides how it is read.
        ({ path }) => path.at(-1) !== 'obfuscation',
      )
      const events = planted(eventsOf(items, length), pick(places, choice), 'BLOCKME')
      const text = await streamed(events)
      expect(text).not.toContain('BLOCKME')
      expect(text).not.toContain('response.completed')
      if (text.startsWith('event:')) {
        const [error, failed] = parse(text).slice(-2)
        expect(error).toMatchObject({ type: 'error' })
        expect(failed).toMatchObject({ type: 'response.failed', response: { status: 'failed' } })
      } else expect(JSON.parse(text)).toMatchObject({ error: { code: expect.any(String) as string } })
    }),
    { numRuns: 100 },
  )
})

const words = fc.array(fc.constantFrom('plain ', 'MASKME', 'MASK', 'ME', '🐎', 'é', ' ', '"', '\\', '\n'), {
  minLength: 1,
  maxLength: 24,
})

/** One item of each kind whose text comes in pieces, with these words. */
function speaking(text: string): readonly ResponseOutputItem[] {
  const [reasoning, call, custom, mcp, code, said] = itemsOf([
    'reasoning',
    'function_call',
    'custom_tool_call',
    'mcp_call',
    'code_interpreter_call',
    'message',
  ])
  return [
    { ...reasoning, summary: [{ type: 'summary_text', text }], content: [{ type: 'reasoning_text', text }] },
    { ...call, arguments: text },
    { ...custom, input: text },
    { ...mcp, arguments: text },
    { ...code, code: text },
    {
      ...said,
      content: [
        { type: 'output_text', text, annotations: [] },
        { type: 'refusal', refusal: text },
      ],
    },
  ] as readonly ResponseOutputItem[]
}

test('every copy of a text says what its pieces said', async () => {
  await fc.assert(
    fc.asyncProperty(words, size, async (parts, length) => {
      const text = parts.join('')
      const events = parse(await streamed(eventsOf(speaking(text), length)))
      expect(contradiction(events)).toBeNull()
      const final = events.at(-1)?.['response'] as { output: readonly { content?: { text?: string }[] }[] }
      expect(final.output.at(-1)?.content?.[0]?.text).toBe(text.replaceAll('MASKME', '[masked]'))
      const completed = (await whole(responseOf(speaking(text)))) as { output: unknown }
      expect(completed.output).toEqual(final.output)
    }),
    { numRuns: 60 },
  )
})

test('a text is one text, into however many parts and messages it was cut', async () => {
  const cuts = fc.array(fc.record({ at: fc.nat(), message: fc.boolean() }), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(words, cuts, size, async (parts, places, length) => {
      const text = parts.join('')
      const items: { content: { text: string }[] }[] = [message('') as never]
      items[0]?.content.splice(0)
      const ends = places.map((place) => ({ ...place, at: place.at % (text.length + 1) }))
      let from = 0
      for (const { at, message: apart } of [
        ...ends.toSorted((left, right) => left.at - right.at),
        { at: text.length, message: false },
      ]) {
        items.at(-1)?.content.push({ type: 'output_text', text: text.slice(from, at), annotations: [] } as never)
        from = at
        if (apart) items.push({ ...message('', items.length), content: [] })
      }
      const events = parse(await streamed(eventsOf(items as never, length)))
      expect(contradiction(events)).toBeNull()
      const shown = (lastResponse(events).output as unknown as typeof items)
        .flatMap(({ content }) => content.map((part) => part.text))
        .join('')
      expect(shown).toBe(text.replaceAll('MASKME', '[masked]'))
    }),
    { numRuns: 60 },
  )
})

test('items that the server tells of at the same time are guarded apart, and each begins before its words', async () => {
  const turns = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 80 })
  await fc.assert(
    fc.asyncProperty(words, size, turns, async (parts, length, order) => {
      const events = eventsOf([...speaking(`${parts.join('')}MASKME`), message('MASKME', 6)], length)
      const queues = Array.from({ length: 7 }, (_, output) =>
        events.filter((event) => 'output_index' in event && event.output_index === output),
      )
      const mixed: object[] = []
      for (let turn = 0; queues.some((queue) => queue.length > 0); turn += 1) {
        const open = queues.filter((queue) => queue.length > 0)
        mixed.push(...(pick(open, order[turn % order.length] ?? 0).splice(0, 1) as object[]))
      }
      const text = await streamed([...events.slice(0, 2), ...mixed, ...events.slice(-1)])
      const shown = parse(text)
      expect(text).not.toContain('MASKME')
      expect(shown.at(-1)?.type).toBe('response.completed')
      expect(contradiction(shown)).toBeNull()
      const begun = new Set<unknown>()
      for (const { type, output_index: output } of shown) {
        if (type === 'response.output_item.added') begun.add(output)
        if (type.endsWith('.delta')) expect(begun).toContain(output)
      }
    }),
    { numRuns: 60 },
  )
})

test('the client’s text does not depend on how the bytes were cut', async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(words, cuts, async (parts, lengths) => {
      const bytes = new TextEncoder().encode(sse(eventsOf(speaking(`${parts.join('')} MASKME.`), 4)))
      async function* pieces(): AsyncGenerator<Uint8Array> {
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const length = lengths[turn % lengths.length] ?? 1
          yield bytes.slice(at, at + length)
          at += length
        }
      }
      const read = async (body: BodyInit): Promise<unknown> => {
        const server = (): Response => new Response(body, { headers: { 'content-type': 'text/event-stream' } })
        const { gateway } = harness({ server, policy: { media: 'pass' } })
        const events = parse(await (await gateway.fetch(ask('hi', { stream: true }))).text())
        expect(contradiction(events)).toBeNull()
        return events.at(-1)
      }
      const once = (await read(bytes)) as { response: unknown }
      expect(((await read(bodyOf(pieces()))) as { response: unknown }).response).toEqual(once.response)
    }),
    { numRuns: 40 },
  )
})

/** Values that stand where something else belongs. */
const nonsense = fc.constantFrom<unknown>(null, 0, -1, 1e9, 0.5, '', 'MASKME', [], {}, true, ['MASKME'], { MASKME: 1 })

const faults = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('value' as const), at: fc.nat(), value: nonsense }),
    fc.record({ kind: fc.constantFrom('drop' as const, 'twice' as const, 'swap' as const), at: fc.nat() }),
  ),
  { minLength: 1, maxLength: 4 },
)

/** Every path in a wire object. */
function pathsIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Object.entries(value).flatMap(([key, child]) =>
    pathsIn(child, [...path, Array.isArray(value) ? Number(key) : key]),
  )
  return path.length === 0 ? inner : [path, ...inner]
}

function broken(root: unknown, { at, value }: { readonly at: number; readonly value: unknown }): unknown {
  const copy = structuredClone(root)
  const path = pick(pathsIn(copy), at)
  let holder = copy as Record<string | number, unknown>
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>
  // A word in place of a picture is one more picture that nobody can look at.
  if (!isMedium(path, holder)) holder[path.at(-1) ?? ''] = value
  return copy
}

function disturbed(
  events: readonly object[],
  fault: { readonly kind: string; readonly at: number },
): readonly object[] {
  const place = fault.at % events.length
  const [event, next] = [events[place], events[place + 1]]
  if (event === undefined) return events
  switch (fault.kind) {
    case 'drop':
      return events.toSpliced(place, 1)
    case 'twice':
      return events.toSpliced(place, 0, event)
    case 'swap':
      return next === undefined ? events : events.toSpliced(place, 2, next, event)
    default:
      return events
  }
}

test('a model server that sends nonsense breaks nothing and gets nothing through', async () => {
  await fc.assert(
    fc.asyncProperty(answer, faults, async (items, list) => {
      let events: readonly object[] = eventsOf(items, 6)
      let response: unknown = responseOf(items)
      for (const fault of list) {
        if (events.length === 0) break
        if (fault.kind === 'value') {
          events = broken(events, fault) as readonly object[]
          response = broken(response, fault)
        } else events = disturbed(events, fault)
      }
      const defects: unknown[] = []
      const options = { onDefect: (error: unknown) => void defects.push(error) }
      const text = await streamed(events, options)
      const body = JSON.stringify(await whole(response as object, options))
      for (const out of [text, body]) {
        expect(out).not.toContain('MASKME')
        expect(out).not.toContain('"internal"')
      }
      expect(defects).toEqual([])
      if (text.startsWith('event:')) {
        expect(parse(text).at(-1)?.type).toMatch(/^response\.(?:completed|incomplete|failed)$/)
      } else expect(JSON.parse(text)).toHaveProperty('error')
    }),
    { numRuns: 150 },
  )
})
