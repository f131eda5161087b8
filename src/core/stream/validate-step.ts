/**
 * Checks that what a stream session returned is a step. Guards may be anybody's code: rubbish becomes an error verdict.
 */
import type { StreamStep } from '../../spec/index.ts'
import { findingProblem, reportProblem } from '../pipeline/validate-report.ts'

/**
 * Says what is wrong with a step, or null. Never quotes the text.
 * @param settled what the session had settled before
 * @param end absolute offset after the newest character the session was shown
 */
export function stepProblem(step: unknown, settled: number, end: number): string | null {
  if (typeof step !== 'object' || step === null) return 'it did not return an object'
  const candidate = step as Partial<StreamStep>
  if (!Array.isArray(candidate.findings)) return 'its step has no list of findings'
  for (const finding of candidate.findings) {
    const problem = findingProblem(finding, end)
    if (problem !== null) return problem
  }
  if (!isOffset(candidate.settled) || candidate.settled > end) return '`settled` is not an offset of the text seen'
  if (candidate.settled < settled) return '`settled` went backwards'
  if (!isOffset(candidate.keep) || candidate.keep > end) return '`keep` is not an offset of the text seen'
  return candidate.report === undefined ? null : reportProblem({ findings: [], ...candidate.report }, end)
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
