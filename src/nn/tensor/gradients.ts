/**
 * Reverse-mode differentiation: walks the tape backwards from a loss and adds the nodes of its gradient to the same graph.
 *
 * Only operations between the loss and what was asked for get a backward part. A value used several times sums what comes back
 * from each use. Gradients are ordinary tensors and can be differentiated again where the rules used have rules themselves.
 */
import { ParapetError } from '../../spec/errors.ts'
import { add } from './elementwise.ts'
import { shapeText, staticShape } from './shape.ts'
import type { Operation, SymbolicTensor } from './tensor-graph.ts'

/**
 * d loss / d each of `targets`, in their order and shapes. Targets may be inputs or values in between.
 * `loss` has one element. A target the loss does not depend on gets zeros, or throws where that must be a mistake.
 */
export function gradients(
  loss: SymbolicTensor,
  targets: readonly SymbolicTensor[],
  options: { readonly disconnected?: 'zeros' | 'throw' } = {},
): readonly SymbolicTensor[] {
  if (loss.shape.some((size) => size !== 1))
    throw new ParapetError('internal', `A gradient needs a loss of one element, not of shape ${shapeText(loss.shape)}.`)
  const { graph } = loss
  const tape = [...graph.tape]
  const depends = dependents(tape, targets)
  const flowing = new Map<SymbolicTensor, SymbolicTensor>()
  flowing.set(loss, graph.fill(staticShape('gradients', loss.shape), 1))
  for (const { inputs, outputs, backward } of tape.toReversed()) {
    if (!outputs.some((output) => depends.has(output) && flowing.has(output))) continue
    const arriving = outputs.map((output) => flowing.get(output))
    inputs.forEach((input, index) => {
      const rule = backward[index]
      if (rule === undefined || !depends.has(input)) return
      const part = rule(arriving)
      const sofar = flowing.get(input)
      flowing.set(input, sofar === undefined ? part : add(sofar, part))
    })
  }
  return targets.map((target) => {
    const gradient = flowing.get(target)
    if (gradient !== undefined) return gradient
    if (options.disconnected === 'throw')
      throw new ParapetError('internal', `The loss does not depend on ${target.name}. Freeze it or use it.`)
    return graph.fill(staticShape('gradients', target.shape))
  })
}

/** The targets and everything computed from them along a path that has backward rules. */
function dependents(tape: readonly Operation[], targets: readonly SymbolicTensor[]): ReadonlySet<SymbolicTensor> {
  const found = new Set(targets)
  for (const { inputs, outputs, backward } of tape)
    if (inputs.some((input, index) => backward[index] !== undefined && found.has(input)))
      for (const output of outputs) found.add(output)
  return found
}
