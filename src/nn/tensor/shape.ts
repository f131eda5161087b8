/** Arithmetic of shapes. A dimension is a size, or a name when the size is known only at run time (`'batch'`, `'length'`). */
import { ParapetError } from '../../spec/errors.ts'
import type { Dimension } from '../onnx/graph.ts'

export type Shape = readonly Dimension[]

/** `[2, batch, 3]`, as messages show it. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

export function shapeError(operator: string, message: string): ParapetError {
  return new ParapetError('internal', `${operator}: ${message}`)
}

/** The sizes, or an error for a shape with named dimensions: gradients need every size. */
export function staticShape(operator: string, shape: Shape): readonly number[] {
  return shape.map((size) => {
    if (typeof size === 'string')
      throw shapeError(operator, `needs fixed sizes, but ${shapeText(shape)} has the named size ${size}.`)
    return size
  })
}

/** Number of elements. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

export function sameShape(left: Shape, right: Shape): boolean {
  return left.length === right.length && left.every((size, axis) => size === right[axis])
}

/** The shape two operands are stretched to (ONNX, "Multidirectional broadcasting"). */
export function broadcastShape(operator: string, left: Shape, right: Shape): Shape {
  const rank = Math.max(left.length, right.length)
  return Array.from({ length: rank }, (_, axis) => {
    const one = left[left.length - rank + axis] ?? 1
    const other = right[right.length - rank + axis] ?? 1
    if (one !== other && one !== 1 && other !== 1)
      throw shapeError(operator, `${shapeText(left)} and ${shapeText(right)} cannot be broadcast together.`)
    return one === 1 ? other : one
  })
}

/** `axis` counted from the front; a negative one counts from the end. */
export function normalAxis(operator: string, axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(normal) || normal < 0 || normal >= rank)
    throw shapeError(operator, `axis ${axis} does not exist in ${rank} dimensions.`)
  return normal
}
