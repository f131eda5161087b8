/** Messages and chunks in the forms of `@mastra/core` 1.71, through the hooks of the processor. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agentGuard, blocking, masking } from '../../../test/support/agent-guards.ts'
import { MARK, plantings, says, SENTENCE } from '../../../test/support/planted.ts'
import { createScriptedGuard } from '../../testing/index.ts'
import { guardProcessor } from './index.ts'

const IMAGE = 'data:image/png;base64,AAAA'
const user = (content: object): object => ({
  id: 'u1',
  role: 'user',
  createdAt: new Date(0),
  content: { format: 2, ...content },
})
const assistant = (content: object): object => ({ ...user(content), id: 'a1', role: 'assistant' })
const invocation = {
  state: 'result',
  toolCallId: 'c1',
  toolName: 'look',
  args: { q: 'x y' },
  result: { found: 'it all' },
}

const MESSAGES: readonly object[] = [
  user({
    parts: [{ type: 'text', text: 'hello there', providerMetadata: { note: 'a note' } }],
    content: 'hello there',
    metadata: { note: 'a note' },
  }),
  user({
    parts: [
      { type: 'file', data: IMAGE, mimeType: 'image/png', filename: 'a file.png' },
      { type: 'data-note', data: { words: 'of a part' } },
      { type: 'new-kind', words: 'of the future' },
    ],
    experimental_attachments: [{ url: IMAGE, contentType: 'image/png', name: 'a file.png' }],
  }),
  assistant({
    parts: [
      { type: 'step-start', model: 'scripted/one' },
      { type: 'reasoning', reasoning: 'a thought', details: [{ type: 'text', text: 'a thought', signature: 'AAAA' }] },
      { type: 'text', text: 'hello back' },
      { type: 'tool-invocation', toolInvocation: invocation },
      {
        type: 'tool-invocation',
        toolInvocation: {
          ...invocation,
          toolCallId: 'c2',
          state: 'output-error',
          result: undefined,
          errorText: 'it broke',
          rawInput: 'q = x',
        },
      },
      { type: 'source', source: { id: 's1', url: 'https://example.org', title: 'a title' } },
      { type: 'error', error: { name: 'Error', message: 'it broke' } },
    ],
    content: 'hello back',
    reasoning: 'a thought',
    toolInvocations: [invocation],
  }),
  { id: 'v1', role: 'user', content: 'hello there' },
  { id: 's1', role: 'signal', content: { format: 2, parts: [{ type: 'text', text: 'a signal' }] } },
]

class Trip extends Error {
  readonly metadata: unknown
  constructor(reason: string, metadata: unknown) {
    super(reason)
    this.metadata = metadata
  }
}
const abort = (reason = '', { metadata }: { metadata?: unknown } = {}): never => {
  throw new Trip(reason, metadata)
}

function processorWith(...given: Parameters<typeof agentGuard>) {
  return guardProcessor(agentGuard(...given).guard)
}

describe.each(MESSAGES.map((message) => [JSON.stringify(message).slice(0, 90), message] as const))(
  'a message %s',
  (_name, message) => {
    test('is left alone', async () => {
      const messages = [message]
      const processor = processorWith([masking])
      expect(await processor.processInput({ messages, abort })).toBe(messages)
      expect(await processor.processInputStep({ messages, abort })).toBeUndefined()
      expect(await processor.processOutputResult({ messages, abort })).toBe(messages)
    })

    test('hides nothing in any of its strings', async () => {
      for (const { path, value } of plantings(message)) {
        if (path === '.id') continue
        const [after] = await processorWith([masking]).processInput({ messages: [value], abort })
        expect(`${path} ${says(after)}`).not.toMatch(MARK)
        await expect(processorWith([blocking]).processOutputStep({ messages: [value], abort })).rejects.toMatchObject({
          metadata: { outcome: 'blocked' },
        })
      }
    })
  },
)

test('what mirrors a part changes with it', async () => {
  const parts = [
    { type: 'reasoning', reasoning: SENTENCE, details: [{ type: 'text', text: SENTENCE, signature: 'AAAA' }] },
    { type: 'text', text: `one ${SENTENCE}` },
    { type: 'text', text: 'two' },
    { type: 'tool-invocation', toolInvocation: { ...invocation, result: SENTENCE } },
  ]
  const message = assistant({
    parts,
    content: `one ${SENTENCE}\ntwo`,
    reasoning: SENTENCE,
    toolInvocations: [{ ...invocation, result: SENTENCE }],
  })
  const [after] = await processorWith([masking]).processInput({ messages: [message], abort })
  expect(after).toMatchObject({
    content: {
      parts: [
        { reasoning: '*', details: [{ text: '*' }] },
        { text: 'one *' },
        { text: 'two' },
        { toolInvocation: { result: '*' } },
      ],
      content: 'one *\ntwo',
      reasoning: '*',
      toolInvocations: [{ result: '*' }],
    },
  })
})

test('an answer is judged beside what was said before it', async () => {
  const prompts: (string | undefined)[] = []
  const looking = createScriptedGuard({
    script: ({ stage, prompt }) => {
      if (stage === 'output') prompts.push(prompt)
      return { findings: [] }
    },
  })
  const question = user({ parts: [{ type: 'text', text: 'what is this?' }] })
  const messages = [assistant({ parts: [{ type: 'text', text: 'it is this' }] })]
  const messageList = { get: { all: { db: () => [question, ...messages] } } }
  await processorWith([looking]).processOutputResult({ messages, messageList, abort })
  expect(prompts).toEqual(['what is this?'])
})

interface Chunk {
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** Feeds chunks as Mastra does: a second chunk that a processor left in its state comes next. */
async function stream(processor: ReturnType<typeof guardProcessor>, chunks: readonly Chunk[]) {
  const state: Record<string, unknown> = {}
  const shown: Chunk[] = []
  const feed = async (part: Chunk): Promise<void> => {
    const out = await processor.processOutputStream({ part, state, abort })
    if (out !== null) shown.push(out)
    const second = state['__mastraReprocessPart'] as Chunk | undefined
    delete state['__mastraReprocessPart']
    if (second !== undefined) await feed(second)
  }
  try {
    for (const chunk of chunks) await feed(chunk)
    return { shown, trip: null }
  } catch (error) {
    return { shown, trip: error as Trip }
  }
}

const deltas = (kind: 'text' | 'reasoning', text: string, size = 5, id: string = kind): Chunk[] => [
  { type: `${kind}-start`, payload: { id } },
  ...(text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).map((piece) => ({
    type: `${kind}-delta`,
    payload: { id, text: piece },
  })),
  { type: `${kind}-end`, payload: { id } },
]
const finish: Chunk = { type: 'finish', payload: {} }
const textOf = (chunks: readonly Chunk[], kind = 'text'): string =>
  chunks.flatMap(({ type, payload }) => (type === `${kind}-delta` ? [payload['text']] : [])).join('')

describe('a stream', () => {
  test('says the same, block by block, however it is cut', async () => {
    const text = fc
      .array(fc.constantFrom('a', ' ', '\n', 'é', '😀', SENTENCE), { maxLength: 30 })
      .map((pieces) => pieces.join(''))
    await fc.assert(
      fc.asyncProperty(text, text, fc.integer({ min: 1, max: 40 }), async (thought, said, size) => {
        const chunks = [...deltas('reasoning', thought, size), ...deltas('text', said, size), finish]
        const { shown, trip } = await stream(processorWith([masking]), chunks)
        expect(trip).toBeNull()
        expect(textOf(shown)).toBe(said.replaceAll(SENTENCE, '*'))
        expect(textOf(shown, 'reasoning')).toBe(thought.replaceAll(SENTENCE, '*'))
        const order = shown.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])
        expect(order.join(' ')).toMatch(
          /^reasoning-start( reasoning-delta)? reasoning-end text-start( text-delta)? text-end finish$/,
        )
      }),
      { numRuns: 60 },
    )
  })

  test('shows nothing after a stop, and no stop without its facts', async () => {
    const { shown, trip } = await stream(
      processorWith([blocking], { stream: { window: 16 } }),
      deltas('text', `${'fine '.repeat(50)}${SENTENCE} and more`),
    )
    expect(trip?.metadata).toMatchObject({ outcome: 'blocked', guards: [{ guard: 'marker', labels: ['rule.marker'] }] })
    expect(textOf(shown)).toMatch(/^fine fine/)
    expect(says(shown)).not.toMatch(/planted|more/)
  })

  test('ends with a tripwire when a guard fails, and when a chunk cannot be read', async () => {
    const broken = createScriptedGuard({ script: () => ({ throws: new Error('x') }) })
    const failed = await stream(processorWith([broken]), [...deltas('text', 'hi'), finish])
    expect([textOf(failed.shown), failed.trip?.metadata]).toMatchObject([
      '',
      { outcome: 'failed', error: { code: 'guard_failed' } },
    ])
    const args: Record<string, unknown> = {}
    args['self'] = args
    const circular = await stream(processorWith([masking]), [
      { type: 'tool-call', payload: { toolCallId: 'c', toolName: 't', args } },
    ])
    expect(circular.trip?.metadata).toMatchObject({ outcome: 'failed' })
  })

  test('shows calls when they are whole, and hides what cannot be judged', async () => {
    const call = { type: 'tool-call', payload: { toolCallId: 'c1', toolName: 'look', args: { q: SENTENCE, n: 1 } } }
    const { shown } = await stream(processorWith([masking]), [
      { type: 'tool-call-input-streaming-start', payload: { toolCallId: 'c1', toolName: 'look' } },
      { type: 'tool-call-delta', payload: { toolCallId: 'c1', argsTextDelta: SENTENCE } },
      call,
      { type: 'raw', payload: { text: SENTENCE } },
      { type: 'source', payload: { id: 's1', title: SENTENCE } },
      { type: 'file', payload: { data: btoa(SENTENCE), mimeType: 'text/plain' } },
      { type: 'new-kind', payload: { words: SENTENCE } },
      { type: 'new-kind', payload: { words: 'of the future' } },
      { type: 'error', payload: { error: new Error(SENTENCE) } },
      finish,
    ])
    expect(shown.map(({ type }) => type)).toEqual(['tool-call', 'new-kind', 'error', 'finish'])
    expect(shown[0]?.payload['args']).toEqual({ q: '*', n: 1 })
    expect(says(shown)).not.toMatch(MARK)
  })
})

test('a result is replaced in the list of messages, or the run ends', async () => {
  const replaced: object[] = []
  const messageList = { updateToolInvocation: (part: object) => replaced.push(part) > 0 }
  const hook = { messages: [], messageList, toolName: 'look', toolCallId: 'c1', args: { q: 'x' }, abort }
  await processorWith([masking]).processToolResult({ ...hook, result: { found: SENTENCE } })
  expect(replaced).toMatchObject([
    { toolInvocation: { toolCallId: 'c1', state: 'result', args: { q: 'x' }, result: { found: '*' } } },
  ])
  await processorWith([masking]).processToolResult({ ...hook, result: 'all is well' })
  expect(replaced).toHaveLength(1)
  await expect(processorWith([blocking]).processToolResult({ ...hook, result: SENTENCE })).rejects.toMatchObject({
    metadata: { outcome: 'blocked' },
  })
  const unmoved = { ...hook, messageList: { updateToolInvocation: () => false }, result: SENTENCE }
  await expect(processorWith([masking]).processToolResult(unmoved)).rejects.toMatchObject({
    metadata: { outcome: 'failed' },
  })
})

test('what is no list of messages is a failure', async () => {
  for (const messages of [null, 'text', [null], [7]]) {
    await expect(processorWith([masking]).processInput({ messages: messages as never, abort })).rejects.toMatchObject({
      metadata: { outcome: 'failed', error: { code: 'input_invalid' } },
    })
  }
})

test('an answer is judged whatever the policy’s window', async () => {
  const messages = [assistant({ parts: [{ type: 'text', text: SENTENCE }] }), user({ parts: [] })]
  for (const conversation of [{ messages: 1 }, { roles: ['user'] }] as const) {
    const processor = processorWith([blocking], { conversation })
    await expect(processor.processOutputStep({ messages, abort })).rejects.toBeInstanceOf(Trip)
  }
})

test('a message that cannot be made up is still a tripwire', async () => {
  const message = (): string => {
    throw new Error('no words')
  }
  const processor = guardProcessor(agentGuard([blocking]).guard, { message })
  const { trip } = await stream(processor, [...deltas('text', SENTENCE), finish])
  expect(trip).toBeInstanceOf(Trip)
  expect(trip?.message).toMatch(/stopped by the policy/)
})

test('pieces that a tool passes on are withheld, and what it passes on whole is judged', async () => {
  const inside = (output: unknown): Chunk => ({ type: 'tool-output', payload: { toolCallId: 'c1', output } })
  const pieces = ['a planted ', 'marker here'].map((text) => ({ type: 'text-delta', payload: { id: 't', text } }))
  const { shown } = await stream(processorWith([masking]), [
    ...pieces.map(inside),
    ...pieces.map((piece) => inside(inside(piece))),
    inside('a planted '),
    inside('marker here'),
    { type: 'speech-delta', payload: { words: 'a planted ' } },
    { type: 'text-delta', payload: { id: 't', text: { odd: 'marker here' } } },
    inside({ type: 'finish', payload: { text: SENTENCE } }),
    inside({ progress: 'half of it' }),
    finish,
  ])
  expect(shown).toEqual([inside({ progress: 'half of it' }), finish])
})

test('what spells the answer is left out of the stream', async () => {
  const logprobs = [{ token: SENTENCE }]
  const end = { type: 'text-end', payload: { id: 'text', providerMetadata: { some: { logprobs, kind: 'x' } } } }
  const step = { type: 'step-finish', payload: { stepResult: { reason: 'stop', logprobs } } }
  const { shown } = await stream(processorWith([masking]), [
    ...deltas('text', SENTENCE).slice(0, -1),
    end,
    step,
    finish,
  ])
  expect(says(shown)).not.toMatch(MARK)
  expect(shown.slice(-3)).toMatchObject([
    { payload: { providerMetadata: { some: { kind: 'x' } } } },
    { payload: { stepResult: { reason: 'stop' } } },
    finish,
  ])
})

test('what a tool makes of its result for the model goes with what was masked in it', async () => {
  const updates: object[] = []
  const messageList = { updateToolInvocation: (part: object) => updates.push(part) > 0 }
  const processor = processorWith([masking])
  const call = { toolCallId: 'c1', toolName: 'look', args: { q: 'x' } }
  await processor.processToolResult({ messages: [], messageList, ...call, abort, result: SENTENCE })
  const part: Chunk = {
    type: 'tool-result',
    payload: { ...call, result: '*', providerMetadata: { mastra: { modelOutput: { type: 'text', value: SENTENCE } } } },
  }
  const shown = await processor.processOutputStream({ part, state: {}, messageList, abort })
  expect(shown).toMatchObject({ type: 'tool-result', payload: { result: '*' } })
  expect(says([shown, updates])).not.toMatch(MARK)
  expect(updates.at(-1)).toMatchObject({
    toolInvocation: { toolCallId: 'c1', result: '*' },
    providerMetadata: { mastra: { modelOutput: undefined } },
  })
})

test('instructions are masked where the policy judges them', async () => {
  const messages = [user({ parts: [{ type: 'text', text: 'hi' }] })]
  const systemMessages = [
    { role: 'system', content: `be kind, ${SENTENCE}` },
    { role: 'system', content: 'be brief' },
  ]
  const step = await processorWith([masking]).processInputStep({ messages, systemMessages, abort })
  expect(step).toEqual({ messages, systemMessages: [{ role: 'system', content: 'be kind, *' }, systemMessages[1]] })
  const stopped = processorWith([blocking]).processInputStep({ messages, systemMessages, abort })
  await expect(stopped).rejects.toBeInstanceOf(Trip)
})

test('metadata of the provider are judged wherever a chunk has them', async () => {
  const beside = (note: string): object => ({ providerMetadata: { some: { note, itemId: 'm1' } } })
  const shownFor = async (note: string): Promise<readonly Chunk[]> => {
    const chunks: readonly Chunk[] = [
      { type: 'text-start', payload: { id: 't', ...beside(note) } },
      { type: 'text-delta', payload: { id: 't', text: 'fine', ...beside(note) } },
      { type: 'text-end', payload: { id: 't', ...beside(note) } },
      { type: 'step-finish', payload: { metadata: { modelId: 'one', ...beside(note) } } },
      { type: 'finish', payload: beside(note) as Chunk['payload'] },
    ]
    const { shown } = await stream(processorWith([masking]), chunks)
    expect(shown.map(({ type }) => type)).toEqual(chunks.map(({ type }) => type))
    return shown
  }
  expect(says(await shownFor(SENTENCE))).not.toMatch(MARK)
  expect(says(await shownFor('n1')).match(/n1/g)).toHaveLength(5)
  expect(says(await shownFor('a note')).match(/a note/g)).toHaveLength(4)
})
