/**
 * Guarded parts back to Anthropic's events. What came through as it was keeps the event it came in, any other gets one built
 * anew; `block-queue.ts` sees to the order. Nothing is written before something that counts as shown: until then the model may
 * be asked again, and the first answer is dropped.
 *
 * Parts without a wire format (a model that has none, a refusal in the policy's words) become blocks of our own.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { asString, isJsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { OwnUsage } from '../own-usage.ts'
import type { Envelope } from '../protocol.ts'
import type { OutBlock, PieceKind } from './block-queue.ts'
import { BlockQueue, pieceEvent } from './block-queue.ts'
import { unsealed } from './compaction.ts'
import { closingDelta, ownMessage, ownStopReason, textBlock, thinkingBlock, toolBlock } from './own-answer.ts'
import { messageUsage } from './raw-usage.ts'
import type { WireRaw } from './raw.ts'
import { NO_INPUT, wireRaw } from './raw.ts'
import type { StopReason } from './wire.ts'
import type { Declared } from './words.ts'
import { isToolName, withWords } from './words.ts'

export interface AnswerWriterOptions {
  readonly envelope: Envelope
  readonly declared: Declared
  /** Nothing is sent before the end: an answer may be replaced by another at any time. */
  readonly whole: boolean
}

type Content = Extract<StreamPart, { readonly text: string }>

export class AnswerWriter {
  readonly #options: AnswerWriterOptions
  #queue = new BlockQueue()
  /** `message_start` of the model; null until it came, and when it could not be passed on. */
  #message: JsonObject | null = null
  #shown = false
  #begun = false
  #closings: JsonObject[] = []
  #end: JsonObject | null = null
  #ended = false
  /** The last block with text that left. */
  #lastText: OutBlock | null = null
  /** The last block of our own. */
  #own: { readonly block: OutBlock; readonly key: string } | null = null
  /** Media that were passed on, by the number of their block. */
  #media = new Map<number, number>()
  #ownReason: StopReason | null = null
  readonly #usage = new OwnUsage()

  constructor(options: AnswerWriterOptions) {
    this.#options = options
  }

  /** Nothing of an answer has come. */
  get empty(): boolean {
    return this.#message === null && this.#own === null && this.#ownReason === null
  }

  write(part: StreamPart): readonly JsonObject[] {
    if (this.#ended) return []
    if (counts(part)) this.#shown = true
    this.#usage.take(part)
    const raw = wireRaw(part)
    if (raw === null) this.#writeOwn(part)
    else if (raw.kind === 'ping') return this.#begun ? [raw.event] : []
    else if (this.#ownReason === null) this.#writeWire(raw, part)
    return this.#drain()
  }

  /** What is missing of a complete answer. */
  end(): readonly JsonObject[] {
    if (this.#ended) return []
    this.#shown = true
    this.#queue.closeAll()
    const events = [...this.#drain()]
    this.#ended = true
    return [...events, ...this.#closing(), this.#end ?? { type: 'message_stop' }]
  }

  #writeWire(raw: Exclude<WireRaw, { readonly kind: 'ping' }>, part: StreamPart): void {
    switch (raw.kind) {
      case 'message':
        this.#restart()
        this.#message = this.#judged(raw.event, part) ?? {}
        return
      case 'block':
        this.#startBlock(raw, part)
        return
      case 'piece':
        if (isContent(part)) this.#append(raw.block, raw.event, part)
        return
      case 'addition': {
        const event = this.#judged(raw.event, part)
        if (event !== null) this.#queue.find(raw.block)?.waiting.push(event)
        return
      }
      case 'medium':
        if (part.type === 'file' && part.data === raw.source)
          this.#media.set(raw.block, (this.#media.get(raw.block) ?? 0) + 1)
        return
      case 'stop':
        if (isContent(part)) this.#append(raw.block, null, part)
        this.#stopBlock(raw)
        return
      case 'closing':
        this.#closings.push(this.#judged(raw.event, part) ?? closingEvent('end_turn', this.#beginning()))
        return
      case 'finish':
        this.#queue.closeAll()
        return
      case 'end':
        this.#end = raw.event
        return
      default:
        raw satisfies never
    }
  }

  /** The model was asked again: what it said before has not been shown and is dropped. */
  #restart(): void {
    if (this.#begun && !this.#options.whole) throw upstreamError('The model server began its message twice.')
    this.#queue = new BlockQueue()
    this.#closings = []
    this.#lastText = null
    this.#own = null
    this.#media = new Map()
    this.#begun = false
    this.#end = null
  }

  #startBlock(raw: Extract<WireRaw, { readonly kind: 'block' }>, part: StreamPart): void {
    const event = this.#judged(raw.event, part)
    const head = event?.['content_block']
    const block = this.#queue.add(raw.block, isJsonObject(head) ? head : {}, event)
    block.omitted = event === null || (this.#media.get(raw.block) ?? 0) < raw.media
    if (raw.endsText) this.#queue.closeTexts(block)
  }

  #append(source: number, event: JsonObject | null, part: Content): void {
    const block = this.#queue.find(source)
    if (block === undefined) return
    if (part.type === 'text') this.#queue.closeTexts(block)
    if (part.text === '' || (part.type === 'tool-input' && event === null && part.text === NO_INPUT)) return
    if (part.type === 'reasoning') block.thinking += part.text
    if (part.type !== 'text') block.waiting.push(pieceEvent(part.type, part.text, event))
    else this.#appendText(block, event, part)
  }

  #appendText(block: OutBlock, event: JsonObject | null, part: Content): void {
    // Words of a guard may stand behind the end of a block; then they get one of their own.
    const closed = block.closed || !block.isText
    const into = closed ? this.#queue.addBehind(this.#lastText ?? block, textBlock()) : block
    if (closed) into.closed = true
    into.waiting.push(pieceEvent('text', part.text, event))
    this.#lastText = into
    this.#own = null
  }

  #stopBlock(raw: Extract<WireRaw, { readonly kind: 'stop' }>): void {
    const block = this.#queue.find(raw.block)
    if (block === undefined) return
    block.closed = true
    block.stop = raw.event
    block.seal = raw.seal
  }

  /** The event with its words as they were judged; null when what is left of them does not fit into it. */
  #judged(event: JsonObject, part: StreamPart): JsonObject | null {
    if (part.type !== 'file') return event
    const changed = withWords(event, this.#options.declared, part.data)
    return changed === null || changed === event ? changed : withoutSeal(changed)
  }

  /** A model without a wire format, or words in place of something in an answer that has one, or of its rest. */
  #writeOwn(part: StreamPart): void {
    if (this.#ownReason !== null) return
    switch (part.type) {
      case 'text':
      case 'reasoning':
      case 'tool-input':
        this.#appendOwn(part)
        return
      case 'finish':
        this.#ownReason = ownStopReason(part.reason)
        this.#queue.abandon()
        return
      case 'file':
      case 'other':
        return
      default:
        part satisfies never
    }
  }

  #appendOwn(part: Content): void {
    if (part.text === '') return
    const key = part.type === 'tool-input' ? `${part.type} ${part.call}` : part.type
    if (this.#own?.key !== key) {
      const before = this.#own?.block ?? this.#lastText
      if (before !== null) before.closed = true
      this.#own = { block: this.#queue.addBehind(before, headFor(part, this.#options.envelope.id)), key }
    }
    this.#own.block.waiting.push(pieceEvent(part.type, part.text, null))
    if (part.type === 'text') this.#lastText = this.#own.block
  }

  #drain(): readonly JsonObject[] {
    if (!this.#shown) return []
    const events = this.#queue.drain()
    if (this.#begun) return events
    this.#begun = true
    return [this.#beginning(), ...events]
  }

  #beginning(): JsonObject {
    const event = this.#message
    if (event !== null && isJsonObject(event['message'])) return event
    return { type: 'message_start', message: ownMessage(this.#options.envelope) }
  }

  #closing(): readonly JsonObject[] {
    if (this.#ownReason !== null) return [closingEvent(this.#ownReason, this.#beginning(), this.#usage)]
    if (this.#closings.length > 0) return this.#closings
    const { message } = this.#beginning()
    const told = isJsonObject(message) && typeof message['stop_reason'] === 'string'
    return told ? [] : [closingEvent('end_turn', this.#beginning())]
  }
}

/** Words that count as shown: after them the model is not asked again. */
function counts(part: StreamPart): boolean {
  switch (part.type) {
    case 'text':
    case 'reasoning':
    case 'tool-input':
      return part.text !== ''
    case 'file':
      return part.data !== '' && part.beside !== true
    case 'finish':
      return true
    case 'other':
      return false
    default:
      return part satisfies never
  }
}

function withoutSeal(event: JsonObject): JsonObject {
  const { content_block: block, delta } = event
  if (isJsonObject(block)) return { ...event, content_block: unsealed(block) }
  return isJsonObject(delta) ? { ...event, delta: unsealed(delta) } : event
}

function isContent(part: StreamPart): part is Content {
  return part.type === 'text' || part.type === 'reasoning' || part.type === 'tool-input'
}

function headFor(part: Content, id: string): JsonObject {
  switch (part.type satisfies PieceKind) {
    case 'text':
      return textBlock()
    case 'reasoning':
      return thinkingBlock()
    case 'tool-input':
      return ownTool(part as Extract<StreamPart, { readonly type: 'tool-input' }>, id)
  }
}

function ownTool({ call, tool }: Extract<StreamPart, { readonly type: 'tool-input' }>, id: string): JsonObject {
  const name = asString(tool) ?? ''
  if (!isToolName(name)) throw new ParapetError('upstream_error', 'The model called a tool whose name is not a name.')
  return toolBlock(`toolu_${id}_${call.replace(/[^\w-]/g, '').slice(0, 32)}`, name)
}

function closingEvent(reason: StopReason, beginning: JsonObject, own?: OwnUsage): JsonObject {
  const { message } = beginning
  const usage = isJsonObject(message) && isJsonObject(message['usage']) ? message['usage'] : {}
  const told = own?.told
  return {
    type: 'message_delta',
    delta: closingDelta(reason),
    usage: { output_tokens: 0, ...usage, ...(told ? messageUsage(told) : {}) },
  }
}
