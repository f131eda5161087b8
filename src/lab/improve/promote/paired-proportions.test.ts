/** Tango's bounds by what defines them, by their closed form, and by how often they hold. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../nn/random.ts'
import { differenceBounds, rowsToShow, scoreStatistic, Z_95 } from './paired-proportions.ts'

const pairs = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 400 }))
  .map(([worse, better, same]) => ({ rows: worse + better + same, worse, better }))

describe('the bounds', () => {
  test('are where the score statistic reaches the quantile, and hold the difference between them', () => {
    fc.assert(
      fc.property(pairs, ({ rows, worse, better }) => {
        const { low, high } = differenceBounds({ rows, worse, better })
        expect(low).toBeLessThanOrEqual((worse - better) / rows)
        expect(high).toBeGreaterThan((worse - better) / rows)
        if (high < 0.999) expect(scoreStatistic(rows, worse, better, high)).toBeCloseTo(-Z_95, 5)
      }),
    )
  })

  test('are z²/(n + z²) where nothing differs, so that few rows show nothing', () => {
    for (const rows of [1, 30, 250]) {
      const { low, high } = differenceBounds({ rows, worse: 0, better: 0 })
      expect(high).toBeCloseTo(Z_95 ** 2 / (rows + Z_95 ** 2), 9)
      expect(low).toBeCloseTo(-high, 12)
    }
    expect(differenceBounds({ rows: 0, worse: 0, better: 0 })).toEqual({ low: -1, high: 1 })
  })

  test('change sides when the two versions do', () => {
    fc.assert(
      fc.property(pairs, ({ rows, worse, better }) => {
        const [one, other] = [
          differenceBounds({ rows, worse, better }),
          differenceBounds({ rows, worse: better, better: worse }),
        ]
        expect(one.low).toBeCloseTo(-other.high, 9)
      }),
    )
  })

  test('an unchanged guard passes a margin from exactly so many rows on', () => {
    for (const margin of [0.01, 0.02, 0.05]) {
      const rows = rowsToShow(margin)
      expect(differenceBounds({ rows, worse: 0, better: 0 }).high).toBeLessThanOrEqual(margin)
      expect(differenceBounds({ rows: rows - 1, worse: 0, better: 0 }).high).toBeGreaterThan(margin)
    }
  })

  test('a guard that is worse by the margin passes about one time in twenty', () => {
    const random = createRandom(3)
    const [rows, runs, margin] = [300, 1500, 0.02]
    let passed = 0
    for (let run = 0; run < runs; run += 1) {
      let [worse, better] = [0, 0]
      for (let row = 0; row < rows; row += 1) {
        const draw = random()
        if (draw < 0.03) worse += 1
        else if (draw < 0.04) better += 1
      }
      if (differenceBounds({ rows, worse, better }).high <= margin) passed += 1
    }
    expect(passed / runs).toBeGreaterThan(0.02)
    expect(passed / runs).toBeLessThan(0.075)
  })

  test.each([
    [10, 6, 5],
    [10, -1, 0],
    [10, 0.5, 0],
  ])('%d rows with %d and %d differing are refused', (rows, worse, better) => {
    expect(() => differenceBounds({ rows, worse, better })).toThrow(expect.objectContaining({ code: 'input_invalid' }))
  })
})
