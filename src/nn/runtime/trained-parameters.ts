/** What training keeps for each parameter besides its values, and the rules that say how each is trained. */
import { ParapetError } from '../../spec/errors.ts'
import { RowGradients } from '../optim/sparse-embedding.ts'
import type { ParameterValue } from '../tensor/parameters.ts'
import { elementCount } from '../tensor/shape.ts'
import type { OnnxTensor } from './onnx-runtime.ts'

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
}

export interface TrainedParameter {
  readonly name: string
  readonly value: ParameterValue
  readonly rule: ParameterRule
  readonly weightDecay: number
  readonly first: Float32Array
  readonly second: Float32Array
}
export interface DenseParameter extends TrainedParameter {
  /** Sum of gradients since the last update, and room for one more batch. */
  readonly total: OnnxTensor & { readonly data: Float32Array }
  batch?: OnnxTensor & { readonly data: Float32Array }
}
export interface SparseParameter extends TrainedParameter {
  readonly gradients: RowGradients
  readonly touched: Int32Array
  readonly decayed: Float64Array
  /** One number: the logarithm of all weight decay so far. */
  readonly totalDecay: Float64Array
}
/** A parameter with fresh moments. */
export function trainedParameter(
  name: string,
  value: ParameterValue,
  rule: ParameterRule,
  weightDecay: number,
): TrainedParameter {
  const count = elementCount(value.shape)
  if (value.data.length !== count)
    throw new ParapetError('input_invalid', `Parameter ${name} needs ${count} elements, not ${value.data.length}.`)
  return {
    name,
    value,
    rule,
    weightDecay: rule.weightDecay ?? weightDecay,
    first: new Float32Array(count),
    second: new Float32Array(count),
  }
}

/** The same with what a table of lazily updated rows keeps. */
export function sparseParameter(parameter: TrainedParameter): SparseParameter {
  const [rows = 0, width = 0] = parameter.value.shape
  if (parameter.value.shape.length !== 2)
    throw new ParapetError('configuration', `Parameter ${parameter.name} is no table of two axes: train it densely.`)
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
  for (const { name, value, first, second } of [...dense, ...sparse]) {
    yield [`parameter/${name}`, value.data]
    yield [`first/${name}`, first]
    yield [`second/${name}`, second]
  }
  for (const { name, touched, decayed, totalDecay } of sparse) {
    yield [`touched/${name}`, touched]
    yield [`decayed/${name}`, decayed]
    yield [`totalDecay/${name}`, totalDecay]
  }
}
