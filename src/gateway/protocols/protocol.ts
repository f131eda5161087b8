/**
 * An HTTP interface of model servers: how its requests are read, how its answers are taken apart into parts that are judged, and
 * how guarded parts become an answer again.
 *
 * A protocol judges nothing, opens no connection and keeps nothing between requests. Everything in an answer that could carry
 * words to a reader must become a part; what is not understood is judged as text or not passed on.
 */
import type { ErrorBody, JsonObject } from '../../contract/index.ts'
import type { Message, StreamPart } from '../../spec/index.ts'

/** The conversation in a request, in both forms. */
export interface Conversation<Wire = unknown> {
  readonly messages: readonly Message[]
  /**
   * The wire form for the conversation as the pipeline left it; what was not modified is the very value that came in. A medium that
   * was removed has become a text part in the same place.
   */
  rewrite(current: readonly Message[]): Wire
}

/** One interface. */
export interface Protocol {
  /** Name in metrics and decisions, for example `chat-completions`. */
  readonly door: string
  /** Path of the door here, for example `/v1/chat/completions`. */
  readonly path: string
  /** Path below an upstream's base URL, for example `/chat/completions`. */
  readonly endpoint: string
  /** How the upstream's key is sent. */
  readonly auth: 'bearer' | 'x-api-key'
  /** Client's headers that belong to the interface and are handed on, lower case. */
  readonly forwarded: readonly string[]
  /** Reads a request. Throws `input_invalid` with the field. */
  parse(body: JsonObject): ModelRequest
  /** An error in the shape this interface's clients expect. */
  errorBody(body: ErrorBody): JsonObject
}

/** A request to a model, read. */
export interface ModelRequest {
  readonly stream: boolean
  readonly model?: string
  /** The `user` field, when there is one. */
  readonly user?: string
  readonly messages: readonly Message[]
  /**
   * The body for the model, given the conversation as the pipeline left it.
   * @param feedback why the last answer was rejected, when the pipeline has not added it as a message
   */
  bodyFor(current: readonly Message[], feedback?: string): JsonObject
  createEventReader(): EventReader
  /** Parts of an answer that came in one piece. Throws `upstream_error` when it is none. */
  readWhole(answer: JsonObject): readonly StreamPart[]
  createEventWriter(envelope: Envelope): EventWriter
  createWholeWriter(envelope: Envelope): WholeWriter
}

/** For answers, or pieces of them, that the model had no part in. */
export interface Envelope {
  /** A random id without prefix. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly created: number
  readonly model: string
}

/** Takes a streamed answer apart. */
export interface EventReader {
  /** Parts of the data of one server-sent event. */
  read(data: string): readonly StreamPart[]
  /** The interface's own end has been read; nothing after it counts. */
  readonly ended: boolean
  /** Call when the connection has ended: throws `upstream_error` unless the answer is whole. */
  end(): void
}

/** Puts a streamed answer together. All methods return complete server-sent events, or nothing. */
export interface EventWriter {
  write(part: StreamPart): string
  /** The policy's own words in place of the rest, and the end of the stream. */
  refuse(text: string): string
  /** An error in place of the rest. There is no regular end after it. */
  error(body: ErrorBody): string
  /** The regular end. */
  end(): string
}

/** Puts an answer in one piece together. */
export interface WholeWriter {
  write(part: StreamPart): void
  /** The answer; null when the model's never came. */
  answer(): JsonObject | null
  /** An answer that is the policy's own words. */
  refusal(text: string): JsonObject
}

/** One server-sent event with JSON data. */
export function dataEvent(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

/** One named server-sent event with JSON data. */
export function namedEvent(event: string, value: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`
}
