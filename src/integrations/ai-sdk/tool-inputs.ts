/**
 * The arguments of tool calls: judged while they are written, and once more when the call that follows says something else than
 * what was written. A call's input is what was let through, never what came.
 *
 * JSON is judged with its `\u` escapes resolved, as the tool will read it.
 */
import type { StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { Call, Item } from './answer-items.ts'
import type { EscapeDecoder } from './json-escapes.ts'
import { createEscapeDecoder, decodeEscapes } from './json-escapes.ts'
import type { PartOf } from './provider-types.ts'

/** A part to judge and what becomes of it. */
export interface Planned {
  readonly part: StreamPart
  readonly item: Item
}

interface Open {
  readonly call: Call
  readonly decoder: EscapeDecoder
}

/** Calls that may be written at the same time. */
const MOST_OPEN = 4096

export class ToolInputs {
  readonly #open = new Map<string, Open>()
  #count = 0

  start(part: PartOf<'tool-input-start'>): void {
    if (this.#open.has(part.id)) return
    if (this.#open.size >= MOST_OPEN) throw new ParapetError('upstream_error', 'The model began too many tool calls.')
    const call = this.#create(part)
    this.#open.set(part.id, { call, decoder: createEscapeDecoder() })
  }

  /** Pieces of a call that was never begun are left out; the call itself will say them. */
  delta(part: PartOf<'tool-input-delta'>): readonly Planned[] {
    const open = this.#open.get(part.id)
    if (open === undefined || open.call.complete) return []
    const text = isText(open.call) ? part.delta : open.decoder.push(part.delta)
    open.call.source += text
    return text === ''
      ? []
      : [{ part: inputPart(open.call, text), item: { type: 'input-delta', call: open.call, part } }]
  }

  end(id: string): readonly Planned[] {
    const open = this.#open.get(id)
    if (open === undefined || open.call.complete) return []
    const { call, decoder } = open
    call.complete = true
    const rest = decoder.end()
    call.source += rest
    const ended: Item = { type: 'input-end', call }
    // A call without arguments has nothing to judge.
    if (call.source === '') return [{ part: { type: 'other' }, item: ended }]
    const last = { part: { ...inputPart(call, ''), last: true }, item: ended }
    return rest === ''
      ? [last]
      : [{ part: inputPart(call, rest), item: { type: 'input-delta', call, part: null } }, last]
  }

  call(part: PartOf<'tool-call'>): readonly Planned[] {
    const { toolCallId: id, input } = part
    if (typeof input !== 'string')
      throw new ParapetError('upstream_error', 'The model sent a tool call without `input`.')
    const ended = this.end(id)
    const open = this.#open.get(id)
    this.#open.delete(id)
    if (open !== undefined && sameInput(open.call, input)) return [...ended, finished(open.call, part)]
    // It is called, not streamed.
    const silent = { started: true, ended: true, complete: true }
    const whole: Call = { ...this.#create({ type: 'tool-input-start', id, toolName: part.toolName }), ...silent }
    const text = decodeEscapes(input)
    if (text === '') return [...ended, finished(whole, part)]
    const judged = {
      part: { ...inputPart(whole, text), last: true },
      item: { type: 'input-whole', call: whole },
    } as const
    return [...ended, judged, finished(whole, part)]
  }

  #create(start: PartOf<'tool-input-start'>): Call {
    this.#count += 1
    return { key: String(this.#count), start, started: false, ended: false, complete: false, source: '', shown: '' }
  }
}

/** The input of the call as it was let through, in the form a call has it. */
export function shownInput(call: Call): string {
  return isText(call) ? JSON.stringify(call.shown) : call.shown
}

function isText({ start }: Call): boolean {
  return 'inputEncoding' in start && start.inputEncoding === 'text'
}

function sameInput(call: Call, input: string): boolean {
  return isText(call) ? JSON.stringify(call.source) === input : call.source === decodeEscapes(input)
}

function finished(call: Call, part: PartOf<'tool-call'>): Planned {
  return { part: { type: 'other' }, item: { type: 'tool-call', call, part } }
}

function inputPart(call: Call, text: string): StreamPart {
  return { type: 'tool-input', call: call.key, tool: call.start.toolName, text }
}
