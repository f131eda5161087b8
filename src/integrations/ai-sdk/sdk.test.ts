/**
 * With the real AI SDK (`ai` 6) on top and the real pipeline below: what applications do, around a model that follows a script.
 */
import { generateObject, generateText, jsonSchema, stepCountIs, streamText, tool, wrapLanguageModel } from 'ai'
import { MockLanguageModelV3, simulateReadableStream } from 'ai/test'
import type { LanguageModelV3CallOptions, LanguageModelV3Content, LanguageModelV3StreamPart } from 'ai-sdk-provider-v3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { block, finish, finishReason, scriptedModel, usage } from '../../../test/support/ai-sdk.ts'
import type { Loose } from '../../../test/support/ai-sdk.ts'
import type { Parapet } from '../../compose/index.ts'
import { createParapet } from '../../compose/index.ts'
import type { ParapetEvent, Policy } from '../../spec/index.ts'
import { BlockedError } from '../../spec/index.ts'
import { guardMiddleware, guardModel } from './index.ts'

const POLICY: Policy = {
  parapet: 1,
  guards: {
    pii: { use: 'pii', mode: 'pseudonym' },
    words: { use: 'rules', phrases: ['zebrawood'] },
    polite: { use: 'rules', phrases: ['balderdash'], action: 'refuse' },
    again: { use: 'rules', phrases: ['eventually'], action: 'retry' },
  },
  rails: {
    input: ['words', 'pii'],
    tool_call: ['words', 'pii'],
    tool_result: ['words', 'pii'],
    output: ['words', 'polite', 'again', 'pii'],
  },
  actions: { pii: { action: 'modify' } },
  media: 'pass',
}

let parapet: Parapet
const events: ParapetEvent[] = []

beforeAll(async () => {
  ;(globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false
  parapet = await createParapet(POLICY, { env: { PARAPET_VAULT_KEY: Buffer.alloc(32, 7).toString('base64') } })
  parapet.on((event) => events.push(event))
})

afterAll(() => parapet.close())

function decisions(): readonly string[] {
  const made = events.splice(0).flatMap((event) => (event.type === 'decision-made' ? [event.result.decision] : []))
  return made
}

/** A model that answers each call with the next of these contents, whole or streaming. */
function model(...answers: readonly (readonly Loose[])[]) {
  const calls: LanguageModelV3CallOptions[] = []
  const next = (options: LanguageModelV3CallOptions): readonly Loose[] => {
    calls.push(options)
    return answers[calls.length - 1] ?? []
  }
  const reason = (content: readonly Loose[]): string =>
    content.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop'
  const mock = new MockLanguageModelV3({
    doGenerate: (options) => {
      const content = next(options)
      return Promise.resolve({
        content: content as unknown as LanguageModelV3Content[],
        finishReason: finishReason('v3', reason(content)) as never,
        usage: usage('v3') as never,
        warnings: [],
      })
    },
    doStream: (options) => {
      const content = next(options)
      const chunks = [
        { type: 'stream-start', warnings: [] },
        ...content.flatMap((part, index) =>
          part.type === 'text' || part.type === 'reasoning'
            ? block(part.type, String(index), String(part['text']).match(/[^]{1,5}/g) ?? [])
            : [part],
        ),
        finish('v3', reason(content)),
      ]
      const stream = simulateReadableStream({ chunks, initialDelayInMs: null, chunkDelayInMs: null })
      return Promise.resolve({ stream: stream as unknown as ReadableStream<LanguageModelV3StreamPart> })
    },
  })
  return { mock, calls }
}

const say = (text: string): Loose => ({ type: 'text', text })

describe('generateText', () => {
  test('the model never sees the address, the user gets it back', async () => {
    const { mock, calls } = model([say('I wrote to <EMAIL_1>.')])
    const {
      text,
      finishReason: reason,
      providerMetadata,
    } = await generateText({
      model: guardModel(mock, parapet),
      prompt: 'Write to jane.doe@example.org',
      providerOptions: { parapet: { conversation: 'c1' }, scripted: { a: 1 } },
    })
    expect(JSON.stringify(calls[0]?.prompt)).not.toContain('jane')
    expect(JSON.stringify(calls[0]?.prompt)).toContain('<EMAIL_1>')
    expect(calls[0]?.providerOptions).toEqual({ scripted: { a: 1 } })
    expect(text).toBe('I wrote to jane.doe@example.org.')
    expect(reason).toBe('stop')
    expect(providerMetadata?.['parapet']).toMatchObject({ decision: 'modify', labels: ['pii.email'] })
    expect(decisions()).toEqual(['modify'])
  })

  test('a block rejects with the decision’s id and is not asked again', async () => {
    const { mock, calls } = model([say('made of zebrawood')])
    const failed = await generateText({ model: guardModel(mock, parapet), prompt: 'hi' }).catch(
      (error: unknown) => error,
    )
    expect(BlockedError.isInstance(failed) && failed).toMatchObject({ code: 'content_filter' })
    expect((failed as BlockedError).decisionId).toMatch(/^dec_/)
    expect(calls).toHaveLength(1)
    expect(decisions()).toEqual(['block'])
  })

  test('or ends with content-filter', async () => {
    const guarded = guardModel(model([say('made of zebrawood')]).mock, parapet, { onBlock: 'finish' })
    const { text, finishReason: reason } = await generateText({ model: guarded, prompt: 'hi' })
    expect([text, reason]).toEqual(['The content was stopped by the policy.', 'content-filter'])
    expect(decisions()).toEqual(['block'])
  })

  test('a refusal is an answer, and nothing of the model’s is in it', async () => {
    const { mock } = model([{ type: 'reasoning', text: 'hm' }, say('What balderdash is this.')])
    const {
      text,
      content,
      finishReason: reason,
    } = await generateText({ model: guardModel(mock, parapet), prompt: 'hi' })
    expect(content).toEqual([{ type: 'text', text }])
    expect(text).toMatch(/cannot help/)
    expect(reason).toBe('content-filter')
    expect(decisions()).toEqual(['refuse'])
  })

  test('retry works although the reasoning came before', async () => {
    const { mock, calls } = model([{ type: 'reasoning', text: 'so' }, say('eventually')], [say('now')])
    const { text, reasoningText } = await generateText({ model: guardModel(mock, parapet), prompt: 'hi' })
    expect([text, reasoningText, calls.length]).toEqual(['now', undefined, 2])
    expect(decisions()).toEqual(['pass'])
  })

  test('content keeps its order and kind', async () => {
    const content = [
      { type: 'reasoning', text: 'hm', providerMetadata: { scripted: { signature: 'c2lnbmVk' } } },
      say('one'),
      { type: 'source', sourceType: 'url', id: 's', url: 'https://example.org', title: 'A page' },
      say('two'),
      { type: 'file', mediaType: 'image/png', data: 'AAAA' },
      say(''),
    ]
    const { mock } = model(content)
    const result = await generateText({ model: guardModel(mock, parapet), prompt: 'hi' })
    expect(result.content.map(({ type }) => type)).toEqual(content.map(({ type }) => type))
    expect(result.reasoning[0]).toMatchObject(content[0] ?? {})
    expect([result.text, result.files[0]?.base64, result.sources]).toEqual(['onetwo', 'AAAA', [content[2]]])
    decisions()
  })

  test('the model’s own error reaches the SDK, which asks again', async () => {
    const { APICallError } = await import('ai')
    const { mock, calls } = model([say('never')], [say('fine')])
    const inner = mock.doGenerate.bind(mock)
    let failures = 0
    mock.doGenerate = (options) => {
      if ((failures += 1) > 1) return inner(options)
      throw new APICallError({ message: 'busy', url: 'u', requestBodyValues: {}, statusCode: 503, isRetryable: true })
    }
    calls.length = 0
    const { text } = await generateText({ model: guardModel(mock, parapet), prompt: 'hi', maxRetries: 1 })
    expect([text, failures]).toEqual(['never', 2])
    expect(decisions()).toEqual(['error', 'pass'])
  })

  test('an abort is an abort', async () => {
    const mock = new MockLanguageModelV3({ doGenerate: () => new Promise(() => undefined) })
    const control = new AbortController()
    const waiting = generateText({ model: guardModel(mock, parapet), prompt: 'hi', abortSignal: control.signal })
    control.abort(new DOMException('enough', 'AbortError'))
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    decisions()
  })

  test('objects come out as objects', async () => {
    const { mock } = model([say('{"to":"<EMAIL_1>"}')])
    const { object } = await generateObject({
      model: guardModel(mock, parapet, { caller: { conversation: 'c2' } }),
      schema: jsonSchema<{ to: string }>({ type: 'object', properties: { to: { type: 'string' } } }),
      prompt: 'Who is john.roe@example.org',
    })
    expect(object).toEqual({ to: 'john.roe@example.org' })
    decisions()
  })
})

const search = (answer: (query: string) => string) =>
  tool({
    inputSchema: jsonSchema<{ q: string }>({ type: 'object', properties: { q: { type: 'string' } } }),
    execute: ({ q }) => answer(q),
  })
const asks = (q: string): Loose => ({
  type: 'tool-call',
  toolCallId: 'c1',
  toolName: 'search',
  input: JSON.stringify({ q }),
})

describe.each(['generateText', 'streamText'] as const)('tools over several steps, %s', (how) => {
  async function run(answers: readonly (readonly Loose[])[], answer: (query: string) => string) {
    const { mock, calls } = model(...answers)
    const errors: unknown[] = []
    const settings = {
      model: guardModel(mock, parapet, { caller: { conversation: `tools ${how}` } }),
      prompt: 'Find amy.poe@example.org',
      tools: { search: search(answer) },
      stopWhen: stepCountIs(3),
    }
    if (how === 'generateText') return { text: (await generateText(settings)).text, calls, errors }
    const result = streamText({ ...settings, onError: ({ error }) => void errors.push(error) })
    await result.consumeStream()
    return { text: await result.text, calls, errors }
  }

  test('arguments are restored for the tool, its answer is masked for the model', async () => {
    const asked: string[] = []
    const { text, calls } = await run([[asks('<EMAIL_1>')], [say('Found <EMAIL_1> and <EMAIL_2>.')]], (query) => {
      asked.push(query)
      return 'seen with bob.moe@example.org'
    })
    expect(asked).toEqual(['amy.poe@example.org'])
    const second = JSON.stringify(calls[1]?.prompt)
    expect(second).not.toMatch(/amy\.poe|bob\.moe/)
    expect(second).toContain('seen with <EMAIL_2>')
    expect(text).toBe('Found amy.poe@example.org and bob.moe@example.org.')
    expect(decisions()).toHaveLength(2)
  })

  test('a tool’s answer that is not allowed never reaches the model', async () => {
    const ran = run([[asks('x')], [say('never')]], () => 'a zebrawood table')
    if (how === 'generateText') await expect(ran).rejects.toMatchObject({ code: 'content_filter' })
    else expect((await ran).errors).toMatchObject([{ code: 'content_filter' }])
    expect(decisions()).toEqual(['modify', 'block'])
  })

  test('arguments that are not allowed never reach the tool', async () => {
    let called = 0
    const ran = run([[asks('zebrawood')]], () => String((called += 1)))
    if (how === 'generateText') await expect(ran).rejects.toMatchObject({ code: 'content_filter' })
    else expect((await ran).errors).toMatchObject([{ code: 'content_filter' }])
    expect(called).toBe(0)
    expect(decisions()).toEqual(['block'])
  })
})

describe('streamText', () => {
  test('streams, restores and ends with the decision', async () => {
    const { mock } = model([{ type: 'reasoning', text: 'about <EMAIL_1>' }, say('Hello <EMAIL_1>, how are you?')])
    const result = streamText({
      model: guardModel(mock, parapet, { caller: { conversation: 'c4' } }),
      prompt: 'I am kim.noe@example.org',
    })
    let text = ''
    for await (const piece of result.textStream) text += piece
    expect(text).toBe('Hello kim.noe@example.org, how are you?')
    expect(await result.reasoningText).toBe('about kim.noe@example.org')
    expect(await result.finishReason).toBe('stop')
    expect((await result.providerMetadata)?.['parapet']).toMatchObject({ decision: 'modify' })
    expect(decisions()).toEqual(['modify'])
  })

  test('a block is an error and the finish reason content-filter', async () => {
    const { mock } = model([say(`${'a decent beginning '.repeat(60)} and zebrawood at the end`)])
    const errors: unknown[] = []
    const result = streamText({
      model: guardModel(mock, parapet),
      prompt: 'hi',
      onError: ({ error }) => void errors.push(error),
    })
    const parts: string[] = []
    for await (const part of result.fullStream) parts.push(part.type)
    expect(errors).toMatchObject([{ code: 'content_filter' }])
    expect(parts.slice(-3)).toEqual(['error', 'finish-step', 'finish'])
    expect(await result.text).not.toContain('zebra')
    expect(await result.finishReason).toBe('content-filter')
    expect(decisions()).toEqual(['block'])
  })

  test('a blocked prompt is an error and no answer', async () => {
    const { mock, calls } = model([say('never')])
    const errors: unknown[] = []
    const result = streamText({
      model: guardModel(mock, parapet),
      prompt: 'zebrawood',
      onError: ({ error }) => void errors.push(error),
    })
    await result.consumeStream()
    expect([errors.length, calls.length]).toEqual([1, 0])
    await expect(result.text).rejects.toThrow()
    expect(decisions()).toEqual(['block'])
  })

  test('leaving aborts the model', async () => {
    let aborted = false
    const mock = new MockLanguageModelV3({
      doStream: ({ abortSignal }) => {
        abortSignal?.addEventListener('abort', () => (aborted = true))
        let count = 0
        const stream = new ReadableStream<LanguageModelV3StreamPart>({
          pull(controller) {
            count += 1
            controller.enqueue(
              count === 1 ? { type: 'text-start', id: '0' } : { type: 'text-delta', id: '0', delta: 'on and on ' },
            )
          },
        })
        return Promise.resolve({ stream })
      },
    })
    const control = new AbortController()
    const result = streamText({ model: guardModel(mock, parapet), prompt: 'hi', abortSignal: control.signal })
    const kinds = new Set<string>()
    for await (const part of result.fullStream) {
      kinds.add(part.type)
      if (part.type === 'text-delta') control.abort()
    }
    expect([kinds.has('abort'), aborted]).toEqual([true, true])
    decisions()
  })
})

describe('wrapLanguageModel', () => {
  test('as a middleware, last in the list, it sees what the model is asked', async () => {
    const { mock, calls } = model([say('I wrote to <EMAIL_1>.')])
    const wrapped = wrapLanguageModel({
      model: mock,
      middleware: [
        {
          specificationVersion: 'v3',
          transformParams: ({ params }) =>
            Promise.resolve({
              ...params,
              prompt: [
                ...params.prompt,
                { role: 'user', content: [{ type: 'text', text: 'And write to zoe.loe@example.org' }] },
              ],
            }),
        },
        guardMiddleware(parapet, { caller: { conversation: 'c5' } }),
      ],
    })
    const { text } = await generateText({ model: wrapped, prompt: 'hi' })
    expect(text).toBe('I wrote to zoe.loe@example.org.')
    expect(JSON.stringify(calls[0]?.prompt)).not.toContain('zoe')
    const streamed = streamText({ model: wrapped, prompt: 'zebrawood', onError: () => undefined })
    await streamed.consumeStream()
    await expect(streamed.text).rejects.toThrow()
    decisions()
  })

  test('models of version 2 run in the SDK that knows them', async () => {
    const { model: two } = scriptedModel('v2', {
      content: () => [say('fine')],
      stream: () => [...block('text', '0', ['fine']), finish('v2')],
    })
    const guarded = guardModel(two, parapet)
    expect((await generateText({ model: guarded, prompt: 'hi' })).text).toBe('fine')
    expect(await streamText({ model: guarded, prompt: 'hi' }).text).toBe('fine')
    decisions()
  })
})

test('a caller that is no caller is told so', async () => {
  const guarded = guardModel(model([say('x')]).mock, parapet)
  await expect(
    generateText({ model: guarded, prompt: 'hi', providerOptions: { parapet: { user: 7 } } }),
  ).rejects.toMatchObject({ code: 'input_invalid' })
})
