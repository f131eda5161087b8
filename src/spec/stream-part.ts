/**
 * The parts of a model's streamed answer, in no vendor's format, and what a guarded stream yields.
 */
import type { CheckResult } from './check.ts'
import type { Decision } from './decision.ts'
import type { CompletionUsage } from './engine.ts'
import type { ParapetError } from './errors.ts'

interface PartBase {
  /** Which of the n answers, from 0. Default 0. */
  readonly choice?: number
  /** The vendor's own object, handed through untouched when the text was not modified. */
  readonly raw?: unknown
  /**
   * On text, reasoning and tool input: the text this piece belongs to is complete. It is judged to its end and leaves at once;
   * a later piece of the same kind begins a text of its own. Without it that happens when its choice finishes.
   */
  readonly last?: boolean
}

/** A piece of answer text. */
export interface TextDelta extends PartBase {
  readonly type: 'text'
  readonly text: string
}

/** A piece of the model's reasoning. */
export interface ReasoningDelta extends PartBase {
  readonly type: 'reasoning'
  readonly text: string
}

/** A piece of a tool call's arguments. Parts of one call share `call`. */
export interface ToolInputDelta extends PartBase {
  readonly type: 'tool-input'
  /** Id or index of the call within its choice. */
  readonly call: string
  readonly tool?: string
  readonly text: string
}

/** A file the model made. `data` is its text when `mediaType` is textual, else base64 or a URL. */
export interface FilePart extends PartBase {
  readonly type: 'file'
  readonly mediaType: string
  readonly data: string
  /**
   * What guards of media look at, one after another, when `data` is the vendor's own form of it rather than base64 or a URL.
   * Empty: there is nothing they could look at.
   */
  readonly sources?: readonly string[]
  /** It stands beside the answer (metadata, a warning): it is judged like any other, but is neither an answer nor an act. */
  readonly beside?: boolean
}

/** The end of one choice. All its held text leaves before it. */
export interface FinishPart extends PartBase {
  readonly type: 'finish'
  readonly reason: string
  /** Tokens of an answer without `raw`; choices of one prompt count it with the first of them only. Absent where nobody counted. */
  readonly usage?: CompletionUsage
}

/** Anything without content of its own (usage, metadata). Passed through in order. */
export interface OtherPart extends PartBase {
  readonly type: 'other'
  /**
   * Tokens that stand on no end of a choice: of a call beside the answering one, such as a router's, or of an answer whose `raw` was left
   * out. They come on top of what the ends say. Only without `raw`, and once an answer: of several the last counts.
   */
  readonly usage?: CompletionUsage
}

export type StreamPart = TextDelta | ReasoningDelta | ToolInputDelta | FilePart | FinishPart | OtherPart

/** The last part of a stream that did not end well: blocked, refused, failed, timed out or broken upstream. */
export interface StreamErrorPart {
  readonly type: 'error'
  readonly error: ParapetError
  readonly result: CheckResult
}

export type GuardedPart = StreamPart | StreamErrorPart

/** Options of a guarded stream. */
export interface GuardedStream<T> extends AsyncIterable<T> {
  /** Resolves when the stream has ended, whatever its end. Never rejects. */
  readonly result: Promise<CheckResult>
  /** What is ready to be shown at once; undefined when there is nothing, or somebody waits for it already. */
  poll?(): T | undefined
  /** Id the result will have, when it is known from the start. */
  readonly decisionId?: string
  /** The most severe decision so far: what a door can tell before the stream has ended. */
  readonly decisionSoFar?: () => Decision
}
