/** What of a request is judged, as what, and what of it the model server gets. */
import fc from 'fast-check'
import type { ResponseInputItem, ResponseOutputItem } from 'openai/resources/responses/responses'
import { describe, expect, test } from 'vitest'
import { OUTPUT_ITEM_TYPES } from '../../../src/gateway/protocols/responses/wire-types.ts'
import type { Guard } from '../../../src/spec/index.ts'
import { guard, harness, WORDS } from '../support.ts'
import type { HarnessOptions } from '../support.ts'
import { CIPHER, idOf, ITEMS, message } from './fixtures.ts'
import { pick, placesIn, planted } from './planting.ts'
import type { Wire } from './support.ts'
import { answers, ask } from './support.ts'

interface Seen {
  readonly stage: string
  readonly text: string
  readonly tool?: string
}

/** A guard that writes down what it is shown, and finds nothing. */
function spy(seen: Seen[]): Guard {
  return guard('spy', ({ stage, text, tool }) => {
    seen.push({ stage, text: text.original, ...(tool === undefined ? {} : { tool }) })
    return { findings: [] }
  })
}

const ALL = {
  cache: false,
  conversation: { messages: 'all', roles: ['system', 'developer', 'user', 'assistant', 'tool'] },
} as const

async function send(
  input: unknown,
  extra: Wire = {},
  options: HarnessOptions = {},
): Promise<{
  readonly status: number
  readonly body: Wire
  readonly sent: Wire | undefined
  readonly seen: readonly Seen[]
}> {
  const seen: Seen[] = []
  const { gateway, asked } = harness({
    guards: [...WORDS, spy(seen)],
    server: answers([message('fine')]),
    ...options,
    policy: { media: 'pass', ...ALL, ...options.policy },
  })
  const response = await gateway.fetch(ask(input, extra))
  const judged = seen.filter(({ stage, text }) => !(stage === 'output' && text === 'fine'))
  return { status: response.status, body: (await response.json()) as Wire, sent: asked[0]?.body, seen: judged }
}

const textsOf = (seen: readonly Seen[]): readonly string[] => seen.map(({ text }) => text)

describe('what is judged', () => {
  test('a text is the user’s', async () => {
    const { seen, sent } = await send('hello')
    expect(seen).toEqual([{ stage: 'input', text: 'hello' }])
    expect(sent).toEqual({ model: 'gpt-test', input: 'hello' })
  })

  test('instructions, variables of a template, and what the client says of its tools', async () => {
    const { seen } = await send('hello', {
      instructions: 'be kind',
      prompt: {
        id: 'pmpt_1',
        version: '2',
        variables: { town: 'Gull Bay', note: { type: 'input_text', text: 'a note' } },
      },
      tools: [
        { type: 'function', name: 'find', description: 'finds things', parameters: { type: 'object' } },
        {
          type: 'mcp',
          server_label: 'town',
          server_url: 'https://town.example',
          authorization: 'sesame',
          headers: { a: 'b' },
        },
      ],
    })
    expect(textsOf(seen)).toEqual([
      '{"type":"function","name":"find","description":"finds things","parameters":{"type":"object"}}',
      '{"type":"mcp","server_label":"town","server_url":"https://town.example"}',
      'be kind',
      'Gull Bay',
      'a note',
      'hello',
    ])
    expect(seen.every(({ stage }) => stage === 'input')).toBe(true)
  })

  test('every part of a message, and a file’s name', async () => {
    const { seen } = await send([
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'look' },
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
          { type: 'input_file', file_id: 'file-68af4030592c', filename: 'a name.txt' },
          { type: 'input_audio', input_audio: { data: 'BBBB', format: 'wav' } },
        ],
      },
      {
        type: 'message',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'old answer', annotations: [] },
          { type: 'refusal', refusal: 'old refusal' },
        ],
      },
      { role: 'developer', content: 'a rule' },
      { role: 'system', content: 'another' },
    ])
    expect(seen).toEqual([
      { stage: 'input', text: 'look' },
      { stage: 'input', text: '["a name.txt"]' },
      { stage: 'output', text: 'old answer' },
      { stage: 'output', text: 'old refusal' },
      { stage: 'input', text: 'a rule' },
      { stage: 'input', text: 'another' },
    ])
  })

  test('calls and their answers, tied together by the call’s id', async () => {
    const { seen } = await send([
      { role: 'user', content: 'hello' },
      {
        type: 'reasoning',
        id: idOf('rs'),
        summary: [{ type: 'summary_text', text: 'thinking' }],
        encrypted_content: CIPHER,
      },
      { type: 'function_call', call_id: 'c1', name: 'find', arguments: '{"q":1}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'note', input: 'write' },
      { type: 'function_call_output', call_id: 'c1', output: 'found' },
      { type: 'custom_tool_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'noted' }] },
    ])
    expect(seen).toEqual([
      { stage: 'input', text: 'hello' },
      { stage: 'output', text: 'thinking' },
      { stage: 'tool_call', text: '{"q":1}', tool: 'find' },
      { stage: 'tool_call', text: 'write', tool: 'note' },
      { stage: 'tool_result', text: 'found', tool: 'find' },
      { stage: 'tool_result', text: 'noted', tool: 'note' },
    ])
  })

  test('what the model did with a built-in tool is a call, what came of it a result', async () => {
    const { seen } = await send([
      ITEMS.code_interpreter_call(0),
      ITEMS.mcp_call(1),
      ITEMS.web_search_call(2),
      ITEMS.file_search_call(3),
    ])
    const by = (stage: string): readonly unknown[] =>
      seen.filter((one) => one.stage === stage).map(({ text, tool }) => [text, tool])
    expect(by('tool_call')).toEqual([
      ['print(17 - 9)', 'code_interpreter'],
      ['{"place":"harbour"}', 'opening_hours'],
      ['harbour opening hours', 'web_search'],
      ['harbour opening hours', 'web_search'],
      ['harbour hours', 'file_search'],
      ['opening times', 'file_search'],
    ])
    expect(by('tool_result')).toEqual([
      ['eight hours', 'code_interpreter'],
      ['nine to five', 'opening_hours'],
      ['slow answer', 'opening_hours'],
      ['Open nine to five.', 'file_search'],
    ])
  })

  test('kinds of items and parts that nobody knows are words and may be media', async () => {
    const odd = [{ type: 'novel', note: 'hidden words' }]
    const part = [
      {
        role: 'user',
        content: [{ type: 'input_video', video_url: 'https://town.example/v', caption: 'words beside' }],
      },
    ]
    for (const input of [odd, part]) {
      const open = await send(input)
      expect(open.status).toBe(200)
      expect(open.sent?.['input']).toEqual(input)
      expect(textsOf(open.seen).join(' ')).toMatch(/hidden words|words beside/)
      const closed = await send(input, {}, { policy: { media: 'block' } })
      expect(closed).toMatchObject({ status: 400, body: { error: { code: 'content_filter' } } })
    }
  })

  test.each([
    ['a picture', { type: 'input_image', image_url: 'data:image/png;base64,AAAA' }],
    ['a picture by its id', { type: 'input_image', file_id: 'file-68af4030592c' }],
    ['a file', { type: 'input_file', file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' }],
    ['a file by its address', { type: 'input_file', file_url: 'https://town.example/a.pdf' }],
    ['sound', { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }],
  ])('%s follows the policy', async (_name, part) => {
    const input = [{ role: 'user', content: [part] }]
    expect((await send(input, {}, { policy: { media: 'block' } })).status).toBe(400)
    expect((await send(input)).sent?.['input']).toEqual(input)
  })

  test('a picture that a tool answered with follows the policy', async () => {
    const items = [
      [
        {
          type: 'computer_call_output',
          call_id: 'c',
          output: { type: 'computer_screenshot', image_url: 'https://a.example/a.png' },
        },
      ],
      [
        {
          type: 'computer_call_output',
          call_id: 'c',
          output: { type: 'computer_screenshot', file_id: 'file-68af4030592c' },
        },
      ],
      [
        {
          type: 'function_call_output',
          call_id: 'c',
          output: [{ type: 'input_image', image_url: 'https://a.example/a.png' }],
        },
      ],
    ]
    for (const input of items) expect((await send(input, {}, { policy: { media: 'block' } })).status).toBe(400)
  })

  test('what the model server encrypted is handed back, words in its place are judged', async () => {
    const sealed = (text: string): object => ({
      type: 'reasoning',
      id: idOf('rs'),
      summary: [],
      encrypted_content: text,
    })
    expect((await send([sealed(CIPHER), { role: 'user', content: 'hi' }])).seen).toEqual([
      { stage: 'input', text: 'hi' },
    ])
    expect((await send([sealed('do BLOCKME'), { role: 'user', content: 'hi' }])).status).toBe(400)
  })
})

describe('what the model server gets', () => {
  test('a request that was not modified, as it came', async () => {
    const request = {
      instructions: 'be kind',
      temperature: 0.2,
      novel: { a: [1, 'b'] },
      include: ['reasoning.encrypted_content'],
      tools: [{ type: 'function', name: 'find', parameters: {}, strict: true }],
      text: { format: { type: 'json_schema', name: 'x', schema: {} } },
      store: false,
      user: 'ann',
    }
    const input = OUTPUT_ITEM_TYPES.map((type, index) => ITEMS[type](index))
    const { sent, status } = await send([...input, { role: 'user', content: 'go on' }], request)
    expect(status).toBe(200)
    expect(sent).toEqual({ model: 'gpt-test', input: [...input, { role: 'user', content: 'go on' }], ...request })
  })

  test('modified texts, each in its own place', async () => {
    const { sent } = await send(
      [
        { role: 'user', content: 'a MASKME', odd: true },
        {
          type: 'reasoning',
          id: idOf('rs'),
          summary: [
            { type: 'summary_text', text: 'b MASKME' },
            { type: 'summary_text', text: 'kept' },
          ],
        },
        { type: 'function_call', id: idOf('fc'), call_id: 'c1', name: 'f', arguments: '{"q":"MASKME"}' },
        {
          type: 'function_call_output',
          call_id: 'c1',
          output: [
            { type: 'input_text', text: 'c MASKME' },
            { type: 'input_image', image_url: 'https://a.example/b.png' },
          ],
        },
        {
          type: 'local_shell_call',
          id: idOf('lsh'),
          call_id: 'c2',
          status: 'completed',
          action: { type: 'exec', command: ['say', 'MASKME'], env: {} },
        },
        { role: 'user', content: [{ type: 'input_file', file_id: 'file-68af4030592c', filename: 'MASKME.txt' }] },
      ],
      {
        instructions: 'd MASKME',
        prompt: { id: 'p', variables: { town: 'e MASKME', note: { type: 'input_text', text: 'f MASKME' } } },
        tools: [{ type: 'mcp', server_label: 'town', server_description: 'g MASKME', authorization: 'MASKME' }],
      },
    )
    expect(sent).toEqual({
      model: 'gpt-test',
      instructions: 'd [masked]',
      prompt: { id: 'p', variables: { town: 'e [masked]', note: { type: 'input_text', text: 'f [masked]' } } },
      tools: [{ type: 'mcp', server_label: 'town', server_description: 'g [masked]', authorization: 'MASKME' }],
      input: [
        { role: 'user', content: 'a [masked]', odd: true },
        {
          type: 'reasoning',
          id: idOf('rs'),
          summary: [
            { type: 'summary_text', text: 'b [masked]' },
            { type: 'summary_text', text: 'kept' },
          ],
        },
        { type: 'function_call', id: idOf('fc'), call_id: 'c1', name: 'f', arguments: '{"q":"[masked]"}' },
        {
          type: 'function_call_output',
          call_id: 'c1',
          output: [
            { type: 'input_text', text: 'c [masked]' },
            { type: 'input_image', image_url: 'https://a.example/b.png' },
          ],
        },
        {
          type: 'local_shell_call',
          id: idOf('lsh'),
          call_id: 'c2',
          status: 'completed',
          action: { type: 'exec', command: ['say', '[masked]'], env: {} },
        },
        { role: 'user', content: [{ type: 'input_file', file_id: 'file-68af4030592c', filename: '[masked].txt' }] },
      ],
    })
  })

  test('log-probabilities of an answer that was modified are not sent along', async () => {
    const part = {
      type: 'output_text',
      text: 'MASKME',
      annotations: [],
      logprobs: [{ token: 'MASKME', logprob: -1, bytes: [], top_logprobs: [] }],
    }
    const { sent } = await send([{ type: 'message', role: 'assistant', content: [part] }])
    expect(JSON.stringify(sent)).not.toContain('MASKME')
  })

  test('a word that is taken out does not reach the model, wherever in an item it stood', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...OUTPUT_ITEM_TYPES), fc.nat(), async (type, choice) => {
        const item: ResponseOutputItem = ITEMS[type](0)
        // Names of things are the client's own; what an item is called decides how it is read.
        const places = placesIn(item).filter(
          ({ path, kind }) =>
            kind === 'append' || !/^(?:id|.*_id|name|server_label|fingerprint|created_by)$/.test(String(path.at(-1))),
        )
        const place = pick(places, choice)
        const { sent } = await send([planted(item, place, 'MASKME'), { role: 'user', content: 'hi' }])
        if (sent !== undefined) expect(JSON.stringify(sent)).not.toContain('MASKME')
      }),
      { numRuns: 150 },
    )
  })

  test('a guard may put words in place of a picture', async () => {
    const blind = guard('blind', () => ({ findings: [] }), {
      media: {
        types: ['image/*'],
        check: () => ({ findings: [{ label: 'media.odd', score: 1, action: 'modify', replacement: '[no picture]' }] }),
      },
    })
    const { sent } = await send(
      [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'look' },
            { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
          ],
        },
        {
          type: 'function_call_output',
          call_id: 'c',
          output: [{ type: 'input_image', image_url: 'data:image/png;base64,AAAA' }],
        },
      ],
      { prompt: { id: 'p', variables: { picture: { type: 'input_image', image_url: 'data:image/png;base64,AAAA' } } } },
      { guards: [blind] },
    )
    expect(JSON.stringify(sent)).not.toContain('AAAA')
    expect(sent).toMatchObject({
      prompt: { variables: { picture: '[no picture]' } },
      input: [
        { content: [{ text: 'look' }, { type: 'input_text', text: '[no picture]' }] },
        { output: [{ type: 'input_text', text: '[no picture]' }] },
      ],
    })
  })
})

describe('what is refused', () => {
  test.each([
    ['nothing', undefined, {}, 'input'],
    ['an empty list', [], {}, 'input'],
    ['a number', 4, {}, 'input'],
    ['an item that is none', ['MARKER'], {}, 'input[0]'],
    ['a role that is none', [{ role: 'MARKER', content: 'x' }], {}, 'input'],
    [
      'a name that is a sentence',
      [{ type: 'function_call', call_id: 'c', name: 'MARKER and more', arguments: '' }],
      {},
      'input[0].name',
    ],
    ['instructions that are none', 'x', { instructions: ['MARKER'] }, 'instructions'],
    ['a stream that is none', 'x', { stream: 'MARKER' }, 'stream'],
    ['tools that are none', 'x', { tools: ['MARKER'] }, 'tools[0]'],
    ['variables that are none', 'x', { prompt: { id: 'p', variables: { a: 4 } } }, 'prompt.variables.a'],
    ['an answer in the background', 'x', { background: true }, 'background'],
    ['a response that is not kept', 'x', { previous_response_id: 'resp_MARKER' }, 'previous_response_id'],
    ['a conversation that is not kept', 'x', { conversation: 'conv_MARKER' }, 'conversation'],
    ['a conversation as an object', 'x', { conversation: { id: 'conv_MARKER' } }, 'conversation'],
    ['both', 'x', { conversation: 'conv_MARKER', previous_response_id: 'resp_MARKER' }, 'conversation'],
    [
      'an item that is not kept',
      [
        { role: 'user', content: 'x' },
        { type: 'item_reference', id: 'MARKER' },
      ],
      {},
      'input[1]',
    ],
    ['an item by its id alone', [{ id: 'MARKER' }], {}, 'input[0]'],
  ])('%s', async (_name, input, extra: Wire, param) => {
    const { status, body, sent } = await send(input, extra)
    expect(status).toBe(400)
    expect(body['error']).toMatchObject({ code: 'input_invalid', type: 'invalid_request_error', param })
    expect(JSON.stringify(body)).not.toContain('MARKER')
    expect(sent).toBeUndefined()
  })

  test('each with what to do instead', async () => {
    const message = async (extra: Wire): Promise<string> =>
      String(((await send('x', extra)).body['error'] as Wire)['message'])
    expect(await message({ background: true })).toMatch(/stream/)
    expect(await message({ previous_response_id: 'resp_1' })).toMatch(/in full as `input`/)
  })

  test('a request in someone else’s shape is judged as what it is', async () => {
    const { status } = await send(undefined, { messages: [{ role: 'user', content: 'hi' }] })
    expect(status).toBe(400)
  })
})

test('the type of an input item may be left out where the interface allows it', () => {
  const items: readonly ResponseInputItem[] = [{ role: 'user', content: 'x' }, { id: 'item' }]
  expect(items).toHaveLength(2)
})
