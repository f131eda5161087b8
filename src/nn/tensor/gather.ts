/**
 * Rows by index (embeddings) and elements by index (the probability of the right answer).
 *
 * The way back adds rows with `ScatterElements`. `ScatterND` with addition is the shorter way to say it, but onnxruntime runs it on
 * several threads that overwrite one another when an index repeats, which in an embedding it always does.
 */
import { reshape } from './layout.ts'
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
        })
      },
    ],
  })
}

/** One element of each row: `x` [..., width] and int64 ids [...] give [...]. */
export function pick(x: SymbolicTensor, ids: SymbolicTensor): SymbolicTensor {
  if (ids.dataType !== 'int64' || !sameShape(ids.shape, x.shape.slice(0, -1)))
    throw shapeError('pick', `needs int64 ids of shape ${shapeText(x.shape.slice(0, -1))}, not ${ids.text}.`)
  const index = reshape(ids, [...ids.shape, 1])
  const picked = x.graph.applyOne('GatherElements', {
    inputs: [x, index],
    attributes: { axis: -1 },
    shape: index.shape,
    backward: [
      ([gradient]) =>
        x.graph.applyOne('ScatterElements', {
          inputs: [x.graph.fill(staticShape('pick', x.shape)), index, given(gradient)],
          attributes: { axis: x.rank - 1 },
          shape: x.shape,
        }),
    ],
  })
  return reshape(picked, ids.shape)
}
