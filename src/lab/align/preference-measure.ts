/**
 * How well a model tells good responses from bad ones, by its own log-probabilities: the share it ranks rightly, and the margin, with 95 %
 * intervals, and what changed between two models on the same rows. For rows it did not learn from; it samples no text.
 *
 * Intervals take rows as independent: several pairs of one prompt make them too narrow.
 */
import { createRandom } from '../../nn/random.ts'
import { type Interval, exactInterval } from '../eval/metrics/binomial.ts'
import { bootstrapDifferences, bootstrapIntervals } from '../eval/metrics/bootstrap.ts'
import { rankingMetrics } from '../eval/metrics/ranking.ts'
import type { EncodedPair, EncodedTurn } from './encode-preferences.ts'
import type { ResponseScorer } from './response-scorer.ts'

export interface PreferenceFigures {
  /** Pairs or turns. */
  readonly rows: number
  /**
   * Of pairs, the share whose chosen response is the likelier one; of turns, the chance that a good one is likelier a token than a bad
   * one (area under the ROC curve). Null where there is nothing to compare.
   */
  readonly rankedRightly: number | null
  /** Of pairs exact (Clopper-Pearson), of turns by bootstrap within each label. */
  readonly rankedRightlyInterval: Interval | null
  /** Mean log-probability of good minus bad responses, in nats; null likewise. */
  readonly margin: number | null
  /** By bootstrap. */
  readonly marginInterval: Interval | null
  /** Mean log-probability a token of good and of bad responses; null without any. */
  readonly good: number | null
  readonly bad: number | null
}

/** One row: a pair, ranked rightly or not, or a labelled turn with its log-probability a token. */
interface MeasuredRow {
  /** Null for a pair. */
  readonly label: 0 | 1 | null
  readonly rank: number
  /** Of a pair chosen minus rejected, of a turn its log-probability, in nats. */
  readonly sum: number
}

/** The figures, and the rows that they are of. */
export interface PreferenceMeasurement {
  readonly figures: PreferenceFigures
  readonly each: readonly MeasuredRow[]
}

/** A difference with its 95 % interval, paired by row; null where a side has nothing to compare. */
export interface PreferenceDifference {
  readonly value: number | null
  /** Of shares of pairs Newcombe's (1998, method 10), which is not of width 0 where no pair changed; of the others by bootstrap. */
  readonly interval: Range | null
}

type Range = Pick<Interval, 'low' | 'high'>

/** What the second model does differently on the same rows: second minus first. */
export interface PreferenceChange {
  readonly rankedRightly: PreferenceDifference
  readonly margin: PreferenceDifference
}

const BOOTSTRAP = { resamples: 1000, seed: 1 }

export async function measurePairs(
  pairs: readonly EncodedPair[],
  scorer: Pick<ResponseScorer, 'score'>,
): Promise<PreferenceMeasurement> {
  const chosen = await scorer.score(pairs.map((pair) => pair.chosen))
  const rejected = await scorer.score(pairs.map((pair) => pair.rejected))
  const each = pairs.map((_, at): MeasuredRow => {
    const margin = (chosen[at] ?? 0) - (rejected[at] ?? 0)
    return { label: null, rank: margin > 0 ? 1 : 0, sum: margin }
  })
  const right = each.filter(({ rank }) => rank === 1).length
  const figures = {
    rows: pairs.length,
    rankedRightly: mean(each.map(({ rank }) => rank)),
    rankedRightlyInterval: exactInterval(right, pairs.length),
    margin: mean(each.map(({ sum }) => sum)),
    marginInterval: meanInterval([each.map(({ sum }) => sum)]),
    good: mean(pairs.map((pair, at) => (chosen[at] ?? 0) / pair.chosen.response.length)),
    bad: mean(pairs.map((pair, at) => (rejected[at] ?? 0) / pair.rejected.response.length)),
  }
  return { figures, each }
}

export async function measureTurns(
  turns: readonly EncodedTurn[],
  scorer: Pick<ResponseScorer, 'score'>,
): Promise<PreferenceMeasurement> {
  const scores = await scorer.score(turns.map(({ tokens }) => tokens))
  const each = turns.map(({ turn, tokens }, at): MeasuredRow & { readonly label: 0 | 1 } => ({
    label: turn.desirable ? 1 : 0,
    rank: (scores[at] ?? 0) / tokens.response.length,
    sum: scores[at] ?? 0,
  }))
  const of = (label: 0 | 1, key: 'rank' | 'sum'): readonly number[] =>
    each.filter((row) => row.label === label).map((row) => row[key])
  const [goodSum, badSum] = [mean(of(1, 'sum')), mean(of(0, 'sum'))]
  const area = rankingMetrics(each.map(({ label, rank }) => ({ label, score: rank }))).areaUnderRoc
  const figures = {
    rows: each.length,
    rankedRightly: area,
    rankedRightlyInterval: area === null ? null : bootstrapIntervals(each.map(ranked), BOOTSTRAP).areaUnderRoc,
    margin: goodSum === null || badSum === null ? null : goodSum - badSum,
    marginInterval: meanInterval([of(1, 'sum'), of(0, 'sum').map((value) => -value)]),
    ...{ good: mean(of(1, 'rank')), bad: mean(of(0, 'rank')) },
  }
  return { figures, each }
}

/** Both measured the same rows in the same order. */
export function preferenceChange(before: PreferenceMeasurement, after: PreferenceMeasurement): PreferenceChange {
  const difference = (name: 'rankedRightly' | 'margin', interval: Range | null): PreferenceDifference => {
    const [first, second] = [before.figures[name], after.figures[name]]
    return first === null || second === null ? { value: null, interval: null } : { value: second - first, interval }
  }
  const gains = (key: 'rank' | 'sum', label: 0 | 1 | null, sign: 1 | -1 = 1): readonly number[] =>
    after.each.flatMap((row, at) => (row.label === label ? [sign * (row[key] - (before.each[at]?.[key] ?? 0))] : []))
  const pairs = after.each.every(({ label }) => label === null)
  if (pairs)
    return {
      rankedRightly: difference('rankedRightly', pairedShares(before.each, after.each)),
      margin: difference('margin', meanInterval([gains('sum', null)])),
    }
  const area = bootstrapDifferences(after.each.map(ranked), before.each.map(ranked), BOOTSTRAP).areaUnderRoc
  return {
    rankedRightly: difference('rankedRightly', area),
    margin: difference('margin', meanInterval([gains('sum', 1), gains('sum', 0, -1)])),
  }
}

/** Newcombe 1998, method 10: Wilson's intervals of both shares, joined with the correlation of the pairs. */
function pairedShares(before: readonly MeasuredRow[], after: readonly MeasuredRow[]): Range | null {
  const n = after.length
  if (n === 0) return null
  const count = (old: number, now: number): number =>
    after.filter(({ rank }, at) => rank === now && before[at]?.rank === old).length
  const [both, gained, lost, neither] = [count(1, 1), count(0, 1), count(1, 0), count(0, 0)]
  const [now, old] = [wilson(both + gained, n), wilson(both + lost, n)]
  const spread = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
  const phi = spread === 0 ? 0 : (both * neither - gained * lost) / Math.sqrt(spread)
  const joined = (one: number, other: number): number =>
    Math.sqrt(Math.max(0, one * one - 2 * phi * one * other + other * other))
  const value = now.share - old.share
  return {
    low: value - joined(now.share - now.low, old.high - old.share),
    high: value + joined(now.high - now.share, old.share - old.low),
  }
}

/** Wilson's 95 % interval (1927) of a share. */
function wilson(count: number, n: number): Range & { readonly share: number } {
  const z = 1.959963984540054
  const share = count / n
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  return { share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

function ranked({ label, rank }: MeasuredRow): { label: 0 | 1; flagged: boolean; rank: number } {
  return { label: label ?? 0, flagged: false, rank }
}

/** Percentile bootstrap of the sum of the groups' means, each group drawn by itself; null where one is empty. */
function meanInterval(groups: readonly (readonly number[])[]): Interval | null {
  if (groups.some((group) => group.length === 0)) return null
  const random = createRandom(BOOTSTRAP.seed)
  const drawn = Float64Array.from({ length: BOOTSTRAP.resamples }, () =>
    groups.reduce((sum, group) => {
      let total = 0
      for (let draw = 0; draw < group.length; draw += 1) total += group[Math.floor(random() * group.length)] ?? 0
      return sum + total / group.length
    }, 0),
  ).toSorted()
  const low = drawn[Math.floor(0.025 * drawn.length)]
  const high = drawn[Math.ceil(0.975 * drawn.length) - 1]
  return low === undefined || high === undefined ? null : { low, high, method: 'bootstrap' }
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
