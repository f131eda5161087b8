/**
 * One result for a request whose input and answer were judged apart: the more severe decision, the findings of both.
 */
import type { CheckResult, Scores } from '../../spec/index.ts'
import { moreSevere } from '../../spec/index.ts'

/** @param input the result of the input stage, or null when it was never reached */
export function combineResults(input: CheckResult | null, answer: CheckResult): CheckResult {
  if (input === null) return answer
  const decision = moreSevere(input.decision, answer.decision)
  const leading = decision === answer.decision ? answer : input
  const text = decision === 'modify' ? undefined : leading.text
  const { id, messages } = input
  const modified = { ...input.modified, ...answer.modified }
  const untested = [...new Set([...(input.untested ?? []), ...(answer.untested ?? [])])]
  // Of the answer's own words these are left out or replaced; all others stay.
  const { text: _text, messages: _messages, modified: _modified, ...rest } = answer
  return {
    ...rest,
    decision,
    scores: combineScores(input.scores, answer.scores),
    categories: largest(input.categories, answer.categories),
    spans: [...input.spans, ...answer.spans],
    guards: [...input.guards, ...answer.guards],
    shadowDecision: moreSevere(input.shadowDecision, answer.shadowDecision),
    exceptions: [...input.exceptions, ...answer.exceptions],
    warnings: [...input.warnings, ...answer.warnings],
    error: leading.error,
    ...(id === undefined ? {} : { id }),
    ...(text === undefined ? {} : { text }),
    ...(messages === undefined ? {} : { messages }),
    ...(untested.length === 0 ? {} : { untested }),
    ...(decision === 'modify' && Object.keys(modified).length > 0 ? { modified } : {}),
  }
}

/** The larger per head; `toxicity` is the answer's when it was scored. */
function combineScores(input: Scores, answer: Scores): Scores {
  const larger = (left: number | null, right: number | null): number | null =>
    left === null || right === null ? (left ?? right) : Math.max(left, right)
  return {
    prompt_harm: larger(input.prompt_harm, answer.prompt_harm),
    response_harm: larger(input.response_harm, answer.response_harm),
    refusal: larger(input.refusal, answer.refusal),
    injection: larger(input.injection, answer.injection),
    toxicity: answer.toxicity ?? input.toxicity,
  }
}

function largest(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Record<string, number> {
  const merged = { ...left }
  for (const key of Object.keys(right)) merged[key] = Math.max(merged[key] ?? 0, right[key] ?? 0)
  return merged
}
