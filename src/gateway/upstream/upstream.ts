/**
 * What answers: a model server behind HTTP, or the demo model. An upstream speaks stream parts; what of the vendor's own format
 * must survive travels in each part's `raw`, which only the protocol that made it reads.
 */
import type { JsonObject } from '../../contract/index.ts'
import type { Message, RoutePlan, StreamPart } from '../../spec/index.ts'
import type { ModelRequest, Protocol } from '../protocols/protocol.ts'

/** One call of a model. */
export interface UpstreamCall {
  readonly protocol: Pick<Protocol, 'door' | 'endpoint' | 'auth' | 'forwarded'>
  /** Reads the answer. `stream` says whether the model is asked for a stream. */
  readonly request: Pick<ModelRequest, 'stream' | 'readWhole' | 'createEventReader'>
  /** The request with the conversation as it may be passed on. */
  readonly body: JsonObject
  /** The conversation in that body. */
  readonly messages: readonly Message[]
  /** The client's headers; an upstream hands on only what the protocol and its own settings name. */
  readonly header: (name: string) => string | undefined
  /** Query to hand on, without `?`. */
  readonly query?: string
  /** Aborted when the client left, the answer was blocked or time is up: the connection must be closed then. */
  readonly signal: AbortSignal
  /** To be told of the route, where the upstream is routed. */
  readonly onRoute?: (plan: RoutePlan) => void
}

/** A call whose answer holds no words of a model: embeddings, lists of models. */
export interface JsonCall {
  readonly method: 'GET' | 'POST'
  /** Path below the base URL, for example `/models`. */
  readonly endpoint: string
  readonly body?: JsonObject
  readonly header: (name: string) => string | undefined
  readonly signal: AbortSignal
}

export interface Upstream {
  /** For messages and `/readyz`; never holds a key. */
  readonly name: string
  /** Its only model, whatever a request names. */
  readonly model?: string
  /** Asks the model. Rejects with `upstream_error` or `upstream_timeout`, as does the iteration. */
  open(call: UpstreamCall): Promise<AsyncIterable<StreamPart>>
  /** Absent when this upstream has no such interface. Rejects like `open`. */
  json?(call: JsonCall): Promise<JsonObject>
  close?(): void
}
