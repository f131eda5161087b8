/** Fitted thresholds keep their promise on the rows they are fitted on, whatever the scores. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkSpec } from './checks/check-list.ts'
import { defaultThresholds, fitThresholds, isFlagged } from './thresholds.ts'
import { fitSurprisal, SurprisalModel } from './surprisal/surprisal.ts'

const scores = fc.record({
  answers: fc.double({ min: 0, max: 1, noNaN: true }),
  surprisal: fc.double({ min: -5, max: 40, noNaN: true }),
})

test('of n clean rows at most share · (n + 1) - 1 are flagged by any check, and floors hold', () => {
  fc.assert(
    fc.property(
      fc.array(scores, { minLength: 60, maxLength: 200 }),
      fc.constantFrom(0.02, 0.05, 0.1),
      (rows, share) => {
        const thresholds = fitThresholds(rows, share)
        const flagged = rows.filter((row) => isFlagged(row, thresholds)).length
        expect(flagged).toBeLessThanOrEqual(Math.floor(share * (rows.length + 1) + 1e-9) - 1)
        for (const [name, value] of Object.entries(thresholds))
          expect(value).toBeGreaterThanOrEqual(checkSpec(name)?.floor ?? 0)
      },
    ),
    { numRuns: 40 },
  )
})

test('known numbers: of 99 rows one is flagged at 2 %, the one with the highest scores', () => {
  const rows = Array.from({ length: 99 }, (_, at) => ({ answers: 0.5 + at / 1000 }))
  expect(fitThresholds(rows, 0.02)).toEqual({ answers: 0.5 + 97 / 1000 })
  expect(() => fitThresholds(rows.slice(0, 40), 0.02)).toThrow('needs 49')
})

test('further guards have the thresholds of their kind; unknown checks have none', () => {
  expect(defaultThresholds(['answers', 'answers@lite', 'nothing'])).toEqual({
    ...{ answers: checkSpec('answers')?.threshold, 'answers@lite': checkSpec('answers')?.threshold },
  })
  expect(checkSpec('answers@lite')?.meaning).toContain('lite')
})

test('surprisal: a strange stretch sticks out at its place, and copies of a row do not hide it', () => {
  const words = 'the boat goes over the lake and the wind is with us today'.split(' ')
  const usual = Array.from({ length: 200 }, (_, at) => [
    Array.from({ length: 14 }, (_unused, k) => words[(at * 5 + k * k) % words.length]).join(' '),
  ])
  const strange = [`${usual[0]?.[0]} zq%vx}k#jw=qz^xv|kq~wj`]
  const model = new SurprisalModel(fitSurprisal([...usual, ...Array.from({ length: 20 }, () => strange)]))
  const found = model.measure(strange)
  const ordinary = usual.map((texts) => model.measure(texts).peak)
  expect(found.peak).toBeGreaterThan(Math.max(...ordinary))
  expect(strange[0]?.slice(found.at.start, found.at.end)).toContain('zq%vx')
})
