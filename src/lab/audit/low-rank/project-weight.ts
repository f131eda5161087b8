/**
 * Orthogonal projection (arXiv 2402.05162 §2.2): takes out of a weight what writes along safety directions and not along utility ones,
 *
 *     ΔW = (I − Π_u) Π_s W        W̃ = W − α ΔW
 *
 * Π_u projects on the `keep` leading utility directions, Π_s on the `remove` leading safety directions. In the paper's notation (r_u, r_s)
 * counts what is left over: keep = R − r_u, remove = R − r_s. The rank of ΔW is at most min(R − keep, remove).
 */
import { type DenseMatrix, type Float64Matrix, difference } from '../../../nn/linear-algebra/matrix.ts'
import { orthogonalPart, projectOnto } from '../../../nn/linear-algebra/subspace.ts'

/** ΔW. Both bases have orthonormal columns; without `kept` it is Π_s W, the top-only control. */
export function safetyPart(weight: DenseMatrix, removed: DenseMatrix, kept?: DenseMatrix): Float64Matrix {
  return kept === undefined ? projectOnto(removed, weight) : orthogonalPart(weight, removed, kept)
}

/** W̃ with the whole step (α = 1) or a part of it, where whole directions are too coarse. */
export function withoutPart(weight: DenseMatrix, part: DenseMatrix, step: number = 1): Float64Matrix {
  const scaled = step === 1 ? part : { ...part, data: part.data.map((value) => step * value) }
  return difference(weight, scaled)
}
