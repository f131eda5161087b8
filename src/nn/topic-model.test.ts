/** The off-topic model's file, its features and how a scope is cut into pieces. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRandom } from './random.ts'
import { type Background, featureCount, readScope, topicFeatures, unit } from './topic-features.ts'
import { readTopicModel, type TopicModelData, topicLogit, topicProbability, writeTopicModel } from './topic-model.ts'
import { meaningfulWords, MOST_PIECES, scopePieces } from './topic-scope.ts'

const WIDTH = 8

function vectors(count: number, seed: number): readonly Float32Array[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => unit(Float32Array.from({ length: WIDTH }, () => random() - 0.5)))
}

function background(count: number): Background {
  const data = new Float32Array(count * WIDTH)
  vectors(count, 9).forEach((vector, row) => data.set(vector, row * WIDTH))
  return { count, width: WIDTH, data }
}

function model(): TopicModelData {
  const random = createRandom(2)
  const [inputs, hidden] = [featureCount(WIDTH), 3]
  const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => random() - 0.5)
  return {
    ...{ id: 'small', encoder: '00c0ffee', background: background(6), made: { seed: 2 } },
    network: {
      sizes: [inputs, hidden],
      inner: numbers(inputs * hidden),
      bias: numbers(hidden),
      outer: numbers(hidden),
      last: 0.25,
    },
    calibration: { slope: 2, intercept: -0.5 },
  }
}

test('pieces of a scope: items, clauses and sentences without their marks', () => {
  expect(scopePieces('You help with: bulbs, lawn   care (mowing).\n- Never cook!  Be kind. Bulbs, bulbs')).toEqual([
    ...['You help with', 'bulbs', 'lawn care', 'mowing', 'Never cook', 'Be kind', 'Bulbs'],
  ])
  expect(scopePieces('')).toEqual([])
  expect(scopePieces(Array.from({ length: 500 }, (_, at) => `topic ${at}`).join(', '))).toHaveLength(MOST_PIECES)
  expect([...meaningfulWords('Are you planting the Roses or a rose?')]).toEqual(['plant', 'ros', 'rose'])
})

test('a scope of one megabyte of white space or commas takes no time worth speaking of', () => {
  for (const mark of [' ', ', ', '(', '\n', '. ']) expect(scopePieces(mark.repeat(1_000_000)).length).toBeLessThan(2)
})

test('what is written is read back to within one step of a byte, and equal data gives equal bytes', () => {
  const data = model()
  const bytes = writeTopicModel(data)
  expect(writeTopicModel(data)).toEqual(bytes)
  const read = readTopicModel(bytes, 'small')
  expect({ ...read, network: null, background: null }).toEqual({ ...data, network: null, background: null })
  // Rounded once: writing what was read changes nothing more.
  expect(writeTopicModel(read)).toEqual(bytes)
  const features = Float32Array.from({ length: featureCount(WIDTH) }, (_, at) => Math.sin(at))
  expect(topicLogit(read.network, features)).toBeCloseTo(topicLogit(data.network, features), 1)
  expect(topicProbability(read, features)).toBeGreaterThan(0)
})

test('a file that is cut, changed, or of another kind is an error that says so', () => {
  const bytes = writeTopicModel(model())
  expect(() => readTopicModel(bytes.subarray(0, bytes.length - 64), 'x')).toThrow('checksum')
  expect(() => readTopicModel(new Uint8Array(3), 'x')).toThrow('too short')
  expect(() => readTopicModel(writeTopicModel({ ...model(), calibration: { slope: 0, intercept: 0 } }), 'x')).toThrow(
    'calibration',
  )
  expect(() => readTopicModel(writeTopicModel({ ...model(), id: undefined as never }), 'x')).toThrow('no id')
  fc.assert(
    fc.property(fc.integer({ min: 16, max: bytes.length - 1 }), (at) => {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ 0x55
      expect(() => readTopicModel(changed, 'x')).toThrow('cannot be used')
    }),
    { numRuns: 50 },
  )
})

test('features are finite for any scope and prompt, and see a prompt that is a piece of the scope', () => {
  const own = background(5)
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.string(),
      fc.string(),
      fc.nat(4),
      (seed, scopeText, text, pieces) => {
        const [whole = new Float32Array(WIDTH), ...parts] = vectors(pieces + 1, seed)
        const scope = readScope(scopeText, whole, parts, own)
        const features = topicFeatures(scope, { text, vector: new Float32Array(WIDTH) }, own)
        expect(features.every(Number.isFinite)).toBe(true)
        const near = topicFeatures(scope, { text, vector: parts[0] ?? whole }, own)
        // Twice the cosine of the nearest piece.
        expect(near[1]).toBeCloseTo(2, 5)
      },
    ),
    { numRuns: 60 },
  )
})
