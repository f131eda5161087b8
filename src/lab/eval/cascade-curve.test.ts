import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cascadeCurve, type CascadeScores } from './cascade-curve.ts'

/** Ten rows of each kind: `[label, classifier, judge]`. */
function rows(...kinds: readonly (readonly [0 | 1, number, number])[]): CascadeScores {
  const all = kinds.flatMap((kind) => Array.from({ length: 10 }, () => kind))
  return {
    labels: all.map(([label]) => label),
    classifier: all.map(([, score]) => score),
    judge: all.map(([, , score]) => score),
  }
}

/** The classifier is right where it is sure and wrong where it is not; the judge is always right. */
const UNSURE = rows([0, 0.05, 0], [1, 0.4, 1], [0, 0.6, 0], [1, 0.95, 1])

describe('a curve', () => {
  test('with known answers: half of the calls are saved at the judge’s F1', () => {
    const { classifier, judge, smallest } = cascadeCurve(UNSURE)
    expect(classifier).toMatchObject({ calls: 0, saved: 1, f1: 0.5 })
    expect(judge).toEqual({ band: { from: 0, to: 1 }, calls: 40, saved: 0, f1: 1, averagePrecision: 1 })
    expect(smallest).toMatchObject({
      ...{ band: { from: 0.4, to: 0.6 }, calls: 20, saved: 0.5, f1: 1, averagePrecision: 1 },
      difference: { value: 0, interval: { low: 0, high: 0 } },
    })
  })

  test('asks nobody where the classifier is as good, and everybody where only the judge is right', () => {
    const same = cascadeCurve(rows([0, 0.1, 0.2], [1, 0.9, 0.8]))
    expect(same.smallest).toMatchObject({ calls: 0, f1: 1 })
    const reversed = cascadeCurve(rows([0, 0.9, 0.1], [1, 0.1, 0.9], [0, 0.5, 0], [1, 0.51, 1]))
    expect(reversed.smallest).toMatchObject({ calls: 40, saved: 0, f1: 1 })
    expect(reversed.classifier.f1).toBeCloseTo(0.5, 9)
  })

  test('is of the bands given, and of the two ends', () => {
    const { points } = cascadeCurve(UNSURE, { bands: [{ from: 0.5, to: 0.7 }] })
    expect(points.map(({ band, calls }) => [band.from, band.to, calls])).toEqual([
      [0.5, 0.5, 0],
      [0.5, 0.7, 10],
      [0, 1, 40],
    ])
  })

  test('a margin is what F1 may lose for it', () => {
    expect(cascadeCurve(UNSURE, { margin: 0.9 }).smallest?.calls).toBe(0)
    expect(cascadeCurve(UNSURE, { margin: 0 }).smallest?.calls).toBe(20)
  })

  test('a band that is none is refused', () => {
    expect(() => cascadeCurve(UNSURE, { bands: [{ from: 0.9, to: 0.1 }] })).toThrow(
      expect.objectContaining({ code: 'configuration' }),
    )
  })

  test('without positives there is no equal', () => {
    expect(cascadeCurve(rows([0, 0.1, 0.2])).smallest).toBeNull()
  })

  test.each<readonly [string, Partial<CascadeScores>]>([
    ['no rows', { labels: [], classifier: [], judge: [] }],
    ['lists of different lengths', { judge: [0.5] }],
    ['a score above 1', { judge: UNSURE.judge.map(() => 1.5) }],
    ['a score that is none', { classifier: UNSURE.classifier.map(() => Number.NaN) }],
  ])('%s is refused', (_what, parts) => {
    expect(() => cascadeCurve({ ...UNSURE, ...parts })).toThrow(expect.objectContaining({ code: 'input_invalid' }))
  })
})

const score = fc.double({ min: 0, max: 1, noNaN: true })
const anyRows = fc
  .array(fc.tuple(fc.constantFrom<0 | 1>(0, 1), score, score), { minLength: 1, maxLength: 30 })
  .map((all): CascadeScores => ({
    labels: all.map(([label]) => label),
    classifier: all.map(([, one]) => one),
    judge: all.map(([, , one]) => one),
  }))

describe('for any scores', () => {
  test('the ends are classifier and judge, and calls never rise when a band narrows', () => {
    const edges = fc
      .array(score, { minLength: 4, maxLength: 4 })
      .map((all) => all.toSorted((one, other) => one - other))
    fc.assert(
      fc.property(anyRows, edges, (scores, [outerFrom = 0, from = 0, to = 1, outerTo = 1]) => {
        const bands = [
          { from, to },
          { from: outerFrom, to: outerTo },
        ]
        const { points, classifier, judge } = cascadeCurve(scores, { bands, resamples: 10 })
        const callsOf = (band: unknown): number => points.find((point) => point.band === band)?.calls ?? Number.NaN
        if (points.length === 4) expect(callsOf(bands[0])).toBeLessThanOrEqual(callsOf(bands[1]))
        expect([classifier.calls, judge.calls]).toEqual([0, scores.labels.length])
        // A cascade of a score with itself is that score where nothing is asked and where everything is.
        const itself = cascadeCurve({ ...scores, judge: scores.classifier }, { bands: [], resamples: 10 })
        expect(itself.classifier.f1).toBe(itself.judge.f1)
        expect(classifier.f1).toBe(itself.judge.f1)
      }),
      { numRuns: 60 },
    )
  })
})
