/**
 * A conversation as guards see it: messages, tool calls, media. Vendor formats are translated into this at the doors
 * (gateway, integrations); nothing here follows one vendor.
 */

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool'

/** A part of a message that is not plain text. `mediaType` is an IANA media type, `application/octet-stream` when unknown. */
export interface MediaPart {
  readonly type: 'media'
  readonly mediaType: string
  /** Where it lives, or its base64 data; empty when there is nothing a guard could look at. Never logged. */
  readonly source: string
}

export interface TextPart {
  readonly type: 'text'
  readonly text: string
}

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** Arguments exactly as the model wrote them (normally JSON text). */
  readonly input: string
}

export interface Message {
  readonly role: Role
  readonly content: string | readonly (TextPart | MediaPart)[]
  readonly toolCalls?: readonly ToolCall[]
  /** For role `tool`: the call this answers. */
  readonly toolCallId?: string
}

/** Who asks. Used for scopes, exceptions and conversation tables; never logged as a prompt is. */
export interface Caller {
  readonly application?: string
  readonly user?: string
  /** Stable id of the conversation; pseudonyms are kept per conversation. */
  readonly conversation?: string
  /** Name of the API key, for exceptions by caller. */
  readonly key?: string
  /** W3C `traceparent` of the request, so that traces hang together. No policy looks at it. */
  readonly traceparent?: string
}
