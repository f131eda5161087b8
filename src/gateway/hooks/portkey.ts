/**
 * `POST /v1/hooks/portkey`: the webhook guardrail of Portkey's gateway (schema and sources in `contract/portkey`).
 *
 * To Portkey an HTTP error means that the text passes, unless the check says `failOnError`. So everything that can be told is a
 * 200 with a verdict, and the verdict is false whenever no judgement says otherwise: a guard failed or timed out, the body in the
 * envelope cannot be read, the answer is a stream that Portkey does not show. Only a body that is not Portkey's is an error.
 *
 * Judged are all messages in the policy's window and all choices of an answer; the `text` that Portkey puts beside the bodies is
 * only the last message or the first choice, and is not read.
 */
import type { JsonObject, PortkeyReply, PortkeyRequest } from '../../contract/index.ts'
import { isJsonObject, portkeyRequestSchema } from '../../contract/index.ts'
import { messageText } from '../../core/pipeline/texts.ts'
import { isTextual, textOf, withText } from '../../core/stream/parts.ts'
import type {
  CheckResult,
  ErrorCode,
  FilePart,
  MediaPart,
  Message,
  ReasoningDelta,
  StreamPart,
  TextDelta,
} from '../../spec/index.ts'
import { ParapetError, showsText } from '../../spec/index.ts'
import { errorBody } from '../answer/errors.ts'
import { CHAT_COMPLETIONS } from '../protocols/chat/protocol.ts'
import { parseBody } from '../protocols/parse-body.ts'
import type { ModelRequest, Protocol } from '../protocols/protocol.ts'
import { upstreamError } from '../upstream/failure.ts'
import type { HookAnswer, HookDeps, Inquiry } from './hook.ts'
import { callerWith, inquire, mostSevere, stopReason, toAnswer } from './hook.ts'
import type { AnswerContent, AnswerContext, JudgedAnswer } from './judge-answer.ts'
import { judgeAnswer } from './judge-answer.ts'

export const PORTKEY_DOOR = 'portkey'

/** By Portkey's name of the interface. */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  chatComplete: CHAT_COMPLETIONS,
}

export async function answerPortkey(body: JsonObject, deps: HookDeps): Promise<HookAnswer> {
  const hook = parseBody<PortkeyRequest>(portkeyRequestSchema, body)
  try {
    const request = readRequest(hook)
    const inquiry: Inquiry = {
      deps,
      door: PORTKEY_DOOR,
      model: request.model,
      caller: callerWith(deps.caller, { user: [hook.metadata?.['_user'], request.user] }),
    }
    return hook.eventType === 'beforeRequestHook'
      ? await judgeRequest(inquiry, request)
      : await judgeResponse(inquiry, request, hook.response?.json)
  } catch (thrown) {
    if (!ParapetError.isInstance(thrown) || thrown.code === 'aborted') throw thrown
    return refusePortkey(thrown)
  }
}

/** The answer when a webhook call ends in an error: a status would let the text pass. */
export function refusePortkey(error: ParapetError): HookAnswer {
  const { code, message } = errorBody(error, null).error
  const data = { decision: null, decision_id: null, code, reason: message }
  return toAnswer(200, { verdict: false, data } satisfies PortkeyReply, null)
}

function readRequest({ requestType, request }: PortkeyRequest): ModelRequest {
  const protocol = Object.hasOwn(PROTOCOLS, requestType ?? '') ? PROTOCOLS[requestType ?? ''] : undefined
  if (protocol === undefined) throw unreadable('Requests of this type cannot be judged here.', 'requestType')
  if (!isJsonObject(request.json)) throw unreadable('`request.json` must be the body of the request.', 'request.json')
  return protocol.parse(request.json)
}

function unreadable(message: string, param: string): ParapetError {
  return new ParapetError('input_invalid', message, { details: { param } })
}

async function judgeRequest(inquiry: Inquiry, request: ModelRequest): Promise<HookAnswer> {
  const result = await inquire(inquiry, { messages: request.messages })
  if (result.decision !== 'modify') return answerOf(result)
  return answerOf(
    result,
    result.messages === undefined ? null : { request: { json: request.bodyFor(result.messages) } },
  )
}

async function judgeResponse(inquiry: Inquiry, request: ModelRequest, answer: unknown): Promise<HookAnswer> {
  if (!isJsonObject(answer)) {
    throw unreadable('Portkey shows a streamed answer to nobody: it went out unjudged.', 'response.json')
  }
  const parts = request.readWhole(answer)
  const content = contentOf(parts)
  const judged = await judgeAnswer(inquiry, content, contextOf(request.messages))
  const result = mostSevere(judged.results)
  if (result === null) throw upstreamError('The model server sent no answer.')
  if (result.decision !== 'modify') return answerOf(result)
  return answerOf(result, judged.lost ? null : { response: { json: rewritten(request, parts, judged) } })
}

/** @param transformed the modified body; null when a modification cannot be carried out */
function answerOf(result: CheckResult, transformed?: PortkeyReply['transformedData'] | null): HookAnswer {
  const { decision, decisionId } = result
  const verdict = showsText(decision) && transformed !== null
  const reply: PortkeyReply = {
    verdict,
    data: {
      decision,
      decision_id: decisionId,
      code: verdict ? null : CODES[decision],
      reason: verdict ? null : stopReason(result),
    },
    ...(transformed === undefined || transformed === null ? {} : { transformedData: transformed }),
  }
  return toAnswer(200, reply, result)
}

const CODES: Readonly<Record<CheckResult['decision'], ErrorCode | null>> = {
  pass: null,
  flag: null,
  modify: 'content_filter',
  refuse: 'refused',
  hold: 'held',
  block: 'content_filter',
  error: 'guard_failed',
  timeout: 'guard_timeout',
}

/** A part whose content is judged as a text. */
type WordsPart = TextDelta | ReasoningDelta | FilePart

function isWords(part: StreamPart): part is WordsPart {
  return part.type === 'text' || part.type === 'reasoning' || (part.type === 'file' && isTextual(part.mediaType))
}

function contentOf(parts: readonly StreamPart[]): AnswerContent {
  const content: AnswerContent = {
    texts: parts.filter(isWords).map(textOf),
    calls: parts
      .filter((part) => part.type === 'tool-input')
      .map(({ tool, text }, index) => ({ id: `call_${index}`, name: tool ?? '', input: text })),
    media: parts
      .filter((part) => part.type === 'file')
      .filter((part) => !isWords(part))
      .flatMap(mediaOf),
  }
  // An answer without a word is judged like any other.
  return Object.values(content).some((items) => items.length > 0) ? content : { ...content, texts: [''] }
}

/** What there is to look at; without anything the policy's rule for media holds all the same. */
function mediaOf({ mediaType, data, sources = [data] }: FilePart): readonly MediaPart[] {
  return (sources.length === 0 ? [''] : sources).map((source) => ({ type: 'media', mediaType, source }))
}

/** The answer with what the policy changed. */
function rewritten(request: ModelRequest, parts: readonly StreamPart[], judged: JudgedAnswer): JsonObject {
  const writer = request.createWholeWriter({ id: '', created: 0, model: request.model ?? '' })
  const texts = judged.texts.values()
  const inputs = judged.inputs.values()
  for (const part of parts) {
    if (isWords(part)) writer.write(withText(part, texts.next().value ?? ''))
    else if (part.type === 'tool-input') writer.write(withText(part, inputs.next().value ?? ''))
    else writer.write(part)
  }
  const answer = writer.answer()
  if (answer === null) throw upstreamError('The model server sent no answer.')
  return answer
}

/** What led to the answer: the last user message and the system prompts. */
function contextOf(messages: readonly Message[]): AnswerContext {
  const prompt = messages.findLast(({ role }) => role === 'user')
  const system = messages.filter(({ role }) => role === 'system' || role === 'developer').map(messageText)
  return {
    ...(prompt === undefined ? {} : { prompt: messageText(prompt) }),
    ...(system.length === 0 ? {} : { system: system.join('\n') }),
  }
}
