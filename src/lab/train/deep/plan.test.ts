/** Order and batches: balanced, complete, repeatable. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BUCKETS, groupShare, planBatches, planOrder } from './plan.ts'

function groups(sizes: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(sizes).flatMap(([group, size]) => Array.from({ length: size }, () => group))
}

function countOf(order: Int32Array, names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const place of order) {
    const group = names[place] ?? 'none'
    counts[group] = (counts[group] ?? 0) + 1
  }
  return counts
}

describe('shares', () => {
  test('grow with the square root, and small groups at most threefold', () => {
    expect(groupShare(1500)).toBe(1500)
    expect(groupShare(6000)).toBe(3000)
    expect(groupShare(100)).toBe(300)
    expect(groupShare(150)).toBe(450)
    // The cap ends where 3n meets the root: at 1500 / 9.
    expect(groupShare(600)).toBeCloseTo(1500 * Math.sqrt(0.4), 9)
  })
})

describe('order', () => {
  const names = groups({ large: 6000, middle: 1500, small: 100 })

  test('draws groups by their shares', () => {
    const counts = countOf(planOrder(names, { rows: 4800, seed: 1 }), names)
    expect(counts).toEqual({ large: 3000, middle: 1500, small: 300 })
    const halved = countOf(
      planOrder(names, { rows: 3300, seed: 1, factor: (group) => (group === 'large' ? 0.5 : 1) }),
      names,
    )
    expect(halved).toEqual({ large: 1500, middle: 1500, small: 300 })
  })

  test('no example comes a time more than another of its group could', () => {
    const times = new Map<number, number>()
    const order = planOrder(groups({ a: 7, b: 5000 }), { rows: 2000, seed: 4 })
    for (const place of order) times.set(place, (times.get(place) ?? 0) + 1)
    const ofA = Array.from({ length: 7 }, (_, place) => times.get(place) ?? 0)
    expect(Math.max(...ofA) - Math.min(...ofA)).toBeLessThanOrEqual(1)
    expect(Math.max(...[...times].filter(([place]) => place >= 7).map(([, count]) => count))).toBe(1)
  })

  test('is that of its seed, and mixes groups', () => {
    const order = planOrder(names, { rows: 4800, seed: 1 })
    expect(planOrder(names, { rows: 4800, seed: 1 })).toEqual(order)
    expect(planOrder(names, { rows: 4800, seed: 2 })).not.toEqual(order)
    const large = countOf(order.subarray(0, 480), names)['large'] ?? 0
    expect(large).toBeGreaterThan(240)
    expect(large).toBeLessThan(360)
  })
})

describe('batches', () => {
  test('hold every example once, where it fits, and are full but at the end', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 128 }), { maxLength: 700 }), (lengths) => {
        const order = Int32Array.from(lengths, (_, place) => lengths.length - 1 - place)
        const batches = planBatches(order, (place) => lengths[place] ?? 0)
        expect(batches.flatMap(({ rows }) => [...rows]).toSorted((one, other) => one - other)).toEqual([
          ...lengths.keys(),
        ])
        const partial = batches.flatMap(({ bucket, rows }, index) => (rows.length < bucket.batch ? [index] : []))
        expect(partial.every((index) => index >= batches.length - BUCKETS.length)).toBe(true)
        for (const { bucket, rows } of batches) {
          const shorter = BUCKETS.filter(({ length }) => length < bucket.length).at(-1)?.length ?? 0
          for (const place of rows) {
            expect(lengths[place]).toBeLessThanOrEqual(bucket.length)
            expect(lengths[place]).toBeGreaterThan(shorter)
          }
        }
      }),
    )
  })

  test('what fits nowhere is an error', () => {
    expect(() => planBatches(Int32Array.of(0), () => 129)).toThrow('No bucket holds a text of 129 tokens')
  })
})
