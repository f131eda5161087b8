/**
 * What a part carries of the chat-completions wire format, so that neither the pipeline nor a second attempt has to keep state.
 */
import type { JsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'

/** Where in an answer a field stands that nobody here knows. */
export interface WireField {
  /** Keys from the chunk (`chunk`), the choice (`choice`) or its delta or message (`body`). */
  readonly scope: 'chunk' | 'choice' | 'body'
  readonly path: readonly string[]
  /** The value is the text itself, not JSON. */
  readonly plain: boolean
}

/** What a part carries of the wire format. */
export type WireRaw =
  /** A chunk whose only content is this part; sent on as it is. */
  | { readonly kind: 'chunk'; readonly chunk: JsonObject }
  /** Id, model and the like, for chunks that have to be built anew. */
  | { readonly kind: 'envelope'; readonly envelope: JsonObject; readonly reasoningKey?: string }
  /** Id, type and name of a tool call, told before its first argument. */
  | { readonly kind: 'tool-call'; readonly choice: number; readonly call: string; readonly head: ToolCallHead }
  /** A whole answer that did not come as a stream; its contents follow as parts. */
  | { readonly kind: 'completion'; readonly completion: JsonObject }
  | { readonly kind: 'field'; readonly field: WireField }

/** The part of a tool call that is not arguments. */
export interface ToolCallHead {
  readonly form: 'function' | 'custom' | 'legacy'
  readonly id: string
  readonly name: string
}

const KINDS: readonly unknown[] = ['chunk', 'envelope', 'tool-call', 'completion', 'field']

/** Reads a part's `raw`; null when it is absent or somebody else's. */
export function wireRaw(part: StreamPart): WireRaw | null {
  const { raw } = part
  if (typeof raw !== 'object' || raw === null || !('kind' in raw) || !KINDS.includes(raw.kind)) return null
  return raw as WireRaw
}

/**
 * A refusal is an answer of its own beside the content of the same choice. It is judged as text under a choice number of its
 * own, so that neither runs into the other.
 */
const REFUSAL_CHOICES = 4096

export function refusalChoice(choice: number): number {
  return choice + REFUSAL_CHOICES
}

export function isRefusalChoice(choice: number): boolean {
  return choice >= REFUSAL_CHOICES
}

/** The choice on the wire. */
export function wireChoice(choice: number): number {
  return choice % REFUSAL_CHOICES
}
