/**
 * A check's outcome for people: the decision, why, and the scores. The judged text is not repeated, only what may be passed on.
 */
import type { CheckResult } from '../spec/check.ts'
import type { Decision } from '../spec/decision.ts'
import type { OutputRow } from './row.ts'
import { printable, type Colour, type Paint } from './terminal.ts'

const COLOURS: Readonly<Record<Decision, Colour>> = {
  pass: 'green',
  flag: 'yellow',
  modify: 'yellow',
  refuse: 'red',
  hold: 'yellow',
  block: 'red',
  error: 'red',
  timeout: 'red',
}

const MEANINGS: Readonly<Record<Decision, string>> = {
  pass: 'nothing above its threshold',
  flag: 'let through and recorded',
  modify: 'parts were replaced',
  refuse: "answered in the policy's words",
  hold: 'waits for a human',
  block: 'stopped',
  error: 'could not be judged, so it was stopped',
  timeout: 'was not judged in time, so it was stopped',
}

/** Spans shown at most. */
const SPANS = 12

/** Several lines, each with its line end. */
export function renderResult(row: OutputRow, result: CheckResult | null, paint: Paint): string {
  const lines = [
    `${paint('bold', paint(COLOURS[row.decision], row.decision.toUpperCase()))}  ${MEANINGS[row.decision]}`,
  ]
  if (row.error !== null) lines.push(field(paint, 'error', `${row.error.code}: ${printable(row.error.message)}`))
  if (row.text !== undefined) lines.push(field(paint, 'text', indent(printable(row.text))))
  for (const span of row.spans.slice(0, SPANS)) {
    const place = `${span.field} ${span.start}–${span.end}`
    lines.push(
      field(paint, 'found', `${printable(span.label).padEnd(24)} ${place.padEnd(18)} ${span.score.toFixed(2)}`),
    )
  }
  if (row.spans.length > SPANS) lines.push(field(paint, '', `and ${row.spans.length - SPANS} more (--json shows all)`))
  const scores = Object.entries(row.scores).flatMap(([name, score]: [string, number | null]) =>
    score === null ? [] : [`${name} ${score.toFixed(2)}`],
  )
  if (scores.length > 0) lines.push(field(paint, 'scores', scores.join('   ')))
  const categories = Object.entries(row.categories)
    .filter(([, score]) => score >= 0.5)
    .toSorted(([, left], [, right]) => right - left)
    .map(([id, score]) => `${printable(id)} ${score.toFixed(2)}`)
  if (categories.length > 0) lines.push(field(paint, 'categories', categories.join('   ')))
  lines.push(field(paint, 'time', `${row.ms.toFixed(1)} ms`))
  if (result !== null) lines.push(field(paint, 'policy', printable(result.policyVersion)))
  return `${lines.join('\n')}\n`
}

function field(paint: Paint, name: string, value: string): string {
  return `  ${paint('dim', name.padEnd(11))} ${value}`
}

function indent(text: string): string {
  return text.split('\n').join(`\n${' '.repeat(14)}`)
}
