/**
 * `chat.completion.chunk` objects to stream parts. Everything in a chunk that could carry words becomes a part that is judged:
 * content, reasoning, refusals, tool arguments, audio and fields nobody here knows, for every choice.
 *
 * A chunk whose only content is one part travels with it and is sent on untouched when the pipeline lets the part through as it
 * was; otherwise a chunk is built anew by `answer/chunk-writer`.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray, asString, isJsonObject } from '../../../contract/index.ts'
import type { FilePart, StreamPart } from '../../../spec/index.ts'
import { carriesText } from '../../carries-text.ts'
import { looksLikeId } from '../../looks-like-id.ts'
import { isMetadata } from '../../metadata.ts'
import { withMatchingLogprobs } from './logprobs.ts'
import { sourcesOf } from './media.ts'
import type { ToolCallHead, WireField, WireRaw } from './raw.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { isRefusalChoice, refusalChoice } from './raw.ts'

/** Reads one answer's chunks. */
export interface ChunkReader {
  read(chunk: JsonObject): readonly StreamPart[]
  /** Call when the stream has ended: throws unless every choice that began has finished. */
  end(): void
}

/** Keys of a chunk that carry no words of the model, as long as they hold nothing but metadata. */
export const PLAIN_CHUNK_KEYS: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'model',
  'system_fingerprint',
  'service_tier',
  'usage',
  'choices',
  'obfuscation',
  'provider',
  'prompt_filter_results',
  'timings',
  'x_groq',
])
export const PLAIN_CHOICE_KEYS: ReadonlySet<string> = new Set([
  'index',
  'delta',
  'message',
  'finish_reason',
  'native_finish_reason',
  'stop_reason',
  'logprobs',
  'content_filter_results',
  'content_filter_offsets',
  'content_filter_result',
])
const MEDIA_KEYS: Readonly<Record<string, string>> = {
  images: 'image/*',
  image: 'image/*',
  video: 'video/*',
  files: 'application/octet-stream',
}

/** Words do not fit through these; anything else in a name or an id is not passed on. */
const TOOL_NAME = /^[\p{L}\p{N}_.:/-]{1,128}$/u
const TOOL_ID = /^[\x21-\x7e]{1,128}$/

const MAX_CHOICES = 128
const MAX_CALLS = 1024

interface CallState {
  id: string
  name: string
  readonly form: ToolCallHead['form']
}

interface ChoiceState {
  finished: boolean
  refused: boolean
  readonly calls: Map<string, CallState>
}

export function createChunkReader(): ChunkReader {
  const choices = new Map<number, ChoiceState>()
  let envelope: JsonObject | null = null
  let reasoningKey = 'reasoning_content'

  const stateOf = (index: number): ChoiceState => {
    let state = choices.get(index)
    if (state === undefined) {
      state = { finished: false, refused: false, calls: new Map() }
      choices.set(index, state)
    }
    return state
  }

  return {
    read(chunk) {
      if (chunk['error'] !== undefined && chunk['error'] !== null)
        throw upstreamError('The model server reported an error in its stream.')
      if (!Array.isArray(chunk['choices']))
        throw upstreamError('The model server sent something that is not a chat completion chunk.')
      const parts: StreamPart[] = []
      const next = envelopeOf(chunk)
      if (envelope === null || envelope['id'] !== next['id'] || envelope['model'] !== next['model']) {
        envelope = next
        parts.push(other({ kind: 'envelope', envelope, reasoningKey }))
      }
      const key = reasoningKeyOf(chunk)
      if (key !== null && key !== reasoningKey) {
        reasoningKey = key
        parts.push(other({ kind: 'envelope', envelope, reasoningKey }))
      }
      const contents: StreamPart[] = []
      fieldParts(chunk, PLAIN_CHUNK_KEYS, 'chunk', undefined, contents)
      for (const choice of asArray(chunk['choices'])) {
        if (!isJsonObject(choice)) throw upstreamError('The model server sent a choice that is not an object.')
        readChoice(choice, stateOf(choiceIndex(choice)), contents)
      }
      return [...parts, ...attachChunk(chunk, contents)]
    },
    end() {
      if (choices.size === 0 || [...choices.values()].some((choice) => !choice.finished)) {
        throw upstreamError('The answer of the model server ended before it was finished.')
      }
    },
  }
}

/** Under which name this server sends reasoning. */
function reasoningKeyOf(chunk: JsonObject): string | null {
  for (const choice of asArray(chunk['choices'])) {
    const delta = isJsonObject(choice) ? choice['delta'] : undefined
    if (!isJsonObject(delta)) continue
    if (typeof delta['reasoning_content'] === 'string') return 'reasoning_content'
    if (typeof delta['reasoning'] === 'string') return 'reasoning'
  }
  return null
}

/** Id, model and the like of a chunk or an answer. */
export function envelopeOf(chunk: JsonObject): JsonObject {
  const envelope: Record<string, JsonValue> = {}
  for (const key of ['id', 'created', 'model', 'system_fingerprint', 'service_tier']) {
    const value = chunk[key]
    if (typeof value === 'number' || value === null || looksLikeId(value)) envelope[key] = value
  }
  return envelope
}

/** The index of a choice; throws when it is not one. */
export function choiceIndex(choice: JsonObject): number {
  const index = choice['index'] ?? 0
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= MAX_CHOICES) {
    throw upstreamError('The model server sent a choice with a wrong index.')
  }
  return index
}

function other(raw: WireRaw): StreamPart {
  return { type: 'other', raw }
}

/** A chunk with one content goes along with it; with none it is passed on as metadata. */
function attachChunk(chunk: JsonObject, contents: StreamPart[]): readonly StreamPart[] {
  const [only] = contents
  const plain = hasPlainShape(chunk)
  if (only === undefined && plain) return [other({ kind: 'chunk', chunk: spelling(chunk, '', '') })]
  const whole = contents.length === 1 && only?.raw === undefined && asArray(chunk['choices']).length === 1
  if (only === undefined || !whole || !plain) return withUsage(chunk, contents)
  const words = only.type === 'text' ? only.text : ''
  const refused = isRefusalChoice(only.choice ?? 0)
  return [
    {
      ...only,
      raw: { kind: 'chunk', chunk: spelling(chunk, refused ? '' : words, refused ? words : '') } satisfies WireRaw,
    },
  ]
}

/** Whether nothing of a chunk but its judged contents could carry words: names of fields, ids and types of tool calls. */
function hasPlainShape(chunk: JsonObject): boolean {
  return hasPlainNames(chunk) && asArray(chunk['choices']).every(isPlainChoice)
}

function isPlainChoice(choice: JsonValue): boolean {
  if (!isJsonObject(choice) || !hasPlainNames(choice)) return false
  const { delta } = choice
  if (!isJsonObject(delta)) return true
  const { role } = delta
  if (role !== undefined && role !== null && role !== 'assistant') return false
  return hasPlainNames(delta) && asArray(delta['tool_calls']).every(isPlainCall) && isPlainCall(delta['function_call'])
}

/** Everything in a call but what it is told. */
function isPlainCall(call: JsonValue | undefined): boolean {
  if (!isJsonObject(call)) return true
  const { arguments: _arguments, input: _input, function: body, custom, ...rest } = call
  return isMetadata(rest) && isPlainCall(body) && isPlainCall(custom)
}

export function hasPlainNames(holder: JsonObject): boolean {
  return Object.keys(holder).every(looksLikeId)
}

/** The chunk with only those log-probabilities that spell these words. */
function spelling(chunk: JsonObject, content: string, refusal: string): JsonObject {
  const choices = asArray(chunk['choices'])
  const checked = choices.map((choice) =>
    isJsonObject(choice) ? withMatchingLogprobs(choice, content, refusal) : choice,
  )
  return checked.every((choice, index) => choice === choices[index]) ? chunk : { ...chunk, choices: checked }
}

/** A chunk that is taken apart keeps its usage as a chunk of its own. */
function withUsage(chunk: JsonObject, contents: StreamPart[]): readonly StreamPart[] {
  if (!isJsonObject(chunk['usage']) || !isMetadata(chunk['usage'])) return contents
  return [
    ...contents,
    other({
      kind: 'chunk',
      chunk: { ...envelopeOf(chunk), object: 'chat.completion.chunk', choices: [], usage: chunk['usage'] },
    }),
  ]
}

function readChoice(choice: JsonObject, state: ChoiceState, into: StreamPart[]): void {
  const index = choiceIndex(choice)
  const delta = choice['delta']
  if (isJsonObject(delta)) readDelta(delta, index, state, into)
  fieldParts(choice, PLAIN_CHOICE_KEYS, 'choice', index, into)
  const reason = choice['finish_reason']
  if (reason === null || reason === undefined || state.finished) return
  state.finished = true
  if (state.refused)
    into.push({ type: 'finish', choice: refusalChoice(index), reason: 'stop', raw: { kind: 'envelope', envelope: {} } })
  into.push({ type: 'finish', choice: index, reason: finishReason(reason) })
}

/** Reasons are a short list of words; a sentence is not one. */
export function finishReason(reason: JsonValue): string {
  return typeof reason === 'string' && /^[\w-]{1,64}$/.test(reason) ? reason : 'stop'
}

function readDelta(delta: JsonObject, choice: number, state: ChoiceState, into: StreamPart[]): void {
  for (const [key, value] of Object.entries(delta)) {
    if (value === undefined || value === null || value === '') continue
    if ((key === 'reasoning' || key === 'reasoning_content') && typeof value === 'string') {
      // Some servers send the same words under both names.
      if (key === 'reasoning' && delta['reasoning_content'] === value) continue
      into.push({ type: 'reasoning', choice, text: value })
    } else if (key === 'content' && typeof value === 'string') into.push({ type: 'text', choice, text: value })
    else if (key === 'refusal' && typeof value === 'string') {
      state.refused = true
      into.push({ type: 'text', choice: refusalChoice(choice), text: value })
    } else if (key === 'tool_calls') {
      asArray(value).forEach((call, position) => {
        if (isJsonObject(call)) readCall(call, position, choice, state, into)
      })
    } else if (key === 'function_call' && isJsonObject(value))
      readCallBody('function_call', 'legacy', '', value, 'arguments', choice, state, into)
    else readUnknown(key, value, choice, into, false)
  }
}

/**
 * A field of a delta or message that is none of the known texts. Shared with the reader of whole answers.
 * @param whole false for a delta: a recording comes in fragments, and no guard can judge one of those
 */
export function readUnknown(key: string, value: JsonValue, choice: number, into: StreamPart[], whole: boolean): void {
  if (key === 'role') return
  if (key === 'audio' && isJsonObject(value)) {
    const { transcript, ...rest } = value
    const { data } = rest
    const medium = Object.fromEntries(
      Object.entries(rest).filter(([name, item]) => name === 'data' || (looksLikeId(name) && isMetadata(item))),
    )
    // What is no base64 is text, whatever its name.
    if (typeof data === 'string' && !BASE64.test(data)) {
      into.push(filePart('text/plain', data, choice, { scope: 'body', path: ['audio', 'data'], plain: true }))
    } else if (typeof data === 'string') {
      const part = filePart('audio/*', JSON.stringify(medium), choice, { scope: 'body', path: ['audio'], plain: false })
      into.push({ ...part, sources: whole ? sourcesOf(medium) : [] })
    }
    if (typeof transcript === 'string' && transcript !== '') {
      into.push(
        filePart('text/plain', transcript, choice, { scope: 'body', path: ['audio', 'transcript'], plain: true }),
      )
    }
    return
  }
  const mediaType = MEDIA_KEYS[key]
  if (mediaType !== undefined) {
    const part = filePart(mediaType, JSON.stringify(value), choice, { scope: 'body', path: [key], plain: false })
    into.push({ ...part, sources: sourcesOf(value) })
  } else fieldParts({ [key]: value }, NOTHING_KNOWN, 'body', choice, into)
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

const NOTHING_KNOWN: ReadonlySet<string> = new Set()

/** Read by the protocol itself, field by field. */
const STRUCTURE: ReadonlySet<string> = new Set(['choices', 'delta', 'message', 'logprobs', 'finish_reason'])

/** Whether a field is passed on as it is. Its own name could be words as well. */
export function passesUnjudged(key: string, value: JsonValue | undefined, known: ReadonlySet<string>): boolean {
  return known.has(key) && (STRUCTURE.has(key) || isMetadata(value))
}

/** Fields that may carry words are judged as files of text. */
export function fieldParts(
  holder: JsonObject,
  known: ReadonlySet<string>,
  scope: WireField['scope'],
  choice: number | undefined,
  into: StreamPart[],
): void {
  for (const [key, value] of Object.entries(holder)) {
    // A name that is words is not passed on, nor is what stands under it: see `hasPlainNames`.
    if (value === undefined || !looksLikeId(key) || !carriesText(value) || passesUnjudged(key, value, known)) continue
    const plain = typeof value === 'string'
    into.push(filePart('text/plain', plain ? value : JSON.stringify(value), choice, { scope, path: [key], plain }))
  }
}

function filePart(mediaType: string, data: string, choice: number | undefined, field: WireField): FilePart {
  const raw: WireRaw = { kind: 'field', field }
  return { type: 'file', mediaType, data, raw, ...(choice === undefined ? {} : { choice }) }
}

function readCall(call: JsonObject, position: number, choice: number, state: ChoiceState, into: StreamPart[]): void {
  const index = typeof call['index'] === 'number' ? call['index'] : position
  if (!Number.isInteger(index) || index < 0 || index >= MAX_CALLS)
    throw upstreamError('The model server sent a tool call with a wrong index.')
  const id = asString(call['id']) ?? ''
  const { custom } = call
  if (isJsonObject(custom)) readCallBody(String(index), 'custom', id, custom, 'input', choice, state, into)
  else
    readCallBody(
      String(index),
      'function',
      id,
      isJsonObject(call['function']) ? call['function'] : {},
      'arguments',
      choice,
      state,
      into,
    )
}

/** One tool call, or a piece of one. */
function readCallBody(
  call: string,
  form: ToolCallHead['form'],
  id: string,
  body: JsonObject,
  key: 'arguments' | 'input',
  choice: number,
  state: ChoiceState,
  into: StreamPart[],
): void {
  const before = state.calls.get(call)
  const current = before ?? { id: '', name: '', form }
  const name = asString(body['name']) ?? ''
  const changed = before === undefined || (current.id === '' && id !== '') || (current.name === '' && name !== '')
  if (current.id === '') current.id = TOOL_ID.test(id) ? id : ''
  if (current.name === '') current.name = checkedName(name)
  state.calls.set(call, current)
  if (changed) {
    const head = {
      form: current.form,
      id: current.id === '' ? `call_${choice}_${call}` : current.id,
      name: current.name,
    }
    into.push(other({ kind: 'tool-call', choice, call, head }))
  }
  const text = body[key]
  const words = typeof text === 'string' ? text : text === undefined || text === null ? '' : JSON.stringify(text)
  if (words !== '')
    into.push({ type: 'tool-input', choice, call, text: words, ...(current.name === '' ? {} : { tool: current.name }) })
}

/** A tool's name as it may be shown; throws when it is a sentence rather than a name. */
export function checkedName(name: string): string {
  if (name === '' || TOOL_NAME.test(name)) return name
  throw upstreamError('The model server sent a tool call whose name is not a name.')
}
