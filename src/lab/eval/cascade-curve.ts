/**
 * Quality against cost of a judge behind a classifier: for each band of the classifier's score in which the judge is asked, the calls it
 * saves and the figures of what comes out, by the same rules as the guard (`guards/judge/cascade`).
 *
 * The band is chosen on these rows, so its figures flatter it: report it on others. A judge that fails is no part of this.
 */
import { checkBand, isInside, scoreAlone, type ScoreBand } from '../../guards/judge/cascade/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { BootstrapOptions, BootstrapRow } from './metrics/bootstrap.ts'
import { bootstrapDifferences } from './metrics/bootstrap.ts'
import { countDecisions, decisionMetrics } from './metrics/decisions.ts'
import type { Difference } from './metrics/paired.ts'
import { rankingMetrics } from './metrics/ranking.ts'

/** Scores of the same rows in the same order, each 0…1 and positive above one half. */
export interface CascadeScores {
  readonly labels: readonly (0 | 1)[]
  readonly classifier: readonly number[]
  /** As the judge's guard reports them; 0 and 1 where it gives a word only. */
  readonly judge: readonly number[]
}

export interface CascadeCurveOptions extends Partial<BootstrapOptions> {
  /** Bands to look at, beside the empty one and the whole. Default: all between twelve edges on each side of 0.5, even in rows. */
  readonly bands?: readonly ScoreBand[]
  /** How much F1 a band may lose against the judge alone and still be its equal. Default 0.01. */
  readonly margin?: number
}

export interface CascadePoint {
  readonly band: ScoreBand
  /** Rows about which the judge is asked. */
  readonly calls: number
  /** Share of the rows about which it is not. */
  readonly saved: number
  /** Null where nothing is positive. */
  readonly f1: number | null
  /** Area under the precision-recall curve, of the scores that the guard reports. Null without both labels. */
  readonly averagePrecision: number | null
}

export interface CascadeCurve {
  readonly rows: number
  /** Fewest calls first; where several bands cost the same, the best F1 first. */
  readonly points: readonly CascadePoint[]
  /** The empty band at 0.5. */
  readonly classifier: CascadePoint
  /** The whole band. */
  readonly judge: CascadePoint
  /**
   * The point with the fewest calls whose F1 is equal to the judge's: the 95 % interval of the difference, paired and bootstrapped, stays
   * above minus the margin. Null where the judge has no F1.
   */
  readonly smallest: (CascadePoint & { readonly difference: Difference }) | null
}

const EMPTY: ScoreBand = { from: 0.5, to: 0.5 }
const WHOLE: ScoreBand = { from: 0, to: 1 }
const EDGES = 12

/**
 * Measures the bands.
 *
 * @throws ParapetError `input_invalid` for lists of different lengths, none, or scores outside 0…1; `configuration` for a wrong margin or band
 */
export function cascadeCurve(scores: CascadeScores, options: CascadeCurveOptions = {}): CascadeCurve {
  const { margin = 0.01, resamples = 1000, seed = 1 } = options
  if (!(margin >= 0 && margin < 1)) throw new ParapetError('configuration', 'The margin of F1 lies in 0…1.')
  checkScores(scores)
  const bands = options.bands ?? gridOf(scores.classifier)
  for (const band of bands) checkBand(band)
  const points = [EMPTY, WHOLE, ...bands.filter((band) => !isSame(band, EMPTY) && !isSame(band, WHOLE))]
    .map((band) => pointOf(scores, band))
    .toSorted((one, other) => one.calls - other.calls || (other.f1 ?? 0) - (one.f1 ?? 0))
  const judge = pointOf(scores, WHOLE)
  return {
    ...{ rows: scores.labels.length, points, judge, classifier: pointOf(scores, EMPTY) },
    smallest: smallestEqual(scores, points, judge, { margin, resamples, seed }),
  }
}

/** The scores that the guard reports. */
function cascadeScores({ classifier, judge }: CascadeScores, band: ScoreBand): readonly number[] {
  return classifier.map((score, row) => (isInside(band, score) ? (judge[row] ?? 0) : scoreAlone(band, score)))
}

function pointOf(scores: CascadeScores, band: ScoreBand): CascadePoint {
  const given = cascadeScores(scores, band)
  const rows = scores.labels.map((label, row) => ({ label, score: given[row] ?? 0, flagged: (given[row] ?? 0) > 0.5 }))
  const calls = scores.classifier.filter((score) => isInside(band, score)).length
  const { f1 } = decisionMetrics(countDecisions(rows))
  const { averagePrecision } = rankingMetrics(rows)
  return { band, calls, saved: 1 - calls / rows.length, f1, averagePrecision }
}

function smallestEqual(
  scores: CascadeScores,
  points: readonly CascadePoint[],
  judge: CascadePoint,
  { margin, ...options }: BootstrapOptions & { readonly margin: number },
): CascadeCurve['smallest'] {
  if (judge.f1 === null) return null
  const alone = decisionsOf(scores, WHOLE)
  for (const point of points) {
    if (point.f1 === null || point.f1 < judge.f1 - margin) continue
    const { f1: interval } = bootstrapDifferences(decisionsOf(scores, point.band), alone, options)
    if (interval !== null && interval.low >= -margin)
      return { ...point, difference: { value: point.f1 - judge.f1, interval } }
  }
  return null
}

function decisionsOf(scores: CascadeScores, band: ScoreBand): readonly BootstrapRow[] {
  const given = cascadeScores(scores, band)
  return scores.labels.map((label, row) => ({ label, flagged: (given[row] ?? 0) > 0.5, rank: null }))
}

/** Edges even in rows, so that each step saves about as many calls as the last. */
function gridOf(classifier: readonly number[]): readonly ScoreBand[] {
  const sorted = classifier.toSorted((one, other) => one - other)
  const edges = (side: readonly number[]): readonly number[] =>
    Array.from({ length: EDGES }, (_, at) => side[Math.round((at / (EDGES - 1)) * (side.length - 1))] ?? 0.5)
  const froms = new Set([0, 0.5, ...edges(sorted.filter((score) => score <= 0.5))])
  const tos = new Set([1, 0.5, ...edges(sorted.filter((score) => score > 0.5))])
  return [...froms].flatMap((from) => [...tos].map((to) => ({ from, to })))
}

function isSame(one: ScoreBand, other: ScoreBand): boolean {
  return one.from === other.from && one.to === other.to
}

function checkScores({ labels, classifier, judge }: CascadeScores): void {
  if (labels.length === 0 || classifier.length !== labels.length || judge.length !== labels.length)
    throw new ParapetError(
      'input_invalid',
      `There are ${labels.length} labels, ${classifier.length} scores of the classifier and ${judge.length} of the judge. Give one of each for every row.`,
    )
  if (![...classifier, ...judge].every((score) => score >= 0 && score <= 1))
    throw new ParapetError('input_invalid', 'A score is not in 0…1. Leave out rows that the judge did not answer.')
}
