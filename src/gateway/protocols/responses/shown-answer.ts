/**
 * What of an answer has passed the guards so far, by the names of its holes. Events and whole answers are filled from it; what is
 * not here does not reach the client.
 */
import type { JsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import type { Hole, ListHole, LogprobsHole, Passed, TextHole } from './holes.ts'
import { fillHoles, listValues } from './holes.ts'
import type { TextPlace, WireRaw } from './raw.ts'

interface PassedValue {
  readonly original: string
  text: string
}

/** Names of values that belong to a single event. */
const OF_ONE_EVENT = /^[xm]:/

export class ShownAnswer implements Passed {
  readonly #texts = new Map<string, string>()
  readonly #values = new Map<string, PassedValue>()
  readonly #ids = new Map<string, string>()

  /** Takes a part that carries words. */
  take(part: StreamPart, raw: WireRaw): void {
    const text = wordsOf(part)
    const place = placeIn(raw)
    if (place !== undefined) this.add(place.slot, text)
    if (raw.kind !== 'value') return
    const known = this.#values.get(raw.slot)
    // One value may leave in several pieces.
    if (known !== undefined && known.original === raw.original) known.text += text
    else this.#values.set(raw.slot, { original: raw.original, text })
  }

  /** A piece of a text. */
  add(slot: string, text: string): void {
    this.#texts.set(slot, (this.#texts.get(slot) ?? '') + text)
  }

  /** The text under this name. */
  textOf(slot: string): string {
    return this.#texts.get(slot) ?? ''
  }

  /** The object as it may be shown; the very same when all of it may. */
  fill(source: JsonObject, holes: readonly Hole[]): JsonObject {
    for (const hole of holes) if (hole.kind === 'list') this.#name(hole)
    const filled = fillHoles(source, holes, this)
    for (const hole of holes) if ('slot' in hole && OF_ONE_EVENT.test(hole.slot)) this.#values.delete(hole.slot)
    return filled
  }

  text(hole: TextHole): string | null {
    if (hole.streamed) return this.textOf(hole.slot)
    return this.#value(hole.slot, hole.original)
  }

  list(hole: ListHole): string | null {
    return this.#value(hole.slot, hole.original)
  }

  id(original: string): string {
    return this.#ids.get(original) ?? this.#standIn(original)
  }

  logprobs({ spelled, alternatives, slot, textSlot }: LogprobsHole): boolean {
    if (spelled === null) return false
    if (textSlot !== null && this.textOf(textSlot) !== spelled) return false
    return alternatives === '' || this.#value(slot, alternatives) === alternatives
  }

  #value(slot: string, original: string): string | null {
    const value = this.#values.get(slot)
    return value?.original === original ? value.text : null
  }

  /** An identifier that did not pass as it was gets another one, everywhere the same. */
  #name(hole: ListHole): void {
    if (hole.leaves.every(({ id }) => !id)) return
    const before = listValues(hole, hole.original) ?? []
    const after = listValues(hole, this.list(hole))
    hole.leaves.forEach(({ id }, index) => {
      const original = before[index]
      if (!id || typeof original !== 'string' || this.#ids.has(original)) return
      if (after?.[index] === original) this.#ids.set(original, original)
      else this.#standIn(original)
    })
  }

  #standIn(original: string): string {
    const name = `id_${crypto.randomUUID().replaceAll('-', '')}`
    this.#ids.set(original, name)
    return name
  }
}

/** The text that a part with this belongs to. */
export function placeIn(raw: WireRaw): TextPlace | undefined {
  switch (raw.kind) {
    case 'delta':
    case 'close':
      return raw.place
    case 'event':
    case 'begin':
    case 'value':
    case 'whole':
      return undefined
    default:
      return raw satisfies never
  }
}

/** The words of a part that carries some. */
export function wordsOf(part: StreamPart): string {
  switch (part.type) {
    case 'text':
    case 'reasoning':
    case 'tool-input':
      return part.text
    case 'file':
      return part.data
    case 'finish':
    case 'other':
      return ''
    default:
      return part satisfies never
  }
}
