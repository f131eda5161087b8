/** Running sums along an axis. */
import { requireFloat } from './elementwise.ts'
import { normalAxis } from './shape.ts'
import { type SymbolicTensor, given } from './tensor-graph.ts'

export interface CumulativeSumOptions {
  /** Leave the element itself out: the sum of those before it. False if absent. */
  readonly exclusive?: boolean
  /** Sum from the end. False if absent. */
  readonly reverse?: boolean
}

/** The sum of each element and all before it along `axis`. Its gradient is the running sum the other way. */
export function cumulativeSum(x: SymbolicTensor, axis: number, options: CumulativeSumOptions = {}): SymbolicTensor {
  const { exclusive = false, reverse = false } = options
  requireFloat('cumulativeSum', x)
  const at = normalAxis('cumulativeSum', axis, x.rank)
  return x.graph.applyOne('CumSum', {
    inputs: [x],
    constants: [x.graph.scalar(at, 'int64').name],
    attributes: { exclusive: Number(exclusive), reverse: Number(reverse) },
    shape: x.shape,
    backward: [([gradient]) => cumulativeSum(given(gradient), at, { exclusive, reverse: !reverse })],
  })
}
