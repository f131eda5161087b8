import { expect, test } from 'vitest'
import { createRandom } from '../../src/nn/random.ts'
import { type AttackLength, successSlope } from '../../bench/many-shot/slope.ts'

/** `rows` attacks of each length, of which this share succeeds. */
const attacks = (shares: Readonly<Record<number, number>>, rows = 40): readonly AttackLength[] =>
  Object.entries(shares).flatMap(([words, share]) =>
    Array.from({ length: rows }, (_, at) => ({ words: Number(words), succeeded: at < share * rows })),
  )

test('success that grows with the logarithm of the length has that slope', () => {
  // ln 10 to ln 1000 in two equal steps, each .25 higher.
  const { slope, low, high } = successSlope(attacks({ 10: 0.25, 100: 0.5, 1000: 0.75 }), createRandom(1))
  expect(slope).toBeCloseTo(0.25 / Math.log(10), 12)
  expect(low).toBeLessThan(slope)
  expect(low).toBeGreaterThan(0)
  expect(high).toBeGreaterThan(slope)
})

test('success that does not depend on the length has an interval with 0 in it, and none at all is 0', () => {
  const { low, high } = successSlope(attacks({ 10: 0.5, 100: 0.5, 1000: 0.5 }), createRandom(1))
  expect([low < 0, high > 0]).toEqual([true, true])
  expect(successSlope(attacks({ 10: 0, 100: 0 }), createRandom(1))).toEqual({ slope: 0, low: 0, high: 0 })
})

test('attacks of one length have no slope', () => {
  expect(() => successSlope(attacks({ 10: 0.5 }), createRandom(1))).toThrow(/one length/)
})
