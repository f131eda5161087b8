/**
 * Figures of a guard on labelled rows: F1, average precision (area under precision and recall), false-positive rate, with bootstrap
 * intervals, and beside them the better constant. What could not be read counts as flagged, above every score, as it is at run time; it is
 * counted, and F1 of what could be read stands apart.
 */
import { bootstrapIntervals, countDecisions, decisionMetrics, rankingMetrics } from '../../eval/index.ts'
import type { BootstrapRow, Interval } from '../../eval/index.ts'
import { verdictFor } from '../../../guards/judge/index.ts'
import type { JudgedRow } from '../guard/judge-rows.ts'
import type { GuardTask, GuardedRow } from '../rows/guarded-row.ts'

/** Labelled rows of one set that are measured together on one task. */
export interface MeasuredSet {
  readonly name: string
  readonly task: GuardTask
  /** All of them have a label for `task`. */
  readonly rows: readonly GuardedRow[]
}

export interface Figure {
  /** Null where it is not defined, as F1 without positives. */
  readonly value: number | null
  readonly interval: Interval | null
}

export interface SetFigures {
  readonly set: string
  readonly task: GuardTask
  readonly rows: number
  readonly positives: number
  readonly f1: Figure
  readonly averagePrecision: Figure
  readonly falsePositiveRate: Figure
  /** Answers that could not be read. */
  readonly unparsable: number
  /** F1 over the answers that could be read, and how many rows these are: what flagging the others gives is no skill. */
  readonly readable: { readonly rows: number; readonly positives: number; readonly f1: number | null }
}

/** What a subject says of one row; null where it failed. */
export interface Opinion {
  readonly flagged: boolean
  readonly score: number
}

export interface FigureOptions {
  readonly resamples: number
  readonly seed: number
}

/** Opinions in the order of the rows. */
export function setFigures(
  { name, task, rows }: MeasuredSet,
  opinions: readonly (Opinion | null)[],
  options: FigureOptions,
): SetFigures {
  const measured = rows.map((row, at): BootstrapRow => {
    const opinion = opinions[at] ?? null
    const label = row.labels[task] === true ? 1 : 0
    return opinion === null
      ? { label, flagged: true, rank: Number.POSITIVE_INFINITY }
      : { label, flagged: opinion.flagged, rank: opinion.score }
  })
  const decisions = decisionMetrics(countDecisions(measured))
  const ranking = rankingMetrics(measured.map(({ label, rank }) => ({ label, score: rank ?? 0 })))
  const positives = measured.filter(({ label }) => label === 1).length
  const intervals = bootstrapIntervals(measured, options)
  const read = measured.filter((_, at) => (opinions[at] ?? null) !== null)
  const readPositives = read.filter(({ label }) => label === 1).length
  const figure = (value: number | null, interval: Interval | null): Figure => ({
    value,
    interval: value === null ? null : interval,
  })
  return {
    ...{ set: name, task, rows: rows.length, positives },
    f1: figure(positives === 0 ? null : decisions.f1, intervals.f1),
    averagePrecision: figure(positives === 0 ? null : ranking.averagePrecision, intervals.averagePrecision),
    falsePositiveRate: figure(
      positives === rows.length ? null : decisions.falsePositiveRate,
      intervals.falsePositiveRate,
    ),
    unparsable: measured.length - read.length,
    readable: {
      ...{ rows: read.length, positives: readPositives },
      f1: readPositives === 0 ? null : decisionMetrics(countDecisions(read)).f1,
    },
  }
}

/** What a judged row says of a task. */
export function opinionOf({ reading, scores }: JudgedRow, task: GuardTask): Opinion | null {
  const verdict = verdictFor(reading, task)
  if (verdict === 'unparsable') return null
  const flagged = verdict === 'positive'
  return { flagged, score: scores[task] ?? (flagged ? 1 : 0) }
}

/** The constant with the higher F1: flag everything. Where there are no positives, it flags nothing. */
export function constantOpinions({ rows, task }: MeasuredSet): readonly Opinion[] {
  const some = rows.some((row) => row.labels[task] === true)
  return rows.map(() => ({ flagged: some, score: some ? 1 : 0 }))
}

/** Rows by source and task: a set for each. Rows without a label for a task are of none. */
export function measuredSets(rows: readonly GuardedRow[], tasks: readonly GuardTask[]): readonly MeasuredSet[] {
  const names = [...new Set(rows.map(({ source }) => source))]
  return names.flatMap((name) =>
    tasks.flatMap((task): readonly MeasuredSet[] => {
      const own = rows.filter((row) => row.source === name && row.labels[task] !== null)
      return own.length === 0 ? [] : [{ name, task, rows: own }]
    }),
  )
}
