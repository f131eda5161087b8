/**
 * What a compiled policy looks like to the pipeline: every default filled in, scopes merged, lookups ready.
 *
 * Types only. The source form (what a file or `definePolicy` says) is `spec/policy`; merging and checking are beside this file.
 */
import type {
  Action,
  Caller,
  ConversationPolicy,
  ErrorPolicy,
  Finding,
  Policy,
  RecordPolicy,
  Stage,
  StreamPolicy,
  TextView,
} from '../../spec/index.ts'

/** What the policy says about one label. `action` is null when no rule names one: the finding's own action holds then. */
export interface ResolvedRule {
  /** A finding counts when its score is above this. */
  readonly threshold: number
  readonly action: Action | null
  /** No exception silences it and no narrower scope loosened it. */
  readonly hard: boolean
}

/** One guard in one rail, as it holds for a caller. */
export interface ResolvedRailEntry {
  readonly guard: string
  readonly shadow: boolean
  readonly onError: ErrorPolicy
  /** Milliseconds. */
  readonly deadline: number
  /**
   * The rule for a label, by the longest dotted prefix.
   * @param finding handed in for findings that may be hard themselves: scopes cannot loosen what the policy says about those
   */
  rule(label: string, finding?: Pick<Finding, 'hard' | 'action'>): ResolvedRule
}

/** The policy as it holds for one caller. */
export interface EffectivePolicy {
  /** Version of the policy, and of the scopes that apply. */
  readonly version: string
  readonly name: string
  readonly rails: Readonly<Record<Stage, readonly ResolvedRailEntry[]>>
  /** Milliseconds. */
  readonly deadlines: { readonly stage: number; readonly guard: number }
  readonly conversation: Required<ConversationPolicy>
  readonly stream: Required<StreamPolicy>
  readonly shadow: boolean
  readonly speculative: boolean
  readonly record: Required<RecordPolicy>
  readonly media: 'block' | 'flag' | 'pass'
  readonly retries: number
  readonly refusals: Readonly<Record<string, string>>
  readonly exceptions: readonly CompiledException[]
  readonly cache: false | { readonly entries: number; readonly ttl: number }
}

/** What an exception is asked: may this finding be passed over? */
export interface ExceptionInput {
  readonly finding: Finding
  /** The text the finding's span points into. */
  readonly text: TextView
  readonly caller: Caller
  /** SHA-256 of the exact text judged, lower-case hex; called only when an exception by hash is in question. */
  readonly textHash: () => Promise<string> | string
}

/** An exception ready to be asked. Expiry is checked at each call, with the clock the policy was compiled with. */
export interface CompiledException {
  readonly id: string
  matches(input: ExceptionInput): boolean | Promise<boolean>
}

/** A policy with its defaults, checks and scopes worked out. */
export interface CompiledPolicy {
  /** Hash of the policy's content: the same for any order of keys. */
  readonly version: string
  readonly policy: Policy
  /** The policy for this caller. Answers are kept, so asking for each request is cheap. */
  scope(caller: Caller): EffectivePolicy
}

/** Something `policy check` prints: valid, but worth knowing. */
export interface PolicyNote {
  readonly level: 'warning' | 'info'
  /** Path of the key it is about. */
  readonly key: string
  readonly message: string
  readonly remedy: string
}
