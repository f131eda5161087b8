/**
 * The way of every request to a model, whatever its interface: judged, sent on, its answer judged, streaming or not.
 *
 * The headers of a stream wait for the first content that may be shown. A decision made before that has its own status; one made
 * later ends the stream with an error event and without a regular end.
 */
import type { CheckResult, GuardedPart, GuardedStream, StreamErrorPart } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import type { DecisionHead } from './answer/errors.ts'
import { decisionHeaders, errorBody, errorReply, heldReply, jsonReply, toParapetError } from './answer/errors.ts'
import { EVENT_STREAM } from './answer/event-stream.ts'
import type { GatewayContext } from './context.ts'
import type { EventSource, Reply } from './http/exchange.ts'
import type { RouteCall } from './http/router.ts'
import type { LinkedAbort } from './linked-abort.ts'
import { createLinkedAbort } from './linked-abort.ts'
import { callUpstream } from './model-call.ts'
import type { Envelope, EventWriter, ModelRequest, Protocol } from './protocols/protocol.ts'
import { callerOf } from './request/caller.ts'
import { readJsonBody } from './request/read-body.ts'
import { upstreamError } from './upstream/failure.ts'

/** Parts that show nothing and may wait for the first content. */
const MAX_WAITING = 64

/** One request on its way. */
interface Exchange {
  readonly protocol: Protocol
  readonly wanted: ModelRequest
  readonly context: GatewayContext
  readonly guarded: GuardedStream<GuardedPart>
  readonly envelope: Envelope
  /** Stops everything that still works on this request. */
  readonly cancel: LinkedAbort
}

/** Answers one request of a protocol. Errors are thrown; the caller gives them the protocol's shape. */
export async function answerModel(call: RouteCall, context: GatewayContext, protocol: Protocol): Promise<Reply> {
  const body = await readJsonBody(call.request, { limit: context.limits.body, strictUnicode: true })
  const exchange = begin(call, protocol.parse(body), context, protocol)
  return exchange.wanted.stream ? answerStream(exchange) : answerWhole(exchange)
}

function begin(call: RouteCall, wanted: ModelRequest, context: GatewayContext, protocol: Protocol): Exchange {
  const { request, access } = call
  const { header } = request
  const route = context.upstreams.route({
    header: header('x-parapet-upstream'),
    model: wanted.model,
    key: access.definition?.upstream,
  })
  const cancel = createLinkedAbort([request.signal, context.stopped])
  const { signal } = cancel
  const trace = header('traceparent')
  const guarded = context.pipeline.converse(
    {
      messages: wanted.messages,
      caller: callerOf(header, access, wanted.user),
      signal,
      door: protocol.door,
      ...(wanted.model === undefined ? {} : { model: wanted.model }),
      ...(trace === undefined ? {} : { traceparent: trace }),
    },
    async (messages, options) => {
      // The model learns what to do better as one more turn, unless the pipeline has added it already.
      const feedback = messages.length === wanted.messages.length ? options.feedback : undefined
      const body = wanted.bodyFor(messages, feedback)
      const upstreamCall = {
        protocol,
        request: wanted,
        body: route.model === wanted.model || route.model === undefined ? body : { ...body, model: route.model },
        messages,
        header,
        query: request.query,
        ...(options.onRoute === undefined ? {} : { onRoute: options.onRoute }),
      }
      return callUpstream(route.upstream, upstreamCall, [signal, options.signal], context.limits.upstreamTimeout)
    },
  )
  const envelope = {
    id: crypto.randomUUID().replaceAll('-', ''),
    created: Math.floor(context.now() / 1000),
    model: route.upstream.model ?? wanted.model ?? 'parapet',
  }
  return { protocol, wanted, context, guarded, envelope, cancel }
}

async function answerWhole(exchange: Exchange): Promise<Reply> {
  const writer = exchange.wanted.createWholeWriter(exchange.envelope)
  try {
    for await (const part of exchange.guarded) {
      if (part.type === 'error') {
        exchange.cancel.abort()
        return failureReply(exchange, part)
      }
      writer.write(part)
    }
    const result = await exchange.guarded.result
    if (result.decision === 'refuse') {
      exchange.cancel.abort()
      return refusalReply(exchange, result)
    }
    const answer = writer.answer()
    if (answer === null) throw upstreamError('The model server sent no answer.')
    exchange.cancel.release()
    return jsonReply(answer, 200, decisionHeaders(result))
  } catch (thrown) {
    exchange.cancel.abort()
    throw thrown
  }
}

/** The answer for a request that ended before anything of it was shown. */
function failureReply(exchange: Exchange, part: StreamErrorPart): Reply {
  const { result } = part
  const error = settledError(exchange, part)
  if (error.code === 'held') return heldReply(result)
  if (error.code === 'refused') return refusalReply(exchange, result)
  return errorReply(error, { decision: result, shape: exchange.protocol.errorBody })
}

/** The policy's own words, as an answer of the model. */
function refusalReply({ wanted, envelope }: Exchange, result: CheckResult): Reply {
  const text = refusalText(result)
  if (!wanted.stream) return jsonReply(wanted.createWholeWriter(envelope).refusal(text), 200, decisionHeaders(result))
  const body = wanted.createEventWriter(envelope).refuse(text)
  return { status: 200, headers: { ...EVENT_STREAM, ...decisionHeaders(result) }, body }
}

function refusalText(result: CheckResult): string {
  return result.text ?? 'I cannot help with that.'
}

/** Counts what a failed request leaves behind, and tells the error to answer with. */
function settledError(exchange: Exchange, { error, result }: StreamErrorPart): ParapetError {
  const { context } = exchange
  if (error.code === 'held') context.held.add(result.decisionId)
  if (error.code === 'upstream_error' || error.code === 'upstream_timeout') context.metrics.upstreamFailed(error.code)
  if (error.code === 'aborted' && context.stopped.aborted)
    return new ParapetError('shutting_down', 'The server is stopping; ask again.')
  return error
}

async function answerStream(exchange: Exchange): Promise<Reply> {
  const iterator = exchange.guarded[Symbol.asyncIterator]()
  const writer = exchange.wanted.createEventWriter(exchange.envelope)
  let text = ''
  try {
    for (let waiting = 0; ; waiting += 1) {
      const step = await iterator.next()
      if (step.done === true) throw upstreamError('The model server sent no answer.')
      if (step.value.type === 'error') {
        exchange.cancel.abort()
        return failureReply(exchange, step.value)
      }
      text += writer.write(step.value)
      if (!showsNothing(step.value) || waiting > MAX_WAITING) break
    }
  } catch (thrown) {
    exchange.cancel.abort()
    throw thrown
  }
  const headers = { ...EVENT_STREAM, ...decisionHeaders(decisionSoFar(exchange)) }
  return { status: 200, headers, body: eventsOf(exchange, iterator, writer, text) }
}

/** What stands beside an answer is none of it: as long as nothing else came, a decision can still have its own status. */
function showsNothing(part: GuardedPart): boolean {
  return part.type === 'other' || (part.type === 'file' && part.beside === true)
}

/** @param first what may be sent already */
function eventsOf(
  exchange: Exchange,
  iterator: AsyncIterator<GuardedPart>,
  writer: EventWriter,
  first: string,
): EventSource {
  let text = first
  let over = false
  const finish = (): void => {
    over = true
    exchange.cancel.abort()
  }
  return {
    async next() {
      if (text !== '') {
        const ready = text
        text = ''
        return ready
      }
      while (!over) {
        const events = await nextEvents(exchange, iterator, writer)
        if (events.last) finish()
        if (events.text !== '') return events.text
      }
      return null
    },
    cancel() {
      finish()
      void Promise.resolve(iterator.return?.()).catch(() => undefined)
    },
  }
}

function decisionSoFar({ guarded }: Exchange): DecisionHead | null {
  if (guarded.decisionId === undefined) return null
  return { decision: guarded.decisionSoFar?.() ?? 'pass', decisionId: guarded.decisionId }
}

/** Characters that are sent together when they are ready at the same time. */
const BATCH = 16_384

/** What the next parts become on the wire: all that are ready. Never throws: an error has its own event. */
async function nextEvents(
  exchange: Exchange,
  iterator: AsyncIterator<GuardedPart>,
  writer: EventWriter,
): Promise<{ readonly text: string; readonly last: boolean }> {
  let text = ''
  try {
    const step = await iterator.next()
    if (step.done === true) return { text: writer.end(), last: true }
    let part: GuardedPart | undefined = step.value
    while (part !== undefined) {
      if (part.type === 'error') return { text: text + lastEvents(exchange, part, writer), last: true }
      text += writer.write(part)
      part = text.length < BATCH ? exchange.guarded.poll?.() : undefined
    }
    return { text, last: false }
  } catch (thrown) {
    return { text: text + writer.error(errorBody(toParapetError(thrown), null)), last: true }
  }
}

function lastEvents(exchange: Exchange, part: StreamErrorPart, writer: EventWriter): string {
  const error = settledError(exchange, part)
  if (error.code === 'refused') return writer.refuse(refusalText(part.result))
  return writer.error(errorBody(error, part.result))
}
