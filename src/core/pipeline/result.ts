/**
 * Puts the outcomes of all judged texts together into one result, the row that every door answers with.
 */
import type {
  CheckResult,
  Decision,
  Field,
  GuardResult,
  Message,
  Scores,
  Span,
  StageDecision,
  Verdict,
} from '../../spec/index.ts'
import { moreSevere } from '../../spec/index.ts'
import type { EffectivePolicy } from '../policy/types.ts'
import type { RuledFinding } from './decide.ts'
import { retryFeedback } from './decide.ts'
import type { RailOutcome } from './run-rail.ts'

/** One text's outcome and which field (and message) it belongs to. */
export interface TextOutcome extends RailOutcome {
  readonly field: Field
  readonly message?: number
}

/** What a result is built from. */
export interface ResultParts {
  readonly id?: string
  readonly decisionId: string
  readonly policy: EffectivePolicy
  readonly outcomes: readonly TextOutcome[]
  readonly ms: number
  /** When the request began, milliseconds since the epoch. */
  readonly startedAt: number
  readonly warnings: readonly string[]
  /** Text for the row under `modify`. */
  readonly text?: string
  readonly modified?: { readonly prompt?: string; readonly response?: string }
  readonly messages?: readonly Message[]
  /** The policy's words, asked for only under `refuse`. */
  readonly refusal: () => string
}

export const NO_SCORES: Scores = {
  prompt_harm: null,
  response_harm: null,
  refusal: null,
  injection: null,
  toxicity: null,
}

/** Builds the result. A `retry` that nobody can carry out any more is a `block`. */
export function buildResult(parts: ResultParts): CheckResult {
  const { outcomes } = parts
  const decision = finalDecision(outcomes.map((outcome) => outcome.decision))
  const shadowDecision = finalDecision(outcomes.map((outcome) => outcome.shadowDecision))
  const ruled = outcomes.flatMap((outcome) => outcome.ruled)
  const feedback = retryFeedback(ruled)
  const text = decision === 'refuse' ? parts.refusal() : decision === 'modify' ? parts.text : undefined
  // In the order of the row's keys. Assigned one by one: spreads in the middle of an object cost a microsecond each.
  const result: Partial<Mutable<CheckResult>> = {}
  if (parts.id !== undefined) result.id = parts.id
  result.decision = decision
  if (text !== undefined) result.text = text
  result.scores = mergeScores(outcomes)
  result.categories = mergeCategories(outcomes)
  result.spans = outcomes.flatMap(spansOf)
  result.error = failureOf(decision, outcomes)
  result.ms = parts.ms
  result.decisionId = parts.decisionId
  result.startedAt = parts.startedAt
  result.policyVersion = parts.policy.version
  result.guards = outcomes.flatMap(guardResults)
  result.shadowDecision = shadowDecision
  if (parts.messages !== undefined) result.messages = parts.messages
  if (parts.modified !== undefined && decision === 'modify') result.modified = parts.modified
  if (feedback !== undefined) result.feedback = feedback
  const untested = untestedLabels(outcomes)
  if (untested.length > 0) result.untested = untested
  result.exceptions = ruled.flatMap((item) => item.exception ?? [])
  result.warnings = parts.warnings
  return result as CheckResult
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** The most severe of several stage outcomes, as a decision. */
export function finalDecision(decisions: readonly StageDecision[]): Decision {
  const worst = decisions.reduce<StageDecision>(moreSevere, 'pass')
  return worst === 'retry' ? 'block' : worst
}

/** Scores over several texts: the largest per head; `toxicity` of the response if one was judged. */
export function mergeScores(outcomes: readonly TextOutcome[]): Scores {
  const merged: { -readonly [Head in keyof Scores]: number | null } = { ...NO_SCORES }
  let responseToxicity: number | null = null
  for (const { field, verdicts } of outcomes) {
    for (const verdict of verdicts) {
      if (verdict.status !== 'judged' || verdict.report.scores === undefined) continue
      const { scores } = verdict.report
      for (const head of Object.keys(scores) as (keyof Scores)[]) {
        const score = scores[head] ?? null
        if (score === null || !(head in merged)) continue
        merged[head] = Math.max(merged[head] ?? 0, score)
        if (head === 'toxicity' && field === 'response') responseToxicity = Math.max(responseToxicity ?? 0, score)
      }
    }
  }
  if (responseToxicity !== null) merged.toxicity = responseToxicity
  return merged
}

function mergeCategories(outcomes: readonly TextOutcome[]): Readonly<Record<string, number>> {
  const merged: Record<string, number> = {}
  for (const { verdicts } of outcomes) {
    for (const verdict of verdicts) {
      if (verdict.status !== 'judged' || verdict.report.categories === undefined) continue
      const { categories } = verdict.report
      for (const id of Object.keys(categories)) merged[id] = Math.max(merged[id] ?? 0, categories[id] ?? 0)
    }
  }
  return merged
}

function untestedLabels(outcomes: readonly TextOutcome[]): readonly string[] {
  const labels = new Set<string>()
  for (const { verdicts } of outcomes) {
    for (const verdict of verdicts) {
      if (verdict.status !== 'judged') continue
      for (const label of verdict.report.untested ?? []) labels.add(label)
    }
  }
  return [...labels]
}

function spansOf(outcome: TextOutcome): readonly Span[] {
  const place = outcome.message === undefined ? {} : { message: outcome.message }
  const spans: Span[] = []
  for (const { finding, action } of outcome.ruled) {
    if (finding.span === undefined || action === 'pass') continue
    const { start, end } = finding.span
    spans.push({ start, end, label: finding.label, field: outcome.field, score: finding.score, ...place })
  }
  for (const verdict of outcome.verdicts) {
    if (verdict.status !== 'judged') continue
    for (const { start, end, label, score } of verdict.report.highlights ?? []) {
      spans.push({ start, end, label, field: outcome.field, score, ...place })
    }
  }
  return spans.toSorted((left, right) => left.start - right.start || right.end - left.end)
}

function guardResults(outcome: TextOutcome): readonly GuardResult[] {
  return outcome.verdicts.map((verdict) =>
    toGuardResult(
      verdict,
      outcome.ruled.filter((item) => item.guard === verdict.guard),
      outcome,
    ),
  )
}

/** One verdict as users see it. */
export function toGuardResult(
  verdict: Verdict,
  ruled: readonly RuledFinding[],
  outcome: Pick<RailOutcome, 'entries'>,
): GuardResult {
  const acted = ruled.filter((item) => item.action !== 'pass')
  const own = acted.reduce<StageDecision>((worst, item) => moreSevere(worst, item.action), 'pass')
  const onError = outcome.entries.find((entry) => entry.guard === verdict.guard)?.onError ?? 'block'
  const failed = verdict.status === 'error' || verdict.status === 'timeout'
  const error = failureText(verdict)
  const result: Mutable<GuardResult> = {
    guard: verdict.guard,
    stage: verdict.stage,
    status: verdict.status,
    decision: failed ? (onError === 'block' ? verdict.status : 'pass') : own,
    labels: acted.length === 0 ? [] : [...new Set(acted.map((item) => item.finding.label))],
    ms: verdict.ms,
    cached: verdict.status === 'judged' && verdict.cached,
    shadow: verdict.shadow,
  }
  if (verdict.startedAt !== undefined) result.startedAt = verdict.startedAt
  if (verdict.endedAt !== undefined) result.endedAt = verdict.endedAt
  if (error !== null) result.error = error
  return result
}

function failureText(verdict: Verdict): { readonly code: string; readonly message: string } | null {
  switch (verdict.status) {
    case 'error':
      return { code: verdict.code, message: verdict.message }
    case 'timeout':
      return { code: 'guard_timeout', message: `${verdict.guard} did not answer within ${verdict.deadline} ms.` }
    case 'judged':
    case 'cancelled':
      return null
    default:
      return verdict satisfies never
  }
}

function failureOf(decision: Decision, outcomes: readonly TextOutcome[]): CheckResult['error'] {
  if (decision !== 'error' && decision !== 'timeout') return null
  for (const verdict of outcomes.flatMap((outcome) => outcome.verdicts)) {
    if (verdict.status !== decision || verdict.shadow) continue
    const failure = failureText(verdict)
    const code = decision === 'timeout' ? 'guard_timeout' : 'guard_failed'
    if (failure !== null)
      return { code, message: decision === 'timeout' ? failure.message : `${verdict.guard}: ${failure.message}` }
  }
  return { code: decision === 'timeout' ? 'guard_timeout' : 'guard_failed', message: 'A guard failed.' }
}
