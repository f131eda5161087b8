/**
 * What the gateway's tests share: a real pipeline over guards made of one word each, and a model server scripted byte by byte
 * behind a `fetch` function.
 */
import { compilePolicy } from '../../src/core/policy/index.ts'
import { createJudge } from '../../src/core/pipeline/index.ts'
import { converse } from '../../src/core/stream/index.ts'
import type { GatewayOptions } from '../../src/gateway/app.ts'
import type { Gateway, GatewayMetrics, GatewayPipeline } from '../../src/gateway/index.ts'
import { createGateway, createGatewayMetrics, createHttpUpstream } from '../../src/gateway/index.ts'
import type { Clock, Finding, Guard, Policy } from '../../src/spec/index.ts'

export const clock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as number),
}

export function guard(id: string, check: Guard['check'], extra: Partial<Guard> = {}): Guard {
  return {
    specVersion: 'v1',
    id,
    version: '1',
    stages: ['input', 'retrieval', 'tool_call', 'tool_result', 'output'],
    check,
    ...extra,
  }
}

/** Reports every place where `word` stands, whole or streamed. */
export function wordGuard(word: string, finding: Partial<Finding> = {}): Guard {
  const find = (text: string, offset: number): Finding[] => {
    const findings: Finding[] = []
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
      findings.push({
        label: `rule.${word}`,
        score: 1,
        span: { start: offset + at, end: offset + at + word.length },
        ...finding,
      })
    }
    return findings
  }
  return guard(word, ({ text }) => ({ findings: find(text.original, 0) }), {
    maxSpan: word.length,
    open: () => {
      let searched = 0
      return {
        advance(buffer) {
          const settled = buffer.ended ? buffer.end : Math.max(searched, buffer.end - word.length + 1)
          const found = find(buffer.slice(searched), searched).filter((item) => (item.span?.start ?? 0) < settled)
          searched = settled
          return { findings: found, settled, keep: settled }
        },
      }
    },
  })
}

/** Words that make the pipeline do what they say. */
export const WORDS: readonly Guard[] = [
  wordGuard('BLOCKME', { action: 'block' }),
  wordGuard('MASKME', { action: 'modify', replacement: '[masked]' }),
  wordGuard('REFUSEME', { action: 'refuse' }),
  wordGuard('HOLDME', { action: 'hold' }),
  wordGuard('FLAGME', { action: 'flag' }),
]

export interface Harness {
  readonly gateway: Gateway
  readonly pipeline: GatewayPipeline
  readonly metrics: GatewayMetrics
  /** Requests the model server got. */
  readonly asked: { body: Record<string, unknown>; headers: Record<string, string>; signal: AbortSignal }[]
}

export interface HarnessOptions extends Partial<Omit<GatewayOptions, 'pipeline' | 'metrics'>> {
  readonly guards?: readonly Guard[]
  readonly policy?: Partial<Policy>
  /** The model server. Default: says "Hello there." */
  readonly server?: Server
  readonly timeouts?: { readonly firstByte?: number; readonly idle?: number; readonly total?: number }
}

/** Answers one request of the gateway. */
export type Server = (body: Record<string, unknown>, signal: AbortSignal) => Response | Promise<Response>

export function pipelineOf(
  guards: readonly Guard[],
  policy: Partial<Policy>,
  metrics: GatewayMetrics,
): GatewayPipeline & { swap(policy: Partial<Policy>): void } {
  const names = guards.map(({ id }) => id)
  const rails = { input: names, retrieval: names, tool_call: names, tool_result: names, output: names }
  const compile = (settings: Partial<Policy>) =>
    compilePolicy({ parapet: 1, rails, refusals: { default: 'I would rather not.' }, ...settings })
  let compiled = compile(policy)
  const judge = createJudge({
    policy: () => compiled,
    guards: new Map(guards.map((item) => [item.id, item])),
    clock,
    listener: metrics.listener,
  })
  return {
    check: (input, options) => judge.check(input, options),
    converse: (request, callModel) => converse(request, callModel, { judge }),
    get policyVersion() {
      return compiled.version
    },
    swap: (settings) => void (compiled = compile(settings)),
  }
}

export function harness(options: HarnessOptions = {}): Harness & { pipeline: ReturnType<typeof pipelineOf> } {
  const { guards = WORDS, policy = {}, server = says('Hello there.'), timeouts, ...rest } = options
  const metrics = createGatewayMetrics()
  const pipeline = pipelineOf(guards, policy, metrics)
  const asked: Harness['asked'] = []
  const fetchFunction = async (_url: unknown, init: RequestInit = {}): Promise<Response> => {
    const body = init.body === undefined ? {} : (JSON.parse(String(init.body)) as Record<string, unknown>)
    asked.push({ body, headers: init.headers as Record<string, string>, signal: init.signal as AbortSignal })
    return server(body, init.signal as AbortSignal)
  }
  const upstream = createHttpUpstream({
    url: 'http://model.invalid/v1',
    fetch: fetchFunction,
    ...(timeouts === undefined ? {} : { timeout: timeouts }),
  })
  const gateway = createGateway({ pipeline, upstream, metrics, version: '0.0.0', ...rest })
  return { gateway, pipeline, metrics, asked }
}

/** A server that says this, streamed word by word or whole. */
export function says(text: string, extra: Record<string, unknown> = {}): Server {
  return (body) =>
    body['stream'] === true ? sseResponse(chunksOf(text)) : Response.json({ ...completionOf(text), ...extra })
}

export function completionOf(text: string | null, message: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'test-model',
    choices: [
      { index: 0, message: { role: 'assistant', content: text, ...message }, finish_reason: 'stop', logprobs: null },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  }
}

export function chunk(
  delta: Record<string, unknown>,
  reason: string | null = null,
  index = 0,
): Record<string, unknown> {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'test-model',
    system_fingerprint: 'fp_1',
    choices: [{ index, delta, finish_reason: reason }],
  }
}

export function chunksOf(text: string, index = 0): readonly Record<string, unknown>[] {
  const words = text.match(/\S+\s*|\s+/g) ?? []
  return [
    chunk({ role: 'assistant', content: '' }, null, index),
    ...words.map((word) => chunk({ content: word }, null, index)),
    chunk({}, 'stop', index),
  ]
}

export function sseText(chunks: readonly unknown[], done = true): string {
  return chunks.map((item) => `data: ${JSON.stringify(item)}\n\n`).join('') + (done ? 'data: [DONE]\n\n' : '')
}

export function sseResponse(chunks: readonly unknown[], done = true): Response {
  return new Response(sseText(chunks, done), { headers: { 'content-type': 'text/event-stream' } })
}

/** A body made of pieces; a piece may be a wait or an error. */
export function bodyOf(pieces: AsyncIterable<string | Uint8Array>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const iterator = pieces[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const step = await iterator.next()
      if (step.done === true) controller.close()
      else controller.enqueue(typeof step.value === 'string' ? encoder.encode(step.value) : step.value)
    },
    async cancel() {
      await iterator.return?.(undefined)
    },
  })
}

export function post(path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Request {
  const text =
    typeof body === 'string' ? body : body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body)
  return new Request(`http://127.0.0.1${path}`, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', ...headers },
    ...(signal === undefined ? {} : { signal }),
  })
}

export function chat(content: string, extra: Record<string, unknown> = {}): Request {
  return post('/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content }], ...extra })
}

/** The events of a stream: parsed JSON, and `[DONE]` as it is. */
export function eventsOf(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '' && event !== 'data: [DONE]')
    .map((event) => JSON.parse(event.slice('data: '.length)) as Record<string, unknown>)
}

interface WireDelta {
  readonly content?: string
  readonly refusal?: string
  readonly reasoning_content?: string
  readonly tool_calls?: readonly { index: number; id?: string; function?: { name?: string; arguments?: string } }[]
}

/** Deltas of one choice, in order. */
export function deltasOf(text: string, index = 0): readonly WireDelta[] {
  return eventsOf(text).flatMap((event) =>
    ((event['choices'] ?? []) as { index: number; delta: WireDelta }[])
      .filter((choice) => choice.index === index)
      .map((choice) => choice.delta),
  )
}

export function contentOf(text: string, index = 0): string {
  return deltasOf(text, index)
    .map((delta) => delta.content ?? '')
    .join('')
}
