/**
 * Every error Parapet throws, and the table of their codes. A block is a verdict, not an error; `BlockedError` exists only for
 * doors whose caller has no other way to learn of it (a stream of plain strings, a framework that wants a throw).
 *
 * Messages say what to do next and never hold a judged text or a secret.
 */

export type ErrorCode =
  | 'policy_invalid'
  | 'policy_not_found'
  | 'input_invalid'
  | 'input_too_large'
  | 'content_filter'
  | 'refused'
  | 'held'
  | 'guard_failed'
  | 'guard_timeout'
  | 'guard_unknown'
  | 'upstream_error'
  | 'upstream_timeout'
  | 'engine_unavailable'
  | 'vault_key_missing'
  | 'unauthorized'
  | 'rate_limited'
  | 'aborted'
  | 'not_found'
  | 'method_not_allowed'
  | 'shutting_down'
  | 'record_unavailable'
  | 'conflict'
  | 'forbidden'
  | 'configuration'
  | 'internal'

/** Code, and what it means to a user. `docs/reference/errors.md` lists exactly these. */
export const ERROR_CODES: Readonly<Record<ErrorCode, string>> = {
  policy_invalid: 'The policy has a mistake; the message names line, key and remedy.',
  policy_not_found: 'There is no policy file at that path.',
  input_invalid: 'The input is not of the form described; the message names the field.',
  input_too_large: 'The input is larger than the limit.',
  content_filter: 'A guard blocked the content.',
  refused: 'The policy answered with a refusal.',
  held: 'The content waits for a human.',
  guard_failed: 'A guard failed and the policy treats that as a stop.',
  guard_timeout: 'A guard did not answer before its deadline and the policy treats that as a stop.',
  guard_unknown: 'The policy names a guard that does not exist.',
  upstream_error: 'The model server refused, broke off or answered nonsense.',
  upstream_timeout: 'The model server did not answer in time.',
  engine_unavailable: 'A model or library that an engine needs is not installed or its file is damaged.',
  vault_key_missing: 'Reversible pseudonyms need a key in the environment.',
  unauthorized: 'The API key is missing or wrong.',
  rate_limited: 'Too many requests.',
  aborted: 'The caller went away.',
  not_found: 'There is no such path.',
  method_not_allowed: 'The path exists, the method does not.',
  shutting_down: 'The server is draining.',
  record_unavailable: 'The decision could not be recorded and the policy treats that as a stop.',
  conflict: 'Somebody else has already decided this.',
  forbidden: 'The API key may not do this.',
  configuration: 'A command-line option, environment variable or setting is wrong.',
  internal: 'A defect in Parapet.',
}

/** Base of all errors. `isInstance` works across duplicate installs, `instanceof` does not. */
export class ParapetError extends Error {
  /** Marks the class across duplicate installs. */
  readonly parapet = 'error' as const
  readonly code: ErrorCode
  /** Extra facts, safe to show. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ParapetError'
    this.code = code
    this.details = options.details ?? {}
  }

  static isInstance(value: unknown): value is ParapetError {
    return value instanceof Error && 'parapet' in value && value.parapet === 'error'
  }
}

/** A mistake in a policy, with its place. */
export class PolicyError extends ParapetError {
  readonly issues: readonly PolicyIssue[]

  constructor(issues: readonly PolicyIssue[]) {
    super('policy_invalid', issues.map(formatIssue).join('\n'), { details: { issues } })
    this.name = 'PolicyError'
    this.issues = issues
  }
}

/** One mistake: where, what, and what to write instead. `line` and `column` count from 1; absent for policies made in code. */
export interface PolicyIssue {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  /** Path of the key, for example `rails.input[2].guard`. */
  readonly key: string
  readonly message: string
  readonly remedy: string
}

/** Thrown by streams of plain strings when the rest was blocked, refused, held, failed or timed out. */
export class BlockedError extends ParapetError {
  readonly decisionId: string

  constructor(code: ErrorCode, message: string, decisionId: string) {
    super(code, message, { details: { decisionId } })
    this.name = 'BlockedError'
    this.decisionId = decisionId
  }
}

function formatIssue(issue: PolicyIssue): string {
  const place = [issue.file, issue.line, issue.column].filter((part) => part !== undefined).join(':')
  return `${place === '' ? '' : `${place} `}${issue.key}: ${issue.message}. ${issue.remedy}`
}
