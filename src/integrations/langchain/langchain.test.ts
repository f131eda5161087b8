/** Messages of every kind, in the forms of `@langchain/core` 1.4, through the hooks of the middleware as LangChain 1.5 calls them. */
import { describe, expect, test } from 'vitest'
import { agentGuard, blocking, masking } from '../../../test/support/agent-guards.ts'
import { MARK, plantings, says, SENTENCE } from '../../../test/support/planted.ts'
import type { GuardMiddlewareOptions } from './index.ts'
import { guardMiddleware } from './index.ts'

const IMAGE = 'data:image/png;base64,AAAA'

/** As the package's own messages are: fields on an instance of a class, with what it was made from. */
class Message {
  readonly lc_kwargs: object
  constructor(fields: object) {
    this.lc_kwargs = fields
    Object.assign(this, fields)
  }
  getType(): unknown {
    return (this as { type?: unknown }).type
  }
}

const MESSAGES: readonly object[] = [
  {
    type: 'human',
    content: 'hello there',
    name: 'a user',
    id: 'h1',
    additional_kwargs: { note: 'a note' },
    response_metadata: {},
  },
  {
    type: 'human',
    content: [
      { type: 'text', text: 'hello there', cache_control: { note: 'a note' } },
      { type: 'image_url', image_url: { url: IMAGE } },
      { type: 'image', mimeType: 'image/png', data: IMAGE, metadata: { note: 'a note' } },
      { type: 'file', source_type: 'text', text: 'a file', mime_type: 'text/plain' },
      { type: 'new_block', words: 'of the future' },
    ],
  },
  { type: 'generic', role: 'clerk', content: 'hello there' },
  {
    type: 'ai',
    content: [
      { type: 'text', text: 'hello back', annotations: [{ type: 'citation', title: 'a title' }] },
      { type: 'reasoning', reasoning: 'a thought', summary: ['in short'] },
      { type: 'thinking', thinking: 'a thought', signature: 'AAAA' },
      { type: 'tool_use', id: 'c1', name: 'look', input: { q: 'x y' } },
      { type: 'tool_call', id: 'c1', name: 'look', args: { q: 'x y' } },
      { type: 'server_tool_call_result', toolCallId: 'c2', output: { found: 'it all' } },
      { type: 'input_json_delta', input: '{"q":"x"}' },
    ],
    id: 'a1',
    tool_calls: [{ type: 'tool_call', id: 'c1', name: 'look', args: { q: 'x y' } }],
    invalid_tool_calls: [{ type: 'invalid_tool_call', id: 'c3', name: 'look', args: '{"q', error: 'not JSON' }],
    additional_kwargs: {
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{"q":"x y"}' } }],
      reasoning_content: 'a thought',
    },
    response_metadata: { finish_reason: 'tool_calls', note: 'a note' },
  },
  { type: 'tool', content: 'found it', tool_call_id: 'c1', name: 'look', status: 'success' },
]

interface Hooks {
  readonly beforeModel: {
    hook(state: object, runtime: object): Promise<{ messages: unknown[]; jumpTo?: string } | undefined>
  }
  wrapModelCall(request: object, handler: (request: never) => unknown): Promise<unknown>
  wrapToolCall(request: object, handler: (request: never) => unknown): Promise<unknown>
}

function hooks(guards: Parameters<typeof agentGuard>[0], options: GuardMiddlewareOptions = {}): Hooks {
  return guardMiddleware(agentGuard(guards).guard, options)
}

const runtime = {}
const answer = (fields: object): Message => new Message({ type: 'ai', content: '', tool_calls: [], ...fields })
const request = (messages: readonly unknown[] = []): object => ({ messages, model: null, runtime, systemPrompt: '' })

describe.each(MESSAGES.map((fields) => [JSON.stringify(fields).slice(0, 50), fields] as const))(
  'a message %s',
  (_name, fields) => {
    test('is left alone', async () => {
      const message = new Message(fields)
      const { beforeModel, wrapModelCall } = hooks([masking])
      expect(await beforeModel.hook({ messages: [message] }, runtime)).toBeUndefined()
      expect(await wrapModelCall(request([message]), ({ messages }: { messages: unknown[] }) => messages[0])).toBe(
        message,
      )
    })

    test('hides nothing in any of its strings', async () => {
      for (const { path, value } of plantings(fields)) {
        const before = new Message(value as object)
        const result = await hooks([masking]).beforeModel.hook({ messages: [before] }, runtime)
        const [after] = result?.messages ?? []
        expect(`${path} ${says(after)}`).not.toMatch(MARK)
        expect([path, after instanceof Message, (after as { id?: unknown } | undefined)?.id ?? null]).toEqual([
          path,
          true,
          path === '.id' ? '*' : ((fields as { id?: string }).id ?? null),
        ])
        expect(says(before)).toMatch(MARK)
        const stopped = await hooks([blocking], { onBlock: 'finish', message: 'No.' }).beforeModel.hook(
          { messages: [before] },
          runtime,
        )
        expect(stopped).toEqual({ messages: [{ role: 'assistant', content: 'No.' }], jumpTo: 'end' })
      }
    })

    test('is masked or replaced as an answer too', async () => {
      for (const { path, value } of plantings(fields)) {
        const given = new Message(Object.assign({}, value, { type: 'ai' }))
        const masked = await hooks([masking]).wrapModelCall(request(), () => given)
        expect(`${path} ${says(masked)}`).not.toMatch(MARK)
        const refused = await hooks([blocking], { onBlock: 'finish', message: 'No.' }).wrapModelCall(
          request(),
          () => given,
        )
        expect(refused).toMatchObject({ content: 'No.' })
        expect(`${path} ${says(refused)}`).not.toMatch(MARK)
      }
    })
  },
)

test('a call whose arguments are masked has no pieces that say otherwise', async () => {
  const tool_calls = [{ id: 'c1', name: 'look', args: { q: SENTENCE } }]
  const given = answer({ tool_calls, tool_call_chunks: [{ id: 'c1', name: 'look', args: SENTENCE }] })
  const masked = await hooks([masking]).wrapModelCall(request(), () => given)
  expect(masked).toMatchObject({ tool_calls: [{ args: { q: '*' } }], tool_call_chunks: [] })
})

test('a message made from a message has nothing left of what was masked', async () => {
  const given = new Message(answer({ content: SENTENCE }))
  expect(says(given)).toMatch(MARK)
  expect(says(await hooks([masking]).wrapModelCall(request(), () => given))).not.toMatch(MARK)
})

test('a blocked answer is thrown by default', async () => {
  const given = answer({ content: SENTENCE })
  await expect(hooks([blocking]).wrapModelCall(request(), () => given)).rejects.toMatchObject({
    code: 'content_filter',
  })
})

test('a message that was changed after it was judged is judged again', async () => {
  const message = new Message({ type: 'human', content: 'hi', id: 'h1' })
  const { beforeModel, wrapModelCall } = hooks([blocking])
  await beforeModel.hook({ messages: [message] }, runtime)
  Object.assign(message, { content: SENTENCE })
  await expect(wrapModelCall(request([message]), () => answer({}))).rejects.toMatchObject({ code: 'content_filter' })
})

test('a structured answer is masked in the value and in the messages', async () => {
  const made = { structuredResponse: { a: [SENTENCE], n: 1 }, messages: [answer({ content: SENTENCE })] }
  const masked = await hooks([masking]).wrapModelCall(request(), () => made)
  expect(masked).toMatchObject({ structuredResponse: { a: ['*'], n: 1 }, messages: [{ content: '*' }] })
})

describe('a tool', () => {
  const toolCall = { id: 'c1', name: 'look', args: { q: 'x' } }
  const run = (
    guards: Parameters<typeof hooks>[0],
    call: object,
    result: unknown,
    options: GuardMiddlewareOptions = {},
  ) => {
    const ran: object[] = []
    const handler = (asked: { toolCall: { args: object }; tool?: { invoke(): Promise<unknown> } }): unknown => {
      if (asked.tool !== undefined) return asked.tool.invoke()
      ran.push(asked.toolCall.args)
      return result
    }
    return { ran, answered: hooks(guards, options).wrapToolCall({ toolCall: call, runtime }, handler) }
  }

  test('runs with masked arguments, or not at all', async () => {
    const bad = { ...toolCall, args: { q: SENTENCE } }
    const masked = run([masking], bad, new Message({ type: 'tool', content: 'ok', tool_call_id: 'c1' }))
    await masked.answered
    expect(masked.ran).toEqual([{ q: '*' }])
    const stopped = run([blocking], bad, null, { onBlock: 'finish', message: 'No.' })
    expect([await stopped.answered, stopped.ran]).toEqual(['No.', []])
    await expect(run([blocking], bad, null).answered).rejects.toMatchObject({ code: 'content_filter' })
  })

  test('has its result replaced, with what it kept beside it', async () => {
    const result = new Message({ type: 'tool', content: SENTENCE, tool_call_id: 'c1', artifact: SENTENCE })
    const { answered } = run([blocking], toolCall, result, { onBlock: 'finish', message: 'No.' })
    expect(await answered).toMatchObject({ content: 'No.', status: 'error', tool_call_id: 'c1', artifact: undefined })
  })

  test('has the messages of its commands judged, in either form of an update', async () => {
    const message = new Message({ type: 'tool', content: SENTENCE, tool_call_id: 'c1' })
    for (const update of [
      { messages: [message], count: 1 },
      [
        ['messages', message],
        ['count', 1],
      ],
    ]) {
      const command = Object.assign(Object.create({ lg_name: 'Command' }) as object, { update, goto: 'end' })
      const after = (await run([masking], toolCall, command).answered) as { update: unknown; goto: string }
      expect(after.goto).toBe('end')
      expect(says(after.update)).not.toMatch(MARK)
      expect(JSON.stringify(after.update)).toMatch(/count",?:?1/)
    }
  })
})

describe('nothing hides', () => {
  const human = (content: unknown): Message => new Message({ type: 'human', content, id: 'h1' })

  test.each([
    { type: 'file', data: btoa(SENTENCE), mimeType: 'text/plain' },
    { type: 'text-plain', data: btoa(SENTENCE), mimeType: 'text/plain' },
    { type: 'text-plain', text: SENTENCE },
    { type: 'file', source_type: 'base64', data: btoa(SENTENCE), mime_type: 'text/plain' },
    { type: 'file', source: { type: 'text', media_type: 'text/plain', data: SENTENCE } },
    { type: 'image', data: 'AAAA', text: SENTENCE },
    { type: 'image', source: { type: 'base64', data: 'AAAA', note: SENTENCE } },
    { type: 'image_url', image_url: { url: 'https://example.org', note: SENTENCE } },
  ])('in a block %j', async (block) => {
    const [masked] = (await hooks([masking]).beforeModel.hook({ messages: [human([block])] }, runtime))?.messages ?? []
    expect(JSON.stringify(masked)).toBeDefined()
    expect(JSON.stringify(masked)).not.toContain(btoa(SENTENCE))
    expect(says(masked)).not.toMatch(MARK)
  })

  test('in a block that was changed after its message was judged', async () => {
    const block = { type: 'text', text: 'hi' }
    const message = human([block])
    const { beforeModel, wrapModelCall } = hooks([blocking])
    await beforeModel.hook({ messages: [message] }, runtime)
    block.text = SENTENCE
    await expect(wrapModelCall(request([message]), () => expect.unreachable())).rejects.toMatchObject({
      code: 'content_filter',
    })
  })

  test('in instructions, which are judged before the model is asked where the policy judges them', async () => {
    const systemMessage = new Message({ type: 'system', content: SENTENCE })
    const messages = [human('hi')]
    const blocked = hooks([blocking])
    await blocked.beforeModel.hook({ messages }, runtime)
    await expect(
      blocked.wrapModelCall({ ...request(messages), systemMessage }, () => expect.unreachable()),
    ).rejects.toMatchObject({ code: 'content_filter' })
    const asked: unknown[] = []
    await hooks([masking]).wrapModelCall({ ...request(messages), systemMessage }, (given: unknown) => {
      asked.push(given)
      return answer({})
    })
    expect(asked).toMatchObject([{ systemMessage: { content: '*', type: 'system' }, messages }])
  })

  test('in a command in the place of an answer', async () => {
    const command = Object.assign(Object.create({ lg_name: 'Command' }) as object, {
      update: { messages: [answer({ content: SENTENCE })] },
    })
    expect(says(await hooks([masking]).wrapModelCall(request(), () => command))).not.toMatch(MARK)
    await expect(hooks([blocking]).wrapModelCall(request(), () => command)).rejects.toMatchObject({
      code: 'content_filter',
    })
  })

  test('in what spells an answer, or was streamed of its calls', async () => {
    const given = answer({
      content: SENTENCE,
      invalid_tool_calls: [{ name: 'look', args: SENTENCE }],
      tool_call_chunks: [{ args: SENTENCE }],
      response_metadata: { logprobs: { content: [{ token: SENTENCE }] }, model: 'one' },
    })
    const masked = await hooks([masking]).wrapModelCall(request(), () => given)
    expect(says(masked)).not.toMatch(MARK)
    expect(masked).toMatchObject({ content: '*', response_metadata: { model: 'one' } })
  })

  test('from a policy whose window is narrow or is of other roles: what is new is judged', async () => {
    for (const conversation of [{ messages: 1 }, { roles: ['user'] }] as const) {
      const { wrapModelCall, wrapToolCall }: Hooks = guardMiddleware(agentGuard([blocking], { conversation }).guard)
      await expect(wrapModelCall(request(), () => answer({ content: SENTENCE }))).rejects.toThrow(/stopped/)
      const toolCall = { id: 'c1', name: 'look', args: { q: SENTENCE } }
      await expect(wrapToolCall({ toolCall, runtime }, () => expect.unreachable())).rejects.toThrow(/stopped/)
      const list = [SENTENCE, ...Array<string>(9).fill('fine')].map((content) => new Message({ type: 'tool', content }))
      const command = Object.assign(Object.create({ lg_name: 'Command' }) as object, { update: { messages: list } })
      const call = { ...toolCall, args: {} }
      await expect(wrapToolCall({ toolCall: call, runtime }, () => command)).rejects.toThrow(/stopped/)
    }
  })
})
