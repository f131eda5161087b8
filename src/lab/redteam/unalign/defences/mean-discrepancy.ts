/**
 * The squared maximum mean discrepancy of two samples (Gretton et al. 2012, eq. 5, the biased estimate): 0 where they look alike. Five
 * Gaussian kernels whose widths double around the mean squared distance, which gets no gradient, as is usual where it serves as a loss.
 */
import {
  type SymbolicTensor,
  add,
  clampMin,
  concat,
  div,
  exp,
  matmul,
  mean,
  mul,
  neg,
  slice,
  square,
  stopGradient,
  sub,
  sum,
  transpose,
} from '../../../../nn/tensor/index.ts'
import { staticShape } from '../../../../nn/tensor/shape.ts'

const KERNELS = 5
const FACTOR = 2

/** One number for two samples [count, width] of equal size. */
export function discrepancy(one: SymbolicTensor, other: SymbolicTensor): SymbolicTensor {
  const [count = 1] = staticShape('discrepancy', one.shape)
  const distances = squaredDistances(concat([one, other], 0))
  const pairs = 2 * count * (2 * count - 1)
  const middle = mul(stopGradient(sum(distances)), 1 / pairs)
  const kernels = Array.from({ length: KERNELS }, (_, at) => {
    const width = mul(middle, FACTOR ** (at - Math.floor(KERNELS / 2)))
    return exp(neg(div(distances, clampMin(width, 1e-12))))
  })
  const kernel = kernels.reduce((total, next) => add(total, next))
  const part = (row: number, column: number): SymbolicTensor =>
    mean(slice(slice(kernel, 0, row * count, (row + 1) * count), 1, column * count, (column + 1) * count))
  return sub(add(part(0, 0), part(1, 1)), add(part(0, 1), part(1, 0)))
}

/** ‖a − b‖² of all pairs of rows, [rows, rows]. */
function squaredDistances(rows: SymbolicTensor): SymbolicTensor {
  const norms = sum(square(rows), { axes: [1], keepAxes: true })
  const products = matmul(rows, rows, { transposeRight: true })
  return clampMin(sub(add(norms, transpose(norms, [1, 0])), mul(products, 2)), 0)
}
