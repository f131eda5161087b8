/** The figures of a run as a table for a terminal: one block a set, with intervals, the constant baselines and what failed. */
import type { Comparison, EvaluationRun, Figure, MeasuredResult, SetSummary } from '../lab/eval/index.ts'
import { printable } from './terminal.ts'

const COLUMNS = ['AUPRC', 'F1', 'recall', 'false alarms', 'failed', 'p50 ms'] as const
/** Only where a subject of the run has tiers: the share of samples that went on to the deep one, per cent. */
const DEEP_COLUMN = 'deep'

/** The whole summary. Intervals are 95 %, figures in per cent. */
export function renderRun(run: EvaluationRun): string {
  const blocks = run.sets.map((set) => renderSet(run, set))
  const thin = run.overRefusal.filter(({ enough }) => !enough)
  const notes = thin.map(
    ({ task, sets }) =>
      `${task}: ${sets.length} over-refusal set${sets.length === 1 ? '' : 's'}; two belong beside an F1, ${task === 'prompt_harm' ? 'for example XSTest and OR-Bench' : `sets of ${task} rows that are all harmless`}.`,
  )
  return [...blocks, ...(notes.length === 0 ? [] : [notes.join('\n')]), ''].join('\n\n').replace(/\n+$/, '\n')
}

function renderSet(run: EvaluationRun, set: SetSummary): string {
  const title = `${set.name}: ${set.task}, ${set.rows} samples, ${percent(set.positives / set.rows)} % positive${set.purpose === 'over_refusal' ? ', over-refusal' : ''}`
  const tiered = run.results.some((result) => result.status === 'measured' && Object.keys(result.tiers).length > 0)
  const rows = run.results
    .filter((result) => result.set === set.name)
    .map((result) =>
      result.status === 'measured'
        ? [result.subject, ...cellsOf(result), ...(tiered ? [deepShare(result)] : [])]
        : [result.subject, 'not judged'],
    )
  return [printable(title), ...grid([['', ...COLUMNS, ...(tiered ? [DEEP_COLUMN] : [])], ...rows])].join('\n')
}

function deepShare({ tiers }: MeasuredResult): string {
  const samples = Object.values(tiers).reduce((sum, count) => sum + count, 0)
  return samples === 0 ? '–' : percent((tiers['deep'] ?? 0) / samples)
}

function cellsOf({ metrics, failures, latency }: MeasuredResult): readonly string[] {
  const failed = failures.errors + failures.timeouts + failures.parseFailures
  return [
    figure(metrics.averagePrecision),
    figure(metrics.f1),
    figure(metrics.recall),
    figure(metrics.falsePositiveRate),
    String(failed),
    latency === null ? '–' : String(Number(latency.p50.toPrecision(3))),
  ]
}

/** Paired differences of two runs, left minus right, in points. */
export function renderComparisons(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ set, left, right, result }) => [
    set,
    `${left} − ${right}`,
    String(result.rows),
    figure(result.averagePrecision),
    figure(result.f1),
    figure(result.falsePositiveRate),
    result.mcNemar.midP < 0.001 ? '< 0.001' : result.mcNemar.midP.toFixed(3),
  ])
  return `${grid([['set', 'difference', 'rows', 'AUPRC', 'F1', 'false alarms', 'McNemar mid-p'], ...rows]).join('\n')}\n`
}

function figure({ value, interval }: Figure): string {
  if (value === null) return '–'
  return interval === null ? percent(value) : `${percent(value)} [${percent(interval.low)}, ${percent(interval.high)}]`
}

function percent(value: number): string {
  return (100 * value).toFixed(1)
}

function grid(rows: readonly (readonly string[])[]): readonly string[] {
  const clean = rows.map((row) => row.map(printable))
  const widths: number[] = []
  for (const row of clean) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)))
  return clean.map((row) => `  ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd())
}
