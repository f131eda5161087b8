/** Which examples the heads learn from: groups by their share, rows by their text, whatever order they come in. */
import { describe, expect, test } from 'vitest'
import { row } from '../../../../test/support/lab-rows.ts'
import type { Example } from '../examples.ts'
import { toExamples } from '../examples.ts'
import type { TrainingRecord } from '../records.ts'
import { groupShare } from './plan.ts'
import { sampleExamples } from './sample.ts'

function group(name: string, size: number): readonly Example[] {
  return Array.from({ length: size }, (_, index) => ({
    ...{ text: `${name} ${index}`, targets: { prompt_harm: 0 }, weight: 1, group: name },
  }))
}

function totals(
  examples: readonly Example[],
  scale?: number,
): Readonly<Record<string, { texts: number; weight: number }>> {
  const result: Record<string, { texts: number; weight: number }> = {}
  for (const { place, weight } of sampleExamples(examples, scale)) {
    const name = examples[place]?.group ?? 'none'
    const { texts, weight: sum } = result[name] ?? { texts: 0, weight: 0 }
    result[name] = { texts: texts + 1, weight: sum + weight }
  }
  return result
}

describe('a sample', () => {
  const examples = [...group('huge', 40_000), ...group('large', 6000), ...group('small', 100)]

  test('weighs each group by its share, and takes no example twice', () => {
    const sums = totals(examples)
    for (const [name, size] of [
      ['huge', 40_000],
      ['large', 6000],
      ['small', 100],
    ] as const) {
      expect(sums[name]?.weight).toBeCloseTo(groupShare(size), 6)
      expect(sums[name]?.texts).toBeLessThanOrEqual(size)
    }
    expect(sums['small']?.texts).toBe(100)
    expect(sums['huge']?.texts).toBeLessThan(20_000)
    const places = sampleExamples(examples).map(({ place }) => place)
    expect(new Set(places).size).toBe(places.length)
  })

  test('of a scale is that much smaller, and none of a group is left out', () => {
    const sums = totals(examples, 0.001)
    expect(sums['huge']?.weight).toBeCloseTo(groupShare(40_000) / 1000, 6)
    for (const name of ['huge', 'large', 'small']) expect(sums[name]?.texts).toBeGreaterThan(0)
    expect(sums['huge']?.texts).toBeLessThan(50)
  })

  test('takes the same texts whatever the order', () => {
    const texts = (list: readonly Example[]): ReadonlyMap<string, number> =>
      new Map(sampleExamples(list, 0.1).map(({ place, weight }) => [list[place]?.text ?? '', weight]))
    expect(texts(examples.toReversed())).toEqual(texts(examples))
    const [huge, large] = [group('huge', 40_000), group('large', 6000)]
    expect([...texts([...large, ...huge]).keys()].toSorted()).toEqual([...texts([...huge, ...large]).keys()].toSorted())
  })

  test('gives groups that are labelled for toxicity alone less', () => {
    const weight = (change: Partial<TrainingRecord>): number => {
      const records = Array.from({ length: 3000 }, (_, index) => row({ ...change, prompt: `Moss ${index}` }))
      const sampled = sampleExamples(records.flatMap((record) => toExamples(record, 'file')))
      return sampled.reduce((sum, each) => sum + each.weight, 0)
    }
    const harmless = weight({ task: 'benign' })
    expect(harmless).toBeCloseTo(groupShare(3000), 6)
    expect(weight({ task: 'toxicity', label: 0 })).toBeLessThan(0.95 * harmless)
    expect(weight({ task: 'toxicity', label: 1 })).toBeLessThan(0.95 * harmless)
  })
})
