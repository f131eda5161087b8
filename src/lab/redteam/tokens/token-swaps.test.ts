/** The candidate set of a GCG step: what a step may try, whatever the model. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../nn/random.ts'
import { drawSwaps, promisingTokens } from './token-swaps.ts'

const CLASSES = 12

describe('the candidates of a step', () => {
  test('are distinct pairs of place and rank, never forbidden, never what stands there, most promising first', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1 }),
        fc.uniqueArray(fc.integer({ min: 0, max: CLASSES - 1 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 6 }),
        (seed, places, banned, topK) => {
          const random = createRandom(seed)
          const slopes = Float32Array.from({ length: 8 * CLASSES }, () => random() - 0.5)
          const ids = Int32Array.from({ length: 8 }, () => Math.floor(random() * CLASSES))
          const forbidden = Uint8Array.from({ length: CLASSES }, (_, id) => (banned.includes(id) ? 1 : 0))
          const promising = promisingTokens(slopes, CLASSES, { ids, places }, forbidden, topK)
          const swaps = [...drawSwaps(places, promising, random)]
          expect(new Set(swaps.map(({ place, token }) => `${place}/${token}`)).size).toBe(swaps.length)
          expect(swaps).toHaveLength(promising.flat().length)
          for (const { place, token } of swaps) {
            expect(places).toContain(place)
            expect(banned).not.toContain(token)
            expect(token).not.toBe(ids[place])
          }
          places.forEach((place, index) => {
            const slope = (id: number): number => slopes[place * CLASSES + id] ?? 0
            const chosen = promising[index] ?? []
            expect(chosen.length).toBeLessThanOrEqual(topK)
            expect(chosen.map(slope)).toEqual(chosen.map(slope).toSorted((one, other) => one - other))
            const worst = Math.max(...chosen.map(slope))
            for (let id = 0; id < CLASSES; id += 1)
              if (forbidden[id] === 0 && id !== ids[place] && !chosen.includes(id))
                expect(slope(id)).toBeGreaterThanOrEqual(worst)
          })
        },
      ),
      { numRuns: 25 },
    )
  })

  test('are drawn uniformly: every order of three pairs comes up', () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 60; seed += 1)
      orders.add([...drawSwaps([4], [[1, 2, 3]], createRandom(seed))].map(({ token }) => token).join())
    expect(orders.size).toBe(6)
  })
})
