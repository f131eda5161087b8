/** The flow experiment as lines for a terminal. */
import type { CrossedMean } from './crossed-bootstrap.ts'
import type { FlowSummary } from './flow-summary.ts'

export function flowTable({ rows, checks, conclusion, seeds }: FlowSummary): readonly string[] {
  const head = [
    '',
    'greedy joint',
    'T=1 joint',
    '95 %',
    'flow',
    'guideline',
    'over-refusal',
    'helpful',
    'flows passed',
    'KL',
  ]
  const body = rows.map((row) => [
    row.title,
    row.greedyJoint.toFixed(3),
    row.joint.mean.toFixed(3),
    range(row.joint),
    ...[row.flow, row.guideline, row.overRefusal, row.helpfulness, row.conversations].map(({ mean }) =>
      mean.toFixed(3),
    ),
    row.divergence.perResponse.toFixed(2),
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((cells) => cells[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  return [
    line(head),
    ...body.map(line),
    `${seeds.length} seeds; intervals over seeds and situations; KL in nats a response from the start of the last phase`,
    '',
    ...checks.map(({ what, wanted, found, passed }) => `${passed ? 'holds' : 'FAILS'}  ${what}: ${found} (${wanted})`),
    '',
    conclusion,
  ]
}

export function range({ interval }: CrossedMean): string {
  return `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`
}
