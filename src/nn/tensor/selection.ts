/** Comparisons, and operations that choose between elements. Broadcasting as in `elementwise.ts`. */
import { unbroadcast } from './broadcast.ts'
import { type Operand, add, binary, cast, mul, requireFloat, sub } from './elementwise.ts'
import { broadcastShape, shapeError, staticShape } from './shape.ts'
import { type SymbolicTensor, given } from './tensor-graph.ts'

/** The larger of `x` and a number; no gradient where `x` is not above it. */
export function clampMin(x: SymbolicTensor, minimum: number): SymbolicTensor {
  return x.graph.applyOne('Max', {
    inputs: [x],
    constants: [x.graph.onnx.scalar(minimum)],
    shape: x.shape,
    backward: [([gradient]) => kept(greater(x, minimum), given(gradient))],
  })
}

/** The smaller of `x` and a number; no gradient where `x` is not below it. */
export function clampMax(x: SymbolicTensor, maximum: number): SymbolicTensor {
  return x.graph.applyOne('Min', {
    inputs: [x],
    constants: [x.graph.onnx.scalar(maximum)],
    shape: x.shape,
    backward: [([gradient]) => kept(greater(x.graph.scalar(maximum), x), given(gradient))],
  })
}

/** The larger of two tensors, element by element, broadcast. Equal ones share the gradient. */
export function maximum(left: Operand, right: Operand): SymbolicTensor {
  return binary('Max', left, right, {
    left: (gradient, { left, right }) => mul(gradient, shareAbove(left, right)),
    right: (gradient, { left, right }) => mul(gradient, shareAbove(right, left)),
  })
}

/** The smaller of two tensors, element by element, broadcast. Equal ones share the gradient. */
export function minimum(left: Operand, right: Operand): SymbolicTensor {
  return binary('Min', left, right, {
    left: (gradient, { left, right }) => mul(gradient, shareAbove(right, left)),
    right: (gradient, { left, right }) => mul(gradient, shareAbove(left, right)),
  })
}

/** 1 where `one > other`, ½ where they are equal, else 0. */
function shareAbove(one: SymbolicTensor, other: SymbolicTensor): SymbolicTensor {
  const above = (left: SymbolicTensor, right: SymbolicTensor): SymbolicTensor => cast(greater(left, right), 'float32')
  return add(mul(sub(above(one, other), above(other, one)), 0.5), 0.5)
}

/** bool: `left > right`. No gradient. */
export function greater(left: SymbolicTensor, right: Operand): SymbolicTensor {
  return compare('Greater', left, right)
}

/** bool: `left = right`. No gradient. */
export function equal(left: SymbolicTensor, right: Operand): SymbolicTensor {
  return compare('Equal', left, right)
}

/** `condition ? yes : no` for each element; `condition` is bool. */
export function where(condition: SymbolicTensor, yes: Operand, no: Operand): SymbolicTensor {
  if (condition.dataType !== 'bool') throw shapeError('where', `the condition must be bool, not ${condition.text}.`)
  const { graph } = condition
  const whenTrue = typeof yes === 'number' ? graph.scalar(yes) : yes
  const whenFalse = typeof no === 'number' ? graph.scalar(no) : no
  requireFloat('where', whenTrue, whenFalse)
  const shape = broadcastShape('where', broadcastShape('where', condition.shape, whenTrue.shape), whenFalse.shape)
  return graph.applyOne('Where', {
    inputs: [condition, whenTrue, whenFalse],
    shape,
    backward: [
      undefined,
      ([gradient]) => unbroadcast(kept(condition, given(gradient)), whenTrue.shape),
      ([gradient]) => unbroadcast(kept(not(condition), given(gradient)), whenFalse.shape),
    ],
  })
}

/** bool: the opposite. */
function not(condition: SymbolicTensor): SymbolicTensor {
  return condition.graph.applyOne('Not', { inputs: [condition], shape: condition.shape, dataType: 'bool' })
}

/** `x` where the condition holds, else 0. Zeros in full: `Where` with a single number was ten times slower in onnxruntime, measured alone. */
function kept(condition: SymbolicTensor, x: SymbolicTensor): SymbolicTensor {
  return where(condition, x, x.graph.fill(staticShape('where', x.shape)))
}

function compare(operator: string, left: SymbolicTensor, other: Operand): SymbolicTensor {
  const right = typeof other === 'number' ? left.graph.scalar(other, left.dataType) : other
  if (left.dataType !== right.dataType) throw shapeError(operator, `cannot compare ${left.text} with ${right.text}.`)
  const shape = broadcastShape(operator, left.shape, right.shape)
  return left.graph.applyOne(operator, { inputs: [left, right], shape, dataType: 'bool' })
}
