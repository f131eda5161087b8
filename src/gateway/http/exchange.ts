/**
 * A request and its reply as the routes see them, whatever brought them: a socket (`node-door`) or a `fetch` call (`fetch-door`).
 *
 * Web `Request`, `Response` and streams are not used in between: through a socket they cost more than judging does.
 */

/** One request. */
export interface GatewayRequest {
  readonly method: string
  /** Path as written, without query. */
  readonly path: string
  /** Query as written, without `?`; empty when there is none. */
  readonly query: string
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined
  /** Bytes of the body as they arrive. May be read once. */
  body(): AsyncIterable<Uint8Array>
  /** Aborted when the client has left. */
  readonly signal: AbortSignal
}

/** Produces what is sent, piece by piece. */
export interface EventSource {
  /** The next text to send, or null at the end. Must not reject. */
  next(): Promise<string | null>
  /** The reader left. */
  cancel(): void
}

/** One reply. A string is sent as UTF-8. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | EventSource | null
}

export function isEventSource(body: Reply['body']): body is EventSource {
  return typeof body === 'object' && body !== null && 'next' in body
}
