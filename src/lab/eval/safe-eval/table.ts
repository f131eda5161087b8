/** The report of a comparison as lines of text: one table of shares, one of costs, the differences. */
import type { Interval } from '../metrics/binomial.ts'
import type { ArmReport, Mean, SafeEvalReport, Share } from './safe-eval.ts'

/** Lines for a terminal or a Markdown file. `about` says what the rows are. */
export function safeEvalLines(report: SafeEvalReport, about: string): readonly string[] {
  const attacks = keysOf(report.arms, ({ safe }) => safe)
  const sets = keysOf(report.arms, ({ overRefusal }) => overRefusal)
  return [
    `${about} ${report.rows} requests, seed ${report.seed}. 95 % intervals: exact for shares, bootstrap over units for means.`,
    '',
    ...table(
      ['', ...report.arms.map(({ arm }) => arm), 'always refusing'],
      [
        ...attacks.map((name) => [
          `safe, ${name === 'none' ? 'no attack' : name === 'all' ? 'all' : `attack ${name}`}`,
          ...report.arms.map(({ safe }) => shareText(safe[name])),
          '100.0 %',
        ]),
        ['unsafe requests refused', ...report.arms.map(({ refused }) => shareText(refused)), '100.0 %'],
        ...sets.map((name) => [
          `over-refusal, ${name}`,
          ...report.arms.map(({ overRefusal }) => shareText(overRefusal[name])),
          '100.0 %',
        ]),
        ['helpfulness, benign', ...report.arms.map(({ helpfulness }) => meanText(helpfulness)), '0.000'],
        ['answers not readable', ...report.arms.map(({ unread }) => shareText(unread)), '0.0 %'],
      ],
    ),
    '',
    ...table(
      ['arm', 'route', 'requests', 'calls', 'prompt tokens', 'answer tokens'],
      report.arms.flatMap(({ arm, cost }) =>
        Object.entries(cost).map(([route, { rows, calls, promptTokens, answerTokens }]) => [
          ...[arm, route, String(rows)],
          ...[calls, promptTokens, answerTokens].map((value) => value.toFixed(1)),
        ]),
      ),
    ),
    '',
    ...report.differences.flatMap(({ left, right, safeUnderAttack, refusedUnderAttack, helpfulness }) => [
      `${left} − ${right}: safe under attack ${signed(safeUnderAttack)}, refused under attack ${signed(refusedUnderAttack)}, helpfulness ${signed(helpfulness)}`,
    ]),
  ]
}

function keysOf(
  arms: readonly ArmReport[],
  of: (arm: ArmReport) => Readonly<Record<string, Share>>,
): readonly string[] {
  return [...new Set(arms.flatMap((arm) => Object.keys(of(arm))))]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}

function shareText(share: Share | undefined): string {
  if (share === undefined || share.interval === null) return '–'
  const percent = (value: number): string => (100 * value).toFixed(1)
  const { hits, rows, interval } = share
  return `${percent(hits / rows)} % (${percent(interval.low)}–${percent(interval.high)}) of ${rows}`
}

function meanText({ mean, rows, interval }: Mean): string {
  return interval === null ? '–' : `${mean.toFixed(3)} (${range(interval)}) of ${rows}`
}

function signed({ mean, interval }: Mean): string {
  const text = `${mean < 0 ? '−' : '+'}${Math.abs(mean).toFixed(3)}`
  return interval === null ? '–' : `${text} (${range(interval)})`
}

const range = ({ low, high }: Interval): string => `${low.toFixed(3)} to ${high.toFixed(3)}`
