/**
 * `response.*` stream events to stream parts. Every event becomes a part that sends it when its turn comes, with holes where its
 * words were; the words become parts that are judged, the pieces of texts as they come.
 *
 * An error that the model server reports ends the answer as an upstream error; its message is not repeated, because such messages
 * quote prompts and keys.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { parseEvent } from '../parse-event.ts'
import type { EventReader } from '../protocol.ts'
import { AnswerParts, itemHead } from './answer-parts.ts'
import type { ItemHead } from './answer-parts.ts'
import { BEGIN, endings, failureOf, sumOf } from './answer-frame.ts'
import type { AnswerScan } from './answer-scan.ts'
import type { SmallEvent } from './event-kinds.ts'
import { BEGINNINGS, continuesText } from './event-kinds.ts'
import type { Hole } from './holes.ts'
import type { StreamForm } from './item-words.ts'
import type { TextPlace, WireRaw } from './raw.ts'
import type { EventType } from './wire-types.ts'
import { isEventType } from './wire-types.ts'

const MAX_INDEX = 4096
const NO_ITEM: ItemHead = { output: -1, tool: null }

/** Told of what a failed answer still says. */
export interface FailureNotes {
  usage?: JsonObject
}

export function createEventReader(scanFor: (parts: AnswerParts) => AnswerScan, notes: FailureNotes): EventReader {
  const answer = new AnswerParts()
  const reader = new ResponseEvents(answer, scanFor(answer), notes)
  return {
    read(data) {
      // Some servers end every stream like this; here the end is an event of its own.
      if (data === '[DONE]') return []
      return reader.read(parseEvent(data))
    },
    get ended() {
      return reader.ended
    },
    end: () => reader.end(),
  }
}

class ResponseEvents {
  ended = false
  readonly #answer: AnswerParts
  readonly #scan: AnswerScan
  readonly #notes: FailureNotes
  readonly #items = new Map<number, ItemHead>()
  #events = 0
  #transcripts = 0

  constructor(answer: AnswerParts, scan: AnswerScan, notes: FailureNotes) {
    this.#answer = answer
    this.#scan = scan
    this.#notes = notes
  }

  end(): void {
    if (!this.ended) throw upstreamError('The answer of the model server ended before it was finished.')
  }

  read(event: JsonObject): readonly StreamPart[] {
    const { type } = event
    // Servers with another idea of this interface send a bare error object.
    if (event['error'] !== undefined && event['error'] !== null && !isEventType(type)) throw reported()
    if (this.#events === 0 && !(isEventType(type) && BEGINNINGS.has(type)))
      throw wrong('something that is not a stream of the Responses API')
    this.#answer.at = this.#events
    const settled = isEventType(type) && !continuesText(type, event) ? this.#answer.settle() : []
    const parts = isEventType(type) ? this.#known(type, event) : this.#send(event, [], NO_ITEM, false)
    this.#events += 1
    return this.#events === 1 ? [BEGIN, ...parts] : [...settled, ...parts]
  }

  #known(type: EventType, event: JsonObject): readonly StreamPart[] {
    switch (type) {
      case 'error':
        throw reported()
      case 'response.failed':
        return this.#failed(event)
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return this.#response(event, false)
      case 'response.completed':
      case 'response.incomplete':
        return this.#response(event, true)
      case 'response.output_item.added':
      case 'response.output_item.done':
        return this.#item(event, type === 'response.output_item.done')
      case 'response.content_part.added':
      case 'response.content_part.done':
        return this.#part(event, 'content', type === 'response.content_part.done')
      case 'response.reasoning_summary_part.added':
      case 'response.reasoning_summary_part.done':
        return this.#part(event, 'summary', type === 'response.reasoning_summary_part.done')
      case 'response.output_text.annotation.added':
        return this.#annotation(event)
      case 'response.image_generation_call.partial_image':
        return this.#medium(event, 'partial_image_b64', 'image')
      case 'response.audio.delta':
        return this.#medium(event, 'delta', 'audio')
      case 'response.audio.transcript.done':
        return this.#transcriptEnd(event)
      default:
        return this.#textEvent(type, event)
    }
  }

  #textEvent(type: SmallEvent, event: JsonObject): readonly StreamPart[] {
    switch (type) {
      case 'response.output_text.delta':
        return this.#delta(event, 'answer')
      case 'response.output_text.done':
        return this.#done(event, 'answer', 'text')
      case 'response.refusal.delta':
        return this.#delta(event, 'refusal')
      case 'response.refusal.done':
        return this.#done(event, 'refusal', 'refusal')
      case 'response.reasoning_text.delta':
        return this.#delta(event, 'reasoning')
      case 'response.reasoning_text.done':
        return this.#done(event, 'reasoning', 'text')
      case 'response.reasoning_summary_text.delta':
        return this.#delta(event, 'summary')
      case 'response.reasoning_summary_text.done':
        return this.#done(event, 'summary', 'text')
      case 'response.function_call_arguments.delta':
        return this.#delta(event, 'arguments')
      case 'response.function_call_arguments.done':
        return this.#done(event, 'arguments', 'arguments')
      case 'response.custom_tool_call_input.delta':
        return this.#delta(event, 'custom-input')
      case 'response.custom_tool_call_input.done':
        return this.#done(event, 'custom-input', 'input')
      case 'response.mcp_call_arguments.delta':
        return this.#delta(event, 'mcp-arguments')
      case 'response.mcp_call_arguments.done':
        return this.#done(event, 'mcp-arguments', 'arguments')
      case 'response.code_interpreter_call_code.delta':
        return this.#delta(event, 'code')
      case 'response.code_interpreter_call_code.done':
        return this.#done(event, 'code', 'code')
      case 'response.audio.transcript.delta':
        return this.#delta(event, 'transcript')
      case 'response.audio.done':
      case 'response.mcp_call.in_progress':
      case 'response.mcp_call.completed':
      case 'response.mcp_call.failed':
      case 'response.mcp_list_tools.in_progress':
      case 'response.mcp_list_tools.completed':
      case 'response.mcp_list_tools.failed':
      case 'response.code_interpreter_call.in_progress':
      case 'response.code_interpreter_call.interpreting':
      case 'response.code_interpreter_call.completed':
      case 'response.file_search_call.in_progress':
      case 'response.file_search_call.searching':
      case 'response.file_search_call.completed':
      case 'response.web_search_call.in_progress':
      case 'response.web_search_call.searching':
      case 'response.web_search_call.completed':
      case 'response.image_generation_call.in_progress':
      case 'response.image_generation_call.generating':
      case 'response.image_generation_call.completed':
        return this.#send(event, [], NO_ITEM, false)
      default:
        return type satisfies never
    }
  }

  /** The event's parts: what of it has to be judged, the event itself, and words it begins. */
  #send(event: JsonObject, read: readonly Reading[], head: ItemHead, closing: boolean): readonly StreamPart[] {
    const before: StreamPart[] = []
    const after: StreamPart[] = []
    const holes: Hole[] = []
    for (const reading of [...read, this.#rest(event, read)]) {
      const placed = this.#answer.place(reading.holes, head, closing)
      before.push(...placed.before)
      after.push(...placed.after)
      holes.push(...placed.holes)
    }
    return [...before, this.#turn(event, holes), ...after]
  }

  /** A part that sends the event when its turn comes. */
  #turn(event: JsonObject, holes: readonly Hole[]): StreamPart {
    return { type: 'other', raw: this.#raw(event, holes) }
  }

  #raw(event: JsonObject, holes: readonly Hole[]): WireRaw {
    return { kind: 'event', event, holes, at: this.#events, behind: this.#answer.held }
  }

  /** What the event says beside the things it is about. */
  #rest(event: JsonObject, read: readonly Reading[]): Reading {
    const keys = new Set(read.map(({ key }) => key))
    const text = read[0]?.holes[0]
    const textSlot = text?.kind === 'text' ? text.slot : null
    return { key: '', holes: this.#scan.beside(event, keys, `x:${this.#events}`, textSlot) }
  }

  #response(event: JsonObject, last: boolean): readonly StreamPart[] {
    const { response } = event
    if (!isJsonObject(response)) throw wrong('an event without its response')
    const before: StreamPart[] = []
    const after: StreamPart[] = []
    const holes: Hole[] = []
    const take = (found: readonly Hole[], head: ItemHead): void => {
      const placed = this.#answer.place(found, head, last)
      before.push(...placed.before)
      after.push(...placed.after)
      holes.push(...placed.holes)
    }
    for (const { holes: found, head } of this.#scan.items(response, ['response'])) take(found, head)
    take(this.#scan.response(response, ['response']), NO_ITEM)
    holes.push(...sumOf(response, ['response'], holes))
    take(this.#rest(event, [{ key: 'response', holes: [] }]).holes, NO_ITEM)
    if (!last) return [...before, this.#turn(event, holes), ...after]
    this.ended = true
    before.push(...this.#answer.closeAll(), ...this.#answer.settle(), ...endings(this.#answer))
    const reason = event['type'] === 'response.completed' ? 'stop' : 'length'
    return [...before, { type: 'finish', choice: 0, reason, raw: this.#raw(event, holes) }]
  }

  #failed(event: JsonObject): never {
    const response = isJsonObject(event['response']) ? event['response'] : {}
    const failure = failureOf(response)
    const usage = response['usage']
    if (isJsonObject(usage) && this.#scan.beside(usage, new Set(), '').length === 0) this.#notes.usage = usage
    throw failure
  }

  #item(event: JsonObject, done: boolean): readonly StreamPart[] {
    const { item } = event
    const output = indexOf(event, 'output_index')
    if (!isJsonObject(item)) throw wrong('an event without its item')
    const head = itemHead(item, output)
    this.#items.set(output, head)
    const parts = this.#send(event, [{ key: 'item', holes: this.#scan.item(item, ['item'], output) }], head, done)
    // Before the event: texts that the item does not show, but that came in pieces.
    return done ? [...parts.slice(0, -1), ...this.#answer.closeAll(output), ...parts.slice(-1)] : parts
  }

  #part(event: JsonObject, list: 'content' | 'summary', done: boolean): readonly StreamPart[] {
    const { part } = event
    const output = indexOf(event, 'output_index')
    const index = indexOf(event, list === 'content' ? 'content_index' : 'summary_index')
    if (!isJsonObject(part)) throw wrong('an event without its part')
    // A part of an item that has not been named yet is what its own type says.
    const kind = list === 'summary' || part['type'] === 'reasoning_text' ? 'reasoning' : 'message'
    const holes = this.#scan.part(part, ['part'], output, `${list}.${index}`, kind)
    return this.#send(event, [{ key: 'part', holes }], this.#head(output), done)
  }

  #annotation(event: JsonObject): readonly StreamPart[] {
    const output = indexOf(event, 'output_index')
    const content = indexOf(event, 'content_index')
    const place = `content.${content}.annotations.${indexOf(event, 'annotation_index')}`
    const holes = this.#scan.part(event['annotation'], ['annotation'], output, place, 'message')
    return this.#send(event, [{ key: 'annotation', holes }], this.#head(output), false)
  }

  #medium(event: JsonObject, key: string, form: 'image' | 'audio'): readonly StreamPart[] {
    const original = wordsIn(event, key)
    const slot = `m:${this.#events}`
    const hole: Hole = { kind: 'text', path: [key], slot, form, original, json: false, streamed: false }
    return this.#send(event, [{ key, holes: original === '' ? [] : [hole] }], NO_ITEM, false)
  }

  #transcriptEnd(event: JsonObject): readonly StreamPart[] {
    const closed = this.#answer.close(`transcript:${this.#transcripts}`)
    this.#transcripts += 1
    return [...closed, ...this.#send(event, [], NO_ITEM, false)]
  }

  #delta(event: JsonObject, form: StreamForm): readonly StreamPart[] {
    const { delta } = event
    const place = this.#place(event, form)
    if (typeof delta !== 'string') throw wrong('a piece of text that is not text')
    const rest = this.#rest(event, [{ key: 'delta', holes: [] }])
    const head = this.#head(place.output)
    const { before, holes } = this.#answer.place(rest.holes, head, false)
    if (delta === '') return [...before, this.#turn(event, holes)]
    return [
      ...before,
      ...this.#answer.piece(place, delta, head.tool, { event, holes, silent: false, at: this.#events }),
    ]
  }

  #done(event: JsonObject, form: StreamForm, key: string): readonly StreamPart[] {
    const place = this.#place(event, form)
    const original = wordsIn(event, key)
    const hole: Hole = { kind: 'text', path: [key], slot: place.slot, form, original, json: false, streamed: true }
    const parts = this.#send(event, [{ key, holes: original === '' ? [] : [hole] }], this.#head(place.output), true)
    return original === '' ? [...this.#answer.close(place.slot), ...parts] : parts
  }

  #place(event: JsonObject, form: StreamForm): TextPlace {
    if (form === 'transcript') return { form, slot: `transcript:${this.#transcripts}`, output: -1, index: 0 }
    const output = indexOf(event, 'output_index')
    const at = (index: number, rel: string): TextPlace => ({ form, slot: `${output}:${rel}`, output, index })
    switch (form) {
      case 'answer':
      case 'reasoning': {
        const index = indexOf(event, 'content_index')
        return at(index, `content.${index}.text`)
      }
      case 'refusal': {
        const index = indexOf(event, 'content_index')
        return at(index, `content.${index}.refusal`)
      }
      case 'summary': {
        const index = indexOf(event, 'summary_index')
        return at(index, `summary.${index}.text`)
      }
      case 'arguments':
      case 'mcp-arguments':
        return at(0, 'arguments')
      case 'custom-input':
        return at(0, 'input')
      case 'code':
        return at(0, 'code')
      default:
        return form satisfies never
    }
  }

  #head(output: number): ItemHead {
    return this.#items.get(output) ?? { output, tool: null }
  }
}

/** Holes of one field of an event. */
interface Reading {
  readonly key: string
  readonly holes: readonly Hole[]
}

/** The text of a field; empty when there is none. */
function wordsIn(event: JsonObject, key: string): string {
  const value = event[key] ?? ''
  if (typeof value !== 'string') throw wrong('a text that is not text')
  return value
}

function indexOf(event: JsonObject, key: string): number {
  const value: JsonValue = event[key] ?? 0
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_INDEX) {
    throw wrong('an event with a wrong index')
  }
  return value
}

function wrong(what: string): Error {
  return upstreamError(`The model server sent ${what}.`)
}

function reported(): Error {
  return upstreamError('The model server reported an error in its stream.')
}
