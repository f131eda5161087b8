/**
 * The policy as data: what `parapet.yaml` holds and what `definePolicy` takes. Durations are milliseconds.
 *
 * Types only. Reading and validating a file is `compose/policy-file`, defaults and scopes are `core/policy`.
 */
import type { Action } from './decision.ts'
import type { Role } from './exchange.ts'
import type { Stage } from './stage.ts'

/** What a guard's own failure means. `block` (default): the request ends as `error` or `timeout`. `pass`: it goes on, recorded. */
export type ErrorPolicy = 'block' | 'pass'

/** Threshold and action for a label (or all labels below it). */
export interface ActionRule {
  /** The finding counts when its score is above this. Default 0.5. */
  readonly threshold?: number
  readonly action?: Action
  /** No exception silences it and no narrower scope loosens it. */
  readonly hard?: boolean
}

/** A guard in a rail: its name, or its name with settings for this rail only. */
export type RailEntry =
  | string
  | {
      readonly guard: string
      readonly shadow?: boolean
      readonly onError?: ErrorPolicy
      /** Milliseconds for this guard. */
      readonly deadline?: number
      readonly actions?: Readonly<Record<string, ActionRule>>
    }

/** Definition of a guard: which family, and that family's own options (validated by the family). */
export interface GuardDefinition {
  /** Family, for example `rules`, `pii`, `secrets`, `classifier`, or the name of a guard passed to `createParapet`. */
  readonly use: string
  /** Narrower scopes may not drop it from a rail. */
  readonly hard?: boolean
  readonly [option: string]: unknown
}

/** What an exception matches. Exactly one of the five. */
export interface PolicyException {
  readonly id: string
  /** Literal phrase, compared after normalisation and case folding with the whole of what was found. */
  readonly phrase?: string
  /** Linear-time pattern (RE2 syntax), which must match the whole of what was found. */
  readonly pattern?: string
  /** SHA-256 of the exact text judged, hex. */
  readonly hash?: string
  /** Label or label prefix. */
  readonly category?: string
  /** Name of an API key, application or user. */
  readonly caller?: string
  /** Restricts the exception to labels under these prefixes. */
  readonly labels?: readonly string[]
  readonly reason: string
  readonly owner: string
  /** ISO 8601 date or date-time after which it no longer holds. */
  readonly expires: string
}

export interface StreamPolicy {
  /** `before`: judged before shown. `after`: shown first, judged then; recorded as unprotected. Default `before`. */
  readonly mode?: 'before' | 'after'
  /** Characters held back at most beyond what the guards have settled. Default 512. */
  readonly window?: number
}

export interface ConversationPolicy {
  /** How many of the newest messages are judged, or `all`. Default 8. */
  readonly messages?: number | 'all'
  /** Messages of which roles are judged. Default user, assistant and tool. */
  readonly roles?: readonly Role[]
}

export interface RecordPolicy {
  /** What of a text is kept with a decision. Default `none`. */
  readonly capture?: 'none' | 'redacted' | 'full'
  /** Days a record is kept. Default 30. */
  readonly retention?: number
  /** `sync`: an answer leaves only once its record is committed. `async` (default): it is committed within 50 ms or so. */
  readonly mode?: 'sync' | 'async'
  /** What happens when neither the store nor the spill file can take a record. Default `refuse`: the request is a 503. */
  readonly whenFull?: 'refuse' | 'drop'
}

/** Settings that a scope may change. */
export interface PolicySettings {
  readonly onError?: ErrorPolicy | Readonly<Partial<Record<Stage, ErrorPolicy>>>
  readonly deadlines?: { readonly stage?: number; readonly guard?: number }
  readonly conversation?: ConversationPolicy
  readonly stream?: StreamPolicy
  /** Whole policy only observes; the decision it would have made is reported. */
  readonly shadow?: boolean
  /** Start the model while the input is judged; its output is held and its call aborted on a block. */
  readonly speculative?: boolean
  readonly record?: RecordPolicy
  /** Media no guard can judge (images, audio, files). Default `block`. */
  readonly media?: 'block' | 'flag' | 'pass'
  /** How often the model is asked again after `retry`. Default 1. */
  readonly retries?: number
  /** Language tag to refusal text; `default` is used when the user's language has none. */
  readonly refusals?: Readonly<Record<string, string>>
  readonly rails?: Readonly<Partial<Record<Stage, readonly RailEntry[]>>>
  readonly actions?: Readonly<Record<string, ActionRule>>
  readonly exceptions?: readonly PolicyException[]
}

/** What a narrower scope may say. It may tighten anything, and loosen what is not hard. */
export interface ScopePolicy extends PolicySettings {
  /** Guards taken out of every rail of this scope. */
  readonly without?: readonly string[]
}

/** Settings that are hard unless the policy says otherwise. */
export type HardSetting = 'onError' | 'stream' | 'shadow' | 'media' | 'conversation' | 'record'

/** How turns are answered, between the judging of the input and of the answer. */
export interface RoutePolicy {
  readonly use: 'primeguard'
  /** Path of a guidelines file, from the policy file's folder; or what such a file would hold. */
  readonly guidelines: string | readonly string[] | Readonly<Record<string, unknown>>
  /** Prompts for models that follow long instructions (`published`, default) or for very small ones. */
  readonly style?: 'published' | 'compact'
  /** Who says a refusal: the model, asked without the request (default), or the guidelines' words without a call. */
  readonly refusal?: 'model' | 'fixed'
  /** Makes the call that chooses, as a judge names its engine. Default: the model server that was asked. */
  readonly engine?: Readonly<Record<string, unknown>>
  /** Milliseconds for the call that chooses. Default 30 000. */
  readonly deadline?: number
}

export interface Policy extends PolicySettings {
  /** Version of this format. */
  readonly parapet: 1
  readonly name?: string
  readonly guards?: Readonly<Record<string, GuardDefinition>>
  /** Default: every turn is answered plainly. */
  readonly route?: RoutePolicy
  /** Verdict cache; false switches it off. Default 10,000 entries, ten minutes. */
  readonly cache?: false | { readonly entries?: number; readonly ttl?: number }
  /** Settings no narrower scope may loosen. Default: onError, stream, shadow, media. */
  readonly hard?: readonly HardSetting[]
  readonly scopes?: {
    readonly organisation?: ScopePolicy
    readonly applications?: Readonly<Record<string, ScopePolicy>>
    readonly users?: Readonly<Record<string, ScopePolicy>>
  }
}
