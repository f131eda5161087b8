/**
 * Arithmetic on each element, with broadcasting as in ONNX and NumPy. Either operand of a binary operation may be a plain number.
 * Backward rules are the textbook derivatives; where the forward value is at hand it is used again.
 */
import type { DataType } from '../onnx/graph.ts'
import { unbroadcast } from './broadcast.ts'
import { broadcastShape, sameShape, shapeError } from './shape.ts'
import { type SymbolicTensor, given } from './tensor-graph.ts'

/** A tensor, or a number that becomes a constant of the graph. */
export type Operand = SymbolicTensor | number

export function add(left: Operand, right: Operand): SymbolicTensor {
  return binary('Add', left, right, {
    left: (gradient) => gradient,
    right: (gradient) => gradient,
  })
}

export function sub(left: Operand, right: Operand): SymbolicTensor {
  return binary('Sub', left, right, {
    left: (gradient) => gradient,
    right: (gradient) => neg(gradient),
  })
}

export function mul(left: Operand, right: Operand): SymbolicTensor {
  return binary('Mul', left, right, {
    left: (gradient, { right }) => mul(gradient, right),
    right: (gradient, { left }) => mul(gradient, left),
  })
}

export function div(left: Operand, right: Operand): SymbolicTensor {
  return binary('Div', left, right, {
    left: (gradient, { right }) => div(gradient, right),
    right: (gradient, { right, result }) => neg(div(mul(gradient, result), right)),
  })
}

export function neg(x: SymbolicTensor): SymbolicTensor {
  return unary('Neg', x, (gradient) => neg(gradient))
}

export function exp(x: SymbolicTensor): SymbolicTensor {
  return unary('Exp', x, (gradient, y) => mul(gradient, y))
}

/** Natural logarithm. */
export function log(x: SymbolicTensor): SymbolicTensor {
  return unary('Log', x, (gradient) => div(gradient, x))
}

export function sqrt(x: SymbolicTensor): SymbolicTensor {
  return unary('Sqrt', x, (gradient, y) => div(mul(gradient, 0.5), y))
}

/** `x²`: half the backward nodes of `mul(x, x)`. */
export function square(x: SymbolicTensor): SymbolicTensor {
  requireFloat('square', x)
  return x.graph.applyOne('Mul', {
    inputs: [x],
    constants: [x.name],
    shape: x.shape,
    backward: [([gradient]) => mul(mul(given(gradient), 2), x)],
  })
}

/** `x` to a fixed power. */
export function pow(x: SymbolicTensor, exponent: number): SymbolicTensor {
  return x.graph.applyOne('Pow', {
    inputs: [x],
    constants: [x.graph.onnx.scalar(exponent)],
    shape: x.shape,
    backward: [([gradient]) => mul(mul(given(gradient), exponent), exponent === 2 ? x : pow(x, exponent - 1))],
  })
}

export function tanh(x: SymbolicTensor): SymbolicTensor {
  return unary('Tanh', x, (gradient, y) => mul(gradient, sub(1, mul(y, y))))
}

export function sigmoid(x: SymbolicTensor): SymbolicTensor {
  return unary('Sigmoid', x, (gradient, y) => mul(gradient, mul(y, sub(1, y))))
}

/** Nearest whole number, halves to the even one. No gradient. */
export function round(x: SymbolicTensor): SymbolicTensor {
  return x.graph.applyOne('Round', { inputs: [x], shape: x.shape })
}

/** Magnitude. No gradient where it has a kink, at 0. */
export function abs(x: SymbolicTensor): SymbolicTensor {
  return unary('Abs', x, (gradient) => mul(gradient, x.graph.applyOne('Sign', { inputs: [x], shape: x.shape })))
}

/** Gauss error function. */
export function erf(x: SymbolicTensor): SymbolicTensor {
  return unary('Erf', x, (gradient) => mul(gradient, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))))
}

/** Another element type. A gradient flows only from float32 to float32, so never through a real cast. */
export function cast(x: SymbolicTensor, dataType: DataType): SymbolicTensor {
  if (x.dataType === dataType) return x
  const code = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 }[dataType]
  return x.graph.applyOne('Cast', { inputs: [x], attributes: { to: code }, shape: x.shape, dataType })
}

/** The same value, through which no gradient flows. */
export function stopGradient(x: SymbolicTensor): SymbolicTensor {
  return x.graph.applyOne('Identity', { inputs: [x], shape: x.shape, dataType: x.dataType })
}

/**
 * Inverted dropout (Srivastava et al. 2014, §10): keeps an element where `mask` is 1 and divides by the keeping rate. The mask is
 * fed, uint8 with the shape of `x`, so that its randomness has one seeded home outside the graph.
 */
export function dropout(x: SymbolicTensor, mask: SymbolicTensor, rate: number): SymbolicTensor {
  if (!(rate >= 0 && rate < 1)) throw shapeError('dropout', `the rate must be at least 0 and below 1, not ${rate}.`)
  if (!sameShape(x.shape, mask.shape)) throw shapeError('dropout', `the mask is ${mask.text}, the tensor ${x.text}.`)
  return mul(x, mul(cast(mask, 'float32'), 1 / (1 - rate)))
}

/** An operation of one operand with its derivative. Operations are built on this; models use the operations. */
export function unary(
  operator: string,
  x: SymbolicTensor,
  backward: (gradient: SymbolicTensor, y: SymbolicTensor) => SymbolicTensor,
): SymbolicTensor {
  requireFloat(operator, x)
  const y: SymbolicTensor = x.graph.applyOne(operator, {
    inputs: [x],
    shape: x.shape,
    backward: [([gradient]) => backward(given(gradient), y)],
  })
  return y
}

/** What the rule of a binary operation may use. */
export interface BinaryValues {
  readonly left: SymbolicTensor
  readonly right: SymbolicTensor
  readonly result: SymbolicTensor
}
export type BinaryBackward = (gradient: SymbolicTensor, values: BinaryValues) => SymbolicTensor

/** The same for two operands that broadcast. */
export function binary(
  operator: string,
  one: Operand,
  other: Operand,
  backward: { readonly left: BinaryBackward; readonly right: BinaryBackward },
): SymbolicTensor {
  const graph = typeof one === 'number' ? (typeof other === 'number' ? undefined : other.graph) : one.graph
  if (graph === undefined) throw shapeError(operator, 'one of the two operands must be a tensor.')
  const left = typeof one === 'number' ? graph.scalar(one) : one
  const right = typeof other === 'number' ? graph.scalar(other) : other
  requireFloat(operator, left, right)
  const values = (): BinaryValues => ({ left, right, result })
  const result: SymbolicTensor = graph.applyOne(operator, {
    inputs: [left, right],
    shape: broadcastShape(operator, left.shape, right.shape),
    backward: [
      ([gradient]) => unbroadcast(backward.left(given(gradient), values()), left.shape),
      ([gradient]) => unbroadcast(backward.right(given(gradient), values()), right.shape),
    ],
  })
  return result
}

export function requireFloat(operator: string, ...tensors: readonly SymbolicTensor[]): void {
  const wrong = tensors.find(({ dataType }) => dataType !== 'float32')
  if (wrong !== undefined) throw shapeError(operator, `works on float32, not on ${wrong.text}. Use cast() first.`)
}
