/** What becomes of a streamed answer: every ending, what is held, what is filled anew, and servers that do not keep to the rules. */
import type { ResponseOutputItem } from 'openai/resources/responses/responses'
import { describe, expect, test } from 'vitest'
import { createDemoUpstream } from '../../../src/gateway/index.ts'
import { OUTPUT_ITEM_TYPES } from '../../../src/gateway/protocols/responses/wire-types.ts'
import type { StreamPart } from '../../../src/spec/index.ts'
import { guard, harness, wordGuard } from '../support.ts'
import { CIPHER, eventsOf, idOf, ITEMS, message, numbered, responseOf } from './fixtures.ts'
import { contradiction } from './planting.ts'
import type { Event, Wire } from './support.ts'
import { answers, ask, joined, lastResponse, parse, sse, sseResponse, streamed, whole } from './support.ts'
import { toyEngine } from '../toy-engine.ts'

const call = (name: string, input: string, index = 0): ResponseOutputItem => ({
  id: idOf('fc', index),
  type: 'function_call',
  status: 'completed',
  call_id: 'call_Q1w2E3r4T5y6U7i8O9p0AsDf',
  name,
  arguments: input,
})

const LONG = 'Fine words are here. '.repeat(40)

describe('endings', () => {
  test('blocked before anything was shown: a status of its own', async () => {
    const { gateway } = harness({ server: answers([message('so BLOCKME')]) })
    const response = await gateway.fetch(ask('hi', { stream: true }))
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'content_filter', type: 'content_filter' } })
  })

  test('blocked later: an error event and a failed response, and nothing of the rest', async () => {
    const { gateway, asked } = harness({ server: answers([message(`${LONG}BLOCKME MARKER ${LONG}`)]) })
    const events = parse(await (await gateway.fetch(ask('hi', { stream: true }))).text())
    const [error, failed] = events.slice(-2)
    expect(error).toMatchObject({ type: 'error', code: 'content_filter', param: null })
    expect(error?.['decision_id']).toMatch(/^dec_/)
    expect(failed).toMatchObject({
      type: 'response.failed',
      response: { id: idOf('resp'), status: 'failed', error: { code: 'server_error' }, output: [] },
    })
    expect(contradiction(events)).toBeNull()
    expect(LONG.startsWith(joined(events, 'response.output_text.delta'))).toBe(true)
    expect(JSON.stringify(events)).not.toMatch(/BLOCKME|MARKER|response.completed/)
    expect(asked[0]?.signal.aborted).toBe(true)
  })

  test('items that were complete stay in a failed response', async () => {
    const events = parse(await streamed(eventsOf([call('find', '{"q":1}'), message('BLOCKME', 1)])))
    expect(lastResponse(events).output).toEqual([expect.objectContaining({ id: idOf('fc'), status: 'completed' })])
  })

  test('refused before anything was shown: a refusal of its own', async () => {
    const { gateway } = harness({ server: answers([message('well REFUSEME')]) })
    const response = await gateway.fetch(ask('hi', { stream: true, instructions: 'Be kind.' }))
    expect(response.status).toBe(200)
    const events = parse(await response.text())
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.refusal.delta',
      'response.refusal.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.incomplete',
    ])
    expect(contradiction(events)).toBeNull()
    const last = events.at(-1)?.['response'] as Wire
    expect(last).toMatchObject({
      object: 'response',
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      instructions: 'Be kind.',
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'I would rather not.' }] }],
    })
    expect(last['id']).not.toBe(idOf('resp'))
  })

  test('refused later: what was shown is closed, the refusal follows', async () => {
    const items = [call('find', '{"q":1}'), message(`${LONG}REFUSEME ${LONG}`, 1)]
    const events = parse(await streamed(eventsOf(items)))
    expect(contradiction(events)).toBeNull()
    expect(JSON.stringify(events)).not.toContain('REFUSEME')
    const { output, status, id } = lastResponse(events)
    expect(events.at(-1)?.type).toBe('response.incomplete')
    expect({ status, id }).toEqual({ status: 'incomplete', id: idOf('resp') })
    expect(output.map(({ type, status }) => [type, status])).toEqual([
      ['function_call', 'completed'],
      ['message', 'incomplete'],
      ['message', 'completed'],
    ])
    expect(output[1]).toMatchObject({ content: [{ text: joined(events, 'response.output_text.delta') }] })
    expect(output[2]?.['content']).toEqual([{ type: 'refusal', refusal: 'I would rather not.' }])
    const indexes = events
      .filter(({ type }) => type === 'response.output_item.added')
      .map((event) => event['output_index'])
    expect(indexes).toEqual([0, 1, 2])
  })

  test('a tool call that was stopped in the middle is never ended', async () => {
    const events = parse(await streamed(eventsOf([call('find', `{"q":"${LONG}REFUSEME"}`)])))
    expect(events.some(({ type }) => type === 'response.function_call_arguments.done')).toBe(false)
    const { output } = lastResponse(events)
    expect(output.map(({ type }) => type)).toEqual(['message'])
  })

  test('held: a 202 with a poll URL, or an error event that tells it', async () => {
    const before = await harness({ server: answers([message('HOLDME')]) }).gateway.fetch(ask('hi', { stream: true }))
    expect(before.status).toBe(202)
    const events = parse(await streamed(eventsOf([message(`${LONG}HOLDME`)])))
    expect(events.at(-2)).toMatchObject({ type: 'error', code: 'held', poll_url: expect.any(String) as string })
  })

  test('a guard that fails stops the answer', async () => {
    const failing = { ...wordGuard('x'), check: () => ({ findings: [] }), open: () => ({ advance: fail }) }
    const fail = (): never => {
      throw new TypeError('MARKER')
    }
    const { gateway } = harness({ guards: [failing], server: answers([message('hello')]) })
    const response = await gateway.fetch(ask('hi', { stream: true }))
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('MARKER')
  })

  test('retry asks again, and the first answer has not begun at the client', async () => {
    let turn = 0
    const { gateway, asked } = harness({
      guards: [wordGuard('AGAINME', { action: 'retry', reason: 'Be better.' })],
      server: () =>
        sseResponse(eventsOf([message((turn += 1) === 1 ? 'AGAINME' : 'better')], 5, { id: idOf('resp', turn) })),
    })
    const events = parse(await (await gateway.fetch(ask('hi', { stream: true }))).text())
    expect(events).toEqual(eventsOf([message('better')], 5, { id: idOf('resp', 2) }))
    expect(asked[1]?.body['input']).toEqual([
      { type: 'message', role: 'user', content: 'hi' },
      { type: 'message', role: 'user', content: expect.stringContaining('Be better.') as string },
    ])
  })
})

describe('what is filled anew', () => {
  test('masks reach into every copy', async () => {
    const events = parse(await streamed(eventsOf([message('say MASKME now'), call('f', '{"a":"MASKME"}', 1)], 4)))
    expect(contradiction(events)).toBeNull()
    expect(joined(events, 'response.output_text.delta')).toBe('say [masked] now')
    expect(joined(events, 'response.function_call_arguments.delta')).toBe('{"a":"[masked]"}')
    expect(events.at(-1)?.['response']).toMatchObject({
      output: [{ content: [{ text: 'say [masked] now' }] }, { arguments: '{"a":"[masked]"}' }],
      usage: { total_tokens: 16 },
    })
  })

  test('titles and links of citations are words', async () => {
    const [item] = [ITEMS.message(0)]
    const cited = JSON.parse(JSON.stringify(item).replaceAll('Harbour hours', 'MASKME')) as ResponseOutputItem
    const text = await streamed(eventsOf([cited]))
    expect(text).not.toContain('MASKME')
    const events = parse(text)
    const added = events.find(({ type }) => type === 'response.output_text.annotation.added')
    expect(added?.['annotation']).toMatchObject({ title: '[masked]', url: 'https://town.example/hours' })
    expect(JSON.stringify(events.at(-1))).toContain('"title":"[masked]"')
  })

  test('an annotation does not overtake the text it belongs to', async () => {
    const events = parse(await streamed(eventsOf([ITEMS.message(0)], 3)))
    const types = events.map(({ type }) => type)
    expect(types.lastIndexOf('response.output_text.delta')).toBeLessThan(
      types.indexOf('response.output_text.annotation.added'),
    )
  })

  test('a text that came only whole is judged and told', async () => {
    const events = eventsOf([message('say MASKME now'), call('f', 'MASKME', 1)]).filter(
      ({ type }) => !type.endsWith('.delta'),
    )
    const shown = parse(await streamed(numbered(events)))
    expect(contradiction(shown)).toBeNull()
    const told = (type: string, key: string): unknown => shown.find((event) => event.type === type)?.[key]
    expect(told('response.output_text.done', 'text')).toBe('say [masked] now')
    expect(told('response.function_call_arguments.done', 'arguments')).toBe('[masked]')
    expect(shown).toHaveLength(events.length)
  })

  test('only items: servers that leave out the events of their parts', async () => {
    const kept = /^response\.(?:created|in_progress|completed|output_item\..*)$/
    const events = numbered(eventsOf([message('say MASKME'), ITEMS.reasoning(1)]).filter(({ type }) => kept.test(type)))
    const shown = parse(await streamed(events))
    expect(JSON.stringify(shown)).not.toContain('MASKME')
    expect(shown.at(-1)).toMatchObject({
      response: { output: [{ content: [{ text: 'say [masked]' }] }, { type: 'reasoning' }] },
    })
  })

  test('a copy that says something else is judged for itself', async () => {
    const events = JSON.parse(JSON.stringify(eventsOf([message('harmless')]))) as Event[]
    const changed = events.map((event) =>
      event.type === 'response.output_text.done' ? { ...event, text: 'MASKME instead' } : event,
    )
    const shown = parse(await streamed(changed))
    expect(shown.find(({ type }) => type === 'response.output_text.done')?.['text']).toBe('[masked] instead')
    expect(joined(shown, 'response.output_text.delta')).toBe('harmless')
    expect(shown.at(-1)).toMatchObject({ response: { output: [{ content: [{ text: 'harmless' }] }] } })
  })

  test('a text that begins with its part is judged and told', async () => {
    const events = (JSON.parse(JSON.stringify(eventsOf([message('say MASKME now')], 9))) as Event[]).flatMap(
      (event) => {
        if (event.type === 'response.content_part.added')
          return [{ ...event, part: { type: 'output_text', text: 'say MASKM', annotations: [] } }]
        return event['delta'] === 'say MASKM' ? [] : [event]
      },
    )
    const shown = parse(await streamed(events))
    expect(contradiction(shown)).toBeNull()
    expect(joined(shown, 'response.output_text.delta')).toBe('say [masked] now')
  })

  test.each(['MASKME', 'BLOCKME'])('%s is seen across parts and messages', async (word) => {
    const part = (text: string): object => ({ type: 'output_text', text, annotations: [], logprobs: [] })
    const inParts = { ...message('', 0), content: [part(`say ${word.slice(0, 2)}`), part(word.slice(2)), part(' now')] }
    const inMessages = [message(`say ${word.slice(0, 3)}`), message(word.slice(3), 1), message(' now', 2)]
    for (const items of [[inParts as ResponseOutputItem], inMessages]) {
      for (const size of [1, 50]) {
        const text = await streamed(eventsOf(items, size))
        if (word === 'BLOCKME') expect(JSON.parse(text)).toMatchObject({ error: { code: 'content_filter' } })
        else {
          expect(contradiction(parse(text))).toBeNull()
          expect(joined(parse(text), 'response.output_text.delta')).toBe('say [masked] now')
        }
      }
      const response = { ...responseOf(items), output_text: `say ${word} now` }
      const body = JSON.stringify(await whole(response))
      expect(body).not.toContain(word)
      if (word === 'MASKME') expect(body).toContain('"output_text":"say [masked] now"')
    }
  })

  test('what stands between two texts keeps its place', async () => {
    const items = [message('first part'), ITEMS.web_search_call(1), message('second part', 2), ITEMS.message(3)]
    const events = eventsOf(items, 3)
    expect(parse(await streamed(events))).toEqual(events)
  })

  test('two texts that grow at the same time are two texts', async () => {
    const [first] = eventsOf([message('nothing')])
    const delta = (output: number, text: string): object => ({
      type: 'response.output_text.delta',
      item_id: idOf('msg', output),
      output_index: output,
      content_index: 0,
      delta: text,
      logprobs: [],
    })
    const added = (output: number): readonly object[] => [
      { type: 'response.output_item.added', output_index: output, item: { ...message('', output), content: [] } },
      {
        type: 'response.content_part.added',
        item_id: idOf('msg', output),
        output_index: output,
        content_index: 0,
        part: { type: 'output_text', text: '', annotations: [] },
      },
    ]
    const events = [
      first,
      ...added(0),
      ...added(1),
      delta(0, 'a MASK'),
      delta(1, 'other '),
      delta(0, 'ME b'),
      delta(1, 'MASKME'),
      { type: 'response.completed', response: responseOf([message('a MASKME b'), message('other MASKME', 1)]) },
    ] as object[]
    const shown = parse(await streamed(events))
    const of = (output: number): string =>
      shown
        .filter((event) => event.type === 'response.output_text.delta' && event['output_index'] === output)
        .map((event) => String(event['delta']))
        .join('')
    expect([of(0), of(1)]).toEqual(['a [masked] b', 'other [masked]'])
    expect(shown.at(-1)).toMatchObject({
      response: { output: [{ content: [{ text: 'a [masked] b' }] }, { content: [{ text: 'other [masked]' }] }] },
    })
  })

  test('log-probabilities are shown beside exactly the text they spell', async () => {
    const token = (text: string, ...others: string[]): Wire => ({
      token: text,
      logprob: -0.1,
      bytes: [...new TextEncoder().encode(text)],
      top_logprobs: [text, ...others].map((one) => ({
        token: one,
        logprob: -2,
        bytes: [...new TextEncoder().encode(one)],
      })),
    })
    const spell = (text: string, logprobs: readonly Wire[]): object[] =>
      (JSON.parse(JSON.stringify(eventsOf([message(text)], 100))) as Event[]).map((event) => {
        const part = { type: 'output_text', text, annotations: [], logprobs }
        if (event.type === 'response.output_text.delta' || event.type === 'response.output_text.done')
          return { ...event, logprobs }
        if (event.type === 'response.content_part.done') return { ...event, part }
        return event
      })
    const honest = spell('hello', [token('hel', 'tal'), token('lo')])
    expect(parse(await streamed(honest))).toEqual(honest)
    for (const lying of [
      spell('hello', [token('MASKME')]),
      spell('hello', [token('hello', 'MASKME')]),
      spell('hello', [{ ...token('hello'), bytes: [...new TextEncoder().encode('MASKME')] }]),
      spell('hello', [{ ...token('hello'), note: 'MASKME' }]),
      spell('a MASKME', [token('a MASKME')]),
    ]) {
      const text = await streamed(lying)
      expect(text).not.toContain('MASKME')
      expect(text).not.toContain(String([...new TextEncoder().encode('MASKME')]))
      expect(contradiction(parse(text))).toBeNull()
    }
  })

  test('padding is drawn anew, in the same length', async () => {
    const events = eventsOf([message('hello')]).map((event) =>
      event.type === 'response.output_text.delta' ? { ...event, obfuscation: 'MASKMEpadding' } : event,
    )
    const [delta] = parse(await streamed(events)).filter(({ type }) => type === 'response.output_text.delta')
    expect(delta?.['obfuscation']).toMatch(/^[\w-]{13}$/)
    expect(delta?.['obfuscation']).not.toBe('MASKMEpadding')
  })

  test('an identifier that is a word gets another one, everywhere the same', async () => {
    const events = JSON.parse(
      JSON.stringify(eventsOf([message('hello')])).replaceAll(idOf('msg'), 'MASKME-1'),
    ) as object[]
    const shown = parse(await streamed(events))
    const ids = new Set(shown.flatMap((event) => [event['item_id'], (event['item'] as Wire | undefined)?.['id']]))
    ids.delete(undefined)
    expect(ids.size).toBe(1)
    expect([...ids][0]).toMatch(/^id_[0-9a-f]{32}$/)
    expect(shown.at(-1)).toMatchObject({ response: { output: [{ id: [...ids][0] }] } })
    const plain = JSON.parse(
      JSON.stringify(eventsOf([message('hello')])).replaceAll(idOf('msg'), 'item-one'),
    ) as object[]
    expect(parse(await streamed(plain))).toEqual(plain)
  })

  test('numbers follow each other even when the server’s do not', async () => {
    const events = eventsOf([message('one MASKME two')], 3).map((event) => ({ ...event, sequence_number: 7 }))
    const numbers = parse(await streamed(events)).map(({ sequence_number }) => sequence_number)
    expect(numbers).toEqual(numbers.map((_, index) => 7 + index))
  })

  test('fields and events nobody knows are judged and kept', async () => {
    const odd = eventsOf([message('hello')]).map((event) => ({ ...event, novel: { deep: ['fine', 'MASKME'] } }))
    const heartbeat = { type: 'response.novel', note: 'MASKME', sequence_number: 99 }
    const shown = parse(await streamed([...odd.slice(0, 3), heartbeat, { type: 'keepalive' }, ...odd.slice(3)]))
    expect(JSON.stringify(shown)).not.toContain('MASKME')
    expect(shown[0]?.['novel']).toEqual({ deep: ['fine', '[masked]'] })
    expect(shown.map(({ type }) => type)).toContain('response.novel')
    expect(shown.map(({ type }) => type)).toContain('keepalive')
  })
})

describe('pseudonyms', () => {
  const restoring = guard('pseudonyms', () => ({ findings: [] }), {
    maxSpan: 1,
    open: () => ({ advance: ({ end }) => ({ findings: [], settled: end, keep: end }) }),
    restore: { maxLength: 8, restore: (text) => text.replaceAll('PERSON_1', 'Ann') },
  })
  const items = JSON.parse(
    JSON.stringify(OUTPUT_ITEM_TYPES.map((type, index) => ITEMS[type](index))).replaceAll(/harbour/gi, 'PERSON_1'),
  ) as readonly ResponseOutputItem[]

  test.each([1, 3, 7, 50])('are put back in every copy, in pieces of %i', async (size) => {
    const text = await streamed(eventsOf(items, size), { guards: [restoring] })
    const events = parse(text)
    expect(contradiction(events)).toBeNull()
    expect(joined(events, 'response.output_text.delta')).toBe('The Ann opens at nine, says the town.')
    expect(joined(events, 'response.function_call_arguments.delta')).toBe('{"place":"Ann","day":"monday"}')
    // Pictures are not read.
    expect(text.replaceAll('https://town.example/PERSON_1.png', '')).not.toContain('PERSON')
    expect(events.at(-1)?.type).toBe('response.completed')
  })

  test('are put back in a whole answer', async () => {
    const shown = JSON.stringify(await whole(responseOf(items), { guards: [restoring] }))
    expect(shown.replaceAll('https://town.example/PERSON_1.png', '')).not.toContain('PERSON')
  })
})

describe('shown first, judged then', () => {
  test('an answer that is stopped has no regular end', async () => {
    const options = { policy: { media: 'pass', stream: { mode: 'after' } } } as const
    const events = parse(await streamed(eventsOf([message(`${LONG}BLOCKME`)]), options))
    expect(events.at(-1)).toMatchObject({ type: 'response.failed' })
    const passed = eventsOf([ITEMS.message(0), ITEMS.function_call(1), ITEMS.reasoning(2)])
    expect(parse(await streamed(passed, options))).toEqual(passed)
  })
})

describe('what the server repeats of the request', () => {
  const tools = [{ type: 'function', name: 'find_hours', description: 'MASKME hours', parameters: { a: 'MASKME' } }]

  test('is not judged as if the model had said it', async () => {
    const request = { instructions: 'Never say MASKME.', tools, metadata: { MASKME: 'MASKME' } }
    const { gateway, asked } = harness({
      // The input side lets the words through; the output side would not.
      policy: { rails: { output: ['MASKME'], tool_call: ['MASKME'] } },
      server: (body) =>
        sseResponse(
          eventsOf([message('hello')], 5, {
            instructions: body['instructions'] as string,
            tools: (body['tools'] as object[]).map((tool) => ({ ...tool, strict: true })) as never,
            metadata: body['metadata'] as Record<string, string>,
          }),
        ),
    })
    const events = parse(await (await gateway.fetch(ask('hi', { stream: true, ...request }))).text())
    expect(asked[0]?.body).toMatchObject(request)
    expect(events[0]).toMatchObject({ response: { ...request, tools: [{ ...tools[0], strict: true }] } })
  })

  test('is judged when the client never said it', async () => {
    const text = await streamed(
      eventsOf([message('hello')], 5, { instructions: 'say MASKME', metadata: { a: 'MASKME' } }),
    )
    expect(text).not.toContain('MASKME')
    expect(parse(text).at(-1)).toMatchObject({
      response: { instructions: 'say [masked]', metadata: { a: '[masked]' } },
    })
  })

  test('words of the input are the model’s when it repeats them', async () => {
    const { gateway } = harness({
      policy: { rails: { output: ['MASKME'] } },
      server: answers([message('MASKME')]),
    })
    const text = await (await gateway.fetch(ask('MASKME', { stream: true }))).text()
    expect(text).not.toContain('MASKME')
  })
})

describe('media and ciphertext', () => {
  test('pictures follow the policy', async () => {
    const events = eventsOf([message(LONG), ITEMS.image_generation_call(1)])
    const blocked = parse(await streamed(events, { policy: {} }))
    expect(blocked.at(-2)).toMatchObject({ type: 'error', code: 'content_filter' })
    expect(JSON.stringify(blocked)).not.toContain('iVBOR')
    expect(parse(await streamed(events))).toEqual(events)
  })

  test('sound and its transcript are parts of the answer', async () => {
    const events = numbered([
      { type: 'response.created', response: responseOf([]) },
      { type: 'response.audio.delta', delta: 'AAAA' },
      { type: 'response.audio.transcript.delta', delta: 'say MASK' },
      { type: 'response.audio.transcript.delta', delta: 'ME now' },
      { type: 'response.audio.done' },
      { type: 'response.audio.transcript.done' },
      { type: 'response.completed', response: responseOf([]) },
    ])
    const shown = parse(await streamed(events))
    expect(joined(shown, 'response.audio.transcript.delta')).toBe('say [masked] now')
    expect(joined(shown, 'response.audio.delta')).toBe('AAAA')
    expect(await streamed(events, { policy: {} })).not.toContain('AAAA')
  })

  test('what the server encrypted for itself is handed back, words in its place are judged', async () => {
    const sealed = (text: string): ResponseOutputItem => ({
      id: idOf('rs'),
      type: 'reasoning',
      summary: [],
      encrypted_content: text,
    })
    const events = eventsOf([sealed(CIPHER), message('hello', 1)])
    expect(parse(await streamed(events))).toEqual(events)
    expect(await streamed(eventsOf([sealed('plain MASKME words'), message('hello', 1)]))).not.toContain('MASKME')
  })
})

describe('servers that do not keep to the rules', () => {
  const errorOf = async (events: readonly object[], tail = ''): Promise<Wire> => {
    const { gateway } = harness({
      server: () => new Response(sse(events) + tail, { headers: { 'content-type': 'text/event-stream' } }),
    })
    const response = await gateway.fetch(ask('hi', { stream: true }))
    const text = await response.text()
    expect(text).not.toContain('MARKER')
    expect(text).not.toContain('response.completed')
    return text.startsWith('event:')
      ? (parse(text).at(-2) as unknown as Wire)
      : (JSON.parse(text) as { error: Wire }).error
  }
  const events = eventsOf([message('hello there')])

  test.each([
    [
      'an error event',
      [events[0], { type: 'error', code: 'MARKER', message: 'MARKER', param: null, sequence_number: 1 }],
    ],
    ['a bare error', [events[0], { error: { message: 'MARKER' } }]],
    [
      'a failed response',
      [
        events[0],
        {
          type: 'response.failed',
          response: { ...responseOf([]), error: { code: 'server_error', message: 'MARKER' } },
        },
      ],
    ],
    ['no response', [{ id: 'chatcmpl-1', choices: [{ delta: { content: 'MARKER' } }] }]],
    ['words before the beginning', events.slice(4)],
    ['an end that never came', events.slice(0, -1)],
    ['a response that is none', [events[0], { type: 'response.completed', response: 'MARKER' }]],
    ['an item that is none', [events[0], { type: 'response.output_item.added', output_index: 0, item: 'MARKER' }]],
    [
      'a part that is none',
      [events[0], { type: 'response.content_part.added', output_index: 0, content_index: 0, part: 'MARKER' }],
    ],
    [
      'a piece that is none',
      [events[0], { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: ['MARKER'] }],
    ],
    [
      'an index that is none',
      [events[0], { type: 'response.output_text.delta', output_index: -1, content_index: 0, delta: 'MARKER' }],
    ],
    [
      'an index without end',
      [events[0], { type: 'response.output_text.delta', output_index: 1e9, content_index: 0, delta: 'MARKER' }],
    ],
    ['words after the end of a text', [...events.slice(0, -2), { ...events[4], delta: 'MARKER' }]],
  ])('%s is an upstream error', async (_name, list) => {
    expect(await errorOf(list as object[])).toMatchObject({ code: 'upstream_error' })
  })

  test('what is no JSON is an upstream error', async () => {
    expect(await errorOf([], 'data: MARKER\n\n')).toMatchObject({ code: 'upstream_error' })
  })

  test('a server that is out of capacity is told as such', async () => {
    const failed = {
      type: 'response.failed',
      response: { ...responseOf([]), error: { code: 'rate_limit_exceeded', message: 'MARKER' } },
    }
    expect(await errorOf([events[0] as object, failed])).toMatchObject({ code: 'rate_limited' })
  })

  test('usage of a failed response is not lost', async () => {
    const failed = { type: 'response.failed', response: responseOf([]) }
    const shown = parse(await streamed([...eventsOf([message(LONG)]).slice(0, -1), failed]))
    expect(shown.at(-1)).toMatchObject({ type: 'response.failed', response: { usage: { total_tokens: 16 } } })
  })

  test('what comes after the end is not read', async () => {
    const text = await streamed([...events, { type: 'response.output_text.delta', delta: 'MARKER' }])
    expect(parse(text)).toEqual(events)
  })

  test('a [DONE] at the end is not passed on', async () => {
    const body = `${sse(events)}data: [DONE]\n\n`
    const { gateway } = harness({
      server: () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    })
    expect(await (await gateway.fetch(ask('hi', { stream: true }))).text()).toBe(sse(events))
  })

  test('keys that would change an object’s nature stay keys', async () => {
    const text = sse(eventsOf([message('hello')])).replaceAll(
      '"annotations":[]',
      '"annotations":[{"__proto__":{"x":"MASKME"}}]',
    )
    const { gateway } = harness({
      server: () => new Response(text, { headers: { 'content-type': 'text/event-stream' } }),
    })
    const shown = await (await gateway.fetch(ask('hi', { stream: true }))).text()
    expect(shown).not.toContain('MASKME')
    expect(({} as Wire)['x']).toBeUndefined()
  })
})

describe('answers without this wire format', () => {
  test('the demo model answers in it', async () => {
    const upstream = createDemoUpstream(toyEngine())
    const { gateway } = harness({ upstream, demo: true })
    const events = parse(await (await gateway.fetch(ask('rice', { stream: true }))).text())
    expect(contradiction(events)).toBeNull()
    expect(joined(events, 'response.output_text.delta')).toMatch(/^about rice it is said \[masked\]/)
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: { model: 'parapet-demo', status: 'completed' },
    })
    const body = (await (await gateway.fetch(ask('rice'))).json()) as { output: { content: { text: string }[] }[] }
    expect(body.output[0]?.content[0]?.text).toContain('about rice it is said [masked]')
    const short = parse(await (await gateway.fetch(ask('rice', { stream: true, max_output_tokens: 2 }))).text())
    expect(short.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    })
  })

  const parts: readonly StreamPart[] = [
    { type: 'reasoning', text: 'think MASKME' },
    { type: 'text', text: 'say ' },
    { type: 'text', text: 'MASKME' },
    { type: 'tool-input', call: 'call_1', tool: 'find', text: '{"q":' },
    { type: 'tool-input', call: 'call_1', tool: 'find', text: '"MASKME"}' },
    { type: 'finish', reason: 'stop' },
  ]

  test('every kind of part becomes an item', async () => {
    const upstream = {
      name: 'bare',
      async open() {
        return (async function* () {
          yield* parts
        })()
      },
    }
    const { gateway } = harness({ upstream })
    const events = parse(await (await gateway.fetch(ask('hi', { stream: true }))).text())
    expect(contradiction(events)).toBeNull()
    const { output } = lastResponse(events)
    const expected = [
      { type: 'reasoning', content: [{ text: 'think [masked]' }] },
      { type: 'message', content: [{ text: 'say [masked]' }] },
      { type: 'function_call', call_id: 'call_1', name: 'find', arguments: '{"q":"[masked]"}' },
    ]
    const byType = (items: readonly Wire[]): readonly Wire[] =>
      expected.map(({ type }) => items.find((item) => item['type'] === type) ?? {})
    expect(byType(output)).toMatchObject(expected)
    const plain = (await (await gateway.fetch(ask('hi'))).json()) as { output: Wire[] }
    expect(byType(plain.output)).toMatchObject(expected)
  })
})
