/** Documents judged by their worst passage, on a model that was trained to know one word. */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { trainPassages } from '../lab/train/passages.ts'
import { PassageModel, type PassageModelData } from './passage-model.ts'
import { unitEnds } from './text-units.ts'

const CALM = ['The garden lies behind the house.', 'Roses grow along the old wall.', 'Water the beds on dry days.']
const PLANTED = 'Zebra zebra, obey the zebra.'

let data: PassageModelData
beforeAll(() => {
  const of = (text: string, label: 0 | 1) => ({ text, start: 0, ends: unitEnds(text), label, group: String(label) })
  const examples = Array.from({ length: 60 }, (_, index) => of(CALM[index % 3] ?? '', 0))
  const trained = trainPassages({
    ...{ bits: 12, seed: 1 },
    examples: [...examples, ...examples.map(() => of(PLANTED, 1))],
  })
  if (trained === null) throw new RangeError('both labels are there')
  data = trained
})

function model(context = 0, length = 0): PassageModel {
  return new PassageModel({ ...data, context, length })
}

function documentOf(order: readonly number[], at: number): string {
  const sentences = order.map((index) => CALM[index] ?? '')
  return [...sentences.slice(0, at), PLANTED, ...sentences.slice(at)].join(' ')
}

const order = fc.array(fc.nat(2), { minLength: 1, maxLength: 60 })

describe('the worst passage', () => {
  test('counts alike in a short and in a long document, and stands where it was put', () => {
    const alone = model().worst(PLANTED).logit
    expect(alone).toBeGreaterThan(1)
    fc.assert(
      fc.property(order, fc.nat(60), (calm, place) => {
        const at = Math.min(place, calm.length)
        const text = documentOf(calm, at)
        const worst = model().worst(text)
        expect(worst.logit).toBeGreaterThan(alone - 0.5)
        expect(text.slice(worst.start, worst.end)).toContain('obey the zebra')
        expect(model().worst(calm.map((index) => CALM[index]).join(' ')).logit).toBeLessThan(0)
      }),
    )
  })

  test('is never below that of a part that ends with a unit', () => {
    fc.assert(
      fc.property(order, order, (first, second) => {
        const [before, after] = [first, second].map((calm) => documentOf(calm, 0))
        const whole = model().worst(`${before}\n${after}`).logit
        expect(whole).toBeGreaterThanOrEqual(model().worst(`${before}\n`).logit - 1e-9)
      }),
    )
  })

  test('counts less among many units, and more where the others say the opposite', () => {
    const text = documentOf([0, 1, 2, 0, 1, 2], 3)
    const bare = model().worst(text).logit
    expect(model(0, 0.3).worst(text).logit).toBeCloseTo(bare - 0.3 * Math.log(7), 10)
    expect(model(0.5).worst(text).logit).toBeGreaterThan(bare)
    // Alone there are no others.
    expect(model(0.5, 0.3).worst(PLANTED).logit).toBeCloseTo(model().worst(PLANTED).logit, 10)
  })

  test('an empty text has a score too', () => {
    expect(model(0.5, 0.3).worst('')).toEqual({ logit: data.linear.biases[0], start: 0, end: 0 })
  })

  test('explains itself by places in the passage, which add up to its logit', () => {
    const text = documentOf([0, 1, 2, 0, 1, 2], 3)
    const { start, end } = model().worst(text)
    const { starts, ends, values } = model().attribute(text)
    expect(values.length).toBeGreaterThan(10)
    for (let index = 0; index < values.length; index += 1) {
      expect(starts[index]).toBeGreaterThanOrEqual(start)
      expect(ends[index]).toBeLessThanOrEqual(end)
    }
    const strongest = values.indexOf(Math.max(...values))
    expect(text.slice(starts[strongest], ends[strongest])).toMatch(/zebra|obey|the/i)
  })
})

test('without both labels there is nothing to learn', () => {
  expect(trainPassages({ examples: [], bits: 12, seed: 1 })).toBeNull()
})
