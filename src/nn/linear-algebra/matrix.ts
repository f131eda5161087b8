/**
 * Dense matrices in row-major arrays and the few products that decompositions need, in float64 and cut into blocks that stay in the
 * processor's cache. Products of a model's forward pass are onnxruntime's matter, not this file's.
 */
import { ParapetError } from '../../spec/errors.ts'

/** `rows × columns` numbers, row after row. */
export interface DenseMatrix {
  readonly rows: number
  readonly columns: number
  readonly data: Float32Array | Float64Array
}

/** A matrix of float64, as every function here gives it. */
export interface Float64Matrix extends DenseMatrix {
  readonly data: Float64Array
}

/** Rows and inner terms of one block; a block of the right factor then has some 100 KB at 256 columns. */
const BLOCK = 48

/** A matrix of zeros. */
export function zeros(rows: number, columns: number): Float64Matrix {
  return { rows, columns, data: new Float64Array(rows * columns) }
}

/** Throws `input_invalid` unless the matrix has elements, as many as it says, all finite. */
export function requireMatrix(name: string, { rows, columns, data }: DenseMatrix): void {
  if (!(Number.isInteger(rows) && Number.isInteger(columns) && rows > 0 && columns > 0))
    throw new ParapetError('input_invalid', `${name} of ${rows} × ${columns} has no elements.`)
  if (data.length !== rows * columns)
    throw new ParapetError(
      'input_invalid',
      `${name} of ${rows} × ${columns} needs ${rows * columns} elements, not ${data.length}.`,
    )
  if (!data.every(Number.isFinite))
    throw new ParapetError('input_invalid', `${name} holds numbers that are not finite: look where they come from.`)
}

export function transpose({ rows, columns, data }: DenseMatrix): Float64Matrix {
  const result = zeros(columns, rows)
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      result.data[column * rows + row] = data[row * columns + column] as number
  return result
}

/** `left × right`. */
export function product(left: DenseMatrix, right: DenseMatrix): Float64Matrix {
  requireInner(left.columns, right.rows)
  const result = zeros(left.rows, right.columns)
  const width = right.columns
  for (let from = 0; from < left.columns; from += BLOCK) {
    const to = Math.min(from + BLOCK, left.columns)
    for (let row = 0; row < left.rows; row += 1)
      for (let inner = from; inner < to; inner += 1)
        addScaled(
          result.data,
          row * width,
          right.data,
          inner * width,
          width,
          left.data[row * left.columns + inner] as number,
        )
  }
  return result
}

/** `leftᵀ × right`, without writing the transpose. */
export function transposedProduct(left: DenseMatrix, right: DenseMatrix): Float64Matrix {
  requireInner(left.rows, right.rows)
  const result = zeros(left.columns, right.columns)
  const width = right.columns
  for (let from = 0; from < left.columns; from += BLOCK) {
    const to = Math.min(from + BLOCK, left.columns)
    for (let inner = 0; inner < left.rows; inner += 1)
      for (let column = from; column < to; column += 1)
        addScaled(
          result.data,
          column * width,
          right.data,
          inner * width,
          width,
          left.data[inner * left.columns + column] as number,
        )
  }
  return result
}

/** `left - right`, element by element. */
export function difference(left: DenseMatrix, right: DenseMatrix): Float64Matrix {
  if (left.rows !== right.rows || left.columns !== right.columns)
    throw new ParapetError(
      'internal',
      `A ${left.rows} × ${left.columns} and a ${right.rows} × ${right.columns} matrix have no difference.`,
    )
  return { ...left, data: Float64Array.from(left.data, (value, at) => value - (right.data[at] as number)) }
}

/** The first columns. */
export function firstColumns({ rows, columns, data }: DenseMatrix, count: number): Float64Matrix {
  const result = zeros(rows, count)
  for (let row = 0; row < rows; row += 1)
    result.data.set(data.subarray(row * columns, row * columns + count), row * count)
  return result
}

/** Σ x², the squared Frobenius norm. */
export function energy({ data }: DenseMatrix): number {
  let sum = 0
  for (const value of data) sum += value * value
  return sum
}

function addScaled(
  to: Float64Array,
  at: number,
  from: Float32Array | Float64Array,
  start: number,
  count: number,
  factor: number,
): void {
  for (let index = 0; index < count; index += 1)
    to[at + index] = (to[at + index] as number) + factor * (from[start + index] as number)
}

function requireInner(left: number, right: number): void {
  if (left !== right) throw new ParapetError('internal', `A product needs equal inner sizes, not ${left} and ${right}.`)
}
