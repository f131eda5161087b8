/**
 * Whether two subjects differ on the same samples: McNemar's test on their decisions, and paired bootstrap of the differences of
 * their figures. Samples that only one of them has are not compared. It corrects nothing for many comparisons.
 */
import { ParapetError } from '../../../spec/index.ts'
import { binomialAtMost, type Interval } from './binomial.ts'
import { bootstrapDifferences, type BootstrapOptions, type BootstrapRow } from './bootstrap.ts'
import { countDecisions, decisionMetrics } from './decisions.ts'
import { rankingMetrics } from './ranking.ts'

/** McNemar's test (McNemar 1947; mid-p as in Fagerland et al. 2013) of the samples where exactly one subject is right. */
export interface McNemar {
  readonly onlyLeftRight: number
  readonly onlyRightRight: number
  /** Two-sided exact binomial p. */
  readonly exactP: number
  /** Two-sided mid-p: less conservative, recommended over the exact one. */
  readonly midP: number
}

/** Left minus right. */
export interface Difference {
  readonly value: number | null
  readonly interval: Interval | null
}

export interface PairedComparison {
  /** Samples both subjects have. */
  readonly rows: number
  readonly mcNemar: McNemar
  readonly averagePrecision: Difference
  readonly f1: Difference
  readonly falsePositiveRate: Difference
}

/** Test of `b` samples only the left gets right against `c` only the right does; without any, p is 1. */
export function mcNemarTest(b: number, c: number): McNemar {
  const [few, all] = [Math.min(b, c), b + c]
  const atMost = binomialAtMost(few, all, 0.5)
  const exactly = atMost - binomialAtMost(few - 1, all, 0.5)
  return {
    onlyLeftRight: b,
    onlyRightRight: c,
    exactP: Math.min(1, 2 * atMost),
    midP: Math.min(1, Math.max(0, 2 * atMost - exactly)),
  }
}

/** A row of a subject, with the id that pairs it. */
export type PairedRow = BootstrapRow & { readonly id: string }

/** Compares rows with the same id; an id with two labels is refused. */
export function comparePaired(
  left: readonly PairedRow[],
  right: readonly PairedRow[],
  options: BootstrapOptions,
): PairedComparison {
  const others = new Map(right.map((row) => [row.id, row]))
  const pairs = left.flatMap((row): readonly (readonly [PairedRow, PairedRow])[] => {
    const other = others.get(row.id)
    if (other !== undefined && other.label !== row.label)
      throw new ParapetError('input_invalid', `Sample ${row.id} has two labels. Compare runs over the same set.`)
    return other === undefined ? [] : [[row, other]]
  })
  const [ours, theirs] = [pairs.map(([row]) => row), pairs.map(([, row]) => row)]
  const isRight = (row: PairedRow): boolean => row.flagged === (row.label === 1)
  const b = pairs.filter(([one, other]) => isRight(one) && !isRight(other)).length
  const c = pairs.filter(([one, other]) => !isRight(one) && isRight(other)).length
  const intervals = bootstrapDifferences(ours, theirs, options)
  const [one, other] = [figures(ours), figures(theirs)]
  const difference = (name: keyof typeof one): Difference => {
    const [first, second] = [one[name], other[name]]
    return first === null || second === null
      ? { value: null, interval: null }
      : { value: first - second, interval: intervals[name] }
  }
  return {
    rows: pairs.length,
    mcNemar: mcNemarTest(b, c),
    averagePrecision: difference('averagePrecision'),
    f1: difference('f1'),
    falsePositiveRate: difference('falsePositiveRate'),
  }
}

function figures(
  rows: readonly PairedRow[],
): Readonly<Record<'f1' | 'falsePositiveRate' | 'averagePrecision', number | null>> {
  const { f1, falsePositiveRate } = decisionMetrics(countDecisions(rows))
  const ranked = rows.flatMap(({ label, rank }) => (rank === null ? [] : [{ label, score: rank }]))
  const averagePrecision = ranked.length === rows.length ? rankingMetrics(ranked).averagePrecision : null
  return { f1, falsePositiveRate, averagePrecision }
}
