/** AdamW against the formula in float64, the sparse form against the dense one, and schedules at known places. */
import { describe, expect, test } from 'vitest'
import { createRandom } from '../random.ts'
import { adamWSettings, adamWUpdate, squaredNorm } from './adamw.ts'
import { constantSchedule, cosineSchedule, linearSchedule, warmUpSchedule } from './schedules.ts'
import { type LazyRows, RowGradients, sparseAdamWUpdate } from './sparse-embedding.ts'

function randomArray(length: number, seed: number): Float32Array {
  const random = createRandom(seed)
  return Float32Array.from({ length }, () => random() - 0.5)
}
const moments = (length: number) => ({ first: new Float32Array(length), second: new Float32Array(length) })

describe('AdamW', () => {
  test('eight steps equal algorithm 2 of the paper in float64', () => {
    const settings = adamWSettings({ beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1 })
    const weights = randomArray(6, 1)
    const state = moments(6)
    const expected = [...weights]
    const m = expected.map(() => 0)
    const v = expected.map(() => 0)
    for (let step = 1; step <= 8; step += 1) {
      const gradient = randomArray(6, 10 + step)
      const learningRate = 0.1 / step
      adamWUpdate(weights, gradient, state, settings, { step, learningRate, weightDecay: 0.1, gradientScale: 0.5 })
      gradient.forEach((value, index) => {
        const g = value * 0.5
        m[index] = 0.8 * (m[index] ?? 0) + 0.2 * g
        v[index] = 0.95 * (v[index] ?? 0) + 0.05 * g * g
        const corrected = (m[index] ?? 0) / (1 - 0.8 ** step) / (Math.sqrt((v[index] ?? 0) / (1 - 0.95 ** step)) + 1e-6)
        expected[index] = (expected[index] ?? 0) - learningRate * (corrected + 0.1 * (expected[index] ?? 0))
      })
    }
    weights.forEach((weight, index) => expect(weight).toBeCloseTo(expected[index] ?? Number.NaN, 6))
  })

  test('settings without meaning are refused', () => {
    expect(() => adamWSettings({ beta2: 1 })).toThrow('beta1 and beta2')
  })
})

describe('sparse embedding', () => {
  const WIDTH = 3
  const settings = adamWSettings({ weightDecay: 0.1 })
  const lazyRows = (rows: number): LazyRows => ({ touched: new Int32Array(rows), decayed: new Float64Array(rows) })

  test('gradients of repeated rows are summed, padding is passed over, clearing forgets', () => {
    const rows = new RowGradients(5, 2)
    rows.add(BigInt64Array.of(4n, 1n, -1n, 4n), Float32Array.of(1, 2, 3, 4, 9, 9, 5, 6))
    expect([...rows.rows]).toEqual([4, 1])
    expect([...rows.sums]).toEqual([6, 8, 3, 4])
    expect(rows.squaredNorm()).toBe(125)
    expect(squaredNorm(rows.sums)).toBe(125)
    rows.clear()
    rows.add(BigInt64Array.of(1n), Float32Array.of(1, 1))
    expect([...rows.sums]).toEqual([1, 1])
    expect(() => rows.add(BigInt64Array.of(5n), Float32Array.of(1, 1))).toThrow('Row 5 is outside the table of 5 rows')
  })

  test('more rows than fit at first', () => {
    const rows = new RowGradients(2000, 1)
    rows.add(
      BigInt64Array.from({ length: 2000 }, (_, row) => BigInt(row)),
      Float32Array.from({ length: 2000 }, (_, row) => row),
    )
    expect([...rows.sums]).toEqual(Array.from({ length: 2000 }, (_, row) => row))
  })

  test('with every row touched in every step it is dense AdamW, bit for bit', () => {
    const [dense, sparse] = [randomArray(4 * WIDTH, 1), randomArray(4 * WIDTH, 1)]
    const [denseState, sparseState, lazy] = [moments(4 * WIDTH), moments(4 * WIDTH), lazyRows(4)]
    let totalDecay = 0
    for (let step = 1; step <= 5; step += 1) {
      const gradient = randomArray(4 * WIDTH, 50 + step)
      const at = { step, learningRate: 0.01, weightDecay: 0.1, gradientScale: 1 }
      adamWUpdate(dense, gradient, denseState, settings, at)
      const rows = new RowGradients(4, WIDTH)
      rows.add(BigInt64Array.of(0n, 1n, 2n, 3n), gradient)
      sparseAdamWUpdate(sparse, rows, sparseState, lazy, settings, at, totalDecay)
      totalDecay += Math.log(1 - 0.01 * 0.1)
    }
    expect(sparse).toEqual(dense)
    expect(sparseState).toEqual(denseState)
  })

  test('a row that rested has the moments of dense AdamW and the decay of the steps it missed', () => {
    const table = Float32Array.of(1, 1, 1)
    const [state, lazy] = [moments(WIDTH), lazyRows(1)]
    const dense = moments(WIDTH)
    const denseTable = Float32Array.of(1, 1, 1)
    const gradient = Float32Array.of(0.5, -1, 0)
    let totalDecay = 0
    for (let step = 1; step <= 6; step += 1) {
      const touched = step === 2 || step === 6
      const at = { step, learningRate: 0.1, weightDecay: 0.1, gradientScale: 1 }
      adamWUpdate(denseTable, touched ? gradient : new Float32Array(WIDTH), dense, settings, at)
      if (touched) {
        const rows = new RowGradients(1, WIDTH)
        rows.add(BigInt64Array.of(0n), gradient)
        sparseAdamWUpdate(table, rows, state, lazy, settings, at, totalDecay)
      }
      totalDecay += Math.log(1 - 0.1 * 0.1)
    }
    state.first.forEach((value, index) => expect(value).toBeCloseTo(dense.first[index] ?? Number.NaN, 6))
    state.second.forEach((value, index) => expect(value).toBeCloseTo(dense.second[index] ?? Number.NaN, 8))
    // No gradient ever reached the last column, so only decay moved it.
    expect(table[2]).toBeCloseTo(0.99 ** 6, 6)
  })
})

describe('schedules', () => {
  const options = { peak: 2, warmUpSteps: 10, totalSteps: 110, floor: 0.1 }
  test('rise, peak, half way, end and after it', () => {
    const steps = [1, 5, 10, 60, 110, 500]
    const at = (schedule: (step: number) => number): readonly number[] =>
      steps.map((step) => Number(schedule(step).toFixed(9)))
    expect(at(linearSchedule(options))).toEqual([0.2, 1, 2, 1.1, 0.2, 0.2])
    expect(at(cosineSchedule(options))).toEqual([0.2, 1, 2, 1.1, 0.2, 0.2])
    expect(cosineSchedule(options)(35)).toBeCloseTo(2 * (0.1 + 0.9 * 0.853553), 5)
    expect(at(warmUpSchedule({ peak: 2, warmUpSteps: 10 }))).toEqual([0.2, 1, 2, 2, 2, 2])
    expect(at(warmUpSchedule({ peak: 2 }))).toEqual([2, 2, 2, 2, 2, 2])
    expect(() => warmUpSchedule({ peak: 1, warmUpSteps: -1 })).toThrow('warm-up steps')
    expect(at(constantSchedule(0.5))).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
  })
  test('no steps to fall in are refused', () => {
    expect(() => linearSchedule({ peak: 1, warmUpSteps: 5, totalSteps: 5 })).toThrow('more steps in all')
  })
})
