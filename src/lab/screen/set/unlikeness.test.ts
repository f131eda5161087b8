/** The test of a reference against a set: known answers, equal draws, a shift, and poison that is flagged. */
import { expect, test } from 'vitest'
import { createRandom } from '../../../nn/random.ts'
import { unlikenessOf } from './unlikeness.ts'

const draw = (seed: number, count: number, shift = 0): readonly Record<string, number>[] => {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => ({ surprisal: random() + random() + shift, answers: random() }))
}
const LIMITS = { surprisal: 5, answers: 5 }
const of = (set: readonly Record<string, number>[], reference: readonly Record<string, number>[]) =>
  unlikenessOf(set, reference, LIMITS, ['surprisal', 'answers'])

test('the distance and its chance by hand', () => {
  const values = (from: number): readonly Record<string, number>[] =>
    Array.from({ length: 100 }, (_, at) => ({ surprisal: (from + at) / 1000 }))
  const { checks } = unlikenessOf(values(0), values(20), LIMITS, ['surprisal'])
  expect(checks[0]?.distance).toBeCloseTo(0.2, 10)
  // λ = (√50 + 0.12 + 0.11 / √50) · 0.2 = 1.44132; 2 Σ (-1)^(k-1) exp(-2 k² λ²) = 0.03140.
  expect(checks[0]?.p).toBeCloseTo(0.0314, 3)
})

test('draws of one kind are alike, a shift is not, and flagged poison does not count', () => {
  for (let seed = 1; seed <= 20; seed += 1) expect(of(draw(seed, 800), draw(seed + 100, 800)).unlike).toBe(false)
  const shifted = of(draw(1, 800, 0.2), draw(2, 800))
  expect([shifted.unlike, shifted.checks[0]?.check]).toEqual([true, 'surprisal'])
  const poison = draw(3, 300, 20)
  expect(of([...draw(1, 800), ...poison], draw(2, 800)).unlike).toBe(false)
  expect(of([...draw(1, 200), ...poison], draw(2, 800)).unlike).toBe(true)
})

test('nothing is said of a few rows or of a check that one side lacks', () => {
  expect(of(draw(1, 40, 9), draw(2, 40)).checks).toEqual([])
  expect(unlikenessOf(draw(1, 99), draw(2, 99), LIMITS, ['gradient'])).toEqual({ checks: [], unlike: false })
})
