/**
 * Percentile bootstrap (Efron 1979) of every figure of a set at once, and of the difference of two subjects on the same samples.
 *
 * Resamples are stratified by label: each keeps the set's numbers of positives and negatives. Rows are sorted once; a resample only
 * counts how often each block of equal scores and each decision was drawn. Figures that a resample leaves undefined (precision
 * with nothing flagged) are left out of the percentiles.
 */
import { createRandom } from '../../../nn/random.ts'
import type { Interval } from './binomial.ts'
import { decisionMetrics, type DecisionMetrics } from './decisions.ts'
import { byScoreDown, rankingOfCounts, type RankingMetrics } from './ranking.ts'

/** What the bootstrap needs of a row. */
export interface BootstrapRow {
  readonly label: 0 | 1
  readonly flagged: boolean
  /** Place in the ranking; null where the subject gives no score, and then no ranking figure is made. */
  readonly rank: number | null
}

/** Figures of one resample. */
export type ResampledMetrics = DecisionMetrics & RankingMetrics
export type ResampledName = keyof ResampledMetrics

export interface BootstrapOptions {
  readonly resamples: number
  readonly seed: number
}

/** One subject's rows laid out for counting. */
interface Column {
  readonly block: Int32Array
  readonly flagged: Uint8Array
  readonly positives: Int32Array
  readonly negatives: Int32Array
  readonly ranked: boolean
}

const NAMES = [
  'precision',
  'recall',
  'f1',
  'falsePositiveRate',
  'accuracy',
  'areaUnderRoc',
  'averagePrecision',
  'recallAtFpr1',
  'recallAtFpr5',
] as const satisfies readonly ResampledName[]

/** 95 % intervals of all figures, null where a figure is not defined. */
export function bootstrapIntervals(
  rows: readonly BootstrapRow[],
  options: BootstrapOptions,
): Readonly<Record<ResampledName, Interval | null>> {
  const samples = resample([rows], options, ([only]) => only)
  return Object.fromEntries(
    NAMES.map((name) => [name, percentiles(samples.map((sample) => sample?.[name] ?? null))]),
  ) as Record<ResampledName, Interval | null>
}

/** 95 % intervals of left minus right; `left[i]` and `right[i]` are the same sample. */
export function bootstrapDifferences(
  left: readonly BootstrapRow[],
  right: readonly BootstrapRow[],
  options: BootstrapOptions,
): Readonly<Record<ResampledName, Interval | null>> {
  const samples = resample([left, right], options, (pair) => pair)
  return Object.fromEntries(
    NAMES.map((name) => [
      name,
      percentiles(
        samples.map(([one, other]) => {
          const [first, second] = [one?.[name] ?? null, other?.[name] ?? null]
          return first === null || second === null ? null : first - second
        }),
      ),
    ]),
  ) as Record<ResampledName, Interval | null>
}

/** Same draws for every subject; `keep` is called once a resample. */
function resample<Kept>(
  subjects: readonly (readonly BootstrapRow[])[],
  { resamples, seed }: BootstrapOptions,
  keep: (metrics: readonly ResampledMetrics[]) => Kept,
): readonly Kept[] {
  const rows = subjects[0] ?? []
  const strata = ([1, 0] as const).map((label) =>
    Int32Array.from(rows.flatMap((row, index) => (row.label === label ? [index] : []))),
  )
  const columns = subjects.map(toColumn)
  const random = createRandom(seed)
  const kept: Kept[] = []
  for (let round = 0; round < resamples; round++) {
    for (const column of columns) {
      column.positives.fill(0)
      column.negatives.fill(0)
    }
    const hits = columns.map(() => 0)
    const alarms = columns.map(() => 0)
    strata.forEach((stratum, at) => {
      const flaggedCounts = at === 0 ? hits : alarms
      for (let draw = 0; draw < stratum.length; draw++) {
        const index = stratum[Math.floor(random() * stratum.length)] ?? 0
        for (let subject = 0; subject < columns.length; subject++) {
          const column = columns[subject]
          if (column === undefined) continue
          const blocks = at === 0 ? column.positives : column.negatives
          const block = column.block[index] ?? 0
          blocks[block] = (blocks[block] ?? 0) + 1
          flaggedCounts[subject] = (flaggedCounts[subject] ?? 0) + (column.flagged[index] ?? 0)
        }
      }
    })
    const [positives, negatives] = [strata[0]?.length ?? 0, strata[1]?.length ?? 0]
    kept.push(
      keep(columns.map((column, at) => metricsOf(column, hits[at] ?? 0, alarms[at] ?? 0, positives, negatives))),
    )
  }
  return kept
}

function metricsOf(
  column: Column,
  truePositives: number,
  falsePositives: number,
  positives: number,
  negatives: number,
): ResampledMetrics {
  const counts = {
    truePositives,
    falsePositives,
    falseNegatives: positives - truePositives,
    trueNegatives: negatives - falsePositives,
  }
  const ranking = column.ranked
    ? rankingOfCounts(column.positives, column.negatives)
    : { areaUnderRoc: null, averagePrecision: null, recallAtFpr1: null, recallAtFpr5: null }
  return { ...decisionMetrics(counts), ...ranking }
}

function toColumn(rows: readonly BootstrapRow[]): Column {
  const ranked = rows.every(({ rank }) => rank !== null)
  const block = new Int32Array(rows.length)
  let blocks = 0
  if (ranked) {
    const order = rows.map(({ rank }, index) => ({ score: rank ?? 0, index })).toSorted(byScoreDown)
    order.forEach(({ score, index }, place) => {
      if (place > 0 && order[place - 1]?.score !== score) blocks++
      block[index] = blocks
    })
  }
  return {
    block,
    flagged: Uint8Array.from(rows, ({ flagged }) => (flagged ? 1 : 0)),
    positives: new Int32Array(blocks + 1),
    negatives: new Int32Array(blocks + 1),
    ranked,
  }
}

function percentiles(values: readonly (number | null)[]): Interval | null {
  const sorted = Float64Array.from(values.filter((value) => value !== null)).toSorted()
  const low = sorted[Math.floor(0.025 * sorted.length)]
  const high = sorted[Math.ceil(0.975 * sorted.length) - 1]
  return low === undefined || high === undefined ? null : { low, high, method: 'bootstrap' }
}
