/**
 * Rows by index (embeddings), elements by index (the probability of the right answer), and indices as rows of 0 and 1.
 *
 * The way back adds rows with `ScatterElements`. `ScatterND` with addition is the shorter way to say it, but onnxruntime runs it on
 * several threads that overwrite one another when an index repeats, which in an embedding it always does.
 */
import { cast } from './elementwise.ts'
import { reshape } from './layout.ts'
import { equal } from './selection.ts'
import { expand } from './broadcast.ts'
import { elementCount, sameShape, shapeError, shapeText, staticShape } from './shape.ts'
import { type SymbolicTensor, given } from './tensor-graph.ts'

/** `table[ids]`: a table [rows, width] and int64 ids of any shape give [...ids, width]; -1 is the last row. */
export function gather(table: SymbolicTensor, ids: SymbolicTensor): SymbolicTensor {
  if (table.rank !== 2 || ids.dataType !== 'int64')
    throw shapeError('gather', `needs a table of two axes and int64 ids, not ${table.text} and ${ids.text}.`)
  return table.graph.applyOne('Gather', {
    inputs: [table, ids],
    attributes: { axis: 0 },
    shape: [...ids.shape, table.shape[1] ?? 1],
    dataType: table.dataType,
    backward: [
      ([gradient]) => {
        const [rows = 0, width = 0] = staticShape('gather', table.shape)
        const count = elementCount(staticShape('gather', ids.shape))
        const index = expand(reshape(ids, [count, 1]), [count, width])
        return table.graph.applyOne('ScatterElements', {
          inputs: [table.graph.fill([rows, width]), index, reshape(given(gradient), [count, width])],
          attributes: { axis: 0, reduction: 'add' },
          shape: [rows, width],
          backward: [undefined, undefined, ([again]) => reshape(gather(given(again), ids), [count, width])],
        })
      },
    ],
  })
}

/** One element of each row: `x` [..., width] and int64 ids [...] give [...]. */
export function pick(x: SymbolicTensor, ids: SymbolicTensor): SymbolicTensor {
  if (ids.dataType !== 'int64' || !sameShape(ids.shape, x.shape.slice(0, -1)))
    throw shapeError('pick', `needs int64 ids of shape ${shapeText(x.shape.slice(0, -1))}, not ${ids.text}.`)
  return reshape(pickColumn(x, reshape(ids, [...ids.shape, 1])), ids.shape)
}

/** `pick` with the last axis of `index` and of the result kept, of size 1. */
function pickColumn(x: SymbolicTensor, index: SymbolicTensor): SymbolicTensor {
  return x.graph.applyOne('GatherElements', {
    inputs: [x, index],
    attributes: { axis: -1 },
    shape: index.shape,
    backward: [
      ([gradient]) =>
        x.graph.applyOne('ScatterElements', {
          inputs: [x.graph.fill(staticShape('pick', x.shape)), index, given(gradient)],
          attributes: { axis: x.rank - 1 },
          shape: x.shape,
          backward: [undefined, undefined, ([again]) => pickColumn(given(again), index)],
        }),
    ],
  })
}

/** Adds a number to one element of each row: `x` [..., width] and int64 ids [...] give [..., width]. */
export function addAt(x: SymbolicTensor, ids: SymbolicTensor, value: number): SymbolicTensor {
  const shape = [...staticShape('addAt', ids.shape), 1]
  return x.graph.applyOne('ScatterElements', {
    inputs: [x, reshape(ids, shape), x.graph.fill(shape, value)],
    attributes: { axis: x.rank - 1, reduction: 'add' },
    shape: x.shape,
    backward: [([gradient]) => given(gradient)],
  })
}

/**
 * 1 at the place of each id, 0 elsewhere: int64 ids [...] give float32 [..., classes]. An id outside 0 to `classes - 1`, padding
 * for one, gives zeros. No gradient.
 */
export function oneHot(ids: SymbolicTensor, classes: number): SymbolicTensor {
  if (ids.dataType !== 'int64' || !(Number.isInteger(classes) && classes > 0))
    throw shapeError('oneHot', `needs int64 ids and a positive number of classes, not ${ids.text} and ${classes}.`)
  const all = ids.graph.constant(
    [classes],
    BigInt64Array.from({ length: classes }, (_, id) => BigInt(id)),
  )
  return cast(equal(reshape(ids, [...ids.shape, 1]), all), 'float32')
}
