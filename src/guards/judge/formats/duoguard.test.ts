import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verdictFor } from '../judge-reading.ts'
import { duoGuardText, readDuoGuard } from './duoguard.ts'

const input = { prompt: 'x' }

test('the brief’s row: logits 2, -1, 0.5 and nine of -4 trigger the first and the third category', () => {
  const { reading, score } = readDuoGuard([2, -1, 0.5, ...Array<number>(9).fill(-4)], input)
  expect(score).toBeCloseTo(0.880797, 6)
  expect(reading).toMatchObject({
    labels: { prompt_harm: true },
    categories: [
      { id: 'Violent crimes', hazards: ['S1'] },
      { id: 'Sex-related crimes', hazards: ['S3'] },
    ],
  })
})

test('exactly one half is safe', () => {
  expect(readDuoGuard(Array<number>(12).fill(0), input)).toMatchObject({
    reading: { labels: { prompt_harm: false } },
    score: 0.5,
  })
})

test('outputs that are not DuoGuard’s are unparsable', () => {
  for (const logits of [[], [1], Array<number>(13).fill(-4), Array<number>(12).fill(NaN)]) {
    expect(readDuoGuard(logits, input)).toMatchObject({
      reading: { kind: 'unparsable', reason: 'wrong_shape' },
      score: null,
    })
  }
})

test('unsafe exactly where a category is named', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 12, maxLength: 12 }), (logits) => {
      const { reading, score } = readDuoGuard(logits, input)
      if (reading.kind === 'unparsable') throw new Error(reading.reason)
      expect(verdictFor(reading, 'prompt_harm')).toBe((score ?? 0) > 0.5 ? 'positive' : 'negative')
      expect(reading.categories.length > 0).toBe((score ?? 0) > 0.5)
    }),
  )
})

test('an answer is joined to its prompt by one space', () => {
  expect(duoGuardText({ prompt: 'a', response: 'b' })).toBe('a b')
  expect(duoGuardText({ prompt: 'a' })).toBe('a')
})
