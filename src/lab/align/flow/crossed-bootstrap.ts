/**
 * Intervals of a mean over seeds and situations that were crossed: every seed's model met the same situations. A resample draws seeds
 * and situations with replacement (Owen 2007, "The pigeonhole bootstrap"), so both kinds of chance count. With three seeds the share
 * of the seeds is known only roughly; the values of the single seeds belong beside the interval.
 */
import { createRandom } from '../../../nn/random.ts'
import type { Interval } from '../../eval/metrics/binomial.ts'

export interface CrossedMean {
  readonly mean: number
  readonly interval: Interval
  /** Mean of each seed. */
  readonly seeds: readonly number[]
}

const RESAMPLES = 2000

/** `values[seed][situation]`; NaN marks what does not count, such as a rate of questions where nothing was asked. */
export function crossedMean(values: readonly (readonly number[])[], seed: number = 1): CrossedMean {
  const random = createRandom(seed)
  const columns = values[0]?.length ?? 0
  const draw = (count: number): readonly number[] => Array.from({ length: count }, () => Math.floor(random() * count))
  const means = Array.from({ length: RESAMPLES }, () => {
    const rows = draw(values.length)
    const places = draw(columns)
    return meanOf(rows.flatMap((row) => places.map((place) => values[row]?.[place] ?? Number.NaN)))
  })
  const sorted = Float64Array.from(means.filter((mean) => !Number.isNaN(mean))).toSorted()
  return {
    mean: meanOf(values.flat()),
    interval: {
      low: sorted[Math.floor(0.025 * sorted.length)] ?? Number.NaN,
      high: sorted[Math.ceil(0.975 * sorted.length) - 1] ?? Number.NaN,
      method: 'bootstrap',
    },
    seeds: values.map(meanOf),
  }
}

/** The same of `left - right`, situation by situation. */
export function crossedDifference(
  left: readonly (readonly number[])[],
  right: readonly (readonly number[])[],
  seed: number = 1,
): CrossedMean {
  const differences = left.map((row, at) => row.map((value, place) => value - (right[at]?.[place] ?? Number.NaN)))
  return crossedMean(differences, seed)
}

function meanOf(values: readonly number[]): number {
  let [sum, count] = [0, 0]
  for (const value of values) {
    if (Number.isNaN(value)) continue
    sum += value
    count += 1
  }
  return count === 0 ? Number.NaN : sum / count
}
