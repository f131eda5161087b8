/**
 * From a draft, as the pipeline hands it over, to the record that is kept: nothing of a text beside `content`, and everything bounded.
 *
 * What is within its bounds, which is nearly always, is handed on and not copied: this runs once a decision, on the request's path.
 */
import type { GuardResult } from '../spec/check.ts'
import type { Caller } from '../spec/exchange.ts'
import type { DecisionContent, DecisionDraft, DecisionRecord } from '../spec/record.ts'
import { shortId } from './short-id.ts'

const DAY = 86_400_000
/** Entries of a list that are kept at most. */
const MOST = 1000
const LONGEST_WORDS = 2000
const LONGEST_NAME = 256
const LONGEST_ID = 300

/** @param now milliseconds since the epoch */
export function toRecord(draft: DecisionDraft, now: number): DecisionRecord {
  const { result, model } = draft
  const { spans } = result
  const at = Math.round((result.startedAt ?? now - result.ms) * 1000) / 1000
  const warnings = sentences(result.warnings)
  const record: DecisionRecord = {
    id: result.decisionId,
    at,
    state: draft.state,
    door: short(draft.door, LONGEST_NAME),
    decision: result.decision,
    shadowDecision: result.shadowDecision,
    policyVersion: result.policyVersion,
    caller: toCaller(draft.caller),
    ms: result.ms,
    guards: toGuards(result.guards),
    scores: result.scores,
    categories: result.categories,
    spans: spans.length > MOST ? spans.slice(0, MOST) : spans,
    error: result.error === null ? null : toError(result.error),
    exceptions: result.exceptions.length === 0 ? result.exceptions : [...new Set(result.exceptions)].slice(0, MOST),
    warnings: spans.length > MOST ? [...warnings, `Only ${MOST} of ${spans.length} spans were kept.`] : warnings,
    content: null,
    expires: at + draft.policy.retention * DAY,
  }
  return model === undefined ? record : { ...record, model: short(model, LONGEST_NAME) }
}

/** @param warnings what is to be said of it */
export function withContent(
  record: DecisionRecord,
  content: DecisionContent | null,
  warnings: readonly string[],
): DecisionRecord {
  return { ...record, content, warnings: [...record.warnings, ...warnings] }
}

function toCaller(caller: Caller): Caller {
  for (const name in caller) if ((caller[name as keyof Caller]?.length ?? 0) > LONGEST_ID) return toShortCaller(caller)
  return caller
}

function toShortCaller({ application, user, conversation, key, traceparent }: Caller): Caller {
  return {
    ...(application === undefined ? {} : { application: shortId(application) }),
    ...(user === undefined ? {} : { user: shortId(user) }),
    ...(conversation === undefined ? {} : { conversation: shortId(conversation) }),
    ...(key === undefined ? {} : { key: shortId(key) }),
    ...(traceparent === undefined ? {} : { traceparent: short(traceparent, LONGEST_NAME) }),
  }
}

function toGuards(guards: readonly GuardResult[]): readonly GuardResult[] {
  const some = guards.length > MOST ? guards.slice(0, MOST) : guards
  if (!some.some(({ error }) => error !== undefined)) return some
  return some.map((guard) => (guard.error === undefined ? guard : { ...guard, error: toError(guard.error) }))
}

function toError({ code, message }: { readonly code: string; readonly message: string }): {
  readonly code: string
  readonly message: string
} {
  return { code, message: short(message, LONGEST_WORDS) }
}

function sentences(warnings: readonly string[]): readonly string[] {
  return warnings.length === 0 ? warnings : warnings.slice(0, MOST).map((warning) => short(warning, LONGEST_WORDS))
}

function short(text: string, length: number): string {
  return text.length > length ? text.slice(0, length) : text
}
