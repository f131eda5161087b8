/** From the scores of a row to its verdict. A row that a check could not look at is unscreened, unless another check flagged it. */
import type { Reason, RowRecord, Verdict } from '../row.ts'
import type { Thresholds } from '../thresholds.ts'

export interface JudgedRecord {
  readonly verdict: Verdict
  readonly reasons: readonly Reason[]
}

/** All that the phases know of one row, in one record. The first problem counts. */
export function mergeRecords(parts: readonly RowRecord[]): RowRecord {
  const [first] = parts
  if (first === undefined) throw new RangeError('a row has at least one record')
  const problem = parts.find((part) => part.problem !== undefined)?.problem
  return {
    ...first,
    scores: Object.assign({}, ...parts.map(({ scores = {} }) => scores)) as Record<string, number>,
    places: Object.assign({}, ...parts.map(({ places = {} }) => places)) as NonNullable<RowRecord['places']>,
    ...(problem === undefined ? {} : { problem }),
  }
}

export function judgeRecord({ scores = {}, places = {}, problem }: RowRecord, thresholds: Thresholds): JudgedRecord {
  const reasons = Object.entries(scores)
    .flatMap(([check, score]): readonly Reason[] => {
      const threshold = thresholds[check] ?? Number.POSITIVE_INFINITY
      const { turn, start, end } = places[check] ?? {}
      if (score <= threshold) return []
      return [
        {
          ...{ check, score, threshold },
          ...(turn === undefined || start === undefined || end === undefined ? {} : { turn, start, end }),
        },
      ]
    })
    .toSorted((left, right) => excess(right) - excess(left))
  const verdict = reasons.length > 0 ? 'flag' : problem === undefined ? 'pass' : 'unscreened'
  return { verdict, reasons }
}

/** How far above the threshold, as a share of it: scores of different checks have different units. */
const excess = ({ score, threshold }: Reason): number => (score - threshold) / Math.max(0.05, threshold)
