/**
 * Anthropic's events to stream parts. Everything in an event that could carry words becomes a part that is judged.
 *
 * Text that follows on text, over the borders of blocks (citations cut an answer into many), is one text; anything but thinking
 * between them ends it. A block of thinking and the input of a tool are each a text of their own, complete with their block. What
 * does not come in pieces is judged at once. Events of unknown type are not passed on.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray, asString, isJsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { mediaIn } from './media.ts'
import type { WireRaw } from './raw.ts'
import { NO_INPUT } from './raw.ts'
import type { BlockForm } from './wire.ts'
import { formOf, isDeltaType, isEventType } from './wire.ts'
import type { Declared } from './words.ts'
import { isOpaque, wordsIn, withoutWords } from './words.ts'

/** Reads one answer's events. */
export interface AnswerReader {
  read(event: JsonObject): readonly StreamPart[]
  /** `message_stop` has been read. */
  readonly ended: boolean
}

const MAX_BLOCKS = 10_000

interface OpenBlock {
  readonly index: number
  readonly form: BlockForm
  /** Of a tool's block. */
  readonly tool: string
  /** Of a block of thinking: all of it, for its signature. */
  thinking: string
  signature: string
  /** Of a tool's block: the input it began with, which holds unless pieces follow. */
  input: string
}

export function createAnswerReader(declared: Declared): AnswerReader {
  return new Reader(declared)
}

/** Parts of an answer that came in one piece. Throws `upstream_error` when it is not a message. */
export function readMessage(message: JsonObject, declared: Declared): readonly StreamPart[] {
  const reader = new Reader(declared)
  const content = message['content']
  if (!Array.isArray(content)) throw upstreamError('The model server sent something that is not a message.')
  return [
    ...reader.read({ type: 'message_start', message }),
    ...content.flatMap((block: JsonValue, index) => [
      ...reader.read({ type: 'content_block_start', index, content_block: block }),
      ...reader.read({ type: 'content_block_stop', index }),
    ]),
    ...reader.finish(asString(message['stop_reason'])),
  ]
}

class Reader implements AnswerReader {
  readonly #declared: Declared
  readonly #open = new Map<number, OpenBlock>()
  readonly #seen = new Set<number>()
  #started = false
  #ended = false
  /** The block in which the text that has begun stands for now; it can go on in the next. Null outside of text. */
  #text: number | null = null
  #stopReason: string | undefined

  constructor(declared: Declared) {
    this.#declared = declared
  }

  get ended(): boolean {
    return this.#ended
  }

  read(event: JsonObject): readonly StreamPart[] {
    const { type } = event
    if (!isEventType(type)) {
      if (typeof type === 'string') return []
      throw upstreamError('The model server sent something that is not an event of a message.')
    }
    if (type === 'error') throw reportedError(event)
    if (type !== 'ping' && this.#started === (type === 'message_start'))
      throw upstreamError('The model server sent the events of a message in the wrong order.')
    switch (type) {
      case 'message_start':
        return this.#start(event)
      case 'content_block_start':
        return this.#startBlock(event)
      case 'content_block_delta':
        return this.#delta(event)
      case 'content_block_stop':
        return this.#stopBlock(this.#blockOf(event), event)
      case 'message_delta':
        return this.#closing(event)
      case 'message_stop':
        return this.#stop(event)
      case 'ping':
        return [{ type: 'other', raw: { kind: 'ping', event: { type: 'ping' } } satisfies WireRaw }]
      default:
        return type satisfies never
    }
  }

  /** The end of everything that is judged. */
  finish(reason: string | undefined): readonly StreamPart[] {
    const open = [...this.#open.values()].flatMap((block) => this.#stopBlock(block, stopEvent(block.index)))
    return [...open, { type: 'finish', reason: reason ?? 'end_turn', raw: { kind: 'finish' } satisfies WireRaw }]
  }

  #start(event: JsonObject): readonly StreamPart[] {
    const { message } = event
    if (!isJsonObject(message)) throw upstreamError('The model server sent a beginning without a message.')
    this.#started = true
    // Content follows in events of its own.
    const bare = asArray(message['content']).length === 0 ? event : { ...event, message: { ...message, content: [] } }
    return [this.#judged({ kind: 'message', event: bare }, true)]
  }

  #startBlock(event: JsonObject): readonly StreamPart[] {
    const { index, content_block: content } = event
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || this.#seen.has(index))
      throw upstreamError('The model server sent a content block with a wrong index.')
    if (this.#seen.size >= MAX_BLOCKS) throw upstreamError('The model server sent too many content blocks.')
    if (!isJsonObject(content) || typeof content['type'] !== 'string')
      throw upstreamError('The model server sent a content block without a type.')
    this.#seen.add(index)
    const form = formOf(content['type'])
    const tool = form === 'tool' ? (asString(content['name']) ?? '') : ''
    const block: OpenBlock = { index, form, tool, thinking: '', signature: '', input: NO_INPUT }
    this.#open.set(index, block)
    const endsText = form === 'tool' || form === 'whole'
    const { head, words } = withoutPieces(content, form)
    if (form === 'thinking') block.signature = asString(content['signature']) ?? ''
    const bare = head === content ? event : { ...event, content_block: head }
    const parts: StreamPart[] = endsText ? this.#endText() : []
    const media = form === 'whole' ? mediaParts(head, index) : []
    const raw: WireRaw = { kind: 'block', block: index, event: bare, endsText, media: media.length }
    parts.push(...media, this.#judged(raw, form !== 'whole'))
    if (words === '') return parts
    if (form === 'tool') block.input = words
    else parts.push(this.#piece(block, words, null))
    return parts
  }

  #delta(event: JsonObject): readonly StreamPart[] {
    const block = this.#blockOf(event)
    const { delta } = event
    if (!isJsonObject(delta)) throw upstreamError('The model server sent a piece of a content block that is empty.')
    const { type } = delta
    if (!isDeltaType(type)) return [this.#judged({ kind: 'addition', block: block.index, event }, false)]
    switch (type) {
      case 'text_delta':
        return this.#words(block, 'text', event, delta, 'text')
      case 'thinking_delta':
        return this.#words(block, 'thinking', event, delta, 'thinking')
      case 'input_json_delta':
        return this.#words(block, 'tool', event, delta, 'partial_json')
      case 'signature_delta':
        expectForm(block, 'thinking')
        block.signature = asString(delta['signature']) ?? ''
        return []
      case 'citations_delta':
        expectForm(block, 'text')
        return [this.#judged({ kind: 'addition', block: block.index, event }, true)]
      case 'compaction_delta':
        return [this.#judged({ kind: 'addition', block: block.index, event }, false)]
      default:
        return type satisfies never
    }
  }

  #words(
    block: OpenBlock,
    form: BlockForm,
    event: JsonObject,
    delta: JsonObject,
    key: 'text' | 'thinking' | 'partial_json',
  ): readonly StreamPart[] {
    expectForm(block, form)
    const words = asString(delta[key]) ?? ''
    if (words === '') return []
    return [this.#piece(block, words, this.#plainDelta(event, delta, key))]
  }

  #piece(block: OpenBlock, text: string, event: JsonObject | null): StreamPart {
    const raw: WireRaw = { kind: 'piece', block: block.index, event }
    switch (block.form) {
      case 'thinking':
        block.thinking += text
        return { type: 'reasoning', text, raw }
      case 'tool':
        block.input = ''
        return { type: 'tool-input', ...callOf(block), text, raw }
      case 'text':
      case 'sealed':
      case 'whole':
        this.#text = block.index
        return { type: 'text', text, raw }
      default:
        return block.form satisfies never
    }
  }

  #stopBlock(block: OpenBlock, event: JsonObject): readonly StreamPart[] {
    this.#open.delete(block.index)
    const seal = block.signature === '' ? null : { signature: block.signature, thinking: block.thinking }
    const raw: WireRaw = {
      kind: 'stop',
      block: block.index,
      event: withoutWords(event, this.#declared, NOTHING),
      seal: seal !== null && isOpaque(seal.signature) ? seal : null,
    }
    const stop: StreamPart = { type: 'other', raw }
    const piece = { kind: 'piece', block: block.index, event: null } satisfies WireRaw
    switch (block.form) {
      case 'text':
        // Within the text, so that it comes after what is still held of it.
        return [this.#text !== null ? { type: 'text', text: '', raw } : stop]
      case 'thinking':
        return block.thinking === '' ? [stop] : [{ type: 'reasoning', text: '', last: true, raw: piece }, stop]
      case 'tool':
        // A call without input is a call all the same: it is judged as one with an empty input.
        return [{ type: 'tool-input', ...callOf(block), text: block.input, last: true, raw: piece }, stop]
      case 'sealed':
      case 'whole':
        return [stop]
      default:
        return block.form satisfies never
    }
  }

  #endText(): StreamPart[] {
    if (this.#text === null) return []
    const raw: WireRaw = { kind: 'piece', block: this.#text, event: null }
    this.#text = null
    return [{ type: 'text', text: '', last: true, raw }]
  }

  #closing(event: JsonObject): readonly StreamPart[] {
    const { delta } = event
    if (isJsonObject(delta)) this.#stopReason = asString(delta['stop_reason']) ?? this.#stopReason
    return [this.#judged({ kind: 'closing', event }, true)]
  }

  #stop(event: JsonObject): readonly StreamPart[] {
    this.#ended = true
    const raw: WireRaw = { kind: 'end', event: withoutWords(event, this.#declared, NOTHING) }
    return [...this.finish(this.#stopReason), { type: 'other', raw }]
  }

  #blockOf({ index }: JsonObject): OpenBlock {
    const block = typeof index === 'number' ? this.#open.get(index) : undefined
    if (block === undefined) throw upstreamError('The model server sent a piece of a content block that is not open.')
    return block
  }

  /** A part for what is judged in one, or for what holds no words. */
  #judged(raw: Extract<WireRaw, { readonly event: JsonObject }>, beside: boolean): StreamPart {
    const data = wordsIn(raw.event, this.#declared)
    if (data === '') return { type: 'other', raw }
    return { type: 'file', mediaType: 'text/plain', data, ...(beside ? { beside } : {}), raw }
  }

  /** The event without fields nobody knows that carry words. */
  #plainDelta(event: JsonObject, delta: JsonObject, key: string): JsonObject {
    if (Object.keys(event).length === 3 && Object.keys(delta).length === 2) return event
    const plain = withoutWords(delta, this.#declared, new Set([key]))
    const outer = withoutWords(event, this.#declared, new Set(['delta']))
    return plain === delta && outer === event ? event : { ...outer, delta: plain }
  }
}

const NOTHING: ReadonlySet<string> = new Set()

function stopEvent(index: number): JsonObject {
  return { type: 'content_block_stop', index }
}

function expectForm(block: OpenBlock, form: BlockForm): void {
  if (block.form === form) return
  throw upstreamError('The model server sent a piece that does not fit into its content block.')
}

function callOf({ index, tool }: OpenBlock): { readonly call: string; readonly tool?: string } {
  return tool === '' ? { call: String(index) } : { call: String(index), tool }
}

/** A block without the words that are judged piece by piece, and those words. */
function withoutPieces(content: JsonObject, form: BlockForm): { readonly head: JsonObject; readonly words: string } {
  switch (form) {
    case 'text': {
      const words = asString(content['text']) ?? ''
      return { head: words === '' ? content : { ...content, text: '' }, words }
    }
    case 'thinking': {
      const words = asString(content['thinking']) ?? ''
      const signed = asString(content['signature']) ?? ''
      return { head: words + signed === '' ? content : { ...content, thinking: '', signature: '' }, words }
    }
    case 'tool': {
      const words = inputText(content['input'])
      return { head: words === '' ? content : { ...content, input: {} }, words }
    }
    case 'sealed':
    case 'whole':
      return { head: content, words: '' }
    default:
      return form satisfies never
  }
}

function inputText(input: JsonValue | undefined): string {
  if (input === undefined || input === null) return ''
  return isJsonObject(input) && Object.keys(input).length === 0 ? '' : JSON.stringify(input)
}

function mediaParts(content: JsonObject, block: number): readonly StreamPart[] {
  return mediaIn(content).map(({ mediaType, source }) => {
    const raw: WireRaw = { kind: 'medium', block, source }
    return { type: 'file', mediaType, data: source, ...(source === '' ? { sources: [] } : {}), raw }
  })
}

/** Errors that a client should wait after are told as such; what the server says of them is not repeated. */
function reportedError(event: JsonObject): Error {
  const { error } = event
  const type = isJsonObject(error) ? error['type'] : undefined
  const status = type === 'overloaded_error' ? 529 : type === 'rate_limit_error' ? 429 : undefined
  return upstreamError('The model server reported an error in its stream.', status === undefined ? {} : { status })
}
