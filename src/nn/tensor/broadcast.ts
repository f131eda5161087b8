/** Sums along axes and stretching to a larger shape: each is the way back of the other. */
import { reshape } from './layout.ts'
import { broadcastShape, normalAxis, sameShape, type Shape, shapeError, shapeText, staticShape } from './shape.ts'
import { type SymbolicTensor, given } from './tensor-graph.ts'

export interface ReduceOptions {
  /** All axes if absent. */
  readonly axes?: readonly number[]
  /** Whether reduced axes stay, with size 1. False if absent. */
  readonly keepAxes?: boolean
}

export function sum(x: SymbolicTensor, options: ReduceOptions = {}): SymbolicTensor {
  const { axes, kept, shape } = reduction('sum', x, options)
  return x.graph.applyOne('ReduceSum', {
    inputs: [x],
    constants: [x.graph.onnx.integers(axes)],
    attributes: { keepdims: options.keepAxes === true ? 1 : 0 },
    shape,
    backward: [([gradient]) => expand(reshape(given(gradient), kept), x.shape)],
  })
}

/** Repeats axes of size 1 to reach `shape`. */
export function expand(x: SymbolicTensor, shape: Shape): SymbolicTensor {
  if (sameShape(x.shape, shape)) return x
  if (!sameShape(broadcastShape('expand', x.shape, shape), shape))
    throw shapeError('expand', `${shapeText(x.shape)} cannot be stretched to ${shapeText(shape)}.`)
  return x.graph.applyOne('Expand', {
    inputs: [x],
    constants: [x.graph.onnx.integers(staticShape('expand', shape))],
    shape,
    dataType: x.dataType,
    backward: [([gradient]) => unbroadcast(given(gradient), x.shape)],
  })
}

/** Sums over the axes along which an operand of `shape` was stretched: the way back of broadcasting. */
export function unbroadcast(gradient: SymbolicTensor, shape: Shape): SymbolicTensor {
  // An operand may be smaller than the result it came from, or larger when the gradient is still to be stretched.
  const full = expand(gradient, broadcastShape('unbroadcast', gradient.shape, shape))
  if (sameShape(full.shape, shape)) return full
  const missing = full.rank - shape.length
  const axes = full.shape.flatMap((size, axis) =>
    axis < missing || (shape[axis - missing] === 1 && size !== 1) ? [axis] : [],
  )
  return reshape(sum(full, { axes, keepAxes: true }), shape)
}

/** What a reduction works out before its node: axes from the front, the shape with and without them. */
export function reduction(
  operator: string,
  x: SymbolicTensor,
  { axes, keepAxes = false }: ReduceOptions,
): { readonly axes: readonly number[]; readonly kept: Shape; readonly shape: Shape } {
  if (x.dataType !== 'float32') throw shapeError(operator, `works on float32, not on ${x.text}.`)
  const normal =
    axes === undefined ? x.shape.map((_, axis) => axis) : axes.map((axis) => normalAxis(operator, axis, x.rank))
  const kept = x.shape.map((size, axis) => (normal.includes(axis) ? 1 : size))
  return { axes: normal, kept, shape: keepAxes ? kept : x.shape.filter((_, axis) => !normal.includes(axis)) }
}
