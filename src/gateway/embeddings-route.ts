/**
 * `POST /v1/embeddings`: every text is judged at the stage `input`, all of them as one decision, before anything reaches the model
 * server. What was modified is what is embedded. Texts given as tokens cannot be read: the policy's rule for media decides.
 *
 * There is no answer in words, so a refusal of the policy is an error here.
 */
import type { EmbeddingRequest } from '../contract/index.ts'
import { embeddingRequestSchema } from '../contract/index.ts'
import { errorOf } from '../core/stream/conclusion.ts'
import type { CheckResult } from '../spec/index.ts'
import { ParapetError, showsText } from '../spec/index.ts'
import { decisionHeaders, errorReply, heldReply, jsonReply, toParapetError } from './answer/errors.ts'
import type { GatewayContext } from './context.ts'
import { readEmbeddings } from './embedding-vectors.ts'
import type { Reply } from './http/exchange.ts'
import type { RouteCall } from './http/router.ts'
import { createLinkedAbort } from './linked-abort.ts'
import { askUpstream } from './model-call.ts'
import type { FieldPlan } from './protocols/completions/judged-fields.ts'
import { countTexts, judgedFields } from './protocols/completions/judged-fields.ts'
import { parseBody } from './protocols/parse-body.ts'
import { callerOf } from './request/caller.ts'
import { readJsonBody } from './request/read-body.ts'

export const EMBEDDINGS_DOOR = 'embeddings'

const PLAN: FieldPlan = {
  main: 'input',
  settings: new Set(['model', 'encoding_format', 'user']),
  unreadable: new Set(),
}

export async function answerEmbeddings(call: RouteCall, context: GatewayContext): Promise<Reply> {
  const { request, access } = call
  const { header } = request
  const json = await readJsonBody(request, { limit: context.limits.body, strictUnicode: true })
  const body = parseBody<EmbeddingRequest>(embeddingRequestSchema, json)
  const wanted = body.model ?? undefined
  const route = context.upstreams.route({
    header: header('x-parapet-upstream'),
    model: wanted,
    key: access.definition?.upstream,
  })
  const { messages, rewrite } = judgedFields(body, PLAN)
  const trace = header('traceparent')
  const abort = createLinkedAbort([request.signal, context.stopped])
  let result: CheckResult | null = null
  try {
    result = await context.pipeline.check(
      { messages, caller: callerOf(header, access, body.user ?? undefined) },
      {
        signal: abort.signal,
        door: EMBEDDINGS_DOOR,
        ...(wanted === undefined ? {} : { model: wanted }),
        ...(trace === undefined ? {} : { traceparent: trace }),
      },
    )
    if (!showsText(result.decision)) return stoppedReply(result, context)
    const judged = rewrite(result.messages ?? messages)
    const sent = route.model === undefined || route.model === wanted ? judged : { ...judged, model: route.model }
    const answer = await askUpstream(
      route.upstream,
      { method: 'POST', endpoint: '/embeddings', body: sent, header },
      [abort.signal],
      context.limits.upstreamTimeout,
    )
    const vectors = readEmbeddings(answer, {
      count: countTexts(body.input),
      format: body.encoding_format ?? 'float',
      ...(typeof body.dimensions === 'number' ? { dimensions: body.dimensions } : {}),
      model: wanted ?? 'parapet',
    })
    return jsonReply(vectors, 200, decisionHeaders(result))
  } catch (thrown) {
    return failureReply(thrown, result, context)
  } finally {
    abort.release()
  }
}

/** The answer for texts that may not be embedded. */
function stoppedReply(result: CheckResult, context: GatewayContext): Reply {
  const { decision } = result
  if (decision === 'hold') {
    context.held.add(result.decisionId)
    return heldReply(result)
  }
  const refused = new ParapetError('refused', 'The policy refuses.', { details: { httpStatus: 400 } })
  const error = decision === 'refuse' ? refused : errorOf(result)
  return errorReply(error ?? new ParapetError('internal', 'The request ended for no known reason.'), {
    decision: result,
  })
}

/** What goes wrong after a decision tells of the decision too; what nobody expects is thrown on, so that it is reported. */
function failureReply(thrown: unknown, result: CheckResult | null, { metrics, stopped }: GatewayContext): Reply {
  const error = toParapetError(thrown)
  if (error.code === 'aborted' && stopped.aborted)
    throw new ParapetError('shutting_down', 'The server is stopping; ask again.')
  if (result === null || error.code === 'aborted' || error.code === 'internal') throw thrown
  if (error.code === 'upstream_error' || error.code === 'upstream_timeout') metrics.upstreamFailed(error.code)
  return errorReply(error, { decision: result })
}
