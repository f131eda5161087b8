/**
 * ActSVD (arXiv 2402.05162 §2.1): the directions of a layer's output that matter on a data set, the leading left singular vectors U of
 * W X_in. With Π = U Uᵀ, Π W is the weight of that rank whose outputs are nearest to those of W (Eckart & Young 1936).
 *
 * X_in is never held: its Gram matrix G = X_in X_inᵀ says all, because (W X)(W X)ᵀ = W G Wᵀ. Of that matrix the
 * leading eigenvectors are found by subspace iteration with a Rayleigh–Ritz step (Saad 2011, "Numerical Methods for Large Eigenvalue
 * Problems", algorithm 5.3), as the paper's code finds them by a randomised SVD of 20 power iterations.
 */
import {
  type DenseMatrix,
  type Float64Matrix,
  firstColumns,
  product,
  transpose,
  transposedProduct,
} from '../../../nn/linear-algebra/matrix.ts'
import { gaussianMatrix, orthonormalColumns } from '../../../nn/linear-algebra/orthonormal.ts'
import { symmetricEigen } from '../../../nn/linear-algebra/symmetric-eigen.ts'
import { ParapetError } from '../../../spec/errors.ts'

export interface OutputSubspace {
  /** U, rows × count; orthonormal columns, the most important direction first. */
  readonly directions: Float64Matrix
  /** σ of W X_in, `count` of them, falling: their squares are the energy of the outputs along each direction. */
  readonly singularValues: Float64Array
  /** ‖(W − Π W) X_in‖²_F: what the best approximation of this rank leaves out. */
  readonly droppedEnergy: number
}

/** Directions iterated beyond those wanted, which makes the wanted ones come out sooner. */
const SPARE = 8
/** Iterations end when no wanted eigenvalue changes by more than this part of it, or there have been enough. */
const SETTLED = 1e-6
const MOST_ITERATIONS = 24

/** `weight` is [rows, columns], `inputGram` columns × columns: Σ x xᵀ over tokens. At most min(rows, columns) directions. */
export async function outputSubspace(
  weight: DenseMatrix,
  inputGram: DenseMatrix,
  count: number,
): Promise<OutputSubspace> {
  const { rows, columns } = weight
  const most = Math.min(rows, columns)
  if (!(Number.isInteger(count) && count >= 1 && count <= most))
    throw new ParapetError('configuration', `From 1 to ${most} directions are possible, not ${count}.`)
  if (inputGram.rows !== columns || inputGram.columns !== columns)
    throw new ParapetError(
      'internal',
      `A Gram matrix of ${inputGram.rows} × ${inputGram.columns} does not fit ${columns} inputs.`,
    )
  const width = Math.min(rows, count + SPARE)
  const weighed = product(weight, inputGram)
  // W G Wᵀ itself where that is small; else it is applied in two halves.
  const whole = rows <= columns ? product(weighed, transpose(weight)) : undefined
  let basis = orthonormalColumns(gaussianMatrix(rows, width, 1))
  let energies = new Float64Array(count)
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration += 1) {
    const image = whole === undefined ? product(weighed, transposedProduct(weight, basis)) : product(whole, basis)
    const { values, vectors } = await symmetricEigen(transposedProduct(basis, image))
    const before = energies
    energies = values.slice(0, count)
    // The last step only turns the basis, so that directions and energies belong together.
    const settled = energies.every((value, at) => Math.abs(value - (before[at] ?? 0)) <= SETTLED * Math.abs(value))
    basis = settled ? product(basis, vectors) : orthonormalColumns(product(image, vectors))
    if (settled) break
  }
  // tr(W G Wᵀ) = ‖W X_in‖²_F.
  const total = weighed.data.reduce((sum, value, at) => sum + value * (weight.data[at] as number), 0)
  return {
    directions: firstColumns(basis, count),
    // An energy of 0 may come out a little below it.
    singularValues: energies.map((value) => Math.sqrt(Math.max(0, value))),
    droppedEnergy: Math.max(0, total - energies.reduce((sum, value) => sum + value, 0)),
  }
}
