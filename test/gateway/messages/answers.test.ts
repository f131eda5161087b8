/** What becomes of an answer of the Messages door on its way through, block by block, streamed and whole. */
import type { Message } from '@anthropic-ai/sdk/resources/messages/messages'
import { describe, expect, test } from 'vitest'
import { createDemoUpstream } from '../../../src/gateway/index.ts'
import type { Guard } from '../../../src/spec/index.ts'
import type { Server } from '../support.ts'
import { bodyOf, guard, harness, wordGuard } from '../support.ts'
import { BLOCKS, CITATIONS } from './blocks.ts'
import type { Json } from './support.ts'
import {
  answer,
  ask,
  block,
  end,
  eventsOf,
  messageOf,
  saysMessage,
  spelled,
  sse,
  start,
  streamOf,
  text,
  textBlock,
  thinkingBlock,
  toolBlock,
  toolUse,
  wordsOf,
} from './support.ts'
import { toyEngine } from '../toy-engine.ts'

type Options = NonNullable<Parameters<typeof harness>[0]>
const tools = [{ name: 'find', input_schema: { type: 'object' } }]

async function streamed(events: readonly object[], options: Options = {}, more: Json = {}): Promise<string> {
  const { gateway } = harness({ server: () => streamOf(events), ...options })
  return (await gateway.fetch(ask('hi', { stream: true, tools, ...more }))).text()
}

async function shown(events: readonly object[], options: Options = {}, more: Json = {}): Promise<Message> {
  return spelled(eventsOf(await streamed(events, options, more)))
}

async function whole(message: unknown, options: Options = {}, more: Json = {}): Promise<Message> {
  const { gateway } = harness({ server: () => Response.json(message), ...options })
  return (await (await gateway.fetch(ask('hi', { tools, ...more }))).json()) as Message
}

describe('text', () => {
  test('is masked across pieces and across blocks', async () => {
    const events = answer(textBlock(0, ['say MA', 'SK']), textBlock(1, ['ME ', 'now']), textBlock(2, ['MASKME']))
    const message = await shown(events)
    expect(message.content).toEqual([text('say [masked]'), text(' now'), text('[masked]')])
    expect(await whole(messageOf([text('say MASK'), text('ME now')]))).toMatchObject({
      content: [text('say [masked]'), text(' now')],
    })
  })

  test('that a tool call stands between is not one text', async () => {
    const message = await shown(answer(textBlock(0, ['MASK']), toolBlock(1, 'find', ['{}']), textBlock(2, ['ME'])))
    expect(wordsOf(message)).toBe('MASKME')
  })

  test('with citations: what they quote is judged', async () => {
    const citation = { ...CITATIONS.char_location, cited_text: 'grass MASKME', document_title: 'On MASKME' }
    const events = answer(
      block(0, { type: 'text', text: '', citations: [] }, [
        { type: 'text_delta', text: 'It is green.' },
        { type: 'citations_delta', citation },
      ]),
    )
    const quoted = { ...citation, cited_text: 'grass [masked]', document_title: 'On [masked]' }
    expect((await shown(events)).content).toEqual([{ type: 'text', text: 'It is green.', citations: [quoted] }])
    const sent = messageOf([{ type: 'text', text: 'It is green.', citations: [citation] }])
    expect((await whole(sent)).content).toEqual([{ type: 'text', text: 'It is green.', citations: [quoted] }])
  })

  test('leaves as it comes, also behind thinking', async () => {
    let release: () => void = () => undefined
    const more = new Promise<void>((resolve) => (release = resolve))
    async function* pieces(): AsyncGenerator<string> {
      yield sse([
        start(),
        ...thinkingBlock(0, ['I think']),
        ...textBlock(1, ['first words that come, ', 'then more ']).slice(0, 3),
      ])
      await more
      yield sse([
        { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'and last' } },
        { type: 'content_block_stop', index: 1 },
        ...end(),
      ])
    }
    const server: Server = () => new Response(bodyOf(pieces()), { headers: { 'content-type': 'text/event-stream' } })
    const response = await harness({ server }).gateway.fetch(ask('hi', { stream: true }))
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    let body = ''
    while (!body.includes('first')) {
      const step = await reader.read()
      if (step.done) break
      body += new TextDecoder().decode(step.value)
    }
    expect(body).toContain('first')
    expect(body).toContain('"signature_delta"')
    release()
    for (let step = await reader.read(); !step.done; step = await reader.read())
      body += new TextDecoder().decode(step.value)
    expect(wordsOf(spelled(eventsOf(body)))).toBe('first words that come, then more and last')
  })
})

describe('thinking', () => {
  test('that was modified loses its signature', async () => {
    const events = answer(thinkingBlock(0, ['I MASK', 'ME think']), textBlock(1, ['ok']))
    const changed = { type: 'thinking', thinking: 'I [masked] think', signature: 'parapet-modified' }
    expect((await shown(events)).content).toEqual([changed, text('ok')])
    const sent = messageOf([{ ...BLOCKS.thinking, thinking: 'I MASKME think' }, text('ok')])
    expect((await whole(sent)).content).toEqual([changed, text('ok')])
  })

  test('that was left out keeps its signature', async () => {
    const events = answer(thinkingBlock(0, [], 'c2lnbmF0dXJl'), textBlock(1, ['ok']))
    expect((await shown(events)).content[0]).toEqual({ type: 'thinking', thinking: '', signature: 'c2lnbmF0dXJl' })
  })

  test('sealed thinking passes, words in its place do not', async () => {
    const sealed = BLOCKS.redacted_thinking
    expect((await shown(answer(block(0, sealed, []), textBlock(1, ['ok'])))).content).toEqual([sealed, text('ok')])
    const words = { ...sealed, data: 'in MASKME words' }
    expect((await shown(answer(block(0, words, []), textBlock(1, ['ok'])))).content[0]).toEqual({
      ...sealed,
      data: 'in [masked] words',
    })
  })

  test('a signature that is a sentence is not passed on', async () => {
    const message = await shown(answer(thinkingBlock(0, ['hm'], 'BLOCKME in words'), textBlock(1, ['ok'])))
    expect(message.content[0]).toEqual({ type: 'thinking', thinking: 'hm', signature: '' })
  })
})

describe('tools', () => {
  /** Sees what it is asked at the stage of tool calls. */
  const witness = (seen: string[]): Guard =>
    guard(
      'witness',
      ({ tool, text: view }) => {
        seen.push(`${tool}: ${view.original}`)
        return { findings: [] }
      },
      { stages: ['tool_call'] },
    )

  test('are judged with their name, calls without input too', async () => {
    for (const answerOf of [
      (guards: readonly Guard[]) =>
        shown(answer(toolBlock(0, 'find', ['{"who":', '"me"}']), toolBlock(1, 'list', [])), { guards }),
      (guards: readonly Guard[]) => whole(messageOf([toolUse('find', { who: 'me' }), toolUse('list', {})]), { guards }),
    ]) {
      const seen: string[] = []
      const message = await answerOf([witness(seen)])
      expect(seen).toEqual(['find: {"who":"me"}', 'list: {}'])
      expect(message.content.map((item) => item.type === 'tool_use' && item.input)).toEqual([{ who: 'me' }, {}])
    }
  })

  test('input that stands in the beginning of a block holds unless pieces follow', async () => {
    const head = toolUse('find', { who: 'MASKME' })
    const masked = toolUse('find', { who: '[masked]' })
    expect((await shown(answer(block(0, head, [])))).content).toEqual([masked])
    const piece = { type: 'input_json_delta' as const, partial_json: '{"who":"me"}' }
    expect((await shown(answer(block(0, head, [piece])))).content).toEqual([toolUse('find', { who: 'me' })])
  })

  test('a call that is blocked does not begin', async () => {
    const forbids = guard('forbids', ({ tool }) => ({
      findings: tool === 'drop' ? [{ label: 'tool', score: 1, action: 'block' }] : [],
    }))
    const body = await streamed(answer(textBlock(0, ['ok. ']), toolBlock(1, 'drop', [])), { guards: [forbids] })
    expect(body).not.toContain('drop')
    expect(body).toContain('content_filter')
  })

  test('input is masked', async () => {
    const events = answer(toolBlock(0, 'find', ['{"who":"MA', 'SKME"}']))
    expect((await shown(events)).content).toEqual([toolUse('find', { who: '[masked]' }, 'toolu_00')])
    const sent = messageOf([toolUse('find', { who: 'MASKME' })])
    expect((await whole(sent)).content).toEqual([toolUse('find', { who: '[masked]' })])
  })

  test('input of which a guard leaves no JSON is an error', async () => {
    const guards = [wordGuard('"MASKME"', { action: 'modify', replacement: 'nothing' })]
    expect(await whole(messageOf([toolUse('find', { who: 'MASKME' })]), { guards })).toMatchObject({
      type: 'error',
      error: { type: 'api_error', code: 'guard_failed' },
    })
  })

  test('an answer that only calls a tool is not judged as an empty one', async () => {
    const wantsWords = guard('words', ({ stage, aside, text: view }) => ({
      findings:
        stage === 'output' && aside === undefined && view.original === ''
          ? [{ label: 'empty', score: 1, action: 'block' }]
          : [],
    }))
    const options = { guards: [wantsWords] }
    const events = answer(thinkingBlock(0, ['hm']), textBlock(1, []), toolBlock(2, 'find', ['{}']))
    expect((await shown(events, options)).content).toHaveLength(3)
    expect(await streamed(answer(thinkingBlock(0, ['hm'])), options)).toContain('content_filter')
  })

  test('a name that the client did not declare is judged', async () => {
    expect((await shown(answer(toolBlock(0, 'MASKME', ['{}'])))).content[0]).toMatchObject({ name: '[masked]' })
    expect((await shown(answer(toolBlock(0, 'x', ['{}'])))).content[0]).toMatchObject({ name: 'x' })
  })
})

describe('blocks that come at once', () => {
  test('results of server tools are judged, each string in its own place', async () => {
    const result = structuredClone(BLOCKS.code_execution_tool_result)
    if (result.content.type === 'code_execution_result')
      Object.assign(result.content, { stdout: 'a\n\nMASKME', stderr: 'MASKME' })
    const masked = { ...result, content: { ...result.content, stdout: 'a\n\n[masked]', stderr: '[masked]' } }
    expect((await shown(answer(block(0, result, []), textBlock(1, ['x'])))).content).toEqual([masked, text('x')])
    expect((await whole(messageOf([result]))).content).toEqual([masked])
  })

  test('blocks, pieces and fields nobody knows are judged and passed on', async () => {
    const novel = { type: 'novel', words: 'x MASKME', deep: [{ y: 'MASKME' }], flag: true }
    const events = [
      start({ extra: 'an MASKME' } as Partial<Message>),
      { type: 'content_block_start', index: 0, content_block: novel },
      { type: 'content_block_delta', index: 0, delta: { type: 'novel_delta', words: 'MASKME' } },
      { type: 'content_block_stop', index: 0 },
      ...textBlock(1, ['ok']),
      ...end(),
    ]
    const body = await streamed(events)
    expect(body).toContain('{"type":"novel","words":"x [masked]","deep":[{"y":"[masked]"}],"flag":true}')
    expect(body).toContain('{"type":"novel_delta","words":"[masked]"}')
    expect(body).toContain('"extra":"an [masked]"')
    expect(body).not.toContain('MASKME')
  })

  test('a summary whose words were changed loses its seal', async () => {
    const summary = { type: 'compaction', content: 'MASKME said', encrypted_content: 'c2VhbGVk', signature: 'c2lnbg' }
    const changed = { type: 'compaction', content: '[masked] said', encrypted_content: null, signature: null }
    expect((await whole(messageOf([summary as never]))).content).toEqual([changed])
    const sent = [
      { type: 'content_block_start', index: 0, content_block: { ...summary, content: null, encrypted_content: null } },
      { type: 'content_block_delta', index: 0, delta: { ...summary, type: 'compaction_delta' } },
      { type: 'content_block_stop', index: 0 },
    ]
    expect((await shown(answer(sent))).content).toEqual([changed])
    const { gateway, asked } = harness({ server: saysMessage('x') })
    await gateway.fetch(ask([summary], {}))
    await gateway.fetch(ask('hi', { messages: [{ role: 'assistant', content: [summary] }] }))
    expect(asked[1]?.body['messages']).toEqual([{ role: 'assistant', content: [changed] }])
  })

  test('events nobody knows are not passed on', async () => {
    const body = await streamed([start(), { type: 'novel_event', words: 'x' }, ...textBlock(0, ['ok']), ...end()])
    expect(body).not.toContain('novel_event')
    expect(wordsOf(spelled(eventsOf(body)))).toBe('ok')
  })

  test('a block that a mask tears apart is left out, and the numbers have no gap', async () => {
    const tears = [wordGuard('shannon\nA', { action: 'modify', replacement: '[gone]' })]
    const events = answer(textBlock(0, ['a']), block(1, BLOCKS.web_search_tool_result, []), textBlock(2, ['b']))
    expect((await shown(events, { guards: tears })).content).toEqual([text('a'), text('b')])
  })
})

describe('media', () => {
  const pdf = structuredClone(BLOCKS.web_fetch_tool_result)
  if (pdf.content.type === 'web_fetch_result')
    pdf.content.content.source = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQK' }
  const events = answer(textBlock(0, ['see ']), block(1, pdf, []), textBlock(2, ['that']))

  test('follow the policy', async () => {
    expect(await streamed(events)).toContain('content_filter')
    expect(await streamed(events)).not.toContain('JVBERi')
    const passed = await shown(events, { policy: { media: 'pass' } })
    expect(passed.content).toEqual([text('see '), pdf, text('that')])
  })

  test('a block whose file a guard removes is left out, and words stand in its place', async () => {
    const removes = guard('removes', () => ({ findings: [] }), {
      media: {
        types: ['application/pdf'],
        check: () => ({ findings: [{ label: 'media.odd', score: 1, action: 'modify', replacement: '[a file]' }] }),
      },
    })
    const message = await shown(events, { guards: [removes], policy: { media: 'pass' } })
    expect(JSON.stringify(message)).not.toContain('JVBERi')
    expect(message.content.map((item) => item.type)).not.toContain('web_fetch_tool_result')
    expect(wordsOf(message)).toBe('see [a file]that')
  })
})

describe('the end', () => {
  test('reason, sequence and usage are kept; a sequence that the client did not name is judged', async () => {
    const events = [start(), ...textBlock(0, ['ok']), ...end('stop_sequence', 'MASKME')]
    const named = await streamed(events, {}, { stop_sequences: ['MASKME'] })
    expect(named).toContain('"stop_sequence":"MASKME"')
    expect(named).toContain('"output_tokens":15')
    expect(await shown(events)).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: '[masked]' })
  })

  test('pings pass once the message has begun', async () => {
    const ping = { type: 'ping' }
    const long = 'words that leave before the end, because there are so many '.repeat(10)
    const events = [start(), ping, ...textBlock(0, [long]), ping, ...textBlock(1, ['more']), ...end()]
    const types = eventsOf(await streamed(events)).map((event) => event['type'])
    expect(types.slice(0, 3)).toEqual(['message_start', 'content_block_start', 'content_block_delta'])
    expect(types.filter((type) => type === 'ping')).toHaveLength(1)
  })
})

describe('guards of other kinds', () => {
  const events = answer(
    thinkingBlock(0, ['Person_1 ', 'asks.']),
    textBlock(1, ['Dear Per', 'son_1, ']),
    textBlock(2, ['or Person_1', ' and ']),
    toolBlock(3, 'find', ['{"who":"Per', 'son_1"}']),
    textBlock(4, ['bye, ', 'Person_1']),
  )
  const restores = guard('restores', () => ({ findings: [] }), {
    restore: { maxLength: 8, restore: (words) => words.replaceAll('Person_1', 'Ann') },
  })

  test('pseudonyms are put back, and thinking that holds one is not the model’s own any more', async () => {
    const message = await shown(events, { guards: [restores] })
    expect(message.content[0]).toEqual({ type: 'thinking', thinking: 'Ann asks.', signature: 'parapet-modified' })
    expect(wordsOf(message)).toBe('Dear Ann, or Ann and bye, Ann')
    expect(message.content.filter((item) => item.type === 'tool_use')).toMatchObject([{ input: { who: 'Ann' } }])
  })

  test('a guard that wants the whole text, and one that is shown it afterwards, change nothing', async () => {
    const wholeText = guard('whole', () => ({ findings: [] }))
    const plain = spelled(events as Json[])
    expect(await shown(events, { guards: [wholeText] })).toEqual(plain)
    expect(await shown(events, { guards: [wholeText], policy: { stream: { mode: 'after' } } })).toEqual(plain)
    expect(await shown(events, { guards: [wholeText], policy: { speculative: true } })).toEqual(plain)
  })

  test('words that a guard adds at the end of a text get a place', async () => {
    const adds = guard(
      'adds',
      ({ text: view, aside }) => {
        const at = view.original.length
        const finding = { label: 'note', score: 1, action: 'modify' as const, replacement: ' [note]' }
        return { findings: aside === undefined ? [{ ...finding, span: { start: at, end: at } }] : [] }
      },
      { stages: ['output'] },
    )
    const message = await shown(answer(textBlock(0, ['one']), toolBlock(1, 'find', ['{}']), textBlock(2, ['two'])), {
      guards: [adds],
    })
    expect(wordsOf(message)).toBe('one [note]two [note]')
    expect(message.content.map((item) => item.type)).toEqual(['text', 'tool_use', 'text'])
  })
})

describe('decisions', () => {
  test('a block before anything was shown has its status, streamed or not', async () => {
    for (const stream of [true, false]) {
      for (const [prompt, words] of [
        ['BLOCKME', 'x'],
        ['hi', 'so BLOCKME'],
      ] as const) {
        const { gateway } = harness({ server: saysMessage(words) })
        const response = await gateway.fetch(ask(prompt, { stream }))
        expect(response.status).toBe(400)
        expect(response.headers.get('x-parapet-decision')).toBe('block')
        const body = (await response.json()) as { error: Json; request_id: string }
        expect(body).toMatchObject({ type: 'error', error: { type: 'invalid_request_error', code: 'content_filter' } })
        expect(body.request_id).toBe(response.headers.get('x-parapet-decision-id'))
        expect(body.error['decision_id']).toBe(body.request_id)
      }
    }
  })

  test('a block in the middle ends the stream with an error and no message_stop', async () => {
    const words = `${'fine words here '.repeat(60)} BLOCKME MARKER ${'more '.repeat(50)}`
    const { gateway } = harness({ server: saysMessage(words) })
    const events = eventsOf(await (await gateway.fetch(ask('hi', { stream: true }))).text())
    expect(events.length).toBeGreaterThan(3)
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { code: 'content_filter' } })
    expect(JSON.stringify(events)).not.toMatch(/BLOCKME|MARKER|more|message_stop/)
  })

  test('a refusal is a message in the policy’s words, whole, streamed and in the middle', async () => {
    const long = 'fine words here '.repeat(60)
    for (const [prompt, words] of [
      ['REFUSEME', 'x'],
      ['hi', 'well REFUSEME'],
      ['hi', `${long} REFUSEME ${long}`],
    ] as const) {
      const server = saysMessage(words)
      const response = await harness({ server }).gateway.fetch(ask(prompt))
      expect(response.headers.get('x-parapet-decision')).toBe('refuse')
      const refused = (await response.json()) as Message
      expect(refused).toMatchObject({
        type: 'message',
        role: 'assistant',
        content: [text('I would rather not.')],
        stop_reason: 'refusal',
        stop_details: { type: 'refusal', category: null, explanation: null },
      })
      const body = await (await harness({ server }).gateway.fetch(ask(prompt, { stream: true }))).text()
      const message = spelled(eventsOf(body))
      expect(wordsOf(message)).toMatch(/I would rather not\.$/)
      expect(message.stop_reason).toBe('refusal')
      expect(body).not.toContain('REFUSEME')
    }
  })

  test('a refusal within a call ends the call', async () => {
    const input = JSON.stringify({ a: 'fine words here '.repeat(60), b: 'REFUSEME' })
    const events = answer(textBlock(0, ['Look: ']), toolBlock(1, 'find', input.match(/.{1,50}/g) ?? []))
    const received = eventsOf(await streamed(events))
    // What was sent of the input is no JSON, so the blocks are looked at one by one.
    expect(received.filter((event) => event['type'] === 'content_block_start')).toHaveLength(3)
    expect(received.filter((event) => event['type'] === 'content_block_stop')).toHaveLength(3)
    expect(received.at(-2)).toMatchObject({ delta: { stop_reason: 'refusal' } })
    expect(JSON.stringify(received)).toContain('I would rather not.')
  })

  test('a retry shows nothing of the first answer, and asks in the user’s turn', async () => {
    const guards = [wordGuard('AGAINME', { action: 'retry', reason: 'Be better.' })]
    for (const stream of [true, false]) {
      let turn = 0
      const server: Server = () => {
        turn += 1
        const words = turn === 1 ? 'AGAINME' : 'better'
        const blocks = [block(0, BLOCKS.redacted_thinking, []), textBlock(1, [words])]
        return stream
          ? streamOf(answer(...blocks))
          : Response.json(messageOf([BLOCKS.redacted_thinking, text(words)], { id: `msg_${turn}` }))
      }
      const { gateway, asked } = harness({ server, guards })
      const body = await (await gateway.fetch(ask('hi', { stream }))).text()
      const message = stream ? spelled(eventsOf(body)) : (JSON.parse(body) as Message)
      expect(message.content).toEqual([BLOCKS.redacted_thinking, text('better')])
      const again = { type: 'text', text: expect.stringContaining('Be better.') as string }
      expect(asked[1]?.body['messages']).toEqual([{ role: 'user', content: [{ type: 'text', text: 'hi' }, again] }])
    }
  })

  test('held content is a 202 with a poll URL', async () => {
    const response = await harness({ server: saysMessage('x') }).gateway.fetch(ask('HOLDME'))
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({ status: 'held', poll_url: expect.stringContaining('dec_') })
  })

  test('blocked, failed and timed out differ', async () => {
    const failing = guard('failing', () => {
      throw new TypeError('MARKER')
    })
    const hanging = guard('hanging', () => new Promise(() => undefined))
    const of = async (options: Options): Promise<unknown> => {
      const response = await harness({ server: saysMessage('x'), ...options }).gateway.fetch(ask('hi'))
      const { error } = (await response.json()) as { error: Json }
      return [response.status, error['type'], error['code']]
    }
    expect(await of({ guards: [failing] })).toEqual([503, 'api_error', 'guard_failed'])
    const policy = { deadlines: { guard: 30, stage: 30 } }
    expect(await of({ guards: [hanging], policy })).toEqual([504, 'timeout_error', 'guard_timeout'])
  })
})

test('the demo model, which has no wire format, gives a complete message', async () => {
  const upstream = createDemoUpstream(toyEngine())
  const { gateway } = harness({ upstream, demo: true })
  const message = spelled(eventsOf(await (await gateway.fetch(ask('rice', { stream: true }))).text()))
  expect(wordsOf(message)).toMatch(/^about rice it is said/)
  expect(message).toMatchObject({ type: 'message', role: 'assistant', model: 'parapet-demo', stop_reason: 'end_turn' })
  const body = (await (await gateway.fetch(ask('rice'))).json()) as Message
  expect(wordsOf(body)).toContain('about rice')
  expect(body.stop_reason).toBe('end_turn')
  const short = (await (await gateway.fetch(ask('rice', { max_tokens: 2 }))).json()) as Message
  expect(short.stop_reason).toBe('max_tokens')
})

describe('a model server that is not what it should be', () => {
  const events = answer(textBlock(0, ['x']))
  const without = (type: string): readonly object[] =>
    events.filter((event) => (event as { type: string }).type !== type)

  test.each([
    ['no beginning', without('message_start')],
    ['no end', without('message_stop')],
    ['two beginnings', [start(), ...events]],
    ['a piece before its block', without('content_block_start')],
    ['a block twice', [...events.slice(0, 2), ...events.slice(1)]],
    ['a negative index', answer(textBlock(-1, ['x']))],
    ['a piece that does not fit', answer(block(0, text(''), [{ type: 'thinking_delta', thinking: 'x' }]))],
    ['a block without a type', answer([{ type: 'content_block_start', index: 0, content_block: {} }])],
    ['an event without a type', [{}]],
    ['an error', [start(), { type: 'error', error: { type: 'api_error', message: 'MARKER' } }]],
    ['chat chunks', [{ choices: [] }]],
  ])('%s is a 502', async (_name, sent) => {
    const { gateway } = harness({ server: () => streamOf(sent) })
    const response = await gateway.fetch(ask('hi', { stream: true }))
    const body = await response.text()
    // What was sent before the mistake was found cannot be taken back; the stream then has no end.
    if (response.status === 200) expect(eventsOf(body).at(-1)).toMatchObject({ type: 'error' })
    else expect(response.status).toBe(502)
    expect(body).toContain('"code":"upstream_error"')
    expect(body).not.toContain('MARKER')
    expect(body).not.toContain('message_stop')
  })

  test('a block without its end is ended', async () => {
    expect((await shown(without('content_block_stop'))).content).toEqual([text('x')])
  })

  test('what is nested too deeply is a 502', async () => {
    for (const depth of [500, 200_000]) {
      const deep = `${'['.repeat(depth)}1${']'.repeat(depth)}`
      for (const type of ['novel', 'tool_use', 'text']) {
        const head = `{"type":"${type}","name":"find","id":"x","input":${deep},"citations":${deep}}`
        const sent = `${sse([start()])}data: {"type":"content_block_start","index":0,"content_block":${head}}\n\n${sse(end())}`
        const server: Server = () => new Response(sent, { headers: { 'content-type': 'text/event-stream' } })
        const response = await harness({ server }).gateway.fetch(ask('hi', { stream: true }))
        expect([type, depth, response.status]).toEqual([type, depth, 502])
        await response.text()
      }
    }
  })

  test('an overloaded server is told as such, in a stream too', async () => {
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    const { gateway } = harness({ server: () => streamOf([start(), overloaded]) })
    expect(await (await gateway.fetch(ask('hi', { stream: true }))).json()).toMatchObject({
      error: { type: 'overloaded_error', upstream_status: 529 },
    })
  })

  test.each([[{}], [{ type: 'message' }], [{ content: 'words' }], [{ content: [{ text: 'MARKER' }] }], [[]]])(
    'a whole answer %j is a 502',
    async (sent) => {
      const { gateway } = harness({ server: () => Response.json(sent) })
      const response = await gateway.fetch(ask('hi'))
      expect(response.status).toBe(502)
      expect(await response.text()).not.toContain('MARKER')
    },
  )
})
