/**
 * Mean average precision of a language over sets and seeds, and differences of it between rounds and arms, with intervals that count both
 * kinds of chance: a resample draws seeds and, within each set and label, rows (Owen 2007, "The pigeonhole bootstrap").
 *
 * Every cell of the same sets and number of seeds meets the same draws, so differences are paired. With three seeds the share of the seeds
 * is known only roughly; the values of single seeds belong beside the interval.
 */
import { createRandom } from '../../../nn/random.ts'
import type { Interval } from '../../eval/metrics/binomial.ts'
import { byScoreDown, rankingOfCounts } from '../../eval/metrics/ranking.ts'
import type { LanguageSet } from './measure-languages.ts'
import { seedOf } from './seed-of.ts'

/** One language of one arm and round: `scores[seed][set][row]` beside the sets. */
export interface Cell {
  readonly sets: readonly Pick<LanguageSet, 'samples'>[]
  readonly scores: readonly (readonly (readonly number[])[])[]
}

export interface Resampled {
  readonly value: number
  readonly samples: Float64Array
}

export interface Estimate {
  readonly value: number
  readonly interval: Interval
}

const RESAMPLES = 500

/** The mean over sets and seeds, and its resamples. */
export function resampledMean({ sets, scores }: Cell, name: string): Resampled {
  const columns = scores.map((ofSeed) =>
    sets.map(({ samples }, at) =>
      blocksOf(
        samples.map(({ label }) => label),
        ofSeed[at] ?? [],
      ),
    ),
  )
  const all = sets.map(({ samples }) => samples.map((_, row) => row))
  const value = mean(columns.flatMap((ofSeed) => ofSeed.map((blocks, at) => averagePrecision(blocks, all[at] ?? []))))
  const random = createRandom(seedOf('compare-rounds', name))
  const draw = (from: readonly number[]): readonly number[] =>
    from.map(() => from[Math.floor(random() * from.length)] ?? 0)
  const strata = sets.map(({ samples }) =>
    ([1, 0] as const).map((wanted) => samples.flatMap(({ label }, row) => (label === wanted ? [row] : []))),
  )
  const samples = Float64Array.from({ length: RESAMPLES }, () => {
    const seeds = draw(columns.map((_, seed) => seed))
    const rows = strata.map((ofSet) => ofSet.flatMap(draw))
    return mean(
      seeds.flatMap((seed) => (columns[seed] ?? []).map((blocks, at) => averagePrecision(blocks, rows[at] ?? []))),
    )
  })
  return { value, samples }
}

/** `left - right` of cells that met the same draws. */
export function differenceOf(left: Resampled, right: Resampled): Resampled {
  return {
    value: left.value - right.value,
    samples: left.samples.map((value, at) => value - (right.samples[at] ?? 0)),
  }
}

/** The value with its 95 % interval. */
export function estimateOf({ value, samples }: Resampled): Estimate {
  const sorted = samples.toSorted()
  const low = sorted[Math.floor(0.025 * sorted.length)] ?? Number.NaN
  const high = sorted[Math.ceil(0.975 * sorted.length) - 1] ?? Number.NaN
  return { value, interval: { low, high, method: 'bootstrap' } }
}

interface Blocks {
  readonly labels: readonly (0 | 1)[]
  /** Place of each row's score among the different scores, from the highest. */
  readonly block: Int32Array
  readonly count: number
}

function blocksOf(labels: readonly (0 | 1)[], scores: readonly number[]): Blocks {
  const order = labels.map((_, index) => ({ score: scores[index] ?? 0, index })).toSorted(byScoreDown)
  const block = new Int32Array(labels.length)
  let count = 0
  order.forEach(({ score, index }, place) => {
    if (place > 0 && order[place - 1]?.score !== score) count++
    block[index] = count
  })
  return { labels, block, count: count + 1 }
}

function averagePrecision({ labels, block, count }: Blocks, rows: readonly number[]): number {
  const [positives, negatives] = [new Int32Array(count), new Int32Array(count)]
  for (const row of rows) {
    const side = labels[row] === 1 ? positives : negatives
    const at = block[row] ?? 0
    side[at] = (side[at] ?? 0) + 1
  }
  return rankingOfCounts(positives, negatives).averagePrecision ?? Number.NaN
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
