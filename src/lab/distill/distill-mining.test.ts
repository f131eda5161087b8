/** Hard samples: which rows are hard, what is picked, how ensembles merge, and the paper's weights, computed by hand. No model is run. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type GuardedRow,
  type HardSample,
  answerBlock,
  hardSample,
  mergeHardSamples,
  repetitions,
  weighHardSamples,
} from './index.ts'

const NONE = { prompt_harm: null, refusal: null, response_harm: null }
const row: GuardedRow = {
  ...{ id: 'r', source: 's', prompt: 'p', response: 'a', hazards: [] },
  labels: { prompt_harm: true, refusal: false, response_harm: null },
}
const said = (request: boolean | null, refusal: boolean | null = null, before = ''): string =>
  `${before}# Task 1\n---\n${answerBlock({ prompt_harm: request, refusal, response_harm: null })}`

describe('a row is hard', () => {
  test('iff outputs on one task are right and wrong; what cannot be read is neither', () => {
    expect(hardSample(row, [said(true), said(true), said(true)], { seed: 1 })).toBeNull()
    expect(hardSample(row, [said(false), said(false)], { seed: 1 })).toBeNull()
    expect(hardSample(row, [said(true), 'babble', said(null)], { seed: 1 })).toBeNull()
    expect(hardSample(row, [said(true), said(false), said(true), 'babble'], { seed: 1 })).toMatchObject({
      task: 'prompt_harm',
      right: 2,
      wrong: 1,
    })
  })

  test('on the first task of the cascade that is mixed, and never on one without a label', () => {
    const outputs = [said(true, true), said(true, false)]
    expect(hardSample(row, outputs, { seed: 1 })).toMatchObject({
      task: 'refusal',
      right: 1,
      wrong: 1,
      chosen: outputs[1],
      rejected: outputs[0],
    })
    expect(hardSample({ ...row, labels: { ...NONE, prompt_harm: true } }, outputs, { seed: 1 })).toBeNull()
  })

  test('longest picks the longest of each kind; random picks by the seed and the row alone', () => {
    const [short, long] = [said(true), said(true, null, 'More of it.\n')]
    expect(hardSample(row, [short, long, said(false)], { seed: 1, pick: 'longest' })?.chosen).toBe(long)
    const drawn = (seed: number): string | undefined => hardSample(row, [short, long, said(false)], { seed })?.chosen
    expect(drawn(5)).toBe(drawn(5))
    expect(new Set(Array.from({ length: 30 }, (_, seed) => drawn(seed)))).toEqual(new Set([short, long]))
  })

  test('whatever the outputs, chosen is right and rejected is wrong', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.boolean(), { nil: null }), { maxLength: 8 }), fc.nat(), (labels, seed) => {
        const sample = hardSample(
          row,
          labels.map((label) => said(label)),
          { seed },
        )
        const [right, wrong] = [
          labels.filter((label) => label === true).length,
          labels.filter((label) => label === false).length,
        ]
        expect(sample === null).toBe(right === 0 || wrong === 0)
        if (sample === null) return
        expect([sample.chosen, sample.rejected, sample.right, sample.wrong]).toEqual([
          said(true),
          said(false),
          right,
          wrong,
        ])
      }),
    )
  })
})

const sample = (id: string, source: string, right: number, wrong: number): HardSample => ({
  ...{ id, source, task: 'prompt_harm', right, wrong, chosen: 'c', rejected: 'r' },
})

describe('weights', () => {
  test('computed by hand: k = 4 with all differences gives 0.8, 1 and 1.2', () => {
    const weighed = weighHardSamples([sample('a', 's', 3, 1), sample('b', 's', 2, 2), sample('c', 's', 1, 3)])
    expect(weighed.map(({ weight }) => Number(weight.toFixed(9)))).toEqual([0.8, 1, 1.2])
  })

  test('are of one source each, and 1 where all differences are equal', () => {
    const weighed = weighHardSamples([sample('a', 's', 3, 1), sample('b', 't', 1, 3), sample('c', 't', 2, 2)])
    expect(weighed.map(({ weight }) => Number(weight.toFixed(9)))).toEqual([1, 1.2, 0.8])
  })

  test('an ensemble keeps the first guard’s sample of a row', () => {
    const merged = mergeHardSamples([sample('a', 's', 3, 1)], [sample('a', 's', 1, 3), sample('b', 's', 2, 2)])
    expect(merged.map(({ id, right }) => [id, right])).toEqual([
      ['a', 3],
      ['b', 2],
    ])
  })

  test('as repetitions: four, five and six rows for 0.8, 1 and 1.2; never far off', () => {
    expect(repetitions([0.8, 1, 1.2])).toMatchObject({ copies: [4, 5, 6], most: 5 })
    expect(repetitions([1, 1])).toMatchObject({ copies: [1, 1], most: 1 })
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.8, max: 1.2, noNaN: true }), { minLength: 1, maxLength: 9 }),
        (weights) => {
          const { copies, most, error } = repetitions(weights)
          expect(error).toBeLessThanOrEqual(0.025 + 1e-9)
          weights.forEach((weight, at) =>
            expect(Math.abs((copies[at] ?? 0) / most - weight)).toBeLessThanOrEqual(error + 1e-9),
          )
        },
      ),
    )
  })
})
