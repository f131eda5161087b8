/** The arithmetic of the published off-topic models: known vectors, and the two hazards of a port. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRandom } from './random.ts'
import {
  type Attention,
  type Branch,
  type Linear,
  type Rows,
  adapter,
  attentionPooling,
  biEncoderLogits,
  crossAttention,
  crossEncoderLogits,
  linear,
  offTopicProbability,
} from './topic-attention.ts'

const rows = (...values: readonly (readonly number[])[]): Rows => values.map((row) => Float64Array.from(row))

function randomLinear(outputs: number, inputs: number, random: () => number): Linear {
  const numbers = (count: number): Float64Array => Float64Array.from({ length: count }, () => random() - 0.5)
  return { weight: Array.from({ length: outputs }, () => numbers(inputs)), bias: numbers(outputs) }
}

function randomRows(count: number, width: number, random: () => number): Rows {
  return Array.from({ length: count }, () => Float64Array.from({ length: width }, () => 2 * random() - 1))
}

function randomBranch(width: number, random: () => number): Branch {
  const attention: Attention = {
    ...{ query: randomLinear(width, width, random), key: randomLinear(width, width, random) },
    ...{ value: randomLinear(width, width, random), out: randomLinear(width, width, random), heads: 2 },
  }
  return {
    ...{ down: randomLinear(width / 2, width, random), up: randomLinear(width, width / 2, random), attention },
    pooling: Float64Array.from({ length: width }, () => random() - 0.5),
  }
}

test('attention pooling counts padding unless a mask says otherwise', () => {
  const hidden = rows([1, 0], [0, 1], [2, 2])
  const open = attentionPooling(hidden, Float64Array.of(1, 1))
  ;[0.045279, 0.045279, 0.909443].forEach((weight, at) => expect(open.weights[at]).toBeCloseTo(weight, 6))
  ;[1.864164, 1.864164].forEach((value, at) => expect(open.vector[at]).toBeCloseTo(value, 6))
  const masked = attentionPooling(hidden, Float64Array.of(1, 1), [true, true, false])
  expect([...masked.vector]).toEqual([0.5, 0.5])
})

test('an adapter without its upper matrix is the identity', () => {
  const down: Linear = { weight: rows([1, 2]), bias: Float64Array.of(3) }
  const up: Linear = { weight: rows([0], [0]), bias: Float64Array.of(0, 0) }
  const hidden = rows([4, -5], [0.5, 6])
  expect(adapter(down, up, hidden)).toEqual(hidden)
  const moved = adapter(down, { ...up, weight: rows([1], [0]) }, rows([1, 1], [-9, 0]))
  // ReLU(1 + 2 + 3) and ReLU(-9 + 3).
  expect(moved).toEqual(rows([7, 1], [-9, 0]))
})

test('attention over one position gives its value, whatever is asked', () => {
  const random = createRandom(3)
  const attention = randomBranch(4, random).attention
  const asked = randomRows(1, 4, random)
  const wanted = linear(attention.out, linear(attention.value, asked[0] ?? new Float64Array(4)))
  for (const row of crossAttention(attention, randomRows(3, 4, random), asked))
    row.forEach((value, at) => expect(value).toBeCloseTo(wanted[at] ?? Number.NaN, 12))
  expect(() => crossAttention({ ...attention, heads: 3 }, asked, asked)).toThrow('cannot be shared by 3 heads')
})

test('exchanging the texts changes the logits, unless the branches and the head do not tell them apart', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
      const random = createRandom(seed)
      const [one, other] = [randomRows(3, 4, random), randomRows(2, 4, random)]
      const branches = [randomBranch(4, random), randomBranch(4, random)] as const
      const first = randomLinear(4, 8, random)
      const last = randomLinear(2, 4, random)
      const head = [first, last]
      const straight = biEncoderLogits(branches, head, [one, other])
      const turned = biEncoderLogits(branches, head, [other, one])
      const apart = Math.max(...straight.map((value, at) => Math.abs(value - (turned[at] ?? 0))))
      const tied = [branches[0], branches[0]] as const
      const even = [
        { ...first, weight: first.weight.map((row) => Float64Array.of(...row.subarray(0, 4), ...row.subarray(0, 4))) },
        last,
      ]
      const same = biEncoderLogits(tied, even, [one, other])
      const again = biEncoderLogits(tied, even, [other, one])
      same.forEach((value, at) => expect(again[at]).toBeCloseTo(value, 10))
      // A head whose ReLU is all off cannot tell anything.
      expect(apart > 1e-9 || straight.every((value, at) => value === turned[at])).toBe(true)
    }),
    { numRuns: 30 },
  )
  const random = createRandom(5)
  const branches = [randomBranch(4, random), randomBranch(4, random)] as const
  const head = [randomLinear(2, 8, random)]
  const texts = [randomRows(3, 4, random), randomRows(2, 4, random)] as const
  const logits = biEncoderLogits(branches, head, texts)
  expect(biEncoderLogits(branches, head, [texts[1], texts[0]])[0]).not.toBeCloseTo(logits[0] ?? 0, 6)
  const padded = biEncoderLogits(branches, head, [texts[0], [...texts[1], new Float64Array(4)]])
  expect(padded[0]).not.toBeCloseTo(logits[0] ?? 0, 6)
})

test('the head of the cross-encoder, and the second label as a probability', () => {
  const head: readonly Linear[] = [
    { weight: rows([1, -1], [-1, 1]), bias: Float64Array.of(0, 0) },
    { weight: rows([1, 0], [0, 2]), bias: Float64Array.of(0.5, 0) },
  ]
  expect([...crossEncoderLogits(head, Float64Array.of(3, 1))]).toEqual([2.5, 0])
  expect(offTopicProbability(Float64Array.of(0, Math.log(3)))).toBeCloseTo(0.75, 12)
})
