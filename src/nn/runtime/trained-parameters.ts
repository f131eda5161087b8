/** What training keeps for each parameter besides its values, and the rules that say how each is trained. */
import { ParapetError } from '../../spec/errors.ts'
import type { Optimizer, Slots } from '../optim/optimizer.ts'
import { RowGradients } from '../optim/sparse-embedding.ts'
import type { ParameterValue } from '../tensor/parameters.ts'
import { elementCount } from '../tensor/shape.ts'

/** How one parameter is trained; everything absent is ordinary. */
export interface ParameterRule {
  /** Keep as it is: no gradient is computed. */
  readonly frozen?: boolean
  /** Factor of the learning rate; 1 if absent. */
  readonly learningRate?: number
  /** λ of this parameter; that of the optimiser if absent. */
  readonly weightDecay?: number
  /** A table that the model reads with `gather` only: update just the rows a batch touches. */
  readonly sparse?: boolean
  /** Of a sparse table: rows before this one stay as they are. 0 if absent. */
  readonly firstRow?: number
  /**
   * One number for each element: 1 is trained, 0 stays bit for bit as it is (no gradient, no share in the norm, no decay). Not for
   * sparse tables.
   */
  readonly mask?: Uint8Array | Float32Array
}

export interface TrainedParameter {
  readonly name: string
  readonly value: ParameterValue
  readonly rule: ParameterRule
  readonly weightDecay: number
  readonly slots: Slots
}
export interface DenseParameter extends TrainedParameter {
  readonly mask: Uint8Array | undefined
  /** Sum of the gradients since the last update; absent when there are none. */
  total?: Float32Array | undefined
}
export interface SparseParameter extends TrainedParameter {
  readonly gradients: RowGradients
  readonly touched: Int32Array
  readonly decayed: Float64Array
  /** One number: the logarithm of all weight decay so far. */
  readonly totalDecay: Float64Array
}

/** A parameter with fresh slots. */
export function trainedParameter(
  name: string,
  value: ParameterValue,
  rule: ParameterRule,
  optimizer: Optimizer,
): TrainedParameter {
  const count = elementCount(value.shape)
  if (rule.sparse === true) optimizer.requireSparse(name)
  return {
    name,
    value,
    rule,
    weightDecay: rule.weightDecay ?? optimizer.weightDecay,
    slots: Object.fromEntries(optimizer.slots.map((slot) => [slot, new Float32Array(count)])),
  }
}

/** A parameter's mask, checked, as bytes of its own: later changes of the caller's array change nothing. */
export function maskOf({ name, value, rule: { mask } }: TrainedParameter): Uint8Array | undefined {
  if (mask === undefined) return undefined
  if (mask.length !== value.data.length)
    throw new ParapetError(
      'configuration',
      `The mask of ${name} needs ${value.data.length} elements, not ${mask.length}.`,
    )
  const wrong = mask.find((keep) => keep !== 0 && keep !== 1)
  if (wrong !== undefined)
    throw new ParapetError(
      'configuration',
      `The mask of ${name} holds ${wrong}: only 0 (kept) and 1 (trained) are masks.`,
    )
  return Uint8Array.from(mask)
}

/** Sets the gradient of kept elements to 0, whatever it was. */
export function maskGradient(gradient: Float32Array, mask: Uint8Array): void {
  for (let at = 0; at < gradient.length; at += 1) if (mask[at] === 0) gradient[at] = 0
}

/** The same with what a table of lazily updated rows keeps. */
export function sparseParameter(parameter: TrainedParameter): SparseParameter {
  const [rows = 0, width = 0] = parameter.value.shape
  if (parameter.value.shape.length !== 2)
    throw new ParapetError('configuration', `Parameter ${parameter.name} is no table of two axes: train it densely.`)
  if (parameter.rule.mask !== undefined)
    throw new ParapetError(
      'configuration',
      `${parameter.name} is trained sparsely, which takes no mask: train it densely.`,
    )
  return {
    ...parameter,
    gradients: new RowGradients(rows, width, parameter.rule.firstRow),
    touched: new Int32Array(rows),
    decayed: new Float64Array(rows),
    totalDecay: new Float64Array(1),
  }
}

/** Every array that a step changes, under a name of its own: what a saved state consists of. */
export function* changingArrays(
  dense: readonly DenseParameter[],
  sparse: readonly SparseParameter[],
): Generator<readonly [string, Float32Array | Float64Array | Int32Array]> {
  for (const { name, value, slots } of [...dense, ...sparse]) {
    yield [`parameter/${name}`, value.data]
    for (const [slot, array] of Object.entries(slots)) yield [`${slot}/${name}`, array]
  }
  for (const { name, touched, decayed, totalDecay } of sparse) {
    yield [`touched/${name}`, touched]
    yield [`decayed/${name}`, decayed]
    yield [`totalDecay/${name}`, totalDecay]
  }
}
