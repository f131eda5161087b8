/**
 * Leading singular values and vectors of a large matrix by random projection: Halko, Martinsson & Tropp 2011, "Finding structure with
 * randomness", algorithm 4.4 (range by subspace iteration) and 5.1 (decomposition in that range). The same seed gives the same bits.
 *
 * It is close where singular values fall off; where they are all alike, more power iterations help, and `svd.ts` is exact.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type DenseMatrix, product, requireMatrix, transpose, transposedProduct } from './matrix.ts'
import { gaussianMatrix, orthonormalColumns } from './orthonormal.ts'
import { type Svd, svdTruncate, thinSvd } from './svd.ts'

export interface RandomisedSvdOptions {
  /** Number of singular values wanted, at most min(rows, columns). */
  readonly rank: number
  /** Directions sampled beyond the rank; 10 if absent. */
  readonly oversampling?: number
  /** Times the matrix and its transpose are applied to the sample; 4 if absent. */
  readonly powerIterations?: number
  /** 0 if absent. */
  readonly seed?: number
}

/** The `rank` leading singular triplets. Throws `input_invalid` for a bad matrix, `configuration` for a rank it cannot have. */
export async function randomisedSvd(matrix: DenseMatrix, options: RandomisedSvdOptions): Promise<Svd> {
  const { rank, oversampling = 10, powerIterations = 4, seed = 0 } = options
  requireMatrix('The matrix of an SVD', matrix)
  const full = Math.min(matrix.rows, matrix.columns)
  if (!(Number.isInteger(rank) && rank >= 1 && rank <= full))
    throw new ParapetError('configuration', `The rank must be a whole number from 1 to ${full}, not ${rank}.`)
  if (
    !(Number.isInteger(oversampling) && oversampling >= 0 && Number.isInteger(powerIterations) && powerIterations >= 0)
  )
    throw new ParapetError('configuration', 'Oversampling and power iterations must be whole numbers of at least 0.')
  const sampled = Math.min(full, rank + oversampling)
  let range = orthonormalColumns(product(matrix, gaussianMatrix(matrix.columns, sampled, seed)), seed)
  for (let iteration = 0; iteration < powerIterations; iteration += 1) {
    // Made orthonormal at each half, or rounding would leave only the largest direction.
    const back = orthonormalColumns(transposedProduct(matrix, range), seed)
    range = orthonormalColumns(product(matrix, back), seed)
  }
  // B = Qᵀ A, small on one side; Aᵀ Q is its transpose.
  const inside = await thinSvd(transpose(transposedProduct(matrix, range)))
  return svdTruncate({ ...inside, left: product(range, inside.left) }, rank)
}
