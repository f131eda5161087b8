/**
 * Every name that a trace carries, in one map, so that a convention that is still moving can be followed by changing this file.
 *
 * Our own names are always there. Beside them, selectable: `evaluation` is what OpenTelemetry has published for verdicts on model
 * output; `security` is its draft for guardrails (semantic-conventions-genai, pull request 427, as of August 2026), not merged and
 * since reworded more than once; `openinference` is the convention of Phoenix and others.
 */

/** Names of other conventions that can be set beside our own. */
export type Convention = 'evaluation' | 'security' | 'openinference'

export const CONVENTIONS: readonly Convention[] = ['evaluation', 'security', 'openinference']

export const NAMES = {
  /** Name of the instrumentation. */
  scope: 'parapet',
  span: {
    decision: 'parapet.decision',
    /** Followed by the guard's name. */
    guard: 'run_guardrail',
  },
  own: {
    decision: 'parapet.decision',
    decisionId: 'parapet.decision.id',
    shadowDecision: 'parapet.decision.shadow',
    door: 'parapet.door',
    policyVersion: 'parapet.policy.version',
    application: 'parapet.application',
    labels: 'parapet.labels',
    exceptions: 'parapet.exceptions',
    guard: 'parapet.guard',
    stage: 'parapet.stage',
    status: 'parapet.guard.status',
    guardDecision: 'parapet.guard.decision',
    /** Milliseconds the guard was at work; over a stream less than its span is long. */
    busy: 'parapet.guard.busy_ms',
    cached: 'parapet.guard.cached',
    shadow: 'parapet.guard.shadow',
  },
  /** Stable in OpenTelemetry. */
  error: { type: 'error.type' },
  /** Published in OpenTelemetry's conventions for generative AI. */
  genAi: { conversation: 'gen_ai.conversation.id', operation: 'gen_ai.operation.name' },
  evaluation: {
    event: 'gen_ai.evaluation.result',
    name: 'gen_ai.evaluation.name',
    score: 'gen_ai.evaluation.score.value',
    label: 'gen_ai.evaluation.score.label',
  },
  security: {
    operation: 'run_guardrail',
    guardrail: 'gen_ai.security.guardrail.name',
    targetType: 'gen_ai.security.target.type',
    targetSubtype: 'gen_ai.security.target.subtype',
    verdict: 'gen_ai.security.verdict.type',
    action: 'gen_ai.security.action.type',
    modified: 'gen_ai.security.content.modified',
    policyVersion: 'gen_ai.security.policy.version',
    finding: 'gen_ai.security.finding',
    risk: 'gen_ai.security.risk.finding',
    riskScore: 'gen_ai.security.risk.score',
  },
  openinference: {
    kind: 'openinference.span.kind',
    guardrail: 'GUARDRAIL',
    output: 'output.value',
    session: 'session.id',
  },
} as const
