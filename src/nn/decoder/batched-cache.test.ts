/** The cache of a batch holds what was put into it, in its order, however it grows and whichever sequences are dropped. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchedCache } from './batched-cache.ts'
import type { DecoderConfig } from './config.ts'

const CONFIG: DecoderConfig = {
  architecture: 'llama',
  ...{ vocabularySize: 9, width: 8, layers: 2, heads: 2, keyValueHeads: 2, headWidth: 2, feedForward: 6 },
  ...{ maxLength: 512, ropeTheta: 100, epsilon: 1e-5, tiedEmbeddings: true },
}

/** What a token is told apart by: array, sequence, head, place and element. */
function mark(array: number, sequence: number, head: number, place: number, element: number): number {
  return (((array * 10 + sequence) * 10 + head) * 1000 + place) * 10 + element + 1
}

test('tokens stay in place through growth and dropped sequences', () => {
  const chunk = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 90 }))
  fc.assert(
    fc.property(
      fc.array(fc.record({ count: chunk, drop: fc.option(fc.nat()) }), { minLength: 1, maxLength: 6 }),
      (steps) => {
        const cache = new BatchedCache(CONFIG, 4)
        let sequences = [0, 1, 2, 3]
        let length = 0
        for (const { count, drop } of steps) {
          const before = length
          const fresh = cache.arrays.map((_, array) =>
            Float32Array.from({ length: sequences.length * 2 * count * 2 }, (__, at) => {
              const [row, head] = [Math.floor(at / (count * 4)), Math.floor(at / (count * 2)) % 2]
              return mark(array, sequences[row] ?? -1, head, before + (Math.floor(at / 2) % count), at % 2)
            }),
          )
          cache.append(fresh, count)
          length += count
          if (drop !== null && sequences.length > 1) {
            const rows = [...sequences.keys()].filter((row) => row !== drop % sequences.length)
            cache.keep(rows)
            sequences = rows.map((row) => sequences[row] ?? -1)
          }
        }
        const [batch, heads, capacity, width] = cache.shape
        expect([batch, heads, cache.length, width]).toEqual([sequences.length, 2, length, 2])
        for (const [array, data] of cache.arrays.entries()) {
          expect(data).toHaveLength(batch * heads * capacity * width)
          const expected = Float32Array.from(data, (_, at) => {
            const place = Math.floor(at / 2) % capacity
            const [row, head] = [Math.floor(at / (capacity * 4)), Math.floor(at / (capacity * 2)) % 2]
            return place < length ? mark(array, sequences[row] ?? -1, head, place, at % 2) : 0
          })
          expect(data).toEqual(expected)
        }
      },
    ),
    { numRuns: 40 },
  )
})
