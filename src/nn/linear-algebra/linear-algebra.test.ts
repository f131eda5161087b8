/** Decompositions against what defines them, against one another, and at answers worked by hand. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../random.ts'
import { GramAccumulator, gramSvd } from './gram.ts'
import {
  type DenseMatrix,
  type Float64Matrix,
  difference,
  energy,
  firstColumns,
  product,
  transpose,
  transposedProduct,
  zeros,
} from './matrix.ts'
import { gaussianMatrix, orthonormalColumns } from './orthonormal.ts'
import { randomisedSvd } from './randomised-svd.ts'
import { orthogonalPart, projectOff, projectOnto, projector, subspaceSimilarity } from './subspace.ts'
import { type Svd, droppedEnergy, svdProduct, svdTruncate, thinSvd } from './svd.ts'

function matrix(...rows: readonly (readonly number[])[]): Float64Matrix {
  return { rows: rows.length, columns: rows[0]?.length ?? 0, data: Float64Array.from(rows.flat()) }
}
function random(rows: number, columns: number, seed: number): Float64Matrix {
  const draw = createRandom(seed)
  return { rows, columns, data: Float64Array.from({ length: rows * columns }, () => draw() - 0.5) }
}
function identity(size: number): Float64Matrix {
  const result = zeros(size, size)
  for (let at = 0; at < size; at += 1) result.data[at * size + at] = 1
  return result
}
function expectClose(actual: DenseMatrix, expected: DenseMatrix, tolerance = 1e-10): void {
  expect([actual.rows, actual.columns]).toEqual([expected.rows, expected.columns])
  const worst = Math.max(0, ...Array.from(actual.data, (value, at) => Math.abs(value - (expected.data[at] ?? NaN))))
  expect(worst).toBeLessThan(tolerance)
}
function expectOrthonormal(basis: DenseMatrix, tolerance = 1e-10): void {
  expectClose(transposedProduct(basis, basis), identity(basis.columns), tolerance)
}
/** A matrix with singular values 1, d, d², … */
function decaying(rows: number, columns: number, decay: number, seed: number): { matrix: Float64Matrix; svd: Svd } {
  const count = Math.min(rows, columns)
  const svd = {
    left: orthonormalColumns(random(rows, count, seed)),
    right: orthonormalColumns(random(columns, count, seed + 1)),
    singularValues: Float64Array.from({ length: count }, (_, at) => decay ** at),
  }
  return { matrix: svdProduct(svd), svd }
}

const sizes = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.integer())
const RUNS = { numRuns: 40, seed: 11 }

describe('products', () => {
  test('equal the definition, over block borders', () => {
    for (const [m, k, n] of [
      [2, 3, 4],
      [50, 97, 3],
      [1, 1, 1],
    ] as const) {
      const [left, right] = [random(m, k, 1), random(k, n, 2)]
      const expected = zeros(m, n)
      for (let i = 0; i < m; i += 1)
        for (let j = 0; j < n; j += 1)
          for (let l = 0; l < k; l += 1)
            expected.data[i * n + j] =
              (expected.data[i * n + j] ?? 0) + (left.data[i * k + l] ?? 0) * (right.data[l * n + j] ?? 0)
      expectClose(product(left, right), expected, 1e-12)
      expectClose(transposedProduct(transpose(left), right), expected, 1e-12)
    }
    expect(() => product(random(2, 3, 1), random(2, 3, 1))).toThrow('inner sizes')
    expect(() => difference(random(2, 3, 1), random(3, 2, 1))).toThrow('2 × 3')
  })

  test('normal numbers have mean 0 and variance 1', () => {
    const { data } = gaussianMatrix(100, 100, 1)
    expect(data.reduce((sum, value) => sum + value, 0) / 1e4).toBeCloseTo(0, 1)
    expect(data.reduce((sum, value) => sum + value * value, 0) / 1e4).toBeCloseTo(1, 1)
    expect(gaussianMatrix(3, 2, 5)).toEqual(gaussianMatrix(3, 2, 5))
  })

  test('orthonormal columns span what they came from, and fill up what depends', () => {
    const given = random(6, 3, 4)
    const basis = orthonormalColumns(given)
    expectOrthonormal(basis)
    expectClose(projectOnto(basis, given), given)
    const dependent = matrix([1, 2, 0], [1, 2, 0], [0, 0, 0])
    expectOrthonormal(orthonormalColumns(dependent))
    expect(() => orthonormalColumns(random(2, 3, 1))).toThrow('cannot all be orthogonal')
  })
})

describe('thin SVD', () => {
  test('gives the matrix back from orthonormal vectors and falling values', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ([rows, columns, seed]) => {
        const given = random(rows, columns, seed)
        const svd = await thinSvd(given)
        const count = Math.min(rows, columns)
        expect([svd.left.columns, svd.right.columns, svd.singularValues.length]).toEqual([count, count, count])
        expectOrthonormal(svd.left)
        expectOrthonormal(svd.right)
        expectClose(svdProduct(svd), given)
        expect([...svd.singularValues]).toEqual([...svd.singularValues].toSorted((one, other) => other - one))
        expect(svd.singularValues.at(-1)).toBeGreaterThanOrEqual(0)
        expect(droppedEnergy(svd, 0)).toBeCloseTo(energy(given), 10)
      }),
      RUNS,
    )
  })

  test('what a rank leaves out is the energy of the dropped values, and nothing of that rank is closer', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(8), async ([rows, columns, seed], wanted) => {
        const given = random(rows, columns, seed)
        const svd = await thinSvd(given)
        const rank = wanted % (svd.singularValues.length + 1)
        const error = energy(difference(given, svdProduct(svdTruncate(svd, rank))))
        expect(error).toBeCloseTo(droppedEnergy(svd, rank), 10)
        if (rank === 0) return
        const rival = orthonormalColumns(random(rows, rank, seed + 7))
        expect(energy(projectOff(rival, given))).toBeGreaterThanOrEqual(error - 1e-10)
      }),
      RUNS,
    )
  })

  test('zeros, float32, and mistakes', async () => {
    const svd = await thinSvd({ rows: 2, columns: 3, data: new Float32Array(6) })
    expect([...svd.singularValues]).toEqual([0, 0])
    expectOrthonormal(svd.left)
    expectOrthonormal(svd.right)
    await expect(thinSvd({ rows: 2, columns: 2, data: new Float64Array(3) })).rejects.toThrow('needs 4 elements, not 3')
    await expect(thinSvd({ rows: 0, columns: 2, data: new Float64Array(0) })).rejects.toThrow('no elements')
    await expect(thinSvd(matrix([1, Number.NaN]))).rejects.toThrow('not finite')
    expect(() => svdTruncate(svd, 3)).toThrow('from 0 to 2')
  })

  test('weights whose outputs matter: W = I, X = diag(2, 1)', async () => {
    const [weights, inputs] = [identity(2), matrix([2, 0], [0, 1])]
    const svd = await thinSvd(product(weights, inputs))
    const basis = svdTruncate(svd, 1).left
    expect(Math.abs(basis.data[0] ?? 0)).toBeCloseTo(1, 12)
    expect(basis.data[1]).toBeCloseTo(0, 12)
    const kept = projectOnto(basis, weights)
    expectClose(kept, matrix([1, 0], [0, 0]))
    expect(energy(product(difference(weights, kept), inputs))).toBeCloseTo(1, 12)
    expect(droppedEnergy(svd, 1)).toBeCloseTo(1, 12)
  })

  test('the change of outputs is the dropped energy for any weights and inputs', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(8), async ([rows, columns, seed], wanted) => {
        const [weights, inputs] = [random(rows, columns, seed), random(columns, 7, seed + 1)]
        const svd = await thinSvd(product(weights, inputs))
        const rank = 1 + (wanted % svd.singularValues.length)
        const change = difference(weights, projectOnto(svdTruncate(svd, rank).left, weights))
        expect(energy(product(change, inputs))).toBeCloseTo(droppedEnergy(svd, rank), 10)
      }),
      RUNS,
    )
  })
})

describe('randomised SVD', () => {
  test.each([
    [60, 40],
    [40, 60],
  ])('finds the leading triplets of a decaying spectrum, %i × %i', async (rows, columns) => {
    const { matrix: given, svd } = decaying(rows, columns, 0.6, 3)
    const found = await randomisedSvd(given, { rank: 6, seed: 5 })
    found.singularValues.forEach((value, at) => expect(value).toBeCloseTo(svd.singularValues[at] ?? NaN, 8))
    expectOrthonormal(found.left)
    expectOrthonormal(found.right)
    expectClose(svdProduct(found), svdProduct(svdTruncate(svd, 6)), 1e-8)
    expect(subspaceSimilarity(found.left, firstColumns(svd.left, 6))).toBeCloseTo(1, 8)
    expect(await randomisedSvd(given, { rank: 6, seed: 5 })).toEqual(found)
    expect(await randomisedSvd(given, { rank: 6, seed: 6 })).not.toEqual(found)
  })

  test('power iterations bring it closer where values fall off slowly', async () => {
    const { matrix: given, svd } = decaying(60, 50, 0.95, 8)
    const errors = []
    for (const powerIterations of [0, 1, 6]) {
      const found = await randomisedSvd(given, { rank: 5, oversampling: 2, powerIterations })
      errors.push(energy(difference(given, svdProduct(found))) - droppedEnergy(svd, 5))
    }
    const [none = 0, one = 0, six = 0] = errors
    expect(none).toBeGreaterThan(one)
    expect(one).toBeGreaterThan(six)
    expect(six).toBeGreaterThan(-1e-9)
  })

  test('with every direction sampled it is the full one, for any rank of the matrix', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 9 }), async ([rows, columns, seed], inner) => {
        const given = product(random(rows, inner, seed), random(inner, columns, seed + 1))
        const full = await thinSvd(given)
        const found = await randomisedSvd(given, { rank: Math.min(rows, columns), powerIterations: 1 })
        expectClose(svdProduct(found), given)
        expectOrthonormal(found.left)
        found.singularValues.forEach((value, at) => expect(value).toBeCloseTo(full.singularValues[at] ?? NaN, 10))
      }),
      RUNS,
    )
  })

  test('mistakes', async () => {
    await expect(randomisedSvd(identity(3), { rank: 4 })).rejects.toThrow('from 1 to 3, not 4')
    await expect(randomisedSvd(identity(3), { rank: 1, oversampling: -1 })).rejects.toThrow('at least 0')
  })
})

describe('SVD by the Gram matrix', () => {
  test('equals the full one on tall matrices', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ([more, columns, seed]) => {
        const given = random(columns + more, columns, seed)
        const [found, full] = [await gramSvd(given), await thinSvd(given)]
        found.singularValues.forEach((value, at) => expect(value).toBeCloseTo(full.singularValues[at] ?? NaN, 6))
        expectOrthonormal(found.left)
        expectOrthonormal(found.right)
        expectClose(svdProduct(found), given, 1e-6)
      }),
      RUNS,
    )
  })

  test('rows may come in batches of any size, and in float32', async () => {
    const given = random(20, 4, 2)
    const whole = new GramAccumulator(4)
    whole.add(given.data)
    const parts = new GramAccumulator(4)
    for (const [from, to] of [
      [0, 3],
      [3, 3],
      [3, 19],
      [19, 20],
    ] as const)
      parts.add(Float32Array.from(given.data.subarray(from * 4, to * 4)))
    expect(parts.rows).toBe(20)
    expectClose(parts.matrix(), whole.matrix(), 1e-6)
    expectClose(whole.matrix(), transposedProduct(given, given), 1e-12)
    const { singularValues } = await whole.decompose()
    const full = await thinSvd(given)
    singularValues.forEach((value, at) => expect(value).toBeCloseTo(full.singularValues[at] ?? NaN, 10))
  })

  test('a matrix of low rank has values of 0 and vectors that are orthonormal all the same', async () => {
    const given = product(random(12, 2, 1), random(2, 5, 2))
    const found = await gramSvd(given)
    expect([...found.singularValues].filter((value) => value > 1e-6)).toHaveLength(2)
    expectOrthonormal(found.left)
    expectClose(svdProduct(found), given, 1e-6)
  })

  test('mistakes', async () => {
    const gram = new GramAccumulator(3)
    await expect(gram.decompose()).rejects.toThrow('no rows')
    expect(() => gram.add(new Float32Array(4))).toThrow('4 numbers are no whole rows of 3')
    expect(() => gram.add(Float32Array.of(1, 2, Infinity))).toThrow('not finite')
    expect(gram.rows).toBe(0)
    expect(() => new GramAccumulator(0)).toThrow('above 0')
    await expect(gramSvd(random(2, 3, 1))).rejects.toThrow('not tall')
  })
})

describe('subspaces', () => {
  const bases = fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.nat(), fc.nat(), fc.integer())
    .map(([rows, one, other, seed]) => [
      orthonormalColumns(random(rows, 1 + (one % rows), seed)),
      orthonormalColumns(random(rows, 1 + (other % rows), seed + 1)),
      random(rows, 3, seed + 2),
    ]) as fc.Arbitrary<readonly [Float64Matrix, Float64Matrix, Float64Matrix]>

  test('a projector is symmetric and idempotent, and splits a matrix into two orthogonal parts', () => {
    fc.assert(
      fc.property(bases, ([basis, , given]) => {
        const projection = projector(basis)
        expectClose(projection, transpose(projection))
        expectClose(product(projection, projection), projection)
        expectClose(projectOnto(basis, given), product(projection, given))
        const [on, off] = [projectOnto(basis, given), projectOff(basis, given)]
        expectClose(transposedProduct(basis, off), zeros(basis.columns, 3))
        expect(energy(on) + energy(off)).toBeCloseTo(energy(given), 10)
      }),
      RUNS,
    )
  })

  test('W = I, removed e₁, kept (e₁ + e₂)/√2', () => {
    const removed = matrix([1], [0])
    const kept = matrix([Math.SQRT1_2], [Math.SQRT1_2])
    const part = orthogonalPart(identity(2), removed, kept)
    expectClose(part, matrix([0.5, 0], [-0.5, 0]))
    expectClose(difference(identity(2), part), matrix([0.5, 0], [0.5, 1]))
  })

  test('what is taken away leaves the kept subspace untouched', () => {
    fc.assert(
      fc.property(bases, ([kept, removed, given]) => {
        const part = orthogonalPart(given, removed, kept)
        expectClose(transposedProduct(kept, part), zeros(kept.columns, 3))
      }),
      RUNS,
    )
  })

  test('similarity: 1 for the same, 0 for orthogonal ones, in between symmetric and free of the choice of basis', () => {
    expect(subspaceSimilarity(matrix([1], [0]), matrix([0], [1]))).toBe(0)
    expect(subspaceSimilarity(matrix([1], [0]), matrix([Math.SQRT1_2], [Math.SQRT1_2]))).toBeCloseTo(0.5, 12)
    expect(subspaceSimilarity(matrix([1], [0]), identity(2))).toBeCloseTo(1, 12)
    fc.assert(
      fc.property(bases, fc.integer(), ([one, other], seed) => {
        const turned = product(one, orthonormalColumns(random(one.columns, one.columns, seed)))
        expect(subspaceSimilarity(one, turned)).toBeCloseTo(1, 10)
        const similarity = subspaceSimilarity(one, other)
        expect(subspaceSimilarity(other, turned)).toBeCloseTo(similarity, 10)
        expect(similarity).toBeGreaterThanOrEqual(0)
        expect(similarity).toBeLessThanOrEqual(1 + 1e-10)
      }),
      RUNS,
    )
  })

  test('columns that are not orthonormal are refused', () => {
    expect(() => projector(matrix([2], [0]))).toThrow('off by 3')
    expect(() => subspaceSimilarity(matrix([1, 1], [0, 0]), identity(2))).toThrow('orthonormal')
    expect(() => projector(matrix([Number.NaN]))).toThrow('orthonormal')
    expect(() => projectOnto(zeros(2, 0), identity(2))).toThrow('orthonormal')
  })
})
