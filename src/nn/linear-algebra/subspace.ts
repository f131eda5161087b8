/**
 * Subspaces given by orthonormal columns: projections on and off them, and how much two have in common. For the low-rank attribution
 * of behaviour to weights (Wei et al. 2024, "Assessing the brittleness of safety alignment via pruning and low-rank modifications").
 */
import { ParapetError } from '../../spec/errors.ts'
import {
  type DenseMatrix,
  type Float64Matrix,
  difference,
  energy,
  product,
  transpose,
  transposedProduct,
} from './matrix.ts'

/** How far `UᵀU` may be from the identity in any element. */
const ORTHONORMAL = 1e-5

/** `P = U Uᵀ`, rows × rows: symmetric and idempotent. Throws `input_invalid` unless the columns of `basis` are orthonormal. */
export function projector(basis: DenseMatrix): Float64Matrix {
  requireOrthonormal(basis)
  return product(basis, transpose(basis))
}

/** `P W`: what of each column of `matrix` lies in the subspace; without writing P. */
export function projectOnto(basis: DenseMatrix, matrix: DenseMatrix): Float64Matrix {
  requireOrthonormal(basis)
  return product(basis, transposedProduct(basis, matrix))
}

/** `W - P W`: what is orthogonal to the subspace. */
export function projectOff(basis: DenseMatrix, matrix: DenseMatrix): Float64Matrix {
  return difference(matrix, projectOnto(basis, matrix))
}

/**
 * `ΔW = (I - Π_kept) Π_removed W`: the part of `matrix` in the subspace to remove that is orthogonal to the one to keep (ibid.,
 * §2.2). The weights without it are `difference(matrix, ΔW)`.
 */
export function orthogonalPart(matrix: DenseMatrix, removed: DenseMatrix, kept: DenseMatrix): Float64Matrix {
  return projectOff(kept, projectOnto(removed, matrix))
}

/**
 * `φ = ‖UᵀV‖²_F / min(rank U, rank V)` (ibid., §4.3): 1 when one subspace holds the other, 0 when they are orthogonal. Both bases
 * must be orthonormal with as many rows.
 */
export function subspaceSimilarity(one: DenseMatrix, other: DenseMatrix): number {
  requireOrthonormal(one)
  requireOrthonormal(other)
  return energy(transposedProduct(one, other)) / Math.min(one.columns, other.columns)
}

function requireOrthonormal(basis: DenseMatrix): void {
  const { columns, data } = transposedProduct(basis, basis)
  const worst = data.reduce((most, value, at) => {
    const wanted = Math.floor(at / columns) === at % columns ? 1 : 0
    const distance = Math.abs(value - wanted)
    return distance <= most ? most : distance
  }, 0)
  if (basis.columns === 0 || !(worst <= ORTHONORMAL))
    throw new ParapetError(
      'input_invalid',
      `A subspace needs orthonormal columns, but these ${basis.columns} are off by ${worst.toPrecision(2)}.`,
    )
}
