/**
 * From the end of a stream to its result and, where it did not end well, to the error that is shown.
 */
import type { CheckResult, Decision, ErrorCode } from '../../spec/index.ts'
import { moreSevere, ParapetError } from '../../spec/index.ts'
import type { TextOutcome } from '../pipeline/result.ts'
import { buildResult } from '../pipeline/result.ts'
import type { AnswerSource } from './answer-source.ts'
import type { RunContext } from './context.ts'

/** The result of one guarded answer. */
export function answerResult(
  source: AnswerSource,
  context: Pick<RunContext, 'judge' | 'policy' | 'prompt'>,
  facts: { readonly decisionId: string; readonly ms: number; readonly startedAt: number },
): CheckResult {
  const { judge, policy, prompt } = context
  const outcomes = source.outcomes()
  const warnings = [...source.answer.warnings(), ...passedFailures(outcomes)]
  if (policy.stream.mode === 'after') {
    warnings.push(
      'The answer was shown before it was judged (stream: after): it was unprotected and nothing in it was masked.',
    )
  }
  const refusal = (): string => judge.refusal(policy, prompt ?? '')
  const result = buildResult({ policy, outcomes, warnings, refusal, ...facts })
  const { ending } = source
  return ending?.type === 'failed' ? failedResult(result, ending.error) : result
}

function passedFailures(outcomes: readonly TextOutcome[]): readonly string[] {
  return outcomes.flatMap(({ verdicts, entries }) =>
    verdicts
      .filter(({ status, guard }) => {
        const failed = status === 'error' || status === 'timeout'
        return failed && entries.find((entry) => entry.guard === guard)?.onError === 'pass'
      })
      .map(({ guard, status }) => `${guard} ended as ${status} and the policy let the request pass (onError: pass).`),
  )
}

/** A result for something that failed beside the guards: upstream, or a caller that left. */
export function failedResult(result: CheckResult, error: ParapetError): CheckResult {
  const decision: Decision = error.code === 'upstream_timeout' ? 'timeout' : 'error'
  return {
    ...result,
    decision: moreSevere(result.decision, decision),
    error: { code: error.code, message: error.message },
  }
}

/** The error that tells of a result which is not shown; null when it is. */
export function errorOf(result: CheckResult): ParapetError | null {
  const { decision, decisionId: id } = result
  const make = (code: ErrorCode, message: string): ParapetError =>
    new ParapetError(code, message, { details: { decisionId: id, decision } })
  switch (decision) {
    case 'pass':
    case 'flag':
    case 'modify':
      return null
    case 'refuse':
      return make('refused', result.text ?? 'The policy answered with a refusal.')
    case 'hold':
      return make('held', 'The content waits for a human; ask for the decision by its id.')
    case 'block':
      return make('content_filter', 'The content was stopped by the policy.')
    case 'error':
    case 'timeout':
      return make(
        (result.error?.code as ErrorCode | undefined) ?? (decision === 'error' ? 'guard_failed' : 'guard_timeout'),
        result.error?.message ?? 'A guard failed.',
      )
    default:
      return decision satisfies never
  }
}
