/**
 * What a part carries of the Responses wire format, so that neither the pipeline nor a second attempt has to keep state.
 */
import type { JsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import type { Hole } from './holes.ts'
import type { StreamForm } from './item-words.ts'

/** Where a text that comes in pieces stands in the answer. */
export interface TextPlace {
  readonly form: StreamForm
  /** Its name within the answer. */
  readonly slot: string
  readonly output: number
  /** Index of the content or summary part, where it stands in one. */
  readonly index: number
}

/** What a part carries of the wire format. `at` counts the events of the answer. */
export type WireRaw =
  /** An answer begins; whatever came before belongs to one that is not wanted. */
  | { readonly kind: 'begin' }
  /** An event that is sent when its turn comes, its holes filled with what passed the guards. */
  | {
      readonly kind: 'event'
      readonly event: JsonObject
      readonly holes: readonly Hole[]
      readonly at: number
      /** Texts of the answer that began before it and may still be held: its turn comes after what came of them before it. */
      readonly behind: readonly number[]
    }
  /** A piece of a text; the event in which it came, if it came in one of its own. */
  | {
      readonly kind: 'delta'
      readonly place: TextPlace
      /** What is judged as one text has one number. */
      readonly run: number
      readonly event: JsonObject | null
      readonly holes: readonly Hole[]
      readonly at: number
      /** It is told in a copy only. */
      readonly silent: boolean
    }
  /** The end of a text (of a choice, without one); sends nothing of its own, unless a guard put words there. */
  | { readonly kind: 'close'; readonly place?: TextPlace }
  /** A value in one piece, for the holes of the same name. */
  | { readonly kind: 'value'; readonly slot: string; readonly original: string }
  /** An answer that did not come as a stream. */
  | { readonly kind: 'whole'; readonly response: JsonObject; readonly holes: readonly Hole[] }

const KINDS: readonly unknown[] = ['begin', 'event', 'delta', 'close', 'value', 'whole']

/** Reads a part's `raw`; null when it is absent or somebody else's. */
export function wireRaw(part: StreamPart): WireRaw | null {
  const { raw } = part
  if (typeof raw !== 'object' || raw === null || !('kind' in raw) || !KINDS.includes(raw.kind)) return null
  return raw as WireRaw
}
