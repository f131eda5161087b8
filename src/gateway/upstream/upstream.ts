/**
 * What answers: a model server behind HTTP, or the demo model. An upstream speaks stream parts; what of the vendor's own format
 * must survive travels in each part's `raw` as a `WireRaw`, so that neither the pipeline nor a second attempt has to keep state.
 */
import type { ChatRequest, JsonObject } from '../../contract/index.ts'
import type { StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'

export interface UpstreamRequest {
  /** The request with the messages as they may be passed on. */
  readonly body: ChatRequest
  /** Headers of the client that may be handed on. */
  readonly headers: Readonly<Record<string, string>>
  /** Aborted when the client left, the answer was blocked or time is up: the connection must be closed then. */
  readonly signal: AbortSignal
}

export interface Upstream {
  /** For messages and `/readyz`; never holds a key. */
  readonly name: string
  /**
   * Asks the model; `body.stream` says whether it is asked for a stream. Rejects with `upstream_error` or `upstream_timeout`,
   * as does the iteration.
   */
  open(request: UpstreamRequest): Promise<AsyncIterable<StreamPart>>
}

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

/** An error of the model server. `status` is its HTTP status, when it answered with one. */
export function upstreamError(
  message: string,
  details: { status?: number; retryAfter?: string } = {},
  cause?: unknown,
): ParapetError {
  return new ParapetError('upstream_error', message, { details, ...(cause === undefined ? {} : { cause }) })
}

export function upstreamTimeout(message: string): ParapetError {
  return new ParapetError('upstream_timeout', message)
}
