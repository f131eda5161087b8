/** An orthonormal basis of what columns span, and normally distributed numbers to start from. */
import { ParapetError } from '../../spec/errors.ts'
import { createRandom } from '../random.ts'
import { type DenseMatrix, type Float64Matrix, transpose, zeros } from './matrix.ts'

/** A column that shrinks below this part of its length lay in the span of those before it, up to rounding. */
const DEPENDENT = 1e-12

/**
 * As many orthonormal columns as the matrix has, the first j of which span what its first j columns span: Gram–Schmidt, each column
 * twice (Giraud, Langou & Rozložník 2005, "The loss of orthogonality in the Gram-Schmidt process"). A column that depends on earlier
 * ones is replaced by a random direction, so the result is orthonormal whatever the rank. Needs rows ≥ columns.
 */
export function orthonormalColumns(matrix: DenseMatrix, seed: number = 0): Float64Matrix {
  const { rows: columns, columns: rows, data } = transpose(matrix)
  if (rows < columns)
    throw new ParapetError('internal', `${columns} columns of ${rows} numbers cannot all be orthogonal.`)
  const random = createRandom(seed)
  for (let column = 0; column < columns; column += 1) {
    const vector = data.subarray(column * rows, (column + 1) * rows)
    let before = norm(vector)
    for (;;) {
      for (let pass = 0; pass < 2; pass += 1)
        for (let other = 0; other < column; other += 1)
          removePart(vector, data.subarray(other * rows, (other + 1) * rows))
      const length = norm(vector)
      if (length > DEPENDENT * before) {
        for (let at = 0; at < rows; at += 1) vector[at] = (vector[at] as number) / length
        break
      }
      for (let at = 0; at < rows; at += 1) vector[at] = random() - 0.5
      before = norm(vector)
    }
  }
  return transpose({ rows: columns, columns: rows, data })
}

/** Independent standard normal numbers (Box & Muller 1958). */
export function gaussianMatrix(rows: number, columns: number, seed: number): Float64Matrix {
  const random = createRandom(seed)
  const result = zeros(rows, columns)
  for (let at = 0; at < result.data.length; at += 1)
    result.data[at] = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return result
}

function norm(vector: Float64Array): number {
  let sum = 0
  for (const value of vector) sum += value * value
  return Math.sqrt(sum)
}

/** Takes the part along a unit vector away. */
function removePart(vector: Float64Array, unit: Float64Array): void {
  let share = 0
  for (let at = 0; at < vector.length; at += 1) share += (vector[at] as number) * (unit[at] as number)
  for (let at = 0; at < vector.length; at += 1) vector[at] = (vector[at] as number) - share * (unit[at] as number)
}
