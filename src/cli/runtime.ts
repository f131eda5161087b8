/**
 * What the commands need of the rest of Parapet. Commands are handed a `Runtime`; the real one (`load-runtime.ts`) loads each
 * part when it is first used, so that `--version` and `--help` load none.
 */
import type { CheckInput, CheckResult } from '../spec/check.ts'
import type { PolicyIssue } from '../spec/errors.ts'
import type { PolicyJudge } from '../compose/policy-judge.ts'

/** The part of a Parapet that judges rows. */
export interface Checker {
  readonly policyVersion: string
  /** A guard of the policy judges whether a text stays within the scope of its system prompt. */
  judgesScope?(): Promise<boolean>
  /** Which models its guards are; of rules alone none. */
  models?(): Promise<GuardModels>
  check(input: CheckInput, options?: { readonly signal?: AbortSignal }): Promise<CheckResult>
  close(): Promise<void>
}

/** Models behind the guards of a policy. */
export interface GuardModels {
  /** One or more that ship in the package, whose training texts are known by their hashes. */
  readonly shipped: boolean
  /** Others: judges, and classifiers from a path. */
  readonly other: boolean
}

/** What is wrong with a policy, and what is merely unwise. */
export interface PolicyReport {
  /** Mistakes: the policy is not used. */
  readonly issues: readonly PolicyIssue[]
  /** Null when there are mistakes. */
  readonly version: string | null
  /** Valid, but unwise. */
  readonly warnings: readonly PolicyIssue[]
  /** A guard uses reversible pseudonyms, which need a key. */
  readonly pseudonyms: boolean
  /** Guards whose model is a version of a folder of `parapet improve`; absent where there are none. */
  readonly versions?: readonly {
    readonly guard: string
    readonly version: string
    readonly folder: string
    /** When it became current, ISO 8601. */
    readonly since: string | null
  }[]
}

/** Outcome of the cases of `policy test`. */
export interface CasesReport {
  readonly passed: number
  readonly failed: number
  /** One line for each failed case. */
  readonly failures: readonly string[]
  readonly junit: string
  readonly json: unknown
}

/** A gateway that accepts requests. */
export interface RunningGateway {
  readonly url: string
  /** What answers: URLs, or the name of the built-in model. */
  readonly upstream: string
  /** Where decisions are kept, in words. */
  readonly store: string
  /** Whether requests need an API key. */
  readonly keyed: boolean
  readonly policyVersion: string
  /** Names of the guards, by stage. */
  readonly guards: Readonly<Record<string, readonly string[]>>
  /** Judges a row as the gateway would; used to show a request that is really blocked. */
  readonly checker: Checker
  /** Ends new requests, waits for running ones, frees the port. */
  close(): Promise<void>
}

export interface ServeSettings {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly dataDir: string
  /** Path of the policy file, or null for the built-in policy. */
  readonly policy: string | null
  /** Model servers by name, the default first; empty for the built-in model. */
  readonly upstreams: Readonly<Record<string, { readonly url: string; readonly apiKey?: string }>>
  /** Keys of callers and operators from the environment; those of the data folder come beside them. */
  readonly keys: readonly { readonly name: string; readonly key: string; readonly role: 'caller' | 'operator' }[]
  /** `embedded`, `none` or a PostgreSQL URL. */
  readonly store: string
  /** File that disagreements are appended to, or null. */
  readonly disagreements: string | null
  readonly limits: { readonly body?: number; readonly concurrency?: number; readonly upstreamTimeout?: number }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Told when an edited policy was taken, or was broken and not taken. */
  readonly onPolicy: (message: string, taken: boolean) => void
  /** Told of defects; the message holds no prompt. */
  readonly onDefect: (error: unknown) => void
}

/** A file of the package. `problem` is null when it is there and has the hash it should have. */
export interface FileReport {
  readonly name: string
  readonly detail: string
  readonly problem: string | null
}

/** An optional package. */
export interface PeerReport {
  readonly name: string
  readonly purpose: string
  /** Null when not installed. */
  readonly version: string | null
}

/** Whether the classifier's deep tier runs here. */
export interface DeepReport {
  /** Of its file; null when that is not there. */
  readonly bytes: number | null
  /** The onnxruntime that runs it; null when there is none. */
  readonly runtime: 'node' | 'web' | null
  /** For one text of 60 tokens. */
  readonly milliseconds: number | null
  /** Why it fails although it is there, or null. */
  readonly problem: string | null
}

export interface Runtime {
  readonly version: string
  openChecker(policy: string | null): Promise<Checker>
  /** The built-in policy without the classifier. */
  openRules(): Promise<Checker>
  /** The judge that a policy file defines as a guard of this name. */
  openJudge(policy: string, guard: string, env: Readonly<Record<string, string | undefined>>): Promise<PolicyJudge>
  policyTemplate(): Promise<string>
  checkPolicy(policy: string | null): Promise<PolicyReport>
  runCases(policy: string | null, cases: string, file: string): Promise<CasesReport>
  serve(settings: ServeSettings): Promise<RunningGateway>
  /** What a PostgreSQL server at this URL is, in words. Rejects when it cannot be used. */
  pingStore(url: string): Promise<string>
  examineFiles(): Promise<readonly FileReport[]>
  examineDeepTier(): Promise<DeepReport>
  examinePeers(): Promise<readonly PeerReport[]>
}
