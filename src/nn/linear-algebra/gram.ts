/**
 * The singular values and right vectors of a tall matrix (many rows, up to a few hundred columns) from its Gram matrix `AᵀA`, which
 * is added up batch by batch, so that the matrix itself is never held: activations over a data set, for one.
 *
 * The squares cost precision: singular values below about 1e-8 of the largest are rounding. `svd.ts` has no such limit.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type DenseMatrix, type Float64Matrix, firstColumns, product, requireMatrix, zeros } from './matrix.ts'
import { orthonormalColumns } from './orthonormal.ts'
import { type Svd, fromRows } from './svd.ts'

/** Values below this part of the largest have no left vector worth computing from the matrix. */
const NOISE = 1e-7

/** Singular values, falling, and V, columns × columns. */
export type RightSvd = Pick<Svd, 'singularValues' | 'right'>

export class GramAccumulator {
  readonly #columns: number
  readonly #sums: Float64Array
  #rows = 0

  constructor(columns: number) {
    if (!(Number.isInteger(columns) && columns > 0))
      throw new ParapetError('configuration', `A Gram matrix needs a whole number of columns above 0, not ${columns}.`)
    this.#columns = columns
    this.#sums = new Float64Array(columns * columns)
  }

  /** Rows added so far. */
  get rows(): number {
    return this.#rows
  }

  /**
   * Adds rows, one after the other in one array; none is fine. Throws `input_invalid`, and adds nothing, for a length that is no
   * number of rows or numbers that are not finite.
   */
  add(rows: Float32Array | Float64Array): void {
    const columns = this.#columns
    if (rows.length === 0) return
    if (rows.length % columns !== 0)
      throw new ParapetError('input_invalid', `${rows.length} numbers are no whole rows of ${columns}.`)
    requireMatrix('What is added to a Gram matrix', { rows: rows.length / columns, columns, data: rows })
    const sums = this.#sums
    for (let start = 0; start < rows.length; start += columns)
      for (let one = 0; one < columns; one += 1) {
        const factor = rows[start + one] as number
        const at = one * columns
        // It is symmetric: the upper half is enough.
        for (let other = one; other < columns; other += 1)
          sums[at + other] = (sums[at + other] as number) + factor * (rows[start + other] as number)
      }
    this.#rows += rows.length / columns
  }

  /** `AᵀA` of all rows so far, whole. */
  matrix(): Float64Matrix {
    const result = zeros(this.#columns, this.#columns)
    for (let one = 0; one < this.#columns; one += 1)
      for (let other = one; other < this.#columns; other += 1) {
        const sum = this.#sums[one * this.#columns + other] as number
        result.data[one * this.#columns + other] = sum
        result.data[other * this.#columns + one] = sum
      }
    return result
  }

  /** The decomposition of all rows so far: as many singular values as columns, zeros included. */
  async decompose(): Promise<RightSvd> {
    if (this.#rows === 0) throw new ParapetError('input_invalid', 'There are no rows to decompose: add some first.')
    const { Matrix, EigenvalueDecomposition } = await import('ml-matrix')
    const columns = this.#columns
    const gram = Matrix.from1DArray(columns, columns, this.matrix().data)
    const found = new EigenvalueDecomposition(gram, { assumeSymmetric: true })
    const vectors = fromRows(found.eigenvectorMatrix)
    const order = found.realEigenvalues.map((_, at) => at)
    order.sort((one, other) => (found.realEigenvalues[other] ?? 0) - (found.realEigenvalues[one] ?? 0))
    const right = zeros(columns, columns)
    right.data.forEach((_, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns]
      right.data[at] = vectors.data[row * columns + (order[column] ?? 0)] as number
    })
    // An eigenvalue of 0 may come out a little below it.
    const singularValues = Float64Array.from(order, (at) => Math.sqrt(Math.max(0, found.realEigenvalues[at] ?? 0)))
    return { singularValues, right }
  }
}

/** The thin SVD of a tall matrix (rows ≥ columns) by its Gram matrix. Twice as fast as `thinSvd` at 2048 × 256. */
export async function gramSvd(matrix: DenseMatrix): Promise<Svd> {
  requireMatrix('The matrix of an SVD', matrix)
  if (matrix.rows < matrix.columns)
    throw new ParapetError(
      'input_invalid',
      `A matrix of ${matrix.rows} × ${matrix.columns} is not tall: use its transpose.`,
    )
  const gram = new GramAccumulator(matrix.columns)
  gram.add(matrix.data)
  const { singularValues, right } = await gram.decompose()
  const floor = NOISE * (singularValues[0] ?? 0)
  const left = product(matrix, right)
  left.data.forEach((value, at) => {
    const size = singularValues[at % matrix.columns] ?? 0
    left.data[at] = size > floor ? value / size : 0
  })
  // Also gives the values lost in rounding a direction, and takes rounding out of the others.
  return { singularValues, right, left: firstColumns(orthonormalColumns(left), matrix.columns) }
}
