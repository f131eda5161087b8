/** How much each tier counts: as much as it helps, never against the labels, whatever the size and the base rate of the sets. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gaussian } from '../../../nn/encoder/config.ts'
import { createRandom } from '../../../nn/random.ts'
import { type BlendRow, fitBlend } from './blend.ts'

/** Logits of both tiers at random; the label is drawn from `deep · a + fast · b + bias`. */
function planted(count: number, a: number, b: number, seed = 1, bias = 0, set = 'a'): readonly BlendRow[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => {
    const [deep, fast] = [gaussian(random), gaussian(random)]
    const label = random() < 1 / (1 + Math.exp(-(a * deep + b * fast + bias))) ? 1 : 0
    return { deep, fast, label, set }
  })
}

describe('weights', () => {
  test('are those by which the labels were drawn', () => {
    const { deep, fast } = fitBlend(planted(20_000, 2, 1))
    expect(deep).toBeCloseTo(2, 0)
    expect(fast / deep).toBeGreaterThan(0.45)
    expect(fast / deep).toBeLessThan(0.55)
    const swapped = fitBlend(planted(20_000, 1, 2))
    expect(swapped.deep / swapped.fast).toBeGreaterThan(0.45)
    expect(swapped.deep / swapped.fast).toBeLessThan(0.55)
  })

  test('are 0 for a tier that contradicts the labels', () => {
    const onlyDeep = fitBlend(planted(2000, 2, -1))
    expect(onlyDeep.fast).toBe(0)
    expect(onlyDeep.deep).toBeGreaterThan(0.5)
    const onlyFast = fitBlend(planted(2000, -1, 2))
    expect(onlyFast.deep).toBe(0)
    expect(onlyFast.fast).toBeGreaterThan(0.5)
  })

  test('count sets alike', () => {
    const ofDeep = planted(600, 3, 0.5, 1, 0, 'small')
    const ofFast = planted(600, 0.5, 3, 2, 0, 'large')
    const once = fitBlend([...ofDeep, ...ofFast])
    const often = fitBlend([...ofDeep, ...Array.from({ length: 10 }, () => ofFast).flat()])
    expect(often.deep).toBeCloseTo(once.deep, 6)
    expect(often.fast).toBeCloseTo(once.fast, 6)
  })

  test('do not depend on how many of a set are harmful', () => {
    const rows = planted(4000, 2, 1)
    const harmful = rows.filter(({ label }) => label === 1)
    const more = fitBlend([...rows, ...Array.from({ length: 6 }, () => harmful).flat()])
    const plain = fitBlend(rows)
    expect(more.deep).toBeCloseTo(plain.deep, 6)
    expect(more.fast).toBeCloseTo(plain.fast, 6)
  })

  test('are equal where there is nothing to fit', () => {
    const { deep, fast } = fitBlend([])
    expect(deep).toBe(fast)
    expect(deep).toBeGreaterThan(0)
    expect(fitBlend(planted(50, 1, 1).map((row) => ({ ...row, label: 0 })))).toEqual({ deep, fast })
  })

  test('are finite where the labels are parted perfectly', () => {
    const { deep, fast } = fitBlend(planted(200, 1, 0).map((row) => ({ ...row, label: row.deep > 0 ? 1 : 0 })))
    expect(deep).toBeGreaterThan(fast)
    expect(Number.isFinite(deep)).toBe(true)
  })

  test('are never below 0, and never both 0', () => {
    const logit = fc.double({ min: -15, max: 15, noNaN: true })
    const row = fc.record({ deep: logit, fast: logit, label: fc.constantFrom(0, 1), set: fc.constantFrom('a', 'b') })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        const { deep, fast } = fitBlend(rows)
        expect(deep).toBeGreaterThanOrEqual(0)
        expect(fast).toBeGreaterThanOrEqual(0)
        expect(deep + fast).toBeGreaterThan(0)
        expect(Number.isFinite(deep + fast)).toBe(true)
      }),
    )
  })
})
