/**
 * Checks that what a guard returned is a report. Guards may be anybody's code: rubbish becomes an error verdict, never a pass.
 */
import type { Finding, GuardReport } from '../../spec/index.ts'

/** Says what is wrong with a report, or null. Never quotes the text. */
export function reportProblem(report: unknown, length: number): string | null {
  if (typeof report !== 'object' || report === null) return 'it did not return an object'
  const { findings, scores, categories, highlights, untested } = report as Partial<GuardReport>
  if (!Array.isArray(findings)) return 'its report has no list of findings'
  for (const finding of findings) {
    const problem = findingProblem(finding, length)
    if (problem !== null) return problem
  }
  if (scores !== undefined && !isScoreRecord(scores)) return 'a score is not a number between 0 and 1'
  if (categories !== undefined && !isScoreRecord(categories)) return 'a category score is not a number between 0 and 1'
  if (highlights !== undefined && !Array.isArray(highlights)) return 'its highlights are not a list'
  if (untested !== undefined && !isLabels(untested)) return 'its untested labels are not a list of labels'
  return null
}

/** Says what is wrong with a finding, or null. `length` bounds its span. */
export function findingProblem(finding: unknown, length: number): string | null {
  if (typeof finding !== 'object' || finding === null) return 'a finding is not an object'
  const { label, score, span, replacement } = finding as Partial<Finding>
  if (typeof label !== 'string' || label === '') return 'a finding has no label'
  if (!isScore(score)) return 'the score of a finding is not a number between 0 and 1'
  if (replacement !== undefined && typeof replacement !== 'string')
    return 'the replacement of a finding is not a string'
  if (span === undefined) return null
  if (typeof span !== 'object' || span === null) return 'the span of a finding is not an object'
  const { start, end } = span
  const inside = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= length
  return inside ? null : 'the span of a finding is not inside the text'
}

function isLabels(value: unknown): boolean {
  return Array.isArray(value) && value.every((label) => typeof label === 'string')
}

function isScoreRecord(record: unknown): boolean {
  return (
    typeof record === 'object' &&
    record !== null &&
    Object.values(record).every((score) => score === null || isScore(score))
  )
}

function isScore(score: unknown): score is number {
  return typeof score === 'number' && score >= 0 && score <= 1
}
