import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clopperPearsonLower,
  clopperPearsonUpper,
  binomialAtMost,
  exactInterval,
  hoeffdingUpper,
  trialsForZeroSuccesses,
} from './binomial.ts'
import { bootstrapDifferences, bootstrapIntervals, type BootstrapRow } from './bootstrap.ts'
import { brierScore, expectedCalibrationError, reliabilityBins, scoreHistogram } from './calibration.ts'
import { countDecisions, decisionMetrics } from './decisions.ts'
import { latencyOf } from './latency.ts'
import { comparePaired, mcNemarTest } from './paired.ts'
import { curvePoints, rankingMetrics, thinCurve, type ScoredRow } from './ranking.ts'

const label = fc.constantFrom(0 as const, 1 as const)
/** Few distinct scores, so that ties are common. */
const rows = fc.array(fc.record({ label, score: fc.integer({ min: 0, max: 8 }).map((n) => n / 8) }), { maxLength: 40 })
const scored = (...pairs: readonly (readonly [0 | 1, number])[]): readonly ScoredRow[] =>
  pairs.map(([label, score]) => ({ label, score }))

describe('exact binomial bounds', () => {
  test.each([
    [1000, 1000, 0.993116],
    [990, 1000, 0.976036],
    [900, 1000, 0.867464],
    [550, 1000, 0.500676],
    [99, 100, 0.911373],
  ])('Clopper-Pearson from below, %i of %i at 0.001', (successes, trials, bound) => {
    expect(clopperPearsonLower(successes, trials, 0.001)).toBeCloseTo(bound, 6)
  })

  test('zero misses in 2,995 show 0.1 % at 95 %', () => {
    expect(trialsForZeroSuccesses(0.001, 0.05)).toBe(2995)
    expect(clopperPearsonUpper(0, 2995, 0.05)).toBeLessThanOrEqual(0.001)
    expect(clopperPearsonUpper(0, 2994, 0.05)).toBeGreaterThan(0.001)
    expect(clopperPearsonUpper(0, 50, 0.05)).toBeCloseTo(1 - 0.05 ** (1 / 50), 10)
  })

  test('tails add up to what direct summation gives', () => {
    const choose = [1, 5, 10, 10, 5, 1]
    let sum = 0
    choose.forEach((ways, k) => {
      sum += ways * 0.3 ** k * 0.7 ** (5 - k)
      expect(binomialAtMost(k, 5, 0.3)).toBeCloseTo(sum, 12)
    })
  })

  test('the exact bound is never looser than that of Hoeffding, and the interval holds the share', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, share) => {
        const successes = Math.floor(share * trials)
        const interval = exactInterval(successes, trials)
        expect(interval?.low).toBeLessThanOrEqual(successes / trials)
        expect(interval?.high).toBeGreaterThanOrEqual(successes / trials)
        expect(clopperPearsonUpper(successes, trials, 0.05)).toBeLessThanOrEqual(
          hoeffdingUpper(successes, trials, 0.05) + 1e-9,
        )
      }),
    )
    expect(exactInterval(0, 0)).toBeNull()
  })

  test('counts that are none are refused', () => {
    expect(() => clopperPearsonUpper(3, 2, 0.05)).toThrow(/3 of 2/)
    expect(() => clopperPearsonLower(1, 2, 0)).toThrow(/alpha/)
  })
})

describe('decisions', () => {
  test('by hand', () => {
    const counts = { truePositives: 3, falsePositives: 1, falseNegatives: 2, trueNegatives: 4 }
    expect(decisionMetrics(counts)).toEqual({
      precision: 0.75,
      recall: 0.6,
      f1: 6 / 9,
      falsePositiveRate: 0.2,
      accuracy: 0.7,
    })
  })

  test('what is not defined is null', () => {
    const nothing = decisionMetrics(countDecisions([]))
    expect(Object.values(nothing)).toEqual([null, null, null, null, null])
    expect(decisionMetrics(countDecisions([{ label: 0, flagged: true }]))).toEqual({
      precision: 0,
      recall: null,
      f1: null,
      falsePositiveRate: 1,
      accuracy: 0,
    })
    expect(decisionMetrics(countDecisions([{ label: 1, flagged: false }]))).toMatchObject({ precision: null, f1: 0 })
  })
})

describe('ranking', () => {
  test('by hand, with a tie block of both labels', () => {
    // 0.9:P  0.8:PN  0.1:N — pairs won: 2 + (1 + ½) = 3.5 of 4; AP = ½·1 + ½·⅔.
    const metrics = rankingMetrics(scored([1, 0.9], [1, 0.8], [0, 0.8], [0, 0.1]))
    expect(metrics.areaUnderRoc).toBe(3.5 / 4)
    expect(metrics.averagePrecision).toBeCloseTo(0.5 + 0.5 * (2 / 3), 12)
    expect(metrics.recallAtFpr1).toBe(0.5)
    expect(metrics.recallAtFpr5).toBe(0.5)
  })

  test('recall at 1 % allows exactly one of a hundred negatives', () => {
    const negatives = Array.from({ length: 100 }, (_, index): readonly [0, number] => [0, index / 1000])
    expect(rankingMetrics(scored(...negatives, [1, 0.0985])).recallAtFpr1).toBe(1)
    expect(rankingMetrics(scored(...negatives, [1, 0.0975])).recallAtFpr1).toBe(0)
    expect(rankingMetrics(scored(...negatives, [1, 0.0945])).recallAtFpr5).toBe(1)
    expect(rankingMetrics(scored(...negatives, [1, 0.0935])).recallAtFpr5).toBe(0)
  })

  test('a constant score gets exactly the base rate', () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 50 }), (labels) => {
        const positives = labels.filter((one) => one === 1).length
        const metrics = rankingMetrics(labels.map((label) => ({ label, score: 0.5 })))
        if (positives === 0 || positives === labels.length) {
          expect(metrics.averagePrecision).toBeNull()
          return
        }
        expect(metrics.averagePrecision).toBeCloseTo(positives / labels.length, 12)
        expect(metrics.areaUnderRoc).toBe(0.5)
      }),
    )
  })

  test('equals the definition over all pairs, and does not depend on order or on a monotone map', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (given, seed) => {
        const metrics = rankingMetrics(given)
        const positives = given.filter((row) => row.label === 1)
        const negatives = given.filter((row) => row.label === 0)
        const wins = positives
          .flatMap(({ score }) => negatives.map((other) => (score > other.score ? 1 : score === other.score ? 0.5 : 0)))
          .reduce((sum: number, one) => sum + one, 0)
        if (positives.length === 0 || negatives.length === 0) expect(metrics.areaUnderRoc).toBeNull()
        else expect(metrics.areaUnderRoc).toBeCloseTo(wins / (positives.length * negatives.length), 12)
        const shift = given.length === 0 ? 0 : seed % given.length
        expect(rankingMetrics([...given.slice(shift), ...given.slice(0, shift)].toReversed())).toEqual(metrics)
        expect(rankingMetrics(given.map(({ label, score }) => ({ label, score: Math.exp(3 * score) - 7 })))).toEqual(
          metrics,
        )
      }),
    )
  })

  test('curves rise from nothing to everything, and thinning keeps ends and operating point', () => {
    const given = scored(
      ...Array.from({ length: 2000 }, (_, index): readonly [0 | 1, number] => [index % 3 === 0 ? 1 : 0, index / 2000]),
    )
    const points = curvePoints(given) ?? []
    expect(points).toHaveLength(2001)
    expect(points[0]).toEqual({ score: null, recall: 0, falsePositiveRate: 0, precision: null })
    expect(points.at(-1)).toMatchObject({ recall: 1, falsePositiveRate: 1 })
    const thin = thinCurve(points, 400, ({ score }) => score === 0.777)
    expect(thin.length).toBeLessThanOrEqual(400)
    expect(thin.length).toBeGreaterThan(300)
    expect(thin).toEqual(expect.arrayContaining([points[0], points.at(-1), points.find((p) => p.score === 0.777)]))
    expect(curvePoints(scored([1, 0.4]))).toBeNull()
  })

  test('NaN is refused, infinity is the highest score', () => {
    expect(() => rankingMetrics(scored([1, Number.NaN]))).toThrow(/NaN/)
    expect(rankingMetrics(scored([1, Infinity], [0, Infinity], [0, 0.2])).areaUnderRoc).toBe(0.75)
  })
})

describe('calibration', () => {
  test('by hand', () => {
    const given = scored([1, 0.95], [0, 0.95], [0, 0.05])
    // Bin 14: share ½ against 0.95; bin 0: share 0 against 0.05.
    expect(expectedCalibrationError(given)).toBeCloseTo((2 / 3) * 0.45 + (1 / 3) * 0.05, 12)
    expect(brierScore(given)).toBeCloseTo((0.05 ** 2 + 0.95 ** 2 + 0.05 ** 2) / 3, 12)
    expect(brierScore([])).toBeNull()
    expect(expectedCalibrationError([])).toBeNull()
  })

  test('every row falls into exactly one bin, 1 into the last', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 30 }), (given, count) => {
        const total = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0)
        expect(total(reliabilityBins(given, count).map((bin) => bin.rows))).toBe(given.length)
        expect(total(scoreHistogram(given, count).map((bin) => bin.positives + bin.negatives))).toBe(given.length)
      }),
    )
    expect(reliabilityBins(scored([1, 1])).at(-1)).toMatchObject({ rows: 1, positiveShare: 1 })
    expect(() => reliabilityBins(scored([1, 1.5]))).toThrow(/0…1/)
  })
})

test('latency is nearest rank', () => {
  expect(latencyOf(Array.from({ length: 100 }, (_, index) => 100 - index))).toEqual({ p50: 50, p99: 99 })
  expect(latencyOf([7])).toEqual({ p50: 7, p99: 7 })
  expect(latencyOf([])).toBeNull()
})

describe('bootstrap', () => {
  const options = { resamples: 300, seed: 3 }
  const sample = fc.array(
    fc.record({ label, flagged: fc.boolean(), rank: fc.double({ min: 0, max: 1, noNaN: true }) }),
    {
      minLength: 20,
      maxLength: 80,
    },
  )

  test('an interval holds its point, for rates of decisions and for areas', () => {
    fc.assert(
      fc.property(sample, (given) => {
        const intervals = bootstrapIntervals(given, options)
        const points = {
          ...decisionMetrics(countDecisions(given)),
          areaUnderRoc: rankingMetrics(given.map(({ label, rank }) => ({ label, score: rank }))).areaUnderRoc,
        }
        for (const name of ['recall', 'falsePositiveRate', 'accuracy', 'areaUnderRoc'] as const) {
          const point = points[name]
          if (point === null) continue
          expect(intervals[name]?.low).toBeLessThanOrEqual(point + 1e-9)
          expect(intervals[name]?.high).toBeGreaterThanOrEqual(point - 1e-9)
        }
      }),
      { numRuns: 30, seed: 5 },
    )
  })

  test('the width is that of a binomial, and the same seed gives the same', () => {
    const given = Array.from({ length: 1000 }, (_, index): BootstrapRow => ({
      label: 1,
      flagged: index % 5 === 0,
      rank: index / 1000,
    }))
    const { recall, falsePositiveRate, areaUnderRoc } = bootstrapIntervals(given, { resamples: 2000, seed: 1 })
    // 0.2 ± 1.96·√(0.2·0.8/1000) = 0.1752…0.2248
    expect(recall?.low).toBeCloseTo(0.1752, 2)
    expect(recall?.high).toBeCloseTo(0.2248, 2)
    expect(falsePositiveRate).toBeNull()
    expect(areaUnderRoc).toBeNull()
    expect(bootstrapIntervals(given, options)).toEqual(bootstrapIntervals(given, options))
  })

  test('a subject does not differ from itself', () => {
    const given = Array.from({ length: 60 }, (_, index): BootstrapRow => ({
      label: index % 2 === 0 ? 1 : 0,
      flagged: index % 3 === 0,
      rank: null,
    }))
    const { f1, averagePrecision } = bootstrapDifferences(given, given, options)
    expect(f1).toEqual({ low: 0, high: 0, method: 'bootstrap' })
    expect(averagePrecision).toBeNull()
  })
})

describe('paired comparison', () => {
  test('McNemar by hand', () => {
    // 1 against 5: exact 2·(1 + 6)/64, mid-p without one 6/64.
    expect(mcNemarTest(1, 5)).toMatchObject({ onlyLeftRight: 1, onlyRightRight: 5 })
    expect(mcNemarTest(1, 5).exactP).toBeCloseTo(14 / 64, 12)
    expect(mcNemarTest(5, 1).midP).toBeCloseTo(8 / 64, 12)
    expect(mcNemarTest(0, 0)).toMatchObject({ exactP: 1, midP: 1 })
    expect(mcNemarTest(4, 4)).toMatchObject({ exactP: 1, midP: 1 })
  })

  test('joins by id, whatever the order, and signs are left minus right', () => {
    const left = Array.from({ length: 40 }, (_, index) => ({
      id: String(index),
      label: index < 20 ? (1 as const) : (0 as const),
      flagged: index < 20,
      rank: 1 - index / 40,
    }))
    const right = left.map((row) => ({ ...row, flagged: true, rank: row.rank === null ? null : 1 - row.rank }))
    const result = comparePaired(
      left,
      [...right.toReversed(), ...left.slice(0, 1).map((row) => ({ ...row, id: 'other' }))],
      {
        resamples: 200,
        seed: 1,
      },
    )
    expect(result.rows).toBe(40)
    expect(result.mcNemar).toMatchObject({ onlyLeftRight: 20, onlyRightRight: 0 })
    expect(result.falsePositiveRate).toEqual({ value: -1, interval: { low: -1, high: -1, method: 'bootstrap' } })
    expect(result.f1.value).toBeCloseTo(1 - 40 / 60, 12)
    expect(result.averagePrecision.value).toBeGreaterThan(0.5)
    expect(() =>
      comparePaired(
        left,
        left.map((row) => ({ ...row, label: 1 as const })),
        { resamples: 100, seed: 1 },
      ),
    ).toThrow(/two labels/)
  })
})
