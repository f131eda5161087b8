/** Models of the AI SDK as models that stream: whole answers, answers that end early, and PrimeGuard over them. */
import { MockLanguageModelV3, simulateReadableStream } from 'ai/test'
import * as provider from 'ai-sdk-provider-v3'
import { describe, expect, test } from 'vitest'
import type { AiSdkModel } from '../../src/engines/ai-sdk/index.ts'
import { createAiSdkLanguageModel } from '../../src/engines/ai-sdk/index.ts'
import { failureReason } from '../../src/engines/calls/index.ts'
import { createPrimeGuard, steerEngine } from '../../src/routing/primeguard/index.ts'
import type { GenerationPart, Message, RouteTrace } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'

const usage = { inputTokens: { total: 9, cacheRead: 4 }, outputTokens: { total: 2 } }
const asked = { maxTokens: 9, temperature: 0, seed: 1 }
const hello: readonly Message[] = [{ role: 'user', content: 'hello' }]

/** Answers each call with the next list of parts. */
function streaming(...answers: readonly (readonly object[])[]): MockLanguageModelV3 {
  let call = 0
  return new MockLanguageModelV3({
    modelId: 'm',
    doStream: async () => {
      const chunks = [...(answers[call++] ?? [])] as never[]
      return { stream: simulateReadableStream({ chunks, initialDelayInMs: null, chunkDelayInMs: null }) }
    },
  })
}

const delta = (text: string): object => ({ type: 'text-delta', id: '0', delta: text })
const end = (unified = 'stop'): object => ({ type: 'finish', finishReason: { unified, raw: unified }, usage })

async function read(model: AiSdkModel, more: object = {}, timeout = 30_000): Promise<readonly GenerationPart[]> {
  const parts: GenerationPart[] = []
  const language = createAiSdkLanguageModel({ model, timeout })
  for await (const part of language.generate(hello, { ...asked, ...more })) parts.push(part)
  return parts
}

async function failure(work: Promise<unknown>): Promise<ParapetError> {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (!ParapetError.isInstance(error)) throw new Error('It did not fail as an engine does.')
  return error
}

test('an answer streams, with its end and its tokens', async () => {
  const model = streaming([{ type: 'stream-start' }, delta('Good '), delta(''), delta('day.'), end('length')])
  expect(await read(model, { topP: 0.9 })).toEqual([
    { type: 'text', text: 'Good ' },
    { type: 'text', text: 'day.' },
    { type: 'end', reason: 'length', usage: { promptTokens: 9, cachedTokens: 4, completionTokens: 2 } },
  ])
  expect(model.doStreamCalls[0]).toMatchObject({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
    ...{ maxOutputTokens: 9, temperature: 0, seed: 1, topP: 0.9 },
  })
})

test('it ends before a stop text, also where the provider knows none', async () => {
  expect(await read(streaming([delta('Good d'), delta('ay.'), end()]), { stop: [' day'] })).toEqual([
    { type: 'text', text: 'Good' },
    { type: 'end', reason: 'stop' },
  ])
})

test('a conversation keeps its words and its order', async () => {
  const model = streaming([end()])
  const messages: readonly Message[] = [
    { role: 'developer', content: 'Cook.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'This?' },
        { type: 'media', mediaType: 'image/png', source: 'x' },
      ],
    },
    { role: 'assistant', content: 'Rice.' },
    { role: 'tool', content: 'found', toolCallId: '1' },
  ]
  for await (const part of createAiSdkLanguageModel({ model }).generate(messages, asked)) expect(part.type).toBe('end')
  expect(model.doStreamCalls[0]?.prompt).toEqual([
    { role: 'system', content: 'Cook.' },
    { role: 'user', content: [{ type: 'text', text: 'This?' }] },
    { role: 'assistant', content: [{ type: 'text', text: 'Rice.' }] },
    { role: 'user', content: [{ type: 'text', text: 'found' }] },
  ])
})

test.each<readonly [string, readonly object[], string]>([
  ['an error', [delta('x'), { type: 'error', error: new provider.EmptyResponseBodyError() }], 'empty'],
  ['no end', [delta('x')], 'broken_off'],
  ['a filter', [delta('x'), end('content-filter')], 'rejected'],
  ['a tool call', [delta('x'), { type: 'tool-call', toolName: 't' }, end()], 'malformed'],
  ['tool calls for its end', [delta('x'), end('tool-calls')], 'malformed'],
  ['a part that is none', [delta('x'), 'x' as never, end()], 'malformed'],
  ['a strange error', [{ type: 'error', error: { name: 'constructor' } }], 'server_error'],
  ['a text that is none', [{ type: 'text-delta', delta: 4 }], 'malformed'],
])('a stream with %s is a failure', async (_what, chunks, reason) => {
  expect(failureReason(await failure(read(streaming(chunks))))).toBe(reason)
})

describe('a stream that goes on for ever', () => {
  const cancelled: string[] = []
  const silent = (): MockLanguageModelV3 =>
    new MockLanguageModelV3({
      doStream: async () => ({ stream: new ReadableStream({ cancel: () => void cancelled.push('cancelled') }) }),
    })

  test('is left when it falls silent, and when its caller leaves', async () => {
    expect(failureReason(await failure(read(silent(), {}, 20)))).toBe('timeout')
    const controller = new AbortController()
    const left = read(silent(), { signal: controller.signal })
    controller.abort()
    expect((await failure(left)).code).toBe('aborted')
    expect(cancelled).toContain('cancelled')
    const late = read(silent(), { signal: controller.signal })
    expect((await failure(late)).code).toBe('aborted')
  })

  test('is let go of where it comes too late', async () => {
    let open: (stream: ReadableStream) => void = () => undefined
    const coming = new Promise<ReadableStream>((resolve) => (open = resolve))
    const late = new MockLanguageModelV3({ doStream: async () => ({ stream: await coming }) })
    expect(failureReason(await failure(read(late, {}, 20)))).toBe('timeout')
    const gone = await new Promise<string>((resolve) =>
      open(new ReadableStream({ cancel: () => resolve('cancelled') })),
    )
    expect(gone).toBe('cancelled')
  })

  test('is ended when nobody reads on', async () => {
    const signals: (AbortSignal | undefined)[] = []
    const endless = new MockLanguageModelV3({
      doStream: async ({ abortSignal }) => {
        signals.push(abortSignal)
        return { stream: new ReadableStream({ pull: (controller) => controller.enqueue(delta('on ') as never) }) }
      },
    })
    for await (const part of createAiSdkLanguageModel({ model: endless }).generate(hello, asked))
      if (part.type === 'text') break
    expect(signals[0]?.aborted).toBe(true)
  })
})

test('no messages are nothing to answer', async () => {
  const answer = createAiSdkLanguageModel({ model: streaming() }).generate([], asked)
  const first = answer[Symbol.asyncIterator]().next()
  expect((await failure(first)).code).toBe('input_invalid')
})

test('PrimeGuard routes with it, and the model it steers streams', async () => {
  const traces: RouteTrace[] = []
  const verdict = JSON.stringify({ system_check_result: 'fine', route: 'no_to_minimal_risk', system_tip: 'Be brief.' })
  const routing = streaming([delta(verdict), end()])
  const answering = streaming([delta('The mill '), delta('is old.'), end()])
  const router = createPrimeGuard({
    guidelines: ['Name no price'],
    engine: createAiSdkLanguageModel({ model: routing }),
    onTrace: (trace) => traces.push(trace),
  })
  const steered = steerEngine(createAiSdkLanguageModel({ model: answering }), router)
  const parts: GenerationPart[] = []
  for await (const part of steered.generate(hello, asked)) parts.push(part)
  expect(parts.map((part) => (part.type === 'text' ? part.text : part.reason))).toEqual([
    'The mill ',
    'is old.',
    'stop',
  ])
  expect(traces).toMatchObject([{ path: 'plain', outcome: 'answered' }])
  expect([routing.doStreamCalls.length, answering.doStreamCalls.length]).toEqual([1, 1])
})
