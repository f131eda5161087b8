/** Means and maxima along axes. */
import { type ReduceOptions, expand, reduction, sum } from './broadcast.ts'
import { cast, div, mul } from './elementwise.ts'
import { reshape } from './layout.ts'
import { equal } from './selection.ts'
import { elementCount, staticShape } from './shape.ts'
import { type SymbolicTensor, given } from './tensor-graph.ts'

export function mean(x: SymbolicTensor, options: ReduceOptions = {}): SymbolicTensor {
  const { axes, kept, shape } = reduction('mean', x, options)
  return x.graph.applyOne('ReduceMean', {
    inputs: [x],
    constants: [x.graph.onnx.integers(axes)],
    attributes: { keepdims: options.keepAxes === true ? 1 : 0 },
    shape,
    backward: [
      ([gradient]) => {
        const count = elementCount(
          staticShape(
            'mean',
            axes.map((axis) => x.shape[axis] ?? 1),
          ),
        )
        return expand(reshape(mul(given(gradient), 1 / count), kept), x.shape)
      },
    ],
  })
}

/** The largest element. Where several are equal the gradient is shared among them. */
export function max(x: SymbolicTensor, options: ReduceOptions = {}): SymbolicTensor {
  const { axes, kept, shape } = reduction('max', x, options)
  const y: SymbolicTensor = x.graph.applyOne('ReduceMax', {
    inputs: [x],
    constants: [x.graph.onnx.integers(axes)],
    attributes: { keepdims: options.keepAxes === true ? 1 : 0 },
    shape,
    backward: [
      ([gradient]) => {
        const isLargest = cast(equal(x, reshape(y, kept)), 'float32')
        return mul(isLargest, div(reshape(given(gradient), kept), sum(isLargest, { axes, keepAxes: true })))
      },
    ],
  })
  return y
}
