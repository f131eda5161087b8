/**
 * `POST /v1/guard`: judges a row or a conversation and says what was decided. Every decision reached is a 200, that a guard
 * failed included; only a request that cannot be read is a 400.
 */
import type { ChatMessage, GuardReplyBody, GuardRequestBody, JsonObject } from '../contract/index.ts'
import { chatMessagesSchema, firstIssue, guardRequestSchema } from '../contract/index.ts'
import type { Caller, CheckInput, CheckResult } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import { decisionHeaders, jsonReply } from './answer/errors.ts'
import type { GatewayContext } from './context.ts'
import type { Reply } from './http/exchange.ts'
import type { RouteCall } from './http/router.ts'
import { createLinkedAbort } from './linked-abort.ts'
import type { ChatConversation } from './protocols/chat/messages.ts'
import { translateMessages } from './protocols/chat/messages.ts'
import { callerOf } from './request/caller.ts'
import { readJsonBody } from './request/read-body.ts'

export const GUARD_DOOR = 'guard'

export async function answerGuard({ request, access }: RouteCall, context: GatewayContext): Promise<Reply> {
  // Any string is judged, odd ones above all; only what goes on to a model has to be well-formed.
  const body = await readJsonBody(request, { limit: context.limits.body, strictUnicode: false })
  const conversation = readRequest(body)
  const input = inputOf(body, conversation, callerOf(request.header, access))
  const abort = createLinkedAbort([request.signal, context.stopped])
  const trace = request.header('traceparent')
  const options = { signal: abort.signal, door: GUARD_DOOR, ...(trace === undefined ? {} : { traceparent: trace }) }
  const result = await context.pipeline.check(input, options).finally(abort.release)
  if (result.decision === 'hold') context.held.add(result.decisionId)
  return jsonReply(replyOf(result, conversation), 200, decisionHeaders(result))
}

function readRequest(body: JsonObject): ChatConversation | null {
  const row = guardRequestSchema.safeParse(body)
  if (!row.success) throw wrong(firstIssue(row.error).message, firstIssue(row.error).param)
  const { prompt, response, messages } = row.data
  if (messages === undefined) {
    if (prompt === undefined && (response === undefined || response === null)) {
      throw wrong('Give `prompt`, `response` or `messages`.', 'prompt')
    }
    if (prompt === '' && (response === undefined || response === null)) {
      throw wrong('`prompt` may be empty only when `response` is given.', 'prompt')
    }
    return null
  }
  if (prompt !== undefined || (response !== undefined && response !== null)) {
    throw wrong('Give either `messages` or `prompt` and `response`, not both.', 'messages')
  }
  const checked = chatMessagesSchema.safeParse(messages)
  if (!checked.success) {
    const { param } = firstIssue(checked.error)
    const place = param === 'body' ? 'messages' : `messages${param.startsWith('[') ? '' : '.'}${param}`
    throw wrong(firstIssue(checked.error).message.replace(`\`${param}\``, `\`${place}\``), place)
  }
  return translateMessages(body['messages'] as readonly ChatMessage[])
}

function wrong(message: string, param: string): ParapetError {
  return new ParapetError('input_invalid', message, { details: { param } })
}

function inputOf(body: GuardRequestBody, conversation: ChatConversation | null, caller: Caller): CheckInput {
  return {
    ...(body.id === undefined ? {} : { id: String(body.id) }),
    ...(body.system === undefined ? {} : { system: body.system }),
    ...(body.stage === undefined ? {} : { stage: body.stage }),
    ...(conversation === null
      ? {
          ...(body.prompt === undefined ? {} : { prompt: body.prompt }),
          ...(body.response === undefined ? {} : { response: body.response }),
        }
      : { messages: conversation.messages }),
    caller,
  }
}

function replyOf(result: CheckResult, conversation: ChatConversation | null): GuardReplyBody {
  const rewritten =
    conversation !== null && result.decision === 'modify' && result.messages !== undefined
      ? { messages: conversation.rewrite(result.messages) }
      : {}
  return {
    id: result.id ?? result.decisionId,
    decision_id: result.decisionId,
    decision: result.decision,
    ...(result.text === undefined ? {} : { text: result.text }),
    scores: result.scores,
    categories: result.categories,
    spans: result.spans,
    error: result.error,
    ms: result.ms,
    policyVersion: result.policyVersion,
    guards: result.guards,
    shadowDecision: result.shadowDecision,
    ...rewritten,
    ...(result.untested === undefined ? {} : { untested: result.untested }),
    exceptions: result.exceptions,
    warnings: result.warnings,
  }
}
