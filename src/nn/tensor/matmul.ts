/** Matrix products, on the kernels of onnxruntime that transpose and scale while they multiply. */
import { unbroadcast } from './broadcast.ts'
import { reshape } from './layout.ts'
import { broadcastShape, sameShape, type Shape, shapeError, shapeText, staticShape } from './shape.ts'
import { type SymbolicTensor, given } from './tensor-graph.ts'

export interface MatmulOptions {
  /** Use the left matrices transposed. */
  readonly transposeLeft?: boolean
  readonly transposeRight?: boolean
  /** Factor of the result; 1 if absent. */
  readonly scale?: number
}

/**
 * `scale · left × right` over the last two axes; the axes before them broadcast. With a plain matrix on the right, all rows of `left`
 * make one large product.
 */
export function matmul(left: SymbolicTensor, right: SymbolicTensor, options: MatmulOptions = {}): SymbolicTensor {
  const { transposeLeft = false, transposeRight = false, scale = 1 } = options
  if (left.rank < 2 || right.rank < 2 || left.dataType !== 'float32' || right.dataType !== 'float32')
    throw shapeError('matmul', `needs float32 matrices, not ${left.text} and ${right.text}.`)
  const [rows, inner] = matrix(left.shape, transposeLeft)
  const [innerRight, columns] = matrix(right.shape, transposeRight)
  if (inner !== innerRight)
    throw shapeError(
      'matmul',
      `${text(left.shape, transposeLeft)} and ${text(right.shape, transposeRight)} do not fit: ${inner} columns, ${innerRight} rows.`,
    )
  const batch = broadcastShape('matmul', left.shape.slice(0, -2), right.shape.slice(0, -2))
  const plain = !transposeLeft && !transposeRight && scale === 1
  const transposed = { transA: Number(transposeLeft), transB: Number(transposeRight), alpha: { float: scale } }
  return left.graph.applyOne(plain ? 'MatMul' : 'FusedMatMul', {
    inputs: [left, right],
    ...(plain ? {} : { attributes: transposed, domain: 'com.microsoft' as const }),
    shape: [...batch, rows, columns],
    backward: [
      ([gradient]) => {
        const product = transposeLeft
          ? matmul(right, given(gradient), { transposeLeft: transposeRight, transposeRight: true, scale })
          : matmul(given(gradient), right, { transposeRight: !transposeRight, scale })
        return unbroadcast(product, left.shape)
      },
      ([gradient]) => {
        const [one, other] = foldedBatch(left, given(gradient), right, transposeLeft)
        const product = transposeRight
          ? matmul(other, one, { transposeLeft: true, transposeRight: transposeLeft, scale })
          : matmul(one, other, { transposeLeft: !transposeLeft, scale })
        return unbroadcast(product, right.shape)
      },
    ],
  })
}

/** For the gradient of a plain matrix on the right: all rows of a batch under one another, so that one product sums over it. */
function foldedBatch(
  left: SymbolicTensor,
  gradient: SymbolicTensor,
  right: SymbolicTensor,
  transposeLeft: boolean,
): readonly [SymbolicTensor, SymbolicTensor] {
  if (left.rank === 2 || right.rank > 2 || transposeLeft) return [left, gradient]
  const fold = (x: SymbolicTensor): SymbolicTensor => {
    const shape = staticShape('matmul', x.shape)
    return reshape(x, [shape.slice(0, -1).reduce((product, size) => product * size, 1), shape.at(-1) ?? 1])
  }
  return sameShape(left.shape.slice(0, -1), gradient.shape.slice(0, -1))
    ? [fold(left), fold(gradient)]
    : [left, gradient]
}

function matrix(shape: Shape, transpose: boolean): readonly [number | string, number | string] {
  const [rows = 1, columns = 1] = shape.slice(-2)
  return transpose ? [columns, rows] : [rows, columns]
}

function text(shape: Shape, transpose: boolean): string {
  return `${shapeText(shape)}${transpose ? ' (transposed)' : ''}`
}
