/**
 * What the pipeline does with a text, and the order of severity by which several findings become one decision.
 *
 * Names follow the runtime-guardrail taxonomy (arXiv 2408.02205: block, flag, modify, retry, human intervention). Deciding
 * itself is not done here: guards report findings, `core/pipeline` applies the policy.
 */

/**
 * What a policy can ask for when a finding is above its threshold.
 * `pass` lets the text through and records nothing; `flag` lets it through and records it; `modify` replaces the finding's
 * span (mask, hash, pseudonym, removal); `retry` asks the model again with the finding as feedback; `refuse` answers in the
 * policy's own words; `hold` waits for a human; `block` answers with an error.
 */
export type Action = 'pass' | 'flag' | 'modify' | 'retry' | 'refuse' | 'hold' | 'block'

/** The outcome for a whole request. A guard that failed or ran out of time is never a `pass` unless the policy says so. */
export type Decision = 'pass' | 'flag' | 'modify' | 'refuse' | 'hold' | 'block' | 'error' | 'timeout'

/** Outcome of one stage. `retry` exists only between the model and the output rail; without a model it becomes `block`. */
export type StageDecision = Decision | 'retry'

/**
 * Severity, weakest first. A protective outcome that is certain (block, refuse) outranks one that is not (error, timeout),
 * and both outrank anything that would show the text.
 */
export const SEVERITY: readonly StageDecision[] = [
  'pass',
  'flag',
  'modify',
  'retry',
  'timeout',
  'error',
  'hold',
  'refuse',
  'block',
]

/** The more severe of two outcomes. */
export function moreSevere<T extends StageDecision>(left: T, right: T): T {
  return SEVERITY.indexOf(right) > SEVERITY.indexOf(left) ? right : left
}

/** Whether the judged text itself may be shown under this outcome (possibly modified). */
export function showsText(decision: StageDecision): boolean {
  return decision === 'pass' || decision === 'flag' || decision === 'modify'
}
