/**
 * Puts an answer that did not come as a stream together again from its guarded parts. Only what came through is in it: a field
 * that the pipeline let drop, or that nobody judged, is not.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { asArray, isJsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { carriesText } from '../../carries-text.ts'
import { looksLikeId } from '../../looks-like-id.ts'
import { isMetadata } from '../../metadata.ts'
import { passesUnjudged, PLAIN_CHOICE_KEYS, PLAIN_CHUNK_KEYS } from './chunk-reader.ts'
import { withMatchingLogprobs } from './logprobs.ts'
import type { WireField } from './raw.ts'
import { isRefusalChoice, wireChoice, wireRaw } from './raw.ts'
import { completionsUsage, OwnUsage, refusalUsage } from '../own-usage.ts'
import type { WholeWriter } from '../protocol.ts'
import { fieldValue } from './chunk-writer.ts'

type Draft = Record<string, unknown>

interface ChoiceTexts {
  content: string
  refusal: string
  reasoning: string
  reason: string | null
  readonly calls: Map<string, string>
  readonly fields: { readonly field: WireField; readonly data: string }[]
}

const BODY_KEYS: ReadonlySet<string> = new Set([
  'role',
  'refusal',
  'reasoning',
  'reasoning_content',
  'tool_calls',
  'function_call',
])

/** @param own id, time and model for an answer that has none of its own */
export function createCompletionWriter(own: JsonObject, choiceCount: number): WholeWriter {
  let source: JsonObject | null = null
  let choices = new Map<number, ChoiceTexts>()
  let fields: ChoiceTexts['fields'] = []
  const usage = new OwnUsage()

  const textsOf = (index: number): ChoiceTexts => {
    let texts = choices.get(index)
    if (texts === undefined) {
      texts = { content: '', refusal: '', reasoning: '', reason: null, calls: new Map(), fields: [] }
      choices.set(index, texts)
    }
    return texts
  }

  return {
    write(part) {
      usage.take(part)
      const raw = wireRaw(part)
      if (raw?.kind === 'completion') {
        source = raw.completion
        choices = new Map()
        fields = []
        return
      }
      const choice = part.choice ?? 0
      if (part.type === 'file' && raw?.kind === 'field') {
        const into = raw.field.scope === 'chunk' ? fields : textsOf(wireChoice(choice)).fields
        into.push({ field: raw.field, data: part.data })
        return
      }
      collect(part, textsOf(wireChoice(choice)), isRefusalChoice(choice))
    },
    answer() {
      if (source === null) return choices.size === 0 ? null : plainCompletion(own, choices, usage)
      const draft = stripped(source, PLAIN_CHUNK_KEYS)
      for (const { field, data } of fields) place(draft, field, data)
      draft['choices'] = asArray(source['choices'])
        .filter(isJsonObject)
        .map((choice) => writeChoice(choice, textsOf(typeof choice['index'] === 'number' ? choice['index'] : 0)))
      return draft as JsonObject
    },
    refusal(text) {
      const refused = Array.from({ length: choiceCount }, (_, index) => plainChoice(index, text, 'content_filter'))
      return { ...own, object: 'chat.completion', choices: refused, ...refusalUsage(usage) }
    },
  }
}

/** An answer of an upstream that has no wire format of its own. */
function plainCompletion(own: JsonObject, choices: ReadonlyMap<number, ChoiceTexts>, usage: OwnUsage): JsonObject {
  const written = [...choices].map(([index, texts]) => plainChoice(index, texts.content, texts.reason ?? 'stop'))
  return { ...own, object: 'chat.completion', choices: written, ...completionsUsage(usage) }
}

function plainChoice(index: number, content: string, reason: string): JsonObject {
  return { index, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: reason }
}

function collect(part: StreamPart, texts: ChoiceTexts, refusal: boolean): void {
  switch (part.type) {
    case 'text':
      if (refusal) texts.refusal += part.text
      else texts.content += part.text
      break
    case 'reasoning':
      texts.reasoning += part.text
      break
    case 'tool-input':
      texts.calls.set(part.call, (texts.calls.get(part.call) ?? '') + part.text)
      break
    case 'finish':
      if (!refusal) texts.reason = part.reason
      break
    case 'file':
    case 'other':
      break
    default:
      part satisfies never
  }
}

function writeChoice(source: JsonObject, texts: ChoiceTexts): JsonObject {
  const draft = stripped(source, PLAIN_CHOICE_KEYS)
  const message = isJsonObject(source['message']) ? source['message'] : {}
  const body = stripped(message, BODY_KEYS)
  // Absent and null stay what they were unless words came in their place, for an image that was removed for example.
  if (isWords(message['content']) || texts.content !== '') body['content'] = texts.content
  if (isWords(message['refusal'])) body['refusal'] = texts.refusal
  for (const key of ['reasoning_content', 'reasoning']) if (isWords(message[key])) body[key] = texts.reasoning
  if (Array.isArray(message['tool_calls'])) {
    body['tool_calls'] = asArray(message['tool_calls']).map((call, index) =>
      writeCall(call, texts.calls.get(String(index)) ?? ''),
    )
  }
  if (isJsonObject(message['function_call'])) {
    body['function_call'] = { ...plainOf(message['function_call']), arguments: texts.calls.get('function_call') ?? '' }
  }
  if (body['role'] !== undefined) body['role'] = 'assistant'
  for (const { field, data } of texts.fields) place(field.scope === 'choice' ? draft : body, field, data)
  draft['message'] = body
  if (texts.reason !== null) draft['finish_reason'] = texts.reason
  return withMatchingLogprobs(draft as JsonObject, texts.content, texts.refusal)
}

function isWords(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function writeCall(call: unknown, text: string): unknown {
  if (!isJsonObject(call)) return {}
  const { custom, function: body } = call
  if (isJsonObject(custom)) return { ...plainOf(call), custom: { ...plainOf(custom), input: text } }
  return { ...plainOf(call), function: { ...(isJsonObject(body) ? plainOf(body) : {}), arguments: text } }
}

/** The fields of a call that are no words. What it is told is put back separately. */
function plainOf(call: JsonObject): Draft {
  return Object.fromEntries(Object.entries(call).filter(([key, value]) => looksLikeId(key) && isMetadata(value)))
}

/** A copy without the fields that carry words and are put back only when they came through. */
function stripped(holder: JsonObject, known: ReadonlySet<string>): Draft {
  return Object.fromEntries(
    Object.entries(holder).filter(
      ([key, value]) => looksLikeId(key) && (!carriesText(value) || passesUnjudged(key, value, known)),
    ),
  )
}

function place(holder: Draft, field: WireField, data: string): void {
  const value = fieldValue(field, data)
  if (value === undefined) return
  const [key, inner] = field.path
  if (key === undefined) return
  const before = isJsonObject(holder[key]) ? holder[key] : {}
  if (inner !== undefined) holder[key] = { ...before, [inner]: value }
  else holder[key] = isJsonObject(value) ? { ...before, ...value } : value
}
