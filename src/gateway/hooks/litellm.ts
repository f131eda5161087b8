/**
 * `POST /beta/litellm_basic_guardrail_api`: LiteLLM's Generic Guardrail API (schema and sources in `contract/litellm`).
 *
 * A guard that failed is a 500, one that timed out a 408. Both are errors to LiteLLM, which stops the request; neither is one of
 * the statuses (502, 503, 504) that its `unreachable_fallback: fail_open` takes for an outage and lets pass, since a text that
 * makes a guard fail would then switch it off.
 *
 * Only texts can be given back. A modification anywhere else (tool arguments, fields LiteLLM did not take out) is a BLOCKED.
 */
import type { ChatMessage, JsonObject, LiteLlmReply, LiteLlmRequest, LiteLlmToolCall } from '../../contract/index.ts'
import {
  asArray,
  asString,
  chatMessagesSchema,
  ERROR_STATUS,
  isJsonObject,
  liteLlmRequestSchema,
  toDecisionNote,
} from '../../contract/index.ts'
import { DEFAULT_STREAM } from '../../core/policy/defaults.ts'
import type { CheckResult, Message, ToolCall } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { errorBody } from '../answer/errors.ts'
import type { ChatConversation } from '../protocols/chat/messages.ts'
import { translateMessages } from '../protocols/chat/messages.ts'
import { parseBody } from '../protocols/parse-body.ts'
import type { HookAnswer, HookDeps, Inquiry } from './hook.ts'
import { callerWith, failureOf, imagePart, inquire, mostSevere, stopReason, toAnswer } from './hook.ts'
import { judgeAnswer, judgeCalls, judgeMedia } from './judge-answer.ts'

export const LITELLM_DOOR = 'litellm'

/** LiteLLM takes these for an outage of the server. */
const OUTAGES: ReadonlySet<number> = new Set([502, 503, 504])

/**
 * Characters at the end of a growing answer that LiteLLM shall not show yet, in the mode in which it asks: as many as the streams
 * of this gateway hold back. Without it a span that began in one piece would be out before its end tells what it is.
 */
const HOLDBACK = DEFAULT_STREAM.window

interface Judged {
  readonly results: readonly CheckResult[]
  /** As many as were sent, in the same order. */
  readonly texts: readonly string[]
  /** Something was modified that LiteLLM takes no new version of. */
  readonly lost: boolean
}

export async function answerLiteLlm(body: JsonObject, deps: HookDeps): Promise<HookAnswer> {
  const request = parseBody<LiteLlmRequest>(liteLlmRequestSchema, body)
  const known = request.request_data ?? {}
  const inquiry: Inquiry = {
    deps,
    door: LITELLM_DOOR,
    model: request.model ?? undefined,
    caller: callerWith(deps.caller, {
      application: [known['user_api_key_team_alias'], known['user_api_key_team_id']],
      user: [known['user_api_key_end_user_id'], known['user_api_key_user_id']],
      conversation: [request.litellm_trace_id, request.litellm_call_id],
    }),
  }
  try {
    const judged = await (request.input_type === 'request' ? judgeRequest : judgeResponse)(inquiry, request)
    const holdback = judged.texts.map(() => HOLDBACK)
    return answerOf(judged, request.input_type === 'response' ? { stream_holdback_chars: holdback } : {})
  } catch (thrown) {
    if (!ParapetError.isInstance(thrown) || !OUTAGES.has(ERROR_STATUS[thrown.code])) throw thrown
    return toAnswer(500, errorBody(thrown, null), null)
  }
}

function answerOf(
  { results, texts, lost }: Judged,
  growing: { readonly stream_holdback_chars?: readonly number[] },
): HookAnswer {
  const result = mostSevere(results)
  if (result === null) return replyOf({ action: 'NONE' }, null)
  const failure = failureOf(result)
  if (failure !== null) {
    return toAnswer(result.decision === 'timeout' ? 408 : 500, errorBody(failure, result), result)
  }
  const parapet = toDecisionNote(result)
  switch (result.decision) {
    case 'pass':
    case 'flag':
      return replyOf({ action: 'NONE', ...growing, parapet }, result)
    case 'modify':
      if (!lost) return replyOf({ action: 'GUARDRAIL_INTERVENED', texts, ...growing, parapet }, result)
      break
    case 'refuse':
    case 'hold':
    case 'block':
    case 'error':
    case 'timeout':
      break
    default:
      result.decision satisfies never
  }
  return replyOf({ action: 'BLOCKED', blocked_reason: stopReason(result), parapet }, result)
}

function replyOf(reply: LiteLlmReply, result: CheckResult | null): HookAnswer {
  return toAnswer(200, reply, result)
}

async function judgeResponse(inquiry: Inquiry, request: LiteLlmRequest): Promise<Judged> {
  const calls = (request.tool_calls ?? []).map(toToolCall)
  const { results, texts, inputs, lost } = await judgeAnswer(inquiry, {
    texts: request.texts ?? [],
    calls,
    media: (request.images ?? []).map(imagePart),
  })
  return { results, texts, lost: lost || changed(calls, inputs) }
}

/**
 * Texts that stand in the conversation beside them are judged there, each in the stage of its message and within the policy's
 * window. Texts that do not are all judged as the user's.
 */
async function judgeRequest(inquiry: Inquiry, request: LiteLlmRequest): Promise<Judged> {
  const texts = request.texts ?? []
  const images = request.images ?? []
  const calls = (request.tool_calls ?? []).map(toToolCall)
  const sources = conversationOf(request)
  const places = sources === null ? null : locate(texts, sources)
  const conversation = sources === null || places === null ? null : translateMessages(sources)
  const heard = conversation?.messages ?? []
  const spoken =
    conversation === null || places === null || sources === null
      ? judgeLoose(inquiry, texts)
      : judgePlaced(inquiry, { texts, sources, places, conversation })
  const [placed, called, seen] = await Promise.all([
    spoken,
    judgeCalls(inquiry, calls.length > countCalls(heard) ? calls : []),
    judgeMedia(inquiry, images.length > countMedia(heard) ? images.map(imagePart) : []),
  ])
  return {
    results: [...placed.results, ...called.results, ...seen.results],
    texts: placed.texts,
    lost: placed.lost || seen.lost || changed(calls, called.inputs),
  }
}

async function judgeLoose(inquiry: Inquiry, texts: readonly string[]): Promise<Judged> {
  if (texts.length === 0) return { results: [], texts, lost: false }
  const content = texts.map((text) => ({ type: 'text', text }) as const)
  const result = await inquire(inquiry, { messages: [{ role: 'user', content }] })
  const judged = result.messages?.[0]?.content ?? content
  const after = texts.map((text, index) => {
    const part = typeof judged === 'string' ? undefined : judged[index]
    return part?.type === 'text' ? part.text : text
  })
  return { results: [result], texts: after, lost: false }
}

/** Where a text stands: a message, and the part of it when its content is a list. */
interface Place {
  readonly message: number
  readonly part?: number
  readonly text: string
}

interface PlacedTexts {
  readonly texts: readonly string[]
  readonly sources: readonly ChatMessage[]
  readonly places: readonly Place[]
  readonly conversation: ChatConversation
}

async function judgePlaced(inquiry: Inquiry, { texts, sources, places, conversation }: PlacedTexts): Promise<Judged> {
  const result = await inquire(inquiry, { messages: conversation.messages })
  if (result.decision !== 'modify' || result.messages === undefined) return { results: [result], texts, lost: false }
  const rewritten = conversation.rewrite(result.messages)
  const after = places.map((place) => textAt(rewritten[place.message], place) ?? place.text)
  // What LiteLLM will make of the texts, compared with what the policy wants.
  const lost = JSON.stringify(rewritten) !== JSON.stringify(withTexts(sources, places, after))
  return { results: [result], texts: after, lost }
}

/** The conversation, when it is one that can be read. The texts tell the same; without them an unreadable one is an error. */
function conversationOf({ structured_messages, texts }: LiteLlmRequest): readonly ChatMessage[] | null {
  const messages = structured_messages ?? []
  if (messages.length === 0) return null
  if (chatMessagesSchema.safeParse(messages).success) return messages
  if ((texts ?? []).length > 0) return null
  throw new ParapetError('input_invalid', 'The conversation cannot be read, and there are no `texts`. Send them too.', {
    details: { param: 'structured_messages' },
  })
}

/**
 * Finds the texts in the conversation, in order; null when one is not there. From the newest backwards, because what LiteLLM
 * leaves out, usually system prompts, stands at the beginning.
 */
function locate(texts: readonly string[], sources: readonly ChatMessage[]): readonly Place[] | null {
  const places: Place[] = []
  let next = texts.length - 1
  for (const place of sources.flatMap(placesOf).toReversed()) {
    if (next < 0) break
    if (place.text !== texts[next]) continue
    places.unshift(place)
    next -= 1
  }
  return next < 0 ? places : null
}

function placesOf(source: ChatMessage, message: number): readonly Place[] {
  const { content } = source
  if (typeof content === 'string') return [{ message, text: content }]
  return asArray(content).flatMap((item, part) => {
    const text = isJsonObject(item) ? asString(item['text']) : undefined
    return text === undefined ? [] : [{ message, part, text }]
  })
}

function textAt(source: ChatMessage | undefined, { part }: Place): string | undefined {
  if (part === undefined) return asString(source?.['content'])
  const item = asArray(source?.['content'])[part]
  return isJsonObject(item) ? asString(item['text']) : undefined
}

function withTexts(
  sources: readonly ChatMessage[],
  places: readonly Place[],
  texts: readonly string[],
): readonly ChatMessage[] {
  const drafts = structuredClone(sources) as Record<string, unknown>[]
  places.forEach(({ message, part }, index) => {
    const draft = drafts[message] ?? {}
    if (part === undefined) draft['content'] = texts[index]
    else Object.assign((draft['content'] as object[])[part] ?? {}, { text: texts[index] })
  })
  return drafts as ChatMessage[]
}

function toToolCall(call: LiteLlmToolCall, index: number): ToolCall {
  const { name, arguments: input } = call.function ?? {}
  // A call of a kind LiteLLM hands over as it came: its words are judged in the form they have.
  return { id: call.id ?? `call_${index}`, name: name ?? '', input: input ?? JSON.stringify(call) }
}

function changed(calls: readonly ToolCall[], inputs: readonly string[]): boolean {
  return inputs.some((input, index) => input !== calls[index]?.input)
}

function countCalls(messages: readonly Message[]): number {
  return messages.reduce((count, { toolCalls }) => count + (toolCalls?.length ?? 0), 0)
}

function countMedia(messages: readonly Message[]): number {
  return messages.reduce(
    (count, { content }) =>
      count + (typeof content === 'string' ? 0 : content.filter((part) => part.type === 'media').length),
    0,
  )
}
