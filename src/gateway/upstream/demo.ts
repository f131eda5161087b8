/**
 * The upstream when none is configured: the built-in n-gram language model, sampled token by token. It is there so that the
 * gateway can be tried without a model server; it answers in sentences without sense and says so first.
 */
import type { ChatRequest, JsonObject } from '../../contract/index.ts'
import { asArray, asString, isJsonObject } from '../../contract/index.ts'
import type { LanguageModelEngine, StreamPart } from '../../spec/index.ts'
import { createChunkReader } from './chunk-reader.ts'
import { readCompletion } from './completion-reader.ts'
import type { Upstream } from './upstream.ts'

export interface DemoUpstreamOptions {
  /** What the model says of itself before it answers. */
  readonly preamble?: string
  readonly now?: () => number
}

export const DEMO_MODEL = 'parapet-demo'

const PREAMBLE = 'This is the Parapet demo model, a small n-gram sampler without understanding. '

export function createDemoUpstream(engine: LanguageModelEngine, options: DemoUpstreamOptions = {}): Upstream {
  const { preamble = PREAMBLE, now = Date.now } = options
  return {
    name: DEMO_MODEL,
    async open({ body, signal }) {
      const envelope = { id: `chatcmpl-${crypto.randomUUID()}`, created: Math.floor(now() / 1000), model: DEMO_MODEL }
      return body.stream === true
        ? streamParts(engine, preamble, body, envelope, signal)
        : completionParts(engine, preamble, body, envelope, signal)
    },
  }
}

async function* streamParts(
  engine: LanguageModelEngine,
  preamble: string,
  body: ChatRequest,
  envelope: JsonObject,
  signal: AbortSignal,
): AsyncGenerator<StreamPart> {
  const reader = createChunkReader()
  const chunk = (index: number, delta: JsonObject, reason: string | null): JsonObject => ({
    ...envelope,
    object: 'chat.completion.chunk',
    choices: [{ index, delta, finish_reason: reason }],
  })
  for (let index = 0; index < (body.n ?? 1); index += 1) {
    yield* reader.read(chunk(index, { role: 'assistant', content: '' }, null))
    let tokens = 0
    for await (const token of answer(engine, preamble, body, index, signal)) {
      tokens += 1
      yield* reader.read(chunk(index, { content: token }, null))
    }
    yield* reader.read(chunk(index, {}, tokens > maxTokens(body) ? 'length' : 'stop'))
  }
  reader.end()
}

async function* completionParts(
  engine: LanguageModelEngine,
  preamble: string,
  body: ChatRequest,
  envelope: JsonObject,
  signal: AbortSignal,
): AsyncGenerator<StreamPart> {
  const choices: JsonObject[] = []
  let completionTokens = 0
  for (let index = 0; index < (body.n ?? 1); index += 1) {
    let content = ''
    for await (const token of answer(engine, preamble, body, index, signal)) {
      completionTokens += 1
      content += token
    }
    choices.push({ index, message: { role: 'assistant', content }, finish_reason: 'stop', logprobs: null })
  }
  const usage = { prompt_tokens: 0, completion_tokens: completionTokens, total_tokens: completionTokens }
  yield* readCompletion({ ...envelope, object: 'chat.completion', choices, usage })
}

async function* answer(
  engine: LanguageModelEngine,
  preamble: string,
  body: ChatRequest,
  index: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  if (preamble !== '') yield preamble
  const seed = numberOf(body['seed'], 1) + index
  const temperature = Math.min(2, Math.max(0, numberOf(body['temperature'], 0.8)))
  yield* engine.generate(lastUserText(body), { maxTokens: maxTokens(body), temperature, seed, signal })
}

function maxTokens(body: ChatRequest): number {
  const wanted = numberOf(body['max_completion_tokens'] ?? body['max_tokens'], 64)
  return Math.min(512, Math.max(1, Math.floor(wanted)))
}

function numberOf(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback
}

function lastUserText(body: ChatRequest): string {
  const message = body.messages.findLast((item) => item['role'] === 'user')
  const content = message?.['content']
  if (typeof content === 'string') return content
  return asArray(content)
    .map((part) => (isJsonObject(part) ? (asString(part['text']) ?? '') : ''))
    .join('\n')
}
