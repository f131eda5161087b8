/**
 * Operations that move elements without changing them: reshape, transpose, slice, concat, split.
 *
 * Shapes may hold named dimensions. `reshape` follows them from operand to result, so a model written once serves the training graph
 * with fixed sizes and the exported one with a free batch and length.
 */
import { elementCount, normalAxis, sameShape, type Shape, shapeError, shapeText, staticShape } from './shape.ts'
import { type SymbolicTensor, given } from './tensor-graph.ts'

/**
 * The same elements in another shape. A named dimension must stand at the axis where it stood, or be the only one that moves:
 * ONNX can copy a size from the same axis (0) and work out one more (-1).
 */
export function reshape(x: SymbolicTensor, shape: Shape): SymbolicTensor {
  if (sameShape(x.shape, shape)) return x
  const target = shape.map((size, axis) => (typeof size === 'number' ? size : x.shape[axis] === size ? 0 : -1))
  const symbolic = [...x.shape, ...shape].some((size) => typeof size === 'string')
  if (target.filter((size) => size === -1).length > 1)
    throw shapeError('reshape', `${shapeText(x.shape)} to ${shapeText(shape)} moves more than one named size.`)
  if (!symbolic && elementCount(x.shape as number[]) !== elementCount(shape as number[]))
    throw shapeError('reshape', `${shapeText(x.shape)} and ${shapeText(shape)} have different numbers of elements.`)
  return x.graph.applyOne('Reshape', {
    inputs: [x],
    constants: [x.graph.onnx.integers(target)],
    shape,
    dataType: x.dataType,
    backward: [([gradient]) => reshape(given(gradient), x.shape)],
  })
}

/** Axis `i` of the result is axis `permutation[i]` of `x`. */
export function transpose(x: SymbolicTensor, permutation: readonly number[]): SymbolicTensor {
  const sorted = permutation.toSorted((one, other) => one - other)
  if (sorted.length !== x.rank || sorted.some((axis, index) => axis !== index))
    throw shapeError('transpose', `${shapeText(permutation)} does not name each axis of ${shapeText(x.shape)} once.`)
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis))
  return x.graph.applyOne('Transpose', {
    inputs: [x],
    attributes: { perm: permutation },
    shape: permutation.map((axis) => x.shape[axis] ?? 1),
    dataType: x.dataType,
    backward: [([gradient]) => transpose(given(gradient), inverse)],
  })
}

/** The part of one axis from `start` up to, not including, `end`. A named axis must turn out to be long enough. */
export function slice(x: SymbolicTensor, axis: number, start: number, end: number): SymbolicTensor {
  const at = normalAxis('slice', axis, x.rank)
  const size = x.shape[at]
  if (!(start >= 0 && start < end && (typeof size !== 'number' || end <= size)))
    throw shapeError('slice', `${start} to ${end} is not a part of axis ${axis} of ${shapeText(x.shape)}.`)
  const { onnx } = x.graph
  return x.graph.applyOne('Slice', {
    inputs: [x],
    constants: [onnx.integers([start]), onnx.integers([end]), onnx.integers([at])],
    shape: x.shape.with(at, end - start),
    dataType: x.dataType,
    backward: [
      ([gradient]) => {
        const full = staticShape('slice', x.shape)[at] ?? end
        return padded(given(gradient), at, start, full - end)
      },
    ],
  })
}

/**
 * The first rows of a table, as many as `like` has along `axis`: the positions of a sequence whose length may be known only at run
 * time. No gradient flows from the length; the table has one when the length is fixed.
 */
export function firstRows(table: SymbolicTensor, like: SymbolicTensor, axis: number): SymbolicTensor {
  const count = like.shape[normalAxis('firstRows', axis, like.rank)] ?? 1
  if (typeof count === 'number') return count === table.shape[0] ? table : slice(table, 0, 0, count)
  const { onnx } = table.graph
  const [shape = ''] = onnx.node('Shape', [like.name])
  const [end = ''] = onnx.node('Gather', [shape, onnx.integers([axis])])
  return table.graph.applyOne('Slice', {
    inputs: [table],
    constants: [onnx.integers([0]), end, onnx.integers([0])],
    shape: [count, ...table.shape.slice(1)],
  })
}

/** Tensors side by side along one axis. */
export function concat(parts: readonly SymbolicTensor[], axis: number): SymbolicTensor {
  const [first] = parts
  if (first === undefined) throw shapeError('concat', 'there is nothing to join.')
  const at = normalAxis('concat', axis, first.rank)
  for (const part of parts)
    if (
      part.rank !== first.rank ||
      part.dataType !== first.dataType ||
      !sameShape(part.shape.with(at, 0), first.shape.with(at, 0))
    )
      throw shapeError('concat', `${first.text} and ${part.text} differ in more than axis ${axis}.`)
  const sizes = parts.map(({ shape }) => {
    const size = shape[at]
    if (typeof size !== 'number') throw shapeError('concat', `axis ${axis} of ${shapeText(shape)} needs a fixed size.`)
    return size
  })
  const starts = sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + size, 0))
  return first.graph.applyOne('Concat', {
    inputs: parts,
    attributes: { axis: at },
    shape: first.shape.with(
      at,
      sizes.reduce((sum, size) => sum + size, 0),
    ),
    dataType: first.dataType,
    backward: sizes.map((size, index) => ([gradient]) => {
      const start = starts[index] ?? 0
      return slice(given(gradient), at, start, start + size)
    }),
  })
}

/** Cuts one axis into parts of the given sizes. */
export function split(x: SymbolicTensor, axis: number, sizes: readonly number[]): readonly SymbolicTensor[] {
  const at = normalAxis('split', axis, x.rank)
  if (sizes.reduce((sum, size) => sum + size, 0) !== x.shape[at])
    throw shapeError('split', `sizes ${shapeText(sizes)} do not add up to axis ${axis} of ${shapeText(x.shape)}.`)
  return x.graph.apply('Split', {
    inputs: [x],
    constants: [x.graph.onnx.integers(sizes)],
    attributes: { axis: at },
    outputs: sizes.map((size) => ({ shape: x.shape.with(at, size), dataType: x.dataType })),
    backward: [
      (gradients) =>
        concat(
          gradients.map(
            (gradient, index) => gradient ?? x.graph.fill(staticShape('split', x.shape).with(at, sizes[index] ?? 0)),
          ),
          at,
        ),
    ],
  })
}

/** Zeros before and after along one axis: the way back of a slice. */
function padded(x: SymbolicTensor, axis: number, before: number, after: number): SymbolicTensor {
  const shape = staticShape('slice', x.shape)
  const zeros = (size: number): readonly SymbolicTensor[] => (size === 0 ? [] : [x.graph.fill(shape.with(axis, size))])
  return concat([...zeros(before), x, ...zeros(after)], axis)
}
