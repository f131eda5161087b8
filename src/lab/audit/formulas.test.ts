/** The formulas of the audit on numbers worked by hand, and what holds of them for any numbers. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DenseMatrix, difference, energy, product, transpose } from '../../nn/linear-algebra/matrix.ts'
import { gaussianMatrix, orthonormalColumns } from '../../nn/linear-algebra/orthonormal.ts'
import { projectOnto, subspaceSimilarity } from '../../nn/linear-algebra/subspace.ts'
import { droppedEnergy, thinSvd } from '../../nn/linear-algebra/svd.ts'
import { outputSubspace } from './low-rank/output-subspace.ts'
import { safetyPart, withoutPart } from './low-rank/project-weight.ts'
import { BitMask, jaccard } from './masks/bit-mask.ts'
import { lowestWeights, randomWeights, setDifference, topWeights } from './masks/select-weights.ts'
import { GradientMagnitudes } from './scores/snip.ts'
import { FeatureNorms, wandaScores } from './scores/wanda.ts'

const floats = (...values: number[]): Float32Array => Float32Array.from(values)
const matrix = (rows: number, columns: number, ...values: number[]): DenseMatrix => ({
  ...{ rows, columns },
  data: Float64Array.from(values),
})
const places = (mask: BitMask): readonly number[] => [...mask.places()]

describe('SNIP', () => {
  it('takes the absolute value of each example before the mean', () => {
    const sums = new GradientMagnitudes(3)
    sums.add(floats(0.1, 0.2, -0.3))
    sums.add(floats(-0.1, 0.2, 0.3))
    const expected = [0.1, 0.4, 0.9]
    sums.scores(floats(1, -2, 3)).forEach((score, at) => expect(score).toBeCloseTo(expected[at] ?? 0, 6))
  })

  it('counts an example by its tokens and refuses what it cannot score', () => {
    const sums = new GradientMagnitudes(1)
    expect(() => sums.scores(floats(1))).toThrow('no examples')
    expect(() => sums.add(floats(1, 2))).toThrow('does not fit')
    sums.add(floats(0.5), 4)
    expect(sums.scores(floats(3))[0]).toBeCloseTo(6, 6)
    sums.add(floats(Number.NaN))
    expect(() => sums.scores(floats(3))).toThrow('not finite')
  })
})

describe('Wanda', () => {
  const weights = floats(1, -2, 3, 0.5)
  // Two features, three tokens: [3, 0, 4] and [1, 2, 2].
  const tokens = floats(3, 1, 0, 2, 4, 2)

  it('weighs each weight by the norm of its input', () => {
    const norms = new FeatureNorms(2)
    norms.add(tokens)
    expect([...norms.norms()]).toEqual([5, 3])
    expect([...wandaScores(weights, norms.norms())]).toEqual([5, 6, 15, 1.5])
  })

  it('does not see tokens that do not count', () => {
    const norms = new FeatureNorms(2)
    norms.add(floats(...tokens, 100, 100), (token) => token < 3)
    expect([...wandaScores(weights, norms.norms())]).toEqual([5, 6, 15, 1.5])
    expect(() => norms.add(floats(1))).toThrow('no whole tokens')
    expect(() => wandaScores(floats(1, 2, 3), norms.norms())).toThrow('no whole rows')
  })
})

describe('set difference', () => {
  const row = { rows: 1, columns: 4, safety: floats(9, 8, 1, 0), utility: floats(9, 0, 8, 1) }

  it('takes the top by safety that are not in the top by utility', () => {
    expect(places(setDifference({ ...row, p: 0.5, q: 0.5 }))).toEqual([1])
  })

  it('compares the weights of a row, or of the matrix where asked', () => {
    const size = { rows: 2, columns: 2 }
    const scores = floats(9, 8, 2, 1)
    expect(places(topWeights(scores, size, 0.5))).toEqual([0, 2])
    expect(places(topWeights(scores, size, 0.5, 'matrix'))).toEqual([0, 1])
    expect(places(lowestWeights(scores, size, 0.5))).toEqual([1, 3])
    expect(() => topWeights(scores, { rows: 3, columns: 2 }, 0.5)).toThrow('do not fit')
    expect(() => topWeights(scores, size, 1.5)).toThrow('between 0 and 1')
  })

  it('holds for any scores: within the top by safety, apart from the top by utility, growing with q and shrinking with p', () => {
    const score = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 24, maxLength: 24 })
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        score,
        score,
        share,
        share,
        fc.constantFrom('row' as const, 'matrix' as const),
        (s, u, p, q, comparison) => {
          const options = { rows: 4, columns: 6, safety: floats(...s), utility: floats(...u), p, q, comparison }
          const chosen = setDifference(options)
          const top = topWeights(options.safety, options, q, comparison)
          expect(chosen.without(top).count()).toBe(0)
          expect(chosen.and(topWeights(options.utility, options, p, comparison)).count()).toBe(0)
          expect(top.count()).toBe(comparison === 'row' ? 4 * Math.round(6 * q) : Math.round(24 * q))
          expect(
            setDifference({ ...options, p: 0 })
              .without(top)
              .count(),
          ).toBe(0)
          expect(setDifference({ ...options, p: 1 }).count()).toBe(0)
          expect(chosen.without(setDifference({ ...options, q: 1 })).count()).toBe(0)
        },
      ),
    )
  })

  it('draws as many random weights as asked for, the same for the same seed', () => {
    const one = randomWeights(1000, 300, 5)
    expect(one.count()).toBe(300)
    expect(places(randomWeights(1000, 300, 5))).toEqual(places(one))
    expect(jaccard(one, randomWeights(1000, 300, 6))).toBeLessThan(0.4)
    expect(randomWeights(4, 9, 1).count()).toBe(4)
  })
})

describe('masks', () => {
  it('give the Jaccard index of two sets', () => {
    expect(jaccard(BitMask.of(5, [1, 2, 3]), BitMask.of(5, [2, 3, 4]))).toBe(0.5)
    expect(jaccard(new BitMask(5), new BitMask(5))).toBe(0)
  })

  it('behave like sets of places', () => {
    const set = fc.uniqueArray(fc.integer({ min: 0, max: 36 }))
    fc.assert(
      fc.property(set, set, (one, other) => {
        const [a, b] = [BitMask.of(37, one), BitMask.of(37, other)]
        const sorted = (values: Iterable<number>): readonly number[] => [...values].toSorted((x, y) => x - y)
        expect(places(a.and(b))).toEqual(sorted(one.filter((x) => other.includes(x))))
        expect(places(a.or(b))).toEqual(sorted(new Set([...one, ...other])))
        expect(places(a.without(b))).toEqual(sorted(one.filter((x) => !other.includes(x))))
        expect(new BitMask(37, a.bytes.slice()).count()).toBe(one.length)
      }),
    )
  })

  it('refuse bytes of another size, stray bits and places that are not there', () => {
    expect(() => new BitMask(9, new Uint8Array(1))).toThrow('does not have 1 bytes')
    expect(() => new BitMask(9, Uint8Array.of(0, 2))).toThrow('behind its last weight')
    expect(() => new BitMask(9).set(9)).toThrow('not one of 9')
    expect(() => new BitMask(9).or(new BitMask(8))).toThrow('cannot be compared')
  })
})

describe('ActSVD', () => {
  const identity = matrix(2, 2, 1, 0, 0, 1)

  it('finds the direction in which outputs are largest', async () => {
    // X = diag(2, 1), so X Xᵀ = diag(4, 1).
    const { directions, singularValues, droppedEnergy } = await outputSubspace(identity, matrix(2, 2, 4, 0, 0, 1), 1)
    expect(singularValues[0]).toBeCloseTo(2, 9)
    expect(Math.abs(directions.data[0] ?? 0)).toBeCloseTo(1, 6)
    expect(directions.data[1]).toBeCloseTo(0, 6)
    const expected = [1, 0, 0, 0]
    projectOnto(directions, identity).data.forEach((value, at) => expect(value).toBeCloseTo(expected[at] ?? 0, 6))
    expect(droppedEnergy).toBeCloseTo(1, 9)
    await expect(outputSubspace(identity, matrix(2, 2, 4, 0, 0, 1), 3)).rejects.toThrow('From 1 to 2')
    await expect(outputSubspace(identity, matrix(1, 1, 1), 1)).rejects.toThrow('does not fit')
  })

  it.each([
    ['as many outputs as inputs', 12, 12],
    ['fewer outputs', 5, 14],
    ['more outputs', 30, 6],
  ])('leaves out the energy of the dropped singular values: %s', async (_, rows, columns) => {
    const weight = gaussianMatrix(rows, columns, 1)
    const inputs = gaussianMatrix(columns, 40, 2)
    const gram = product(inputs, transpose(inputs))
    const exact = await thinSvd(product(weight, inputs))
    for (let rank = 1; rank < Math.min(rows, columns); rank += 1) {
      const found = await outputSubspace(weight, gram, rank)
      const kept = projectOnto(found.directions, weight)
      const error = energy(product(difference(weight, kept), inputs))
      expect(error / droppedEnergy(exact, rank)).toBeCloseTo(1, 3)
      expect(error / found.droppedEnergy).toBeCloseTo(1, 4)
      found.singularValues.forEach((value, at) => expect(value / (exact.singularValues[at] ?? 0)).toBeCloseTo(1, 4))
    }
  })
})

describe('orthogonal projection', () => {
  const half = Math.SQRT1_2

  it('takes out what writes along safety directions and not along utility ones', () => {
    const identity = matrix(2, 2, 1, 0, 0, 1)
    const [safety, utility] = [matrix(2, 1, 1, 0), matrix(2, 1, half, half)]
    const part = safetyPart(identity, safety, utility)
    const close = (found: DenseMatrix, expected: readonly number[]): void =>
      found.data.forEach((value, at) => expect(value).toBeCloseTo(expected[at] ?? 0, 9))
    close(part, [0.5, 0, -0.5, 0])
    close(withoutPart(identity, part), [0.5, 0, 0.5, 1])
    close(withoutPart(identity, part, 0.5), [0.75, 0, 0.25, 1])
    close(safetyPart(identity, safety), [1, 0, 0, 0])
  })

  it('leaves outputs along utility directions as they are and removes a bounded rank', async () => {
    const size = fc.record({
      keep: fc.integer({ min: 1, max: 5 }),
      remove: fc.integer({ min: 1, max: 5 }),
      seed: fc.nat(1000),
    })
    await fc.assert(
      fc.asyncProperty(size, async ({ keep, remove, seed }) => {
        const weight = gaussianMatrix(8, 6, seed)
        const safety = orthonormalColumns(gaussianMatrix(8, remove, seed + 1))
        const utility = orthonormalColumns(gaussianMatrix(8, keep, seed + 2))
        const part = safetyPart(weight, safety, utility)
        const changed = withoutPart(weight, part)
        // Π_u ΔW = 0 up to rounding: what the layer writes along utility directions stays.
        expect(energy(product(transpose(utility), part))).toBeLessThan(1e-18)
        expect(energy(product(transpose(utility), difference(changed, weight)))).toBeLessThan(1e-18)
        const { singularValues } = await thinSvd(part)
        const rank = singularValues.filter((value) => value > 1e-9).length
        expect(rank).toBeLessThanOrEqual(Math.min(8 - keep, remove))
      }),
      { numRuns: 20 },
    )
  })
})

it('subspace similarity is 1 for equal, 0 for orthogonal subspaces', () => {
  const one = matrix(3, 1, 1, 0, 0)
  expect(subspaceSimilarity(one, one)).toBe(1)
  expect(subspaceSimilarity(one, matrix(3, 1, 0, 0, 1))).toBe(0)
})
