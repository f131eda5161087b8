/**
 * Cases of a policy: inputs with the decision they should get, one JSON object a line, and their report, also as JUnit XML.
 *
 * A report names a case by its name or line and never holds its text.
 */
import type { CheckInput, CheckResult, Decision } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'

const DECISIONS: readonly Decision[] = ['pass', 'flag', 'modify', 'refuse', 'hold', 'block', 'error', 'timeout']

export interface CaseResult {
  /** Line in the file, from 1. */
  readonly line: number
  readonly name: string
  readonly passed: boolean
  readonly expected: readonly string[]
  readonly actual: string
  /** Labels that were wanted and not found. */
  readonly missing: readonly string[]
  readonly ms: number
}

export interface CasesReport {
  readonly policyVersion: string
  readonly results: readonly CaseResult[]
}

interface PolicyCase {
  readonly input: CheckInput
  readonly name: string
  readonly expect: readonly Decision[]
  readonly labels: readonly string[]
}

/** Runs cases in order. A line that is no case is a failed case: a typing mistake must not make a test pass. */
export async function runPolicyCases(
  check: (input: CheckInput) => Promise<CheckResult>,
  text: string,
): Promise<CasesReport> {
  const results: CaseResult[] = []
  let policyVersion = ''
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (raw.trim() === '') continue
    const line = index + 1
    try {
      const { input, name, expect, labels } = parseCase(raw, line)
      const result = await check(input)
      policyVersion = result.policyVersion
      const found = new Set(result.guards.flatMap((guard) => guard.labels))
      const missing = labels.filter((label) => ![...found].some((one) => one === label || one.startsWith(`${label}.`)))
      const passed = expect.includes(result.decision) && missing.length === 0
      results.push({ line, name, passed, expected: expect, actual: result.decision, missing, ms: result.ms })
    } catch (cause) {
      const actual = ParapetError.isInstance(cause) ? cause.message : 'the line could not be judged'
      results.push({ line, name: `line ${line}`, passed: false, expected: ['a case'], actual, missing: [], ms: 0 })
    }
  }
  if (results.length === 0) {
    throw new ParapetError(
      'input_invalid',
      'There are no cases. Write one JSON object a line, with `prompt` and `expect`.',
    )
  }
  return { policyVersion, results }
}

function parseCase(raw: string, line: number): PolicyCase {
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch {
    throw new ParapetError('input_invalid', 'the line is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ParapetError('input_invalid', 'the line is not a JSON object')
  const { expect, labels = [], name, ...input } = value as Record<string, unknown>
  const expected = (Array.isArray(expect) ? expect : [expect]) as Decision[]
  if (expected.length === 0 || !expected.every((decision) => DECISIONS.includes(decision))) {
    throw new ParapetError('input_invalid', `\`expect\` must be one of ${DECISIONS.join(', ')}, or a list of them`)
  }
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string')) {
    throw new ParapetError('input_invalid', '`labels` must be a list of labels')
  }
  return { input, name: typeof name === 'string' ? name : `line ${line}`, expect: expected, labels }
}

/** The report in the XML form that build servers read. */
export function toJUnit(report: CasesReport, suite: string): string {
  const failed = report.results.filter(({ passed }) => !passed).length
  const seconds = report.results.reduce((sum, { ms }) => sum + ms, 0) / 1000
  const cases = report.results.map((result) => {
    const open = `    <testcase classname="${xml(suite)}" name="${xml(result.name)}" time="${(result.ms / 1000).toFixed(6)}"`
    return result.passed ? `${open}/>` : `${open}><failure message="${xml(failureText(result))}"/></testcase>`
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="${xml(suite)}" tests="${report.results.length}" failures="${failed}" time="${seconds.toFixed(6)}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

/** What was wrong with a case, in one line. */
export function failureText({ line, expected, actual, missing }: CaseResult): string {
  const labels = missing.length === 0 ? '' : `; labels not found: ${missing.join(', ')}`
  return `line ${line}: expected ${expected.join(' or ')}, got ${actual}${labels}`
}

function xml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  }
  return text
    .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDFFF](?![\uDC00-\uDFFF])/g, '�')
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)
}
