import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../nn/random.ts'
import {
  conformalQuantile,
  conformalRiskThreshold,
  conformalThreshold,
  guaranteeInWords,
  rowsNeeded,
} from './conformal.ts'
import { clopperPearsonUpper } from './metrics/binomial.ts'

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const draws = (count: number, draw: () => number): readonly number[] => Array.from({ length: count }, draw)

describe('split conformal', () => {
  test('order statistics by hand', () => {
    const scores = [5, 1, 4, 2, 3, 9, 8, 7, 6]
    expect(conformalQuantile(scores, 0.1)).toBe(9)
    expect(conformalQuantile(scores, 0.2)).toBe(8)
    expect(conformalQuantile(scores, 0.05)).toBe(Infinity)
    expect(conformalThreshold(scores, { control: 'false_positive_rate', alpha: 0.2, delta: null })).toBe(8)
    expect(conformalThreshold(scores, { control: 'false_positive_rate', alpha: 0.05, delta: null })).toBeNull()
    const missing = conformalThreshold(scores, { control: 'miss_rate', alpha: 0.2, delta: null }) ?? 0
    expect(scores.filter((score) => score > missing)).toHaveLength(8)
  })

  test('coverage over 10,000 draws lies within the binomial interval around its exact value', () => {
    const random = createRandom(7)
    let covered = 0
    // n + 1 = 20 and alpha = 0.1 make the exact coverage 18/20.
    for (let round = 0; round < 10_000; round++)
      if (
        normal(random) <=
        conformalQuantile(
          draws(19, () => normal(random)),
          0.1,
        )
      )
        covered++
    expect(Math.abs(covered / 10_000 - 0.9)).toBeLessThan(2.58 * Math.sqrt((0.9 * 0.1) / 10_000))
  })

  test('new samples are missed or flagged at most as often as said', () => {
    const random = createRandom(11)
    let missed = 0
    let flagged = 0
    for (let round = 0; round < 10_000; round++) {
      const scores = draws(39, () => normal(random))
      const miss = conformalThreshold(scores, { control: 'miss_rate', alpha: 0.05, delta: null }) ?? Infinity
      const alarm = conformalThreshold(scores, { control: 'false_positive_rate', alpha: 0.05, delta: null }) ?? Infinity
      if (!(normal(random) > miss)) missed++
      if (normal(random) > alarm) flagged++
    }
    const slack = 2.58 * Math.sqrt((0.05 * 0.95) / 10_000)
    expect(missed / 10_000).toBeLessThan(0.05 + slack)
    expect(flagged / 10_000).toBeLessThan(0.05 + slack)
    // And not far below: a threshold that flags everything would pass the test above.
    expect(missed / 10_000).toBeGreaterThan(0.04)
    expect(flagged / 10_000).toBeGreaterThan(0.04)
  })
})

describe('with confidence', () => {
  test.each([
    [0.05, 0.05, 59],
    [0.01, 0.05, 299],
    [0.001, 0.05, 2995],
  ])('alpha %d and delta %d need %i samples', (alpha, delta, rows) => {
    const target = { control: 'false_positive_rate', alpha, delta } as const
    const scores = draws(rows, Math.random)
    expect(rowsNeeded(target)).toBe(rows)
    expect(conformalThreshold(scores, target)).toBe(Math.max(...scores))
    expect(conformalThreshold(scores.slice(1), target)).toBeNull()
  })

  test('the samples above the threshold satisfy the Clopper-Pearson bound, and one more would not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60, max: 2000 }),
        fc.constantFrom(0.05, 0.1, 0.2),
        fc.constantFrom('false_positive_rate', 'miss_rate'),
        (rows, alpha, control) => {
          const scores = draws(rows, Math.random)
          const threshold = conformalThreshold(scores, { control, alpha, delta: 0.05 }) ?? Number.NaN
          const wrong = scores.filter((score) =>
            control === 'miss_rate' ? score <= threshold : score > threshold,
          ).length
          expect(clopperPearsonUpper(wrong, rows, 0.05)).toBeLessThanOrEqual(alpha + 1e-9)
          expect(clopperPearsonUpper(wrong + 1, rows, 0.05)).toBeGreaterThan(alpha - 1e-9)
        },
      ),
    )
  })

  test('the true rate exceeds alpha in at most delta of 4,000 calibrations', () => {
    const random = createRandom(13)
    let broken = 0
    for (let round = 0; round < 4000; round++) {
      const scores = draws(200, random)
      // Uniform scores: the true false-positive rate of a threshold is one minus it.
      const threshold = conformalThreshold(scores, { control: 'false_positive_rate', alpha: 0.05, delta: 0.1 }) ?? 1
      if (1 - threshold > 0.05) broken++
    }
    expect(broken / 4000).toBeLessThan(0.1 + 2.58 * Math.sqrt(0.09 / 4000))
    expect(broken).toBeGreaterThan(0)
  })
})

describe('risk control', () => {
  test('with every loss 1 it is the miss-rate threshold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        (scores, alpha) => {
          const risk = conformalRiskThreshold(
            scores.map((score) => ({ score, loss: 1 })),
            alpha,
          )
          expect(risk).toBe(conformalThreshold(scores, { control: 'miss_rate', alpha, delta: null }))
        },
      ),
    )
  })

  test('cheap misses are spent first, and no budget gives none', () => {
    const samples = [
      { score: 0.1, loss: 0.5 },
      { score: 0.2, loss: 0.5 },
      { score: 0.3, loss: 1 },
      { score: 0.4, loss: 1 },
    ]
    // Budget 0.4·5 − 1 = 1: the first two may be missed, the third not.
    const threshold = conformalRiskThreshold(samples, 0.4) ?? Number.NaN
    expect(samples.filter(({ score }) => score > threshold).map(({ score }) => score)).toEqual([0.3, 0.4])
    expect(conformalRiskThreshold(samples, 0.1)).toBeNull()
    expect(() => conformalRiskThreshold([{ score: 0, loss: 2 }], 0.5)).toThrow(/loss/)
  })
})

test('ties only lower the rate', () => {
  const tied = [...draws(50, () => 0.2), ...draws(50, () => 0.8)]
  expect(conformalThreshold(tied, { control: 'false_positive_rate', alpha: 0.3, delta: null })).toBe(0.8)
  const miss = conformalThreshold(tied, { control: 'miss_rate', alpha: 0.3, delta: null }) ?? 1
  expect(tied.every((score) => score > miss)).toBe(true)
})

test('the guarantee says what it assumes, and broken targets are refused', () => {
  const words = guaranteeInWords({ control: 'false_positive_rate', alpha: 0.01, delta: 0.05 }, 299)
  expect(words).toContain('With probability at least 95 % over the draw of the calibration set')
  expect(words).toContain('at most 1 %')
  expect(words).toContain('exchangeable with the 299')
  expect(() => conformalQuantile([1], 0)).toThrow(/alpha/)
  expect(() => rowsNeeded({ control: 'miss_rate', alpha: 1, delta: null })).toThrow(/alpha/)
  expect(() => conformalThreshold([Number.NaN], { control: 'miss_rate', alpha: 0.5, delta: null })).toThrow(/NaN/)
})
