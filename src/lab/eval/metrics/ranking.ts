/**
 * Quality of scores as a ranking: ROC and precision-recall curves, the areas under them, recall at a bounded false-positive rate.
 *
 * Equal scores are one block and one step, so no figure depends on the order of the rows and a constant score gets exactly the
 * base rate. Scores may be infinite; NaN is refused. It chooses no threshold.
 */
import { ParapetError } from '../../../spec/index.ts'

/** One row: a label and a score, higher is more positive. */
export interface ScoredRow {
  readonly label: 0 | 1
  readonly score: number
}

/** All rows of one score, from the highest score down. */
export interface ScoreBlock {
  readonly score: number
  readonly positives: number
  readonly negatives: number
}

/** Counts once everything down to and including a block is flagged. */
export interface CurvePoint {
  /** Lowest score that is flagged here; null for the point where nothing is. */
  readonly score: number | null
  readonly recall: number
  readonly falsePositiveRate: number
  /** Null where nothing is flagged. */
  readonly precision: number | null
}

/** Figures of a ranking; null where a label is missing. */
export interface RankingMetrics {
  /** Mann-Whitney: P(score of a positive > score of a negative), ties count half. */
  readonly areaUnderRoc: number | null
  /** Σ precision × gain in recall over the blocks; no interpolation. */
  readonly averagePrecision: number | null
  /** Highest recall of a threshold with a false-positive rate of at most 1 %. */
  readonly recallAtFpr1: number | null
  /** The same at 5 %. */
  readonly recallAtFpr5: number | null
}

/** Rows as blocks of equal score, highest first. */
export function scoreBlocks(rows: readonly ScoredRow[]): readonly ScoreBlock[] {
  if (rows.some(({ score }) => Number.isNaN(score)))
    throw new ParapetError('input_invalid', 'A score is NaN. Count the sample as a failure instead of ranking it.')
  const blocks: { score: number; positives: number; negatives: number }[] = []
  for (const { label, score } of rows.toSorted(byScoreDown)) {
    let block = blocks.at(-1)
    if (block === undefined || block.score !== score) blocks.push((block = { score, positives: 0, negatives: 0 }))
    if (label === 1) block.positives++
    else block.negatives++
  }
  return blocks
}

/** Order from the highest score down. Subtraction would give NaN for two infinities. */
export function byScoreDown(left: { readonly score: number }, right: { readonly score: number }): number {
  if (left.score === right.score) return 0
  return left.score > right.score ? -1 : 1
}

/** Figures of blocks given as counts, highest score first; the bootstrap calls it with resampled counts. */
export function rankingOfCounts(positives: ArrayLike<number>, negatives: ArrayLike<number>): RankingMetrics {
  let allPositives = 0
  let allNegatives = 0
  for (let block = 0; block < positives.length; block++) {
    allPositives += positives[block] ?? 0
    allNegatives += negatives[block] ?? 0
  }
  if (allPositives === 0) return { areaUnderRoc: null, averagePrecision: null, recallAtFpr1: null, recallAtFpr5: null }
  let hits = 0
  let alarms = 0
  let wins = 0
  let area = 0
  let atOne = 0
  let atFive = 0
  for (let block = 0; block < positives.length; block++) {
    const found = positives[block] ?? 0
    const wrong = negatives[block] ?? 0
    if (found === 0 && wrong === 0) continue
    hits += found
    alarms += wrong
    // Negatives below this block lose to its positives; those inside tie.
    wins += found * (allNegatives - alarms + wrong / 2)
    area += found * (hits / (hits + alarms))
    // Compared as counts: 0.01 × 100 must not fall to rounding.
    if (alarms * 100 <= allNegatives) atOne = hits
    if (alarms * 20 <= allNegatives) atFive = hits
  }
  const both = allNegatives > 0
  return {
    areaUnderRoc: both ? wins / (allPositives * allNegatives) : null,
    averagePrecision: both ? area / allPositives : null,
    recallAtFpr1: both ? atOne / allPositives : null,
    recallAtFpr5: both ? atFive / allPositives : null,
  }
}

/** Figures of rows. All null unless both labels occur: a ranking of one label has no quality. */
export function rankingMetrics(rows: readonly ScoredRow[]): RankingMetrics {
  const blocks = scoreBlocks(rows)
  return rankingOfCounts(
    blocks.map(({ positives }) => positives),
    blocks.map(({ negatives }) => negatives),
  )
}

/** Points of both curves, from nothing flagged to everything flagged; null unless both labels occur. */
export function curvePoints(rows: readonly ScoredRow[]): readonly CurvePoint[] | null {
  const blocks = scoreBlocks(rows)
  const positives = blocks.reduce((sum, block) => sum + block.positives, 0)
  const negatives = rows.length - positives
  if (positives === 0 || negatives === 0) return null
  let hits = 0
  let alarms = 0
  const points: CurvePoint[] = [{ score: null, recall: 0, falsePositiveRate: 0, precision: null }]
  for (const block of blocks) {
    hits += block.positives
    alarms += block.negatives
    points.push({
      score: block.score,
      recall: hits / positives,
      falsePositiveRate: alarms / negatives,
      precision: hits / (hits + alarms),
    })
  }
  return points
}

/**
 * At most `limit` of the points: first, last, every one listed in `keep`, and the rest evenly by their place on the curve. Ends
 * and kept points stay exact, so an operating point drawn over the curve lies on it.
 */
export function thinCurve(
  points: readonly CurvePoint[],
  limit: number,
  keep: (point: CurvePoint) => boolean,
): readonly CurvePoint[] {
  if (points.length <= limit) return points
  const kept = new Set([0, points.length - 1])
  points.forEach((point, index) => {
    if (keep(point) && kept.size < limit) kept.add(index)
  })
  // Even in arc length, because a curve's steep part has as many pixels as its flat one.
  const lengths = [0]
  for (let index = 1; index < points.length; index++) {
    const [from, to] = [points[index - 1], points[index]]
    if (from === undefined || to === undefined) continue
    const step = Math.abs(to.recall - from.recall) + Math.abs(to.falsePositiveRate - from.falsePositiveRate)
    lengths.push((lengths.at(-1) ?? 0) + step)
  }
  const room = limit - kept.size
  const total = lengths.at(-1) ?? 0
  let index = 0
  for (let mark = 1; mark <= room; mark++) {
    while (index < points.length - 1 && (lengths[index] ?? 0) < (mark * total) / (room + 1)) index++
    kept.add(index)
  }
  return [...kept].toSorted((left, right) => left - right).flatMap((place) => points[place] ?? [])
}
