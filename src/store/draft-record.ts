/**
 * From a draft, as the pipeline hands it over, to the record that is kept: nothing of a text beside `content`, everything bounded,
 * numbers no longer than they mean something.
 */
import type { GuardResult, Span } from '../spec/check.ts'
import type { Caller } from '../spec/exchange.ts'
import type { Scores } from '../spec/guard.ts'
import type { DecisionContent, DecisionDraft, DecisionRecord } from '../spec/record.ts'
import { shortId } from './short-id.ts'

const DAY = 86_400_000
/** Entries of a list that are kept at most. */
const MOST = 1000
const LONGEST_WORDS = 2000
const LONGEST_NAME = 256

/** The little of a draft that is needed later, so that what waits does not hold on to texts. */
export interface LightDraft {
  readonly state: DecisionDraft['state']
  readonly result: Pick<
    DecisionDraft['result'],
    | 'decisionId'
    | 'decision'
    | 'shadowDecision'
    | 'policyVersion'
    | 'ms'
    | 'guards'
    | 'scores'
    | 'categories'
    | 'spans'
    | 'error'
    | 'exceptions'
    | 'warnings'
  >
  readonly at: number
  readonly caller: Caller
  readonly door: string
  readonly model: string | undefined
  /** Days. */
  readonly retention: number
}

/** @param now milliseconds since the epoch */
export function toLightDraft(draft: DecisionDraft, now: number): LightDraft {
  const { result, state, caller, door, model, policy } = draft
  return {
    state,
    result: {
      decisionId: result.decisionId,
      decision: result.decision,
      shadowDecision: result.shadowDecision,
      policyVersion: result.policyVersion,
      ms: result.ms,
      guards: result.guards,
      scores: result.scores,
      categories: result.categories,
      spans: result.spans,
      error: result.error,
      exceptions: result.exceptions,
      warnings: result.warnings,
    },
    at: result.startedAt ?? now - result.ms,
    caller,
    door,
    model,
    retention: policy.retention,
  }
}

/** @param warnings what is to be said beside the result's own warnings */
export function toRecord(
  draft: LightDraft,
  content: DecisionContent | null,
  warnings: readonly string[] = [],
): DecisionRecord {
  const { result, model } = draft
  const at = round(draft.at, 3)
  const { spans } = result
  const cut = spans.length > MOST ? [`Only ${MOST} of ${spans.length} spans were kept.`] : []
  return {
    id: result.decisionId,
    at,
    state: draft.state,
    door: draft.door.slice(0, LONGEST_NAME),
    decision: result.decision,
    shadowDecision: result.shadowDecision,
    policyVersion: result.policyVersion,
    caller: toCaller(draft.caller),
    ...(model === undefined ? {} : { model: model.slice(0, LONGEST_NAME) }),
    ms: round(result.ms, 3),
    guards: result.guards.slice(0, MOST).map(toGuard),
    scores: toScores(result.scores),
    categories: toCategories(result.categories),
    spans: spans.slice(0, MOST).map(toSpan),
    error: result.error === null ? null : { code: result.error.code, message: words(result.error.message) },
    exceptions: [...new Set(result.exceptions)].slice(0, MOST),
    warnings: [...result.warnings.slice(0, MOST).map(words), ...cut, ...warnings],
    content,
    expires: at + draft.retention * DAY,
  }
}

function toCaller({ application, user, conversation, key, traceparent }: Caller): Caller {
  return {
    ...(application === undefined ? {} : { application: shortId(application) }),
    ...(user === undefined ? {} : { user: shortId(user) }),
    ...(conversation === undefined ? {} : { conversation: shortId(conversation) }),
    ...(key === undefined ? {} : { key: shortId(key) }),
    ...(traceparent === undefined ? {} : { traceparent: traceparent.slice(0, LONGEST_NAME) }),
  }
}

function toGuard(guard: GuardResult): GuardResult {
  const { error } = guard
  const kept = {
    guard: guard.guard,
    stage: guard.stage,
    status: guard.status,
    decision: guard.decision,
    labels: guard.labels,
    ms: round(guard.ms, 3),
    cached: guard.cached,
    shadow: guard.shadow,
  }
  return error === undefined ? kept : { ...kept, error: { code: error.code, message: words(error.message) } }
}

function toSpan(span: Span): Span {
  return { ...span, score: round(span.score, 4) }
}

function toScores(scores: Scores): Scores {
  const short = (score: number | null): number | null => (score === null ? null : round(score, 4))
  return {
    prompt_harm: short(scores.prompt_harm),
    response_harm: short(scores.response_harm),
    refusal: short(scores.refusal),
    injection: short(scores.injection),
    toxicity: short(scores.toxicity),
  }
}

function toCategories(categories: Readonly<Record<string, number>>): Record<string, number> {
  const short: Record<string, number> = {}
  for (const id of Object.keys(categories)) short[id] = round(categories[id] ?? 0, 4)
  return short
}

function words(text: string): string {
  return text.length > LONGEST_WORDS ? text.slice(0, LONGEST_WORDS) : text
}

function round(value: number, digits: 3 | 4): number {
  const scale = digits === 3 ? 1000 : 10_000
  return Math.round(value * scale) / scale
}
