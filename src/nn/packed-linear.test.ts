/** The quick forms of the classifier's arithmetic beside the plain ones: the same buckets, and the same sums to the last unit. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HashedFeatures } from './hashed-features.ts'
import type { HashedLinear } from './hashed-linear.ts'
import { PackedLinear } from './packed-linear.ts'
import { createRandom } from './random.ts'

const BITS = 8

function model(width: number, seed: number): HashedLinear {
  const random = createRandom(seed)
  const weights = Int8Array.from({ length: 2 ** BITS * width }, () => Math.floor(random() * 256) - 128)
  // The extremes, many times over: they are what would overflow.
  weights.fill(127, 0, width * 8)
  weights.fill(-128, width * 8, width * 16)
  const outputs = Array.from({ length: width }, (_, index) => `${seed}.${index}`)
  return { bits: BITS, outputs, weights, scales: new Float32Array(width), biases: new Float32Array(width) }
}

const models = fc
  .array(fc.integer({ min: 1, max: 23 }), { minLength: 1, maxLength: 3 })
  .map((widths) => widths.map((width, index) => model(width, index + 1)))
const buckets = fc.oneof(
  fc.array(fc.nat(2 ** BITS - 1), { maxLength: 700 }),
  // More of one extreme than fits before sums have to be carried.
  fc
    .tuple(fc.nat(15), fc.integer({ min: 250, max: 1300 }))
    .map(([bucket, count]) => Array(count).fill(bucket) as number[]),
)

describe('packed tables', () => {
  test('sums are those of the weights, one by one', () => {
    fc.assert(
      fc.property(models, buckets, (list, chosen) => {
        const packed = new PackedLinear(list)
        const sums = new Float64Array(4 * Math.ceil(packed.width / 4))
        packed.sum(Int32Array.from(chosen), chosen.length, sums)
        const expected = list.flatMap(({ weights, outputs }) =>
          outputs.map((_, output) =>
            chosen.reduce((sum, bucket) => sum + (weights[bucket * outputs.length + output] ?? 0), 0),
          ),
        )
        expect([...sums.subarray(0, packed.width)]).toEqual(expected)
      }),
    )
  })

  test('only the outputs from one on', () => {
    fc.assert(
      fc.property(models, buckets, fc.nat(), (list, chosen, seed) => {
        const packed = new PackedLinear(list)
        const whole = new Float64Array(4 * Math.ceil(packed.width / 4))
        const part = new Float64Array(whole.length)
        const first = seed % packed.width
        packed.sum(Int32Array.from(chosen), chosen.length, whole)
        packed.sum(Int32Array.from(chosen), chosen.length, part, first)
        expect(part.subarray(first, packed.width)).toEqual(whole.subarray(first, packed.width))
      }),
    )
  })

  test('every weight can be read back', () => {
    const list = [model(17, 1), model(2, 2), model(1, 3)]
    const packed = new PackedLinear(list)
    let column = 0
    for (const { outputs, weights } of list) {
      outputs.forEach((_, output) => {
        const read = Array.from({ length: 2 ** BITS }, (_row, bucket) => packed.weight(bucket, column))
        const written = Array.from({ length: 2 ** BITS }, (_row, bucket) => weights[bucket * outputs.length + output])
        expect(read).toEqual(written)
        column += 1
      })
    }
  })
})

describe('features', () => {
  const word = fc.constantFrom(
    'a',
    'the',
    'word',
    "don't",
    'Überlänge',
    'x'.repeat(40),
    'मिल',
    'हिन्दी',
    '漢字かな',
    'тест',
    '١٢',
    'a\u00adb',
  )
  const sign = fc.constantFrom(' ', ' ', '\n', '. ', '!!!!!', "'", ' — ', '\u200b', '😀', '')
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fc.tuple(word, sign), { maxLength: 60 }).map((parts) => parts.flat().join('')),
  )

  test('extracting finds each bucket once that tracing finds anywhere', () => {
    const features = new HashedFeatures(18)
    const traced = new HashedFeatures(18)
    fc.assert(
      fc.property(text, (value) => {
        features.extract(value)
        traced.trace(value)
        const found = features.buckets.slice(0, features.count)
        expect(new Set(found).size).toBe(found.length)
        expect(new Set(found)).toEqual(new Set(traced.buckets.slice(0, traced.count)))
      }),
      { numRuns: 500 },
    )
  })

  test('what was read before changes nothing, however often', () => {
    const used = new HashedFeatures(10)
    for (let index = 0; index < 1000; index += 1) used.extract(`text number ${index}`)
    const fresh = new HashedFeatures(10)
    used.extract('a text like any other')
    fresh.extract('a text like any other')
    expect(used.buckets.slice(0, used.count)).toEqual(fresh.buckets.slice(0, fresh.count))
  })

  test('a long text with more buckets than there is room for at first', () => {
    const features = new HashedFeatures(18)
    const traced = new HashedFeatures(18)
    const random = createRandom(5)
    const value = Array.from({ length: 4000 }, () => Math.floor(random() * 36 ** 7).toString(36)).join(' ')
    features.extract(value)
    traced.trace(value)
    expect(features.count).toBeGreaterThan(20_000)
    expect(features.count).toBe(new Set(traced.buckets.slice(0, traced.count)).size)
  })
})
