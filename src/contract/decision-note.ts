/**
 * What Parapet adds to answers whose shape somebody else has defined: one field, `parapet`, which their clients ignore. It holds
 * nothing of the judged text.
 */
import type { CheckResult, Decision } from '../spec/index.ts'

/** The decision behind an answer. */
export interface DecisionNote {
  readonly decision: Decision
  /** Under which the operator finds the rest. */
  readonly decision_id: string
}

export function toDecisionNote({ decision, decisionId }: CheckResult): DecisionNote {
  return { decision, decision_id: decisionId }
}
