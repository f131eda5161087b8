/**
 * The contract of a guard: one check, which reports what it found and decides nothing.
 *
 * A guard may throw, hang or return rubbish: the pipeline turns that into an `error` or `timeout` verdict and the policy decides
 * what it means. A guard never knows the gateway, opens no connection and is handed its engine.
 */
import type { AskCritiques, Critique } from './critique.ts'
import type { Action } from './decision.ts'
import type { Caller, Message } from './exchange.ts'
import type { Field, Stage } from './stage.ts'
import type { StreamBuffer, TextView } from './text.ts'

/** Something a guard found in a text. */
export interface Finding {
  /**
   * Dotted name, from general to special: `prompt_harm`, `pii.email`, `secret.github`, `unicode.tag`, `rule.<id>`, `S1`.
   * The policy's `actions` are looked up by the longest matching prefix.
   */
  readonly label: string
  /** Confidence, 0…1. Rules and checksummed patterns report 1. */
  readonly score: number
  /** Where, in the original text (UTF-16 units, end exclusive); absent when the whole text is meant. */
  readonly span?: { readonly start: number; readonly end: number }
  /** What the span becomes under `modify`. Absent: the pipeline writes `[<LABEL>]`. */
  readonly replacement?: string
  /** The guard's configured action for this finding; the policy's `actions` win over it. */
  readonly action?: Action
  /** Why, in words that may be shown to the model or an operator. Never contains the text found. */
  readonly reason?: string
  /** Exceptions of the policy cannot silence it and narrower scopes cannot loosen it. */
  readonly hard?: boolean
}

/** Calibrated scores of the heads, 0…1; null where a head does not apply. */
export interface Scores {
  readonly prompt_harm: number | null
  readonly response_harm: number | null
  readonly refusal: number | null
  readonly injection: number | null
  readonly toxicity: number | null
}

/** What a guard answers. */
export interface GuardReport {
  readonly findings: readonly Finding[]
  /** Scores of the heads this guard has, whatever the policy's thresholds. */
  readonly scores?: Partial<Scores>
  /** Hazard category id to score, 0…1. */
  readonly categories?: Readonly<Record<string, number>>
  /** Spans that drove a score, beside those of findings. */
  readonly highlights?: readonly {
    readonly start: number
    readonly end: number
    readonly label: string
    readonly score: number
  }[]
  /** Labels with a score above one half in a language in which nobody has tested the model that gave it. */
  readonly untested?: readonly string[]
}

/** What a guard is asked. */
export interface GuardRequest {
  readonly stage: Stage
  readonly field: Field
  readonly text: TextView
  /** The user's text that led here, when judging an answer. */
  readonly prompt?: string
  /** The trusted task or system prompt, when there is one. */
  readonly system?: string
  /** The whole conversation when there is one; read only. */
  readonly messages?: readonly Message[]
  /** The asker did not say what the text is: it may be a user's or a document's. */
  readonly origin?: 'unknown'
  /** At stage `output`: the text is not the answer itself but beside it. Guards of the answer's form have no say in it. */
  readonly aside?: 'reasoning' | 'file'
  /** Name of the tool, at stages `tool_call` and `tool_result`. */
  readonly tool?: string
  readonly caller: Caller
  /** Aborted at the deadline, on early exit and when the client leaves. */
  readonly signal: AbortSignal
}

/** What a stream session is opened with: a request without its text. */
export type StreamRequest = Omit<GuardRequest, 'text'>

/** What a guard of media is asked: a request with an image, a recording or a file instead of a text. */
export interface MediaRequest extends Omit<StreamRequest, 'origin'> {
  /**
   * IANA media type in lower case, without parameters; a range such as `image/*` when no more is known. It is what the sender
   * says, not what the bytes are.
   */
  readonly mediaType: string
  /**
   * The medium as it came: a `data:` URL, plain base64, another URL, or the id under which a model server keeps it. Never empty.
   * Nobody fetches it for the guard; a guard that cannot look at it must throw.
   */
  readonly source: string
}

/** The part of a guard that judges media. */
export interface MediaCheck {
  /** IANA media types (`image/png`) or ranges (`image/*`) it can judge. Media of other types are never shown to it. */
  readonly types: readonly string[]
  /**
   * Findings are about the medium as a whole: none has a span. Under `modify` the medium is removed and the finding's
   * `replacement` (without one, `[<LABEL>]`) stands there as text.
   */
  check(request: MediaRequest): GuardReport | Promise<GuardReport>
}

/** One step of a stream session. Offsets are absolute. */
export interface StreamStep {
  /** New findings only. Their spans may end after `settled`. */
  readonly findings: readonly Finding[]
  /** Every finding that begins before this offset has been reported; text before it may leave as far as this guard goes. */
  readonly settled: number
  /** Oldest offset this session still needs to read. At most `settled`. */
  readonly keep: number
  /** Final scores, on the step in which the stream ended. */
  readonly report?: Omit<GuardReport, 'findings'>
}

/**
 * Incremental state over one stream. Under any chunking the findings equal those of `check` on the whole text, and no step
 * re-reads the whole prefix.
 */
export interface GuardStream {
  advance(buffer: StreamBuffer): StreamStep | Promise<StreamStep>
  /** The reasons behind all that was reported so far. */
  readonly critiques?: AskCritiques
}

/** One check. */
export interface Guard {
  readonly specVersion: 'v1'
  /** Name under which the policy lists it, for example `pii`. */
  readonly id: string
  /** Changes whenever the same text could get another report: part of the verdict cache's key. */
  readonly version: string
  readonly stages: readonly Stage[]
  /** False when the report depends on more than the request (time, outside state): such reports are not cached. */
  readonly cacheable?: boolean
  check(request: GuardRequest): GuardReport | Promise<GuardReport>
  /** Present when it judges images, recordings or files as well. `stages`, `version` and `cacheable` hold for it too. */
  readonly media?: MediaCheck
  /**
   * Judges while the text is still growing. A guard without it is exact too, but the pipeline holds the whole answer for it;
   * `policy check` says so.
   */
  open?(request: StreamRequest): GuardStream
  /** Longest span, in characters, that a session is sure to report before its first character is released. */
  readonly maxSpan?: number
  /**
   * The reasons behind a report that `check` gave: empty for a report of another guard. It is called after the decision, on nobody's
   * time but its own, and its words are kept as the judged text is.
   */
  critiques?(report: GuardReport, options: { readonly signal: AbortSignal }): Promise<readonly Critique[]>
  /** Puts back what this guard replaced (pseudonyms), given the conversation. Local to one text; spans of at most `maxSpan`. */
  readonly restore?: Restorer
}

/** Replaces pseudonyms by their originals in an answer. */
export interface Restorer {
  /** Longest pseudonym, in characters; the stream holds back that many before it restores. */
  readonly maxLength: number
  restore(text: string, caller: Caller): string
  /**
   * How many characters at the end of `text` may be the beginning of a pseudonym. Without it a stream always holds back
   * `maxLength` - 1 characters.
   */
  pending?(text: string): number
}
