/**
 * The thin singular value decomposition `A = U diag(σ) Vᵀ` of a dense matrix, by the package `ml-matrix` (loaded on first use), and
 * what is read off it: the best approximation of a rank and what that leaves out (Eckart & Young 1936).
 *
 * It costs O(rows · columns · min(rows, columns)): 0.3 s at 256 × 256. For a few leading values of a larger matrix see
 * `randomised-svd.ts`, for many rows `gram.ts`.
 */
import { ParapetError } from '../../spec/errors.ts'
import {
  type DenseMatrix,
  type Float64Matrix,
  firstColumns,
  product,
  requireMatrix,
  transpose,
  zeros,
} from './matrix.ts'

/** With k singular values; k = min(rows, columns) unless truncated. */
export interface Svd {
  /** σ, falling. */
  readonly singularValues: Float64Array
  /** U, rows × k; its columns are orthonormal. */
  readonly left: Float64Matrix
  /** V, columns × k; its columns are orthonormal. */
  readonly right: Float64Matrix
}

/** Throws `input_invalid` for a matrix without elements, of a wrong length or with numbers that are not finite. */
export async function thinSvd(matrix: DenseMatrix): Promise<Svd> {
  requireMatrix('The matrix of an SVD', matrix)
  // The package's algorithm is for tall matrices.
  if (matrix.rows < matrix.columns) {
    const { left, right, singularValues } = await thinSvd(transpose(matrix))
    return { left: right, right: left, singularValues }
  }
  const { Matrix, SingularValueDecomposition } = await import('ml-matrix')
  const { rows, columns, data } = matrix
  const found = new SingularValueDecomposition(Matrix.from1DArray(rows, columns, Float64Array.from(data)))
  return {
    singularValues: Float64Array.from(found.diagonal.slice(0, columns)),
    left: firstColumns(fromRows(found.leftSingularVectors), columns),
    right: fromRows(found.rightSingularVectors),
  }
}

/** The part with the `rank` largest singular values. */
export function svdTruncate({ singularValues, left, right }: Svd, rank: number): Svd {
  if (!(Number.isInteger(rank) && rank >= 0 && rank <= singularValues.length))
    throw new ParapetError('configuration', `A rank from 0 to ${singularValues.length} is possible, not ${rank}.`)
  return {
    singularValues: singularValues.slice(0, rank),
    left: firstColumns(left, rank),
    right: firstColumns(right, rank),
  }
}

/** `U diag(σ) Vᵀ`: the matrix again, or its best approximation of the rank a decomposition was truncated to. */
export function svdProduct({ singularValues, left, right }: Svd): Float64Matrix {
  const scaled = zeros(left.rows, left.columns)
  left.data.forEach((value, at) => (scaled.data[at] = value * (singularValues[at % left.columns] as number)))
  return product(scaled, transpose(right))
}

/** Σ σ² of the singular values from the `rank`-th on: the squared error of the best approximation of that rank. */
export function droppedEnergy({ singularValues }: Pick<Svd, 'singularValues'>, rank: number): number {
  return singularValues.slice(rank).reduce((sum, value) => sum + value * value, 0)
}

/** What `ml-matrix` calls a matrix, as far as it is read here. */
interface RowMatrix {
  readonly rows: number
  readonly columns: number
  get(row: number, column: number): number
}

/** A matrix of the package in one array. */
export function fromRows(matrix: RowMatrix): Float64Matrix {
  const result = zeros(matrix.rows, matrix.columns)
  for (let row = 0; row < matrix.rows; row += 1)
    for (let column = 0; column < matrix.columns; column += 1)
      result.data[row * matrix.columns + column] = matrix.get(row, column)
  return result
}
