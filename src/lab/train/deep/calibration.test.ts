/** Platt's fit finds the line that made the labels, and never turns a head around. */
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../nn/random.ts'
import { type LabelledLogit, calibrationByLanguage, plattFit } from './calibration.ts'

/** Labels drawn with the probability `sigmoid(scale · logit + bias)`. */
function drawn(count: number, scale: number, bias: number, language?: string): readonly LabelledLogit[] {
  const random = createRandom(5)
  return Array.from({ length: count }, () => {
    const logit = 8 * random() - 4
    const label = random() < 1 / (1 + Math.exp(-(scale * logit + bias))) ? 1 : 0
    return { logit, label, weight: 1, language }
  })
}

describe('a fit', () => {
  test.each([
    [0.5, 1],
    [2, -1],
    [1, 0],
  ])('finds scale %f and bias %f', (scale, bias) => {
    const found = plattFit(drawn(20_000, scale, bias))
    expect(found.scale).toBeCloseTo(scale, 1)
    expect(found.bias).toBeCloseTo(bias, 1)
  })

  test('makes the mean probability the share of positives', () => {
    const rows = drawn(2000, 1.5, 0.7)
    const { scale, bias } = plattFit(rows)
    const mean = rows.reduce((sum, { logit }) => sum + 1 / (1 + Math.exp(-(scale * logit + bias))), 0) / rows.length
    expect(mean).toBeCloseTo(rows.filter(({ label }) => label === 1).length / rows.length, 2)
  })

  test('weights count like copies', () => {
    const rows = drawn(400, 1, 0.5)
    const heavy = rows.map((row) => ({ ...row, weight: 7 }))
    expect(plattFit(heavy).scale).toBeCloseTo(plattFit(rows).scale, 6)
    const positives = plattFit(rows.map((row) => ({ ...row, weight: row.label === 1 ? 3 : 1 })))
    expect(positives.bias).toBeGreaterThan(plattFit(rows).bias + 0.5)
  })

  test('keeps the direction of a head that is wrong, and stays finite for one that is perfect', () => {
    expect(plattFit(drawn(500, -1, 0)).scale).toBe(0.05)
    const perfect = [-2, -1, 1, 2].map((logit) => ({
      logit,
      label: logit > 0 ? (1 as const) : (0 as const),
      weight: 1,
    }))
    expect(plattFit(perfect).scale).toBeLessThanOrEqual(5)
    expect(plattFit(perfect.map((row) => ({ ...row, logit: 0 }))).bias).toBeCloseTo(0, 6)
  })
})

test('languages with enough rows have their own fit, others share one, and few rows change nothing', () => {
  const rows = [...drawn(1000, 2, 1, 'de'), ...drawn(1000, 1, -1, 'en'), ...drawn(50, 1, 0, 'fr')]
  const fits = calibrationByLanguage(rows)
  expect(Object.keys(fits)).toEqual(['*', 'de', 'en'])
  expect(fits['de']?.bias).toBeGreaterThan(0.5)
  expect(fits['en']?.bias).toBeLessThan(-0.5)
  expect(calibrationByLanguage(rows.slice(0, 15))).toEqual({ '*': { scale: 1, bias: 0 } })
})
