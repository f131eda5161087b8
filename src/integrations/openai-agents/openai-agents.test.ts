/** Items of every kind of the Agents SDK's protocol 0.20, as `@openai/agents-core` describes them, through guardrails and models. */
import { describe, expect, test } from 'vitest'
import { agentGuard, blocking, masking } from '../../../test/support/agent-guards.ts'
import { MARK, plantings, says, SENTENCE } from '../../../test/support/planted.ts'
import type { Guard, Policy } from '../../spec/index.ts'
import { createScriptedGuard } from '../../testing/index.ts'
import { guardModel, inputGuardrail, outputGuardrail, toolInputGuardrail, toolOutputGuardrail } from './index.ts'

const IMAGE = 'data:image/png;base64,AAAA'
const ITEMS: readonly object[] = [
  { role: 'user', content: 'hello there' },
  {
    type: 'message',
    role: 'user',
    id: 'm1',
    content: [
      { type: 'input_text', text: 'hello there', providerData: { note: 'a note' } },
      { type: 'input_image', image: IMAGE, detail: 'low' },
      { type: 'input_file', file: { id: 'file-1' }, filename: 'a file.pdf' },
      { type: 'audio', audio: { id: 'file-2' }, transcript: 'said aloud' },
    ],
    providerData: { note: 'a note' },
  },
  { role: 'system', content: 'be kind' },
  {
    type: 'message',
    role: 'assistant',
    status: 'completed',
    phase: 'commentary',
    content: [
      { type: 'output_text', text: 'hello back' },
      { type: 'refusal', refusal: 'not that' },
      { type: 'image', image: IMAGE },
    ],
  },
  {
    type: 'reasoning',
    id: 'r1',
    content: [{ type: 'input_text', text: 'a summary' }],
    rawContent: [{ type: 'reasoning_text', text: 'a thought' }],
    providerData: { encrypted: 'AAAA' },
  },
  { type: 'function_call', id: 'f1', callId: 'c1', name: 'look', arguments: '{"q":"x"}', status: 'completed' },
  { type: 'function_call_result', callId: 'c1', name: 'look', status: 'completed', output: 'found it' },
  {
    type: 'function_call_result',
    callId: 'c1',
    name: 'look',
    status: 'completed',
    output: { type: 'text', text: 'found it' },
  },
  {
    type: 'function_call_result',
    callId: 'c1',
    name: 'look',
    status: 'completed',
    output: [
      { type: 'input_text', text: 'found it' },
      { type: 'input_image', image: IMAGE },
    ],
  },
  {
    type: 'hosted_tool_call',
    id: 'h1',
    name: 'web_search_call',
    arguments: '{"q":"x"}',
    output: 'found it',
    status: 'completed',
  },
  { type: 'program', callId: 'p1', code: 'print(1)', fingerprint: 'abc' },
  { type: 'program_output', callId: 'p1', output: 'it says 1', status: 'completed' },
  {
    type: 'computer_call',
    callId: 'x1',
    status: 'completed',
    action: { type: 'type', text: 'some keys' },
    actions: [{ type: 'keypress', keys: ['a key'] }],
  },
  { type: 'computer_call_result', callId: 'x1', output: { type: 'computer_screenshot', data: IMAGE } },
  { type: 'shell_call', callId: 's1', status: 'completed', action: { commands: ['ls -l'] } },
  {
    type: 'shell_call_output',
    callId: 's1',
    output: [{ stdout: 'some files', stderr: 'no error', outcome: { type: 'exit', exitCode: 0 } }],
  },
  {
    type: 'apply_patch_call',
    callId: 'a1',
    status: 'completed',
    operation: { type: 'create_file', path: 'a b.txt', diff: '+ a line' },
  },
  { type: 'apply_patch_call_output', callId: 'a1', status: 'completed', output: 'it is done' },
  { type: 'tool_search_call', call_id: 't1', arguments: { query: 'a tool' } },
  {
    type: 'tool_search_output',
    call_id: 't1',
    tools: [{ name: 'look', description: 'looks up' }],
    toolSearchAgentName: 'clerk',
  },
  { type: 'compaction', encrypted_content: 'AAAA', created_by: 'server' },
  { type: 'unknown', providerData: { anything: 'at all' } },
  { type: 'new_kind', words: 'of the future', list: ['a b'] },
]

function modelOf(output: readonly object[], events: readonly object[] = []) {
  const requests: object[] = []
  return {
    requests,
    getResponse: (request: object) => {
      requests.push(request)
      return Promise.resolve({ output, usage: {}, responseId: 'r1', providerData: { raw: SENTENCE } })
    },
    async *getStreamedResponse(request: object) {
      requests.push(request)
      yield* events
    },
  }
}

function guarded(model: ReturnType<typeof modelOf>, guards: readonly Guard[], policy: Partial<Policy> = {}) {
  return guardModel(model, agentGuard(guards, policy).guard)
}

async function ask(model: object, request: object): Promise<unknown> {
  return (model as { getResponse(request: object): Promise<unknown> }).getResponse(request)
}

async function stream(model: object): Promise<{ readonly shown: object[]; readonly error: unknown }> {
  const shown: object[] = []
  const events = (model as { getStreamedResponse(request: object): AsyncIterable<object> }).getStreamedResponse({
    input: 'hi',
  })
  try {
    for await (const event of events) shown.push(event)
    return { shown, error: null }
  } catch (error) {
    return { shown, error }
  }
}

describe.each(ITEMS.map((item) => [JSON.stringify(item).slice(0, 60), item] as const))('an item %s', (_name, item) => {
  test('goes both ways untouched', async () => {
    const model = modelOf([item])
    const input = [item]
    const response = await ask(guarded(model, [masking]), { input })
    expect(model.requests[0]).toMatchObject({ input })
    expect((model.requests[0] as { input: unknown }).input).toBe(input)
    expect((response as { output: unknown[] }).output[0]).toBe(item)
  })

  test('hides nothing in any of its strings', async () => {
    for (const { path, value } of plantings(item)) {
      const model = modelOf([value as object])
      const response = await ask(guarded(model, [masking]), { input: [value] })
      expect(`${path} ${says(model.requests)}`).not.toMatch(MARK)
      expect(`${path} ${says(response)}`).not.toMatch(MARK)
      const { tripwireTriggered, outputInfo } = await inputGuardrail(agentGuard([blocking]).guard).execute({
        input: [value],
      })
      expect([path, tripwireTriggered, outputInfo.outcome]).toEqual([path, true, 'blocked'])
    }
  })
})

test('instructions are read beside the rest, and variables of a prompt are a user’s', async () => {
  const model = modelOf([])
  const request = {
    input: 'hi',
    systemInstructions: SENTENCE,
    prompt: { promptId: 'p', variables: { a: SENTENCE, b: { type: 'input_text', text: SENTENCE } } },
  }
  await ask(guarded(model, [masking], { conversation: { messages: 'all' } }), request)
  expect(model.requests[0]).toMatchObject({
    systemInstructions: SENTENCE,
    prompt: { variables: { a: '*', b: { text: '*' } } },
  })
})

describe('a stream', () => {
  const response = (text: string) => ({
    id: 'r',
    usage: {},
    output: [{ role: 'assistant', content: [{ type: 'output_text', text }] }],
    providerData: { text },
  })
  const events = (text: string) => [
    { type: 'response_started', providerData: { text } },
    ...(text.match(/[^]{1,5}/g) ?? []).map((delta) => ({
      type: 'output_text_delta',
      delta,
      itemId: 'i1',
      providerData: { text },
    })),
    { type: 'model', event: { text } },
    { type: 'response_done', response: response(text) },
  ]

  test('is masked in its pieces and in its end, without raw events', async () => {
    const { shown } = await stream(guarded(modelOf([], events(`so ${SENTENCE}, and so on`)), [masking]))
    expect(says(shown)).not.toMatch(MARK)
    expect(shown.flatMap((event) => ('delta' in event ? event.delta : [])).join('')).toBe('so *, and so on')
    expect(shown.at(-1)).toMatchObject({
      type: 'response_done',
      response: { output: [{ content: [{ text: 'so *, and so on' }] }] },
    })
  })

  test('ends with an error where it is stopped', async () => {
    const { shown, error } = await stream(
      guarded(modelOf([], events(`${'fine '.repeat(200)}${SENTENCE} and more`)), [blocking]),
    )
    expect(error).toMatchObject({ code: 'content_filter' })
    expect(says(shown)).toMatch(/fine/)
    expect(says(shown)).not.toMatch(/planted|more|response_done/)
  })

  test('is stopped for what only its end says', async () => {
    const end = { type: 'response_done', response: response(SENTENCE) }
    const { shown, error } = await stream(guarded(modelOf([], [{ type: 'response_started' }, end]), [blocking]))
    expect(error).toMatchObject({ code: 'content_filter' })
    expect(shown).toEqual([{ type: 'response_started' }])
  })

  test('hands on the model’s own error', async () => {
    const own = new Error('overloaded')
    const model = { ...modelOf([]), getStreamedResponse: () => failing(own) }
    expect((await stream(guarded(model as never, [masking]))).error).toBe(own)
  })
})

async function* failing(error: Error): AsyncGenerator<object> {
  yield { type: 'output_text_delta', delta: 'a' }
  throw error
}

describe('tool guardrails', () => {
  const toolCall = { type: 'function_call', name: 'look', callId: 'c1', arguments: '{"q":"x"}' }

  test('reject what is stopped, and throw when told to or when a guard failed', async () => {
    const bad = { ...toolCall, arguments: JSON.stringify({ q: SENTENCE }) }
    const { guard } = agentGuard([blocking])
    expect((await toolInputGuardrail(guard).run({ toolCall })).behavior).toEqual({ type: 'allow' })
    expect((await toolInputGuardrail(guard, { message: 'No.' }).run({ toolCall: bad })).behavior).toEqual({
      type: 'rejectContent',
      message: 'No.',
    })
    expect((await toolInputGuardrail(guard, { onBlock: 'throw' }).run({ toolCall: bad })).behavior).toEqual({
      type: 'throwException',
    })
    const late = agentGuard([createScriptedGuard({ script: () => ({ throws: new Error('x') }) })]).guard
    expect(await toolOutputGuardrail(late).run({ toolCall, output: 'x' })).toMatchObject({
      behavior: { type: 'throwException' },
      outputInfo: { outcome: 'failed' },
    })
  })

  test('mask results, but for those with media beside the text', async () => {
    const run = async (output: unknown) =>
      (await toolOutputGuardrail(agentGuard([masking]).guard).run({ toolCall, output })).behavior
    expect(await run('all is well')).toEqual({ type: 'allow' })
    expect(await run({ a: 1 })).toEqual({ type: 'allow' })
    expect(await run(`so ${SENTENCE}`)).toEqual({ type: 'rejectContent', message: 'so *' })
    expect(await run({ a: SENTENCE, n: 1 })).toEqual({ type: 'rejectContent', message: '{"a":"*","n":1}' })
    const media = [
      { type: 'input_text', text: SENTENCE },
      { type: 'input_image', image: IMAGE },
    ]
    expect(await run(media)).toMatchObject({
      type: 'rejectContent',
      message: expect.stringContaining('stopped') as string,
    })
  })
})

test('an output is judged beside its input, and trips for itself only', async () => {
  const context = {}
  const seen: (string | undefined)[] = []
  const looking = createScriptedGuard({
    id: 'looking',
    script: ({ stage, prompt }) => {
      if (stage === 'output') seen.push(prompt)
      return { findings: [] }
    },
  })
  const { guard } = agentGuard([looking, masking])
  const input = `hello ${SENTENCE}`
  const asked = await inputGuardrail(guard, { onModify: 'pass' }).execute({ input, context })
  const ended = await outputGuardrail(guard).execute({ agentOutput: { answer: 42 }, context })
  expect([asked.tripwireTriggered, asked.outputInfo.outcome, ended.tripwireTriggered]).toEqual([
    false,
    'modified',
    false,
  ])
  expect(seen).toEqual([input])
})

test('what is no input is a failure, and what is no model is refused', async () => {
  const guardrail = inputGuardrail(agentGuard([masking]).guard)
  for (const input of [null, 7, [null], ['text'], { role: 'user' }]) {
    expect(await guardrail.execute({ input })).toMatchObject({
      tripwireTriggered: true,
      outputInfo: { outcome: 'failed', error: { code: 'input_invalid' } },
    })
  }
  const { guard } = agentGuard([masking])
  for (const model of ['gpt-5', {}, null]) expect(() => guardModel(model as never, guard)).toThrow(/model object/)
})

describe('nothing hides', () => {
  const trips = async (item: object) =>
    (await inputGuardrail(agentGuard([blocking]).guard).execute({ input: [item] })).tripwireTriggered
  const answer = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: SENTENCE }] }
  const fine = { ...answer, content: [{ type: 'output_text', text: 'fine' }] }

  test.each([
    ['arguments that are no text', { type: 'hosted_tool_call', name: 'look', arguments: { q: SENTENCE } }],
    ['code that is no text', { type: 'program', callId: 'p', code: [SENTENCE] }],
    ['a field of another kind', { type: 'message', role: 'user', content: 'hi', output: SENTENCE }],
    [
      'a file of text',
      { role: 'user', content: [{ type: 'input_file', file: `data:text/plain;base64,${btoa(SENTENCE)}` }] },
    ],
  ])('in %s', async (_where, item) => expect(await trips(item)).toBe(true))

  test('from a policy whose window is narrow or is of other roles: what is new is judged', async () => {
    const hosted = { type: 'hosted_tool_call', name: 'look', arguments: '{}', output: 'found it', status: 'completed' }
    for (const conversation of [{}, { messages: 1 }, { roles: ['user'] }] as const) {
      for (const output of [[answer], [answer, ...Array<object>(6).fill(hosted)], [{ ...answer, role: 'system' }]]) {
        const { guard } = agentGuard([blocking], { conversation })
        await expect(ask(guardModel(modelOf(output), guard), { input: 'hi' })).rejects.toMatchObject({
          code: 'content_filter',
        })
        const ended = await outputGuardrail(guard).execute({ agentOutput: 'fine', details: { output } })
        expect(ended.outputInfo.outcome).toBe('blocked')
      }
      const toolCall = { name: 'look', callId: 'c1', arguments: JSON.stringify({ q: SENTENCE }) }
      const { guard } = agentGuard([blocking], { conversation })
      expect((await toolInputGuardrail(guard).run({ toolCall })).outputInfo.outcome).toBe('blocked')
      expect((await toolOutputGuardrail(guard).run({ toolCall, output: 'found it' })).outputInfo.outcome).toBe('passed')
      expect((await toolOutputGuardrail(guard).run({ toolCall, output: SENTENCE })).outputInfo.outcome).toBe('blocked')
    }
  })

  test('in what spells the answer, once that was masked', async () => {
    const logprobs = [{ token: SENTENCE, logprob: -1 }]
    for (const beside of [{ logprobs }, { providerData: { logprobs, kind: 'x' } }]) {
      const item = { ...answer, content: [{ type: 'output_text', text: SENTENCE, ...beside }] }
      expect(says(await ask(guarded(modelOf([item]), [masking]), { input: 'hi' }))).not.toMatch(MARK)
    }
    const kept = { ...fine, content: [{ type: 'output_text', text: 'fine', providerData: { logprobs } }] }
    expect(await ask(guarded(modelOf([kept]), [masking]), { input: 'hi' })).toMatchObject({ output: [kept] })
  })

  test('in what a later version of the SDK may put beside the items of an answer', async () => {
    const answered = { output: [fine], usage: {}, responseId: 'r1', providerData: { raw: SENTENCE }, summary: SENTENCE }
    const model = { ...modelOf([]), getResponse: () => Promise.resolve(answered) }
    expect(says(await ask(guarded(model, [masking]), { input: 'hi' }))).not.toMatch(MARK)
  })

  test('and what was said before is judged once a turn', async () => {
    const { guard, events } = agentGuard([masking])
    const input = [{ role: 'user', content: 'one' }, fine, { role: 'user', content: 'two' }]
    await ask(guardModel(modelOf([fine]), guard), { input })
    expect(events.filter(({ type }) => type === 'guard-end')).toHaveLength(4)
  })
})

test('whoever breaks off hears their own reason', async () => {
  const slow = createScriptedGuard({ script: () => ({ hang: true }) })
  const broken = new AbortController()
  const asked = ask(guarded(modelOf([]), [slow]), { input: 'hi', signal: broken.signal })
  broken.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
})
