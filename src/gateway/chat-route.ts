/**
 * `POST /v1/chat/completions`: the request is judged, the model is asked, its answer is judged, streaming or not.
 *
 * The headers of a stream wait for the first content that may be shown. A decision made before that has its own status; one
 * made later ends the stream with an error event and without `[DONE]`.
 */
import type { ChatRequest, JsonObject } from '../contract/index.ts'
import { chatRequestSchema, firstIssue } from '../contract/index.ts'
import type { CheckResult, GuardedPart, GuardedStream, StreamErrorPart } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import type { ChunkWriter } from './answer/chunk-writer.ts'
import { createChunkWriter } from './answer/chunk-writer.ts'
import { createCompletionWriter } from './answer/completion-writer.ts'
import type { DecisionHead } from './answer/errors.ts'
import {
  decisionHeaders,
  errorBody,
  errorResponse,
  heldResponse,
  jsonResponse,
  toParapetError,
} from './answer/errors.ts'
import { dataEvent, DONE_EVENT, eventStreamResponse } from './answer/event-stream.ts'
import type { Answer, GatewayContext } from './context.ts'
import { createLinkedAbort } from './linked-abort.ts'
import { callUpstream } from './model-call.ts'
import { callerOf } from './request/caller.ts'
import { translateMessages } from './request/messages.ts'
import { readJsonBody } from './request/read-body.ts'
import { upstreamError } from './upstream/upstream.ts'

export const CHAT_DOOR = 'chat-completions'

/** Chunks without content that may wait for the first content. */
const MAX_WAITING = 64

/** One request on its way. */
interface Exchange {
  readonly chat: ChatRequest
  readonly context: GatewayContext
  readonly guarded: GuardedStream<GuardedPart>
  /** Stops everything that still works on this request. */
  readonly cancel: AbortController
}

/** @param key name of the API key used */
export async function answerChat(request: Request, context: GatewayContext, key: string | undefined): Promise<Answer> {
  const body = await readJsonBody(request, { limit: context.limits.body, strictUnicode: true })
  const checked = chatRequestSchema.safeParse(body)
  if (!checked.success) {
    const { param, message } = firstIssue(checked.error)
    throw new ParapetError('input_invalid', message, { details: { param } })
  }
  const exchange = begin(request, body as ChatRequest, context, key)
  return exchange.chat.stream === true ? answerStream(exchange) : answerWhole(exchange)
}

function begin(request: Request, chat: ChatRequest, context: GatewayContext, key: string | undefined): Exchange {
  const conversation = translateMessages(chat.messages)
  const cancel = createLinkedAbort([request.signal, context.stopped])
  const { signal } = cancel
  const headers = Object.fromEntries(request.headers)
  const guarded = context.pipeline.converse(
    { messages: conversation.messages, caller: callerOf(request.headers, key, chat.user), signal, door: CHAT_DOOR },
    async (messages, call) => {
      const wire = conversation.rewrite(messages)
      // The model learns what to do better as one more turn, unless the pipeline has added it already.
      const again =
        call.feedback !== undefined && messages.length === chat.messages.length
          ? [{ role: 'user', content: call.feedback }]
          : []
      const body: ChatRequest = { ...chat, messages: [...wire, ...again] }
      return callUpstream(
        context.upstream,
        { body, headers, signal: AbortSignal.any([signal, call.signal]) },
        context.limits.upstreamTimeout,
      )
    },
  )
  return { chat, context, guarded, cancel }
}

/** Envelope of an answer that the model had no part in. */
function ownEnvelope({ chat, context }: Exchange): JsonObject {
  return {
    id: `chatcmpl-${crypto.randomUUID()}`,
    created: Math.floor(context.now() / 1000),
    model: chat.model ?? 'parapet',
  }
}

function choiceCount({ chat }: Exchange): number {
  return chat.n ?? 1
}

async function answerWhole(exchange: Exchange): Promise<Answer> {
  const writer = createCompletionWriter()
  try {
    for await (const part of exchange.guarded) {
      if (part.type === 'error') return { response: failureResponse(exchange, part) }
      writer.write(part)
    }
    const result = await exchange.guarded.result
    if (result.decision === 'refuse') return { response: refusalResponse(exchange, result) }
    const completion = writer.completion()
    if (completion === null) throw upstreamError('The model server sent no answer.')
    return { response: jsonResponse(completion, 200, decisionHeaders(result)) }
  } finally {
    exchange.cancel.abort()
  }
}

/** The answer for a request that ended before anything of it was shown. */
function failureResponse(exchange: Exchange, part: StreamErrorPart): Response {
  const { result } = part
  const error = settledError(exchange, part)
  if (error.code === 'held') return heldResponse(result)
  return error.code === 'refused' ? refusalResponse(exchange, result) : errorResponse(error, result)
}

/** The policy's own words, as an answer of the model that ended for `content_filter`. */
function refusalResponse(exchange: Exchange, result: CheckResult): Response {
  if (exchange.chat.stream === true) {
    const chunks = createChunkWriter(ownEnvelope(exchange)).refuse(refusalText(result), choiceCount(exchange))
    const body = chunks.map(dataEvent).join('') + DONE_EVENT
    return new Response(body, {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        ...decisionHeaders(result),
      },
    })
  }
  const choices = Array.from({ length: choiceCount(exchange) }, (_, index) => ({
    index,
    message: { role: 'assistant', content: refusalText(result), refusal: null },
    logprobs: null,
    finish_reason: 'content_filter',
  }))
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  return jsonResponse(
    { ...ownEnvelope(exchange), object: 'chat.completion', choices, usage },
    200,
    decisionHeaders(result),
  )
}

function refusalText(result: CheckResult): string {
  return result.text ?? 'I cannot help with that.'
}

/** Counts and keeps what a failed request leaves behind, and tells the error to answer with. */
function settledError(exchange: Exchange, { error, result }: StreamErrorPart): ParapetError {
  const { context } = exchange
  if (error.code === 'held') context.held.add(result.decisionId)
  if (error.code === 'upstream_error' || error.code === 'upstream_timeout') context.metrics.upstreamFailed(error.code)
  if (error.code === 'aborted' && context.stopped.aborted)
    return new ParapetError('shutting_down', 'The server is stopping; ask again.')
  return error
}

async function answerStream(exchange: Exchange): Promise<Answer> {
  const iterator = exchange.guarded[Symbol.asyncIterator]()
  const writer = createChunkWriter(ownEnvelope(exchange))
  const waiting: JsonObject[] = []
  try {
    for (;;) {
      const step = await iterator.next()
      if (step.done === true) throw upstreamError('The model server sent no answer.')
      if (step.value.type === 'error') {
        exchange.cancel.abort()
        return { response: failureResponse(exchange, step.value) }
      }
      waiting.push(...writer.write(step.value))
      if (step.value.type !== 'other' || waiting.length > MAX_WAITING) break
    }
  } catch (thrown) {
    exchange.cancel.abort()
    throw thrown
  }
  return streamRest(exchange, iterator, writer, waiting)
}

function streamRest(
  exchange: Exchange,
  iterator: AsyncIterator<GuardedPart>,
  writer: ChunkWriter,
  waiting: readonly JsonObject[],
): Answer {
  let text = waiting.map(dataEvent).join('')
  let over = false
  let resolveEnded: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (resolveEnded = resolve))
  const finish = (): void => {
    over = true
    exchange.cancel.abort()
    resolveEnded()
  }
  const next = async (): Promise<string | null> => {
    if (text !== '') {
      const first = text
      text = ''
      return first
    }
    while (!over) {
      const events = await nextEvents(exchange, iterator, writer)
      if (events.last) finish()
      if (events.text !== '') return events.text
    }
    return null
  }
  const cancel = (): void => {
    finish()
    void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
  return { response: eventStreamResponse({ next, cancel }, decisionHeaders(decisionSoFar(exchange))), ended }
}

function decisionSoFar({ guarded }: Exchange): DecisionHead | null {
  if (guarded.decisionId === undefined) return null
  return { decision: guarded.decisionSoFar?.() ?? 'pass', decisionId: guarded.decisionId }
}

/** What the next part becomes on the wire. Never throws: an error has its own event. */
async function nextEvents(
  exchange: Exchange,
  iterator: AsyncIterator<GuardedPart>,
  writer: ChunkWriter,
): Promise<{ readonly text: string; readonly last: boolean }> {
  try {
    const step = await iterator.next()
    if (step.done === true) return { text: DONE_EVENT, last: true }
    const part = step.value
    if (part.type !== 'error') return { text: writer.write(part).map(dataEvent).join(''), last: false }
    const error = settledError(exchange, part)
    if (error.code !== 'refused') return { text: dataEvent(errorBody(error, part.result)), last: true }
    const chunks = writer.refuse(refusalText(part.result), choiceCount(exchange))
    return { text: chunks.map(dataEvent).join('') + DONE_EVENT, last: true }
  } catch (thrown) {
    return { text: dataEvent(errorBody(toParapetError(thrown), null)), last: true }
  }
}
