/**
 * What the spans of a decision say: attributes and events in the conventions asked for. No judged text, user, key or secret is
 * among them; labels, scores, names of guards and ids are.
 */
import type { Attributes } from '@opentelemetry/api'
import type { CheckResult, Decision, GuardResult, ParapetEvent, Stage } from '../spec/index.ts'
import type { Convention } from './names.ts'
import { NAMES } from './names.ts'

type DecisionMade = Extract<ParapetEvent, { type: 'decision-made' }>
type Outcome = Decision | 'retry'

/** An event of a span. */
export interface SpanEvent {
  readonly name: string
  readonly attributes: Attributes
}

const { own, evaluation, security, openinference, genAi, error } = NAMES

/** True when nothing was decided, because something failed or was too late. A block is a decision. */
export function isFailure(outcome: Outcome): boolean {
  return outcome === 'error' || outcome === 'timeout'
}

export function decisionAttributes({ result, caller, door }: DecisionMade, uses: ReadonlySet<Convention>): Attributes {
  const { decision } = result
  const { application, conversation } = caller
  return {
    [own.decision]: decision,
    [own.decisionId]: result.decisionId,
    [own.door]: door,
    [own.policyVersion]: result.policyVersion,
    ...(result.shadowDecision === decision ? {} : { [own.shadowDecision]: result.shadowDecision }),
    ...list(own.labels, [...new Set(result.guards.flatMap(({ labels }) => labels))]),
    ...list(own.exceptions, result.exceptions),
    ...(application === undefined ? {} : { [own.application]: application }),
    ...(conversation === undefined ? {} : { [genAi.conversation]: conversation }),
    ...(result.error === null ? {} : { [error.type]: result.error.code }),
    ...(uses.has('security') ? securityAttributes('parapet', targetOf(result), decision, result.policyVersion) : {}),
    ...(uses.has('openinference') ? openinferenceAttributes(decision, conversation) : {}),
  }
}

export function guardAttributes(
  guard: GuardResult,
  { policyVersion }: Pick<CheckResult, 'policyVersion'>,
  uses: ReadonlySet<Convention>,
): Attributes {
  return {
    [own.guard]: guard.guard,
    [own.stage]: guard.stage,
    [own.status]: guard.status,
    [own.guardDecision]: guard.decision,
    [own.busy]: guard.ms,
    [own.cached]: guard.cached,
    [own.shadow]: guard.shadow,
    ...list(own.labels, guard.labels),
    ...(guard.error === undefined ? {} : { [error.type]: guard.error.code }),
    ...(uses.has('security')
      ? securityAttributes(guard.guard, guard.stage, verdictOutcome(guard), policyVersion, actionOutcome(guard))
      : {}),
    ...(uses.has('openinference') ? openinferenceAttributes(verdictOutcome(guard)) : {}),
  }
}

/** The scores of a decision, which belong to the model behind the classifier. */
export function decisionEvents({ result }: DecisionMade, uses: ReadonlySet<Convention>): readonly SpanEvent[] {
  if (!uses.has('evaluation')) return []
  return Object.entries(result.scores).flatMap(([name, score]: [string, number | null]) =>
    score === null
      ? []
      : [{ name: evaluation.event, attributes: { [evaluation.name]: name, [evaluation.score]: score } }],
  )
}

/** What one guard found. */
export function guardEvents(guard: GuardResult, uses: ReadonlySet<Convention>): readonly SpanEvent[] {
  const outcome = verdictOutcome(guard)
  const events: SpanEvent[] = []
  if (uses.has('evaluation')) {
    events.push({
      name: evaluation.event,
      attributes: { [evaluation.name]: guard.guard, [evaluation.label]: outcome },
    })
  }
  if (uses.has('security')) {
    for (const label of guard.labels) {
      events.push({
        name: security.finding,
        attributes: {
          [security.guardrail]: guard.guard,
          [security.risk]: label,
          ...target(guard.stage),
          ...verdict(outcome),
        },
      })
    }
  }
  return events
}

/** What the guard itself found, whatever came of it. */
function verdictOutcome(guard: GuardResult): Outcome | 'cancelled' {
  return guard.status === 'judged' ? guard.decision : guard.status
}

/** What came of it: a guard that only observes, or whose failure the policy lets pass, changed nothing. */
function actionOutcome(guard: GuardResult): Outcome {
  return guard.shadow ? 'pass' : guard.decision
}

function securityAttributes(
  name: string,
  stage: Stage,
  outcome: Outcome | 'cancelled',
  policyVersion: string,
  done: Outcome | 'cancelled' = outcome,
): Attributes {
  return {
    [genAi.operation]: security.operation,
    [security.guardrail]: name,
    [security.policyVersion]: policyVersion,
    [security.modified]: done === 'modify',
    ...target(stage),
    ...verdict(outcome),
    ...action(done),
  }
}

function target(stage: Stage): Attributes {
  switch (stage) {
    case 'input':
      return { [security.targetType]: 'input', [security.targetSubtype]: 'llm' }
    case 'retrieval':
      return { [security.targetType]: 'input', [security.targetSubtype]: 'retrieval' }
    // Arguments go into a tool, results come out of it.
    case 'tool_call':
      return { [security.targetType]: 'input', [security.targetSubtype]: 'tool_call' }
    case 'tool_result':
      return { [security.targetType]: 'output', [security.targetSubtype]: 'tool_call' }
    case 'output':
      return { [security.targetType]: 'output', [security.targetSubtype]: 'llm' }
    default:
      return stage satisfies never
  }
}

function targetOf({ guards }: CheckResult): Stage {
  return guards.some(({ stage }) => stage === 'output') ? 'output' : (guards[0]?.stage ?? 'input')
}

/** A guard that failed, or was not waited for, has no verdict. */
function verdict(outcome: Outcome | 'cancelled'): Attributes {
  switch (outcome) {
    case 'pass':
      return { [security.verdict]: 'allow' }
    case 'flag':
      return { [security.verdict]: 'warn' }
    case 'modify':
      return { [security.verdict]: 'modify' }
    case 'hold':
      return { [security.verdict]: 'escalate' }
    case 'retry':
    case 'refuse':
    case 'block':
      return { [security.verdict]: 'deny' }
    case 'error':
    case 'timeout':
    case 'cancelled':
      return {}
    default:
      return outcome satisfies never
  }
}

function action(outcome: Outcome | 'cancelled'): Attributes {
  switch (outcome) {
    case 'pass':
    case 'flag':
      return { [security.action]: 'allow' }
    case 'modify':
      return { [security.action]: 'modify' }
    case 'hold':
      return { [security.action]: 'escalate' }
    case 'retry':
    case 'refuse':
    case 'block':
    case 'error':
    case 'timeout':
      return { [security.action]: 'block' }
    case 'cancelled':
      return {}
    default:
      return outcome satisfies never
  }
}

function openinferenceAttributes(outcome: string, session?: string): Attributes {
  return {
    [openinference.kind]: openinference.guardrail,
    [openinference.output]: outcome,
    ...(session === undefined ? {} : { [openinference.session]: session }),
  }
}

function list(name: string, values: readonly string[]): Attributes {
  return values.length === 0 ? {} : { [name]: [...values] }
}
