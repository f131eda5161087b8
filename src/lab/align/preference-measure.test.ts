/** Held-out preferences from given log-probabilities: figures and intervals by hand, and the change between two models. */
import { expect, test } from 'vitest'
import type { EncodedPair, EncodedTurn } from './encode-preferences.ts'
import { measurePairs, measureTurns, preferenceChange } from './preference-measure.ts'
import type { ResponseTokens } from './sequence-log-probabilities.ts'

/** Says for a response what its first token stands for. */
const scorer = (scores: readonly number[]) => ({
  score: async (rows: readonly ResponseTokens[]) =>
    Float64Array.from(rows, ({ response }) => scores[response[0] ?? 0] ?? 0),
})
const tokens = (id: number): ResponseTokens => ({ prompt: [0], response: [id, 0] })
const message = { prompt: 'asked', response: 'said' }
const pairs = Array.from({ length: 10 }, (_, at) => ({
  chosen: tokens(2 * at),
  rejected: tokens(2 * at + 1),
})) as unknown as readonly EncodedPair[]
const turns = Array.from({ length: 20 }, (_, at) => ({
  turn: { ...message, desirable: at % 2 === 0 },
  tokens: tokens(at),
})) as unknown as readonly EncodedTurn[]

/** Good responses at −1; bad ones at −3 but for `wrong` of them at +1. */
const scores = (wrong: number): readonly number[] =>
  Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? -1 : at < 2 * wrong ? 1 : -3))

test('pairs: share with its exact interval, margin with its bootstrap, both paired in the change', async () => {
  const [before, after] = [await measurePairs(pairs, scorer(scores(4))), await measurePairs(pairs, scorer(scores(0)))]
  expect(before.figures).toMatchObject({ rows: 10, rankedRightly: 0.6, good: -0.5, bad: (4 * 1 - 6 * 3) / 20 })
  // 6 · 2 − 4 · 2 of ten.
  expect(before.figures.margin).toBeCloseTo(0.4, 12)
  // Clopper-Pearson of 6 of 10, and of 10 of 10: 0.025 ** (1 / 10).
  expect(before.figures.rankedRightlyInterval?.low).toBeCloseTo(0.2624, 4)
  expect(before.figures.rankedRightlyInterval?.high).toBeCloseTo(0.8784, 4)
  expect(after.figures.rankedRightlyInterval?.low).toBeCloseTo(0.025 ** 0.1, 9)
  const { low = 0, high = 0 } = before.figures.marginInterval ?? {}
  expect([low < 0.4, high > 0.4, low >= -2, high <= 2]).toEqual([true, true, true, true])
  // All margins are 2: nothing to draw from.
  expect(after.figures.marginInterval).toMatchObject({ low: 2, high: 2 })
  const change = preferenceChange(before, after)
  expect(change.rankedRightly.value).toBeCloseTo(0.4, 12)
  expect(change.margin.value).toBeCloseTo(1.6, 12)
  // Four of ten pairs gained: the paired interval lies above 0, though the two single ones overlap.
  // Newcombe's by hand: Wilson of 10 of 10 is .7225 to 1, of 6 of 10 .3127 to .8318; the pairs do not correlate.
  expect(change.rankedRightly.interval?.low).toBeCloseTo(0.4 - Math.hypot(1 - 0.7225, 0.8318 - 0.6), 3)
  expect(change.rankedRightly.interval?.high).toBeCloseTo(0.4 + (0.6 - 0.3127), 3)
  // No pair changed, and ten pairs do not show that none ever would.
  const { rankedRightly, margin } = preferenceChange(after, after)
  expect(rankedRightly.value).toBe(0)
  expect(rankedRightly.interval?.low).toBeLessThan(-0.2)
  expect(margin).toMatchObject({ value: 0, interval: { low: 0, high: 0 } })
})

test('turns: the area under the ROC curve, and the difference of the means', async () => {
  const [before, after] = [await measureTurns(turns, scorer(scores(4))), await measureTurns(turns, scorer(scores(0)))]
  // Of 100 comparisons of a good with a bad turn 60 are right.
  expect(before.figures.rankedRightly).toBeCloseTo(0.6, 12)
  expect(before.figures.margin).toBeCloseTo(0.4, 12)
  const { low = 1, high = 0 } = before.figures.rankedRightlyInterval ?? {}
  expect([low < 0.6, high > 0.6]).toEqual([true, true])
  expect(after.figures).toMatchObject({ rankedRightly: 1, margin: 2 })
  const change = preferenceChange(before, after)
  expect(change.rankedRightly.value).toBeCloseTo(0.4, 12)
  expect(change.rankedRightly.interval?.low).toBeGreaterThan(0)
  expect(change.margin.value).toBeCloseTo(1.6, 12)
})

test('without a side nothing is compared', async () => {
  const good = turns.filter((_, at) => at % 2 === 0)
  const measured = await measureTurns(good, scorer(scores(0)))
  expect(measured.figures).toMatchObject({ rankedRightly: null, rankedRightlyInterval: null, marginInterval: null })
  expect(preferenceChange(measured, measured).margin).toEqual({ value: null, interval: null })
  const none = await measurePairs([], scorer([]))
  expect(none.figures).toMatchObject({
    rows: 0,
    rankedRightly: null,
    rankedRightlyInterval: null,
    marginInterval: null,
  })
})
