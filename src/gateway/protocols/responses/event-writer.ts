/**
 * Guarded parts back to stream events. An event whose words all passed is sent as it came, with the next sequence number; every
 * other is filled anew, and so is every copy of the same words.
 *
 * Events that show nothing wait for the first words, so that an answer that is asked for again has not begun at the client. A
 * stream that was stopped ends with `error` and `response.failed`; one that the policy ended in its own words, with
 * `response.incomplete`.
 */
import type { ErrorBody, JsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { OwnUsage } from '../own-usage.ts'
import type { Envelope, EventWriter } from '../protocol.ts'
import { dataEvent, namedEvent } from '../protocol.ts'
import type { FailureNotes } from './event-reader.ts'
import type { StreamForm } from './item-words.ts'
import { OpenItems } from './open-items.ts'
import type { Shortfall } from './own-answer.ts'
import { beginResponse, endResponse, OwnItems } from './own-answer.ts'
import { padding } from './padding.ts'
import type { TextPlace, WireRaw } from './raw.ts'
import { wireRaw } from './raw.ts'
import { placeIn, ShownAnswer, wordsOf } from './shown-answer.ts'
import { Turns } from './turns.ts'

/** What a writer knows of its request. */
export interface Answering {
  readonly envelope: Envelope
  /** The client's own request. */
  readonly request: JsonObject
  readonly notes: FailureNotes
  /** A response as the client sees it: state that is kept here is not known to the model server. */
  present(response: JsonObject): JsonObject
  /** An answer is complete. `faithful`: it is what the model server sent. */
  keep(response: JsonObject, how: 'faithful' | 'changed' | 'refused'): void
}

/** Events without words that wait at most. */
const MAX_WAITING = 64

export function createEventWriter(answering: Answering): EventWriter {
  return new ResponseEventWriter(answering)
}

class ResponseEventWriter implements EventWriter {
  readonly #answering: Answering
  #shown = new ShownAnswer()
  #items = new OpenItems()
  #waiting: JsonObject[] = []
  #begun = false
  #sequence: number | null = null
  /** The response as last shown. */
  #response: JsonObject | null = null
  /** Items of an answer that has no wire format of its own. */
  #own: OwnItems | null = null
  #shortfall: Shortfall = null
  readonly #usage = new OwnUsage()
  readonly #turns = new Turns()
  /** Words without wire format, until it is known whether they are the policy's. */
  #bare: Extract<StreamPart, { type: 'text' }> | null = null
  #over = false

  constructor(answering: Answering) {
    this.#answering = answering
  }

  write(part: StreamPart): string {
    if (this.#over) return ''
    const raw = wireRaw(part)
    if (raw === null) {
      this.#usage.take(part)
      return this.#writeBare(part)
    }
    const before = this.#settleBare()
    return this.#turns.take(part, raw).reduce((text, turn) => text + this.#writeWire(turn.part, turn.raw), before)
  }

  refuse(text: string): string {
    return this.#over ? '' : this.#settleBare() + this.#refusal(text)
  }

  error(body: ErrorBody): string {
    if (this.#over) return ''
    const { message, code, param, decision_id, poll_url } = body.error
    const before = this.#settleBare()
    const begun = this.#begin()
    this.#over = true
    const response = this.#response ?? {}
    const { usage = response['usage'] ?? null } = this.#answering.notes
    const failed = {
      ...endResponse(response, this.#output(), null),
      status: 'failed',
      error: { code: code === 'rate_limited' ? 'rate_limit_exceeded' : 'server_error', message },
      usage,
    }
    return (
      before +
      this.#send([
        ...begun,
        {
          type: 'error',
          code,
          message,
          param,
          ...(decision_id === undefined ? {} : { decision_id }),
          ...(poll_url === undefined ? {} : { poll_url }),
        },
        { type: 'response.failed', response: failed },
      ])
    )
  }

  end(): string {
    if (this.#over) return ''
    const before = this.#settleBare()
    const begun = this.#begin()
    if (this.#own === null) return before + this.#send([...begun, ...this.#ending('content_filter', 'refused')])
    const closing = this.#own.close()
    return before + this.#send([...begun, ...closing, ...this.#ending(this.#shortfall, 'changed')])
  }

  #writeWire(part: StreamPart, raw: WireRaw): string {
    switch (raw.kind) {
      case 'begin':
        this.#shown = new ShownAnswer()
        this.#items = new OpenItems()
        this.#waiting = []
        this.#own = null
        return ''
      case 'event':
        return this.#event(raw)
      case 'delta':
      case 'close':
        return this.#piece(part, raw)
      case 'value':
        this.#shown.take(part, raw)
        return part.type === 'file' && part.beside === true ? '' : this.#flush()
      case 'whole':
        return ''
      default:
        return raw satisfies never
    }
  }

  #event({ event, holes }: Extract<WireRaw, { kind: 'event' }>): string {
    const filled = this.#shown.fill(event, holes)
    const { type } = event
    const shown = this.#presented(filled)
    if (type === 'response.completed' || type === 'response.incomplete') {
      this.#over = true
      const raw = event['response'] as JsonObject
      const faithful = filled === event && raw['store'] === true
      this.#answering.keep(shown['response'] as JsonObject, faithful ? 'faithful' : 'changed')
      return this.#flush() + this.#send([shown])
    }
    this.#items.follow(shown)
    if (this.#begun) return this.#send([shown])
    this.#waiting.push(shown)
    return this.#waiting.length > MAX_WAITING ? this.#flush() : ''
  }

  #presented(event: JsonObject): JsonObject {
    const { response, obfuscation } = event
    const padded = typeof obfuscation === 'string' ? { ...event, obfuscation: padding(obfuscation.length) } : event
    if (typeof response !== 'object' || response === null || Array.isArray(response)) return padded
    const shown = this.#answering.present(response as JsonObject)
    this.#response = shown
    return shown === response ? padded : { ...padded, response: shown }
  }

  /** A piece of a text, in the event in which it came if it still says the same. */
  #piece(part: StreamPart, raw: WireRaw): string {
    const text = wordsOf(part)
    const place = placeIn(raw)
    if (text === '' || place === undefined) return ''
    this.#shown.take(part, raw)
    this.#items.grow(place, text)
    if (raw.kind === 'delta' && raw.silent) return this.#flush()
    const own = raw.kind === 'delta' && raw.event?.['delta'] === text ? { event: raw.event, holes: raw.holes } : null
    const event =
      own === null
        ? deltaOf(place, text, this.#itemOf(place, raw))
        : this.#presented(this.#shown.fill(own.event, own.holes))
    return this.#flush() + this.#send([event])
  }

  /** The id of the item as the client knows it. */
  #itemOf({ output }: TextPlace, raw: WireRaw): string {
    const known = this.#items.idOf(output)
    if (known !== undefined || raw.kind !== 'delta' || raw.event === null) return known ?? ''
    return String(this.#shown.fill(raw.event, raw.holes)['item_id'] ?? '')
  }

  /** Sends what waited. */
  #flush(): string {
    this.#begun = true
    if (this.#waiting.length === 0) return ''
    const waiting = this.#waiting
    this.#waiting = []
    return this.#send(waiting)
  }

  #send(events: readonly JsonObject[]): string {
    return events.map((event) => this.#numbered(event)).join('')
  }

  #numbered(event: JsonObject): string {
    const { sequence_number: own, type } = event
    this.#sequence ??= typeof own === 'number' && Number.isSafeInteger(own) && own >= 0 ? own : 0
    const numbered = own === this.#sequence ? event : { ...event, sequence_number: this.#sequence }
    this.#sequence += 1
    return typeof type === 'string' && /^[\w.]{1,128}$/.test(type) ? namedEvent(type, numbered) : dataEvent(numbered)
  }

  /** Begins the answer at the client, if it has not begun. */
  #begin(): readonly JsonObject[] {
    this.#begun = true
    const waiting = this.#waiting
    this.#waiting = []
    if (this.#response !== null) return waiting
    this.#response = this.#answering.present(beginResponse(this.#answering.envelope, this.#answering.request))
    return [
      { type: 'response.created', response: this.#response },
      { type: 'response.in_progress', response: this.#response },
    ]
  }

  #writeBare(part: StreamPart): string {
    switch (part.type) {
      case 'text': {
        const before = this.#settleBare()
        this.#bare = part
        return before
      }
      case 'finish': {
        if (part.reason === 'content_filter' && this.#bare !== null) return this.#refusal(this.#bare.text)
        const before = this.#settleBare()
        if (this.#own === null && this.#response !== null) return before
        this.#own ??= new OwnItems(this.#answering.envelope.id, 0)
        if (part.reason === 'length') this.#shortfall = 'max_output_tokens'
        return before + this.#send(this.#own.close(part.choice ?? 0))
      }
      case 'reasoning':
        return this.#settleBare() + this.#grow((own) => own.reasoning(part.choice ?? 0, part.text))
      case 'tool-input': {
        const { choice = 0, call, tool = '', text } = part
        return this.#settleBare() + this.#grow((own) => own.toolInput(choice, call, tool, text))
      }
      case 'file':
      case 'other':
        return this.#settleBare()
      default:
        return part satisfies never
    }
  }

  /** Bare words that are not the policy's belong to an answer without wire format, or stand for a medium that was taken out. */
  #settleBare(): string {
    const part = this.#bare
    this.#bare = null
    if (part === null) return ''
    return this.#grow((own) => own.text(part.choice ?? 0, part.text))
  }

  #grow(grow: (own: OwnItems) => readonly JsonObject[]): string {
    // In an answer with a wire format of its own there is no place for it.
    if (this.#own === null && this.#response !== null) return ''
    const begun = this.#begin()
    this.#own ??= new OwnItems(this.#answering.envelope.id, 0)
    return this.#send([...begun, ...grow(this.#own)])
  }

  #refusal(text: string): string {
    this.#bare = null
    if (!this.#begun) {
      // Nothing of the model's answer is known to the client: the refusal is an answer of its own.
      this.#waiting = []
      this.#items = new OpenItems()
      this.#response = null
    }
    const events: JsonObject[] = [...this.#begin(), ...this.#items.close(), ...(this.#own?.close() ?? [])]
    const own = new OwnItems(this.#answering.envelope.id, this.#nextIndex())
    events.push(...own.refusal(text.trimStart()))
    const output = [...this.#output(), ...own.output]
    return this.#send([...events, ...this.#ending('content_filter', 'refused', output)])
  }

  #output(): readonly JsonObject[] {
    return [...this.#items.done, ...(this.#own?.output ?? [])]
  }

  #nextIndex(): number {
    return Math.max(this.#items.nextIndex, this.#own?.size ?? 0)
  }

  #ending(
    shortfall: Shortfall,
    how: 'changed' | 'refused',
    output: readonly JsonObject[] = this.#output(),
  ): readonly JsonObject[] {
    this.#over = true
    const response = endResponse(this.#response ?? {}, output, shortfall, this.#usage)
    this.#answering.keep(response, how)
    return [{ type: shortfall === null ? 'response.completed' : 'response.incomplete', response }]
  }
}

/** A piece of text that did not come in an event of its own. */
function deltaOf({ form, output, index }: TextPlace, delta: string, item: string): JsonObject {
  const at = { item_id: item, output_index: output }
  switch (form) {
    case 'answer':
      return { type: 'response.output_text.delta', ...at, content_index: index, delta, logprobs: [] }
    case 'refusal':
    case 'reasoning':
      return { type: DELTA[form], ...at, content_index: index, delta }
    case 'summary':
      return { type: DELTA[form], ...at, summary_index: index, delta }
    case 'arguments':
    case 'custom-input':
    case 'mcp-arguments':
    case 'code':
      return { type: DELTA[form], ...at, delta }
    case 'transcript':
      return { type: DELTA[form], delta }
    default:
      return form satisfies never
  }
}

const DELTA: Readonly<Record<Exclude<StreamForm, 'answer'>, string>> = {
  refusal: 'response.refusal.delta',
  reasoning: 'response.reasoning_text.delta',
  summary: 'response.reasoning_summary_text.delta',
  arguments: 'response.function_call_arguments.delta',
  'custom-input': 'response.custom_tool_call_input.delta',
  'mcp-arguments': 'response.mcp_call_arguments.delta',
  code: 'response.code_interpreter_call_code.delta',
  transcript: 'response.audio.transcript.delta',
}
