/**
 * From the words of an answer to parts that are judged, each once: the pieces of a text as they come, other values when they are
 * first seen, copies of both never again. Shared by streamed and whole answers.
 *
 * Answer text that follows on answer text is one text, over the borders of parts and messages, because readers put it together.
 * Texts that grow at the same time are never judged as one: they get different choices. A copy that does not say what the pieces
 * before it said is a text of its own.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { asString } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { listValues } from './holes.ts'
import type { Hole, ListHole, LogprobsHole, TextHole } from './holes.ts'
import type { StreamForm } from './item-words.ts'
import { toolOf } from './item-words.ts'
import type { TextPlace, WireRaw } from './raw.ts'
import { isItemType } from './wire-types.ts'

/** Characters of one answer, copies not counted. */
const MAX_ANSWER = 16 * 1024 * 1024

/** Words that an event begins come after it and before the next. */
const AFTER = 0.5

type Channel = 'text' | 'reasoning' | 'tool-input'

/** What is judged as one text. */
interface Run {
  readonly id: number
  readonly channel: Channel
  readonly choice: number
  /** Texts of it that may still grow. */
  growing: number
  empty: boolean
  last: GrowingText | null
}

interface GrowingText {
  readonly place: TextPlace
  readonly run: Run
  readonly tool: string | null
  text: string
  open: boolean
}

/** Which item a slot belongs to. */
export interface ItemHead {
  readonly output: number
  /** Null when it is not known. */
  readonly tool: string | null
}

/** The parts for an object's holes. */
export interface Placed {
  /** To be judged before the object is sent. */
  readonly before: readonly StreamPart[]
  /** The rest of a text that the object begins. */
  readonly after: readonly StreamPart[]
  /** The holes as they can be filled. */
  readonly holes: readonly Hole[]
}

export class AnswerParts {
  /** Identifiers that have been judged. */
  readonly ids: Set<string> = new Set()
  /** Number of the event that is being read. */
  at = 0
  readonly #texts = new Map<string, GrowingText>()
  /** Runs whose end is not known yet. */
  readonly #runs = new Set<Run>()
  readonly #choices = new Set<number>()
  /** What was last judged under a name. */
  readonly #values = new Map<string, string>()
  #begun = 0
  #size = 0

  /** Texts of which something may be held, so that what comes now has to wait for them. */
  get held(): readonly number[] {
    return [...this.#runs].filter(({ channel, empty }) => channel === 'text' && !empty).map(({ id }) => id)
  }

  /** @param closing the object ends the texts it holds */
  place(holes: readonly Hole[], head: ItemHead, closing: boolean): Placed {
    const before: StreamPart[] = []
    const after: StreamPart[] = []
    const placed = holes.map((hole): Hole => {
      switch (hole.kind) {
        case 'text':
          return hole.streamed
            ? this.#placeText(hole, head, closing, before, closing ? before : after)
            : this.#placeValue(hole, head, before)
        case 'list':
          this.#placeList(hole, before)
          return hole
        case 'logprobs':
          this.#placeTokens(hole, before)
          return hole
        case 'id':
        case 'sum':
          return hole
        default:
          return hole satisfies never
      }
    })
    return { before, after, holes: placed }
  }

  /** A piece of a text. */
  piece(place: TextPlace, text: string, tool: string | null, origin: PieceOrigin): readonly StreamPart[] {
    const known = this.#texts.get(place.slot)
    if (known !== undefined && !known.open)
      throw upstreamError('The model server went on with a text that it had ended before.')
    const parts: StreamPart[] = []
    const growing = known ?? this.#begin(place, tool, parts)
    this.#count(text)
    growing.text += text
    growing.run.empty &&= text === ''
    parts.push(partOf(growing, text, { kind: 'delta', place, run: growing.run.id, ...origin }))
    return parts
  }

  /** Ends a text. What is held of it is judged to its end, unless more answer text may follow on it. */
  close(slot: string): readonly StreamPart[] {
    const growing = this.#texts.get(slot)
    if (growing === undefined || !growing.open) return []
    growing.open = false
    growing.run.growing -= 1
    return growing.place.form === 'answer' ? [] : this.#end(growing)
  }

  /** Ends every open text, or those of one item. */
  closeAll(output?: number): readonly StreamPart[] {
    return [...this.#texts.values()]
      .filter(({ open, place }) => open && (output === undefined || place.output === output))
      .flatMap(({ place }) => this.close(place.slot))
  }

  /** No more answer text follows on what came so far. */
  settle(): readonly StreamPart[] {
    return [...this.#runs].flatMap(({ growing, last }) => (growing === 0 && last !== null ? this.#end(last) : []))
  }

  /** Choices beside the first in which a text was judged. */
  extraChoices(): readonly number[] {
    return [...this.#choices].filter((choice) => choice > 0)
  }

  #end(growing: GrowingText): readonly StreamPart[] {
    const { run, place } = growing
    if (!this.#runs.delete(run) || run.empty) return []
    return [{ ...partOf(growing, '', { kind: 'close', place }), last: true }]
  }

  #placeText(hole: TextHole, head: ItemHead, closing: boolean, before: StreamPart[], rest: StreamPart[]): Hole {
    const growing = this.#texts.get(hole.slot)
    const known = growing?.text ?? ''
    const goesOn = (growing?.open ?? true) && hole.original.startsWith(known)
    if (goesOn && hole.original.length > known.length) {
      const place = growing?.place ?? placeOf(hole, head)
      // What only a copy at the end tells is told there, and not in pieces that the server did not send.
      const origin = { event: null, holes: [], silent: closing, at: closing ? this.at : this.at + AFTER }
      rest.push(...this.piece(place, hole.original.slice(known.length), head.tool, origin))
    }
    if (closing) before.push(...this.close(hole.slot))
    if (goesOn || hole.original === known) return hole
    return this.#placeValue({ ...hole, slot: `=${hole.slot}`, streamed: false }, head, before)
  }

  #placeValue(hole: TextHole, head: ItemHead, parts: StreamPart[]): Hole {
    if (this.#isNew(hole.slot, hole.original)) parts.push(this.#valuePart(hole, head))
    return hole
  }

  #placeList(hole: ListHole, parts: StreamPart[]): void {
    const names = hole.leaves.some(({ id }) => id) ? (listValues(hole, hole.original) ?? []) : []
    hole.leaves.forEach(({ id }, index) => {
      const name = names[index]
      if (id && typeof name === 'string') this.ids.add(name)
    })
    if (this.#isNew(hole.slot, hole.original)) parts.push(besidePart(hole.slot, hole.original))
  }

  #placeTokens({ slot, alternatives }: LogprobsHole, parts: StreamPart[]): void {
    if (alternatives !== '' && this.#isNew(slot, alternatives)) parts.push(besidePart(slot, alternatives))
  }

  #isNew(slot: string, original: string): boolean {
    if (this.#values.get(slot) === original) return false
    this.#values.set(slot, original)
    this.#count(original)
    return true
  }

  #count(text: string): void {
    this.#size += text.length
    if (this.#size > MAX_ANSWER) throw upstreamError('The answer of the model server is larger than the limit.')
  }

  #begin(place: TextPlace, tool: string | null, parts: StreamPart[]): GrowingText {
    const channel = channelOf(place.form)
    const idle = [...this.#runs].find((run) => run.channel === 'text' && run.growing === 0)
    if (channel === 'text' && place.form !== 'answer') parts.push(...this.settle())
    const run = (place.form === 'answer' ? idle : undefined) ?? this.#beginRun(channel)
    const growing = { place, run, tool, text: '', open: true }
    run.growing += 1
    run.last = growing
    this.#texts.set(place.slot, growing)
    return growing
  }

  #beginRun(channel: Channel): Run {
    const run: Run = {
      id: this.#begun,
      channel,
      choice: this.#freeChoice(channel),
      growing: 0,
      empty: true,
      last: null,
    }
    this.#begun += 1
    this.#runs.add(run)
    this.#choices.add(run.choice)
    return run
  }

  /** The first choice in which no text of this kind is growing. Tool calls are told apart by their name. */
  #freeChoice(channel: Channel): number {
    if (channel === 'tool-input') return 0
    const taken = new Set([...this.#runs].filter((run) => run.channel === channel).map(({ choice }) => choice))
    let choice = 0
    while (taken.has(choice)) choice += 1
    return choice
  }

  #valueChoice(channel: Channel): number {
    const choice = this.#freeChoice(channel)
    this.#choices.add(choice)
    return choice
  }

  #valuePart(hole: TextHole, head: ItemHead): StreamPart {
    const raw: WireRaw = { kind: 'value', slot: hole.slot, original: hole.original }
    const { form, original } = hole
    switch (form) {
      case 'answer':
      case 'refusal':
      case 'transcript':
        return { type: 'text', choice: this.#valueChoice('text'), text: original, last: true, raw }
      case 'reasoning':
      case 'summary':
        return { type: 'reasoning', choice: this.#valueChoice('reasoning'), text: original, last: true, raw }
      case 'arguments':
      case 'custom-input':
      case 'mcp-arguments':
      case 'code':
      case 'call': {
        const tool = head.tool === null ? {} : { tool: head.tool }
        return { type: 'tool-input', choice: 0, call: hole.slot, ...tool, text: original, last: true, raw }
      }
      case 'words':
        return { type: 'file', choice: 0, mediaType: 'text/plain', data: original, raw }
      case 'cipher':
        return besidePart(hole.slot, original)
      // A data URL that calls itself text must not be read as text: its words are in base64.
      case 'image':
      case 'audio':
        return { type: 'file', choice: 0, mediaType: `${form}/*`, data: original, raw }
      case 'file':
        return { type: 'file', choice: 0, mediaType: 'application/octet-stream', data: original, raw }
      default:
        return form satisfies never
    }
  }
}

function placeOf({ slot, form }: TextHole, { output }: ItemHead): TextPlace {
  const index = Number(/(?:content|summary)\.(\d+)/.exec(slot)?.[1] ?? 0)
  return { form: form as StreamForm, slot, output, index }
}

/** Whatever of a piece does not depend on where it stands. */
type PieceOrigin = Pick<Extract<WireRaw, { kind: 'delta' }>, 'event' | 'holes' | 'silent' | 'at'>

type TextPart = Extract<StreamPart, { type: Channel }>

function partOf({ place, run: { channel, choice }, tool }: GrowingText, text: string, raw: WireRaw): TextPart {
  switch (channel) {
    case 'text':
    case 'reasoning':
      return { type: channel, choice, text, raw }
    case 'tool-input':
      return { type: 'tool-input', choice, call: place.slot, ...(tool === null ? {} : { tool }), text, raw }
    default:
      return channel satisfies never
  }
}

function besidePart(slot: string, original: string): StreamPart {
  const raw: WireRaw = { kind: 'value', slot, original }
  return { type: 'file', choice: 0, mediaType: 'text/plain', data: original, beside: true, raw }
}

function channelOf(form: StreamForm): Channel {
  switch (form) {
    case 'answer':
    case 'refusal':
    case 'transcript':
      return 'text'
    case 'reasoning':
    case 'summary':
      return 'reasoning'
    case 'arguments':
    case 'custom-input':
    case 'mcp-arguments':
    case 'code':
      return 'tool-input'
    default:
      return form satisfies never
  }
}

/** Name and id of an item, for guards and policies. */
export function itemHead(item: JsonObject, output: number): ItemHead {
  const { type } = item
  const tool = isItemType(type) ? toolOf(type, asString(item['name'])) : null
  return { output, tool: tool === '' ? null : tool }
}
