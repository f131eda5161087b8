/**
 * How a model reaches its parameters. The forward pass asks for "x times this weight" or "these rows of that table" and does not know
 * whether they are inputs of a training graph, float constants or int8 constants.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import {
  type SymbolicTensor,
  type TensorGraph,
  abs,
  add,
  cast,
  clampMin,
  div,
  gather,
  matmul,
  max,
  mul,
  round,
} from '../tensor/index.ts'
import { type QuantisedMatrix, quantiseColumns, quantiseRows } from './quantise.ts'

/** What 0 is among the whole numbers of a left side. */
const ZERO_POINT = 128

export interface Weights {
  /** A parameter as it is. */
  get(name: string): SymbolicTensor
  /** `x` times the matrix `name`, [..., from] to [..., to]. */
  times(x: SymbolicTensor, name: string): SymbolicTensor
  /** Rows `ids` of the table `name`. */
  rows(name: string, ids: SymbolicTensor): SymbolicTensor
}

/** Parameters that are tensors of the graph already. */
export function symbolicWeights(parameters: Readonly<Record<string, SymbolicTensor>>): Weights {
  const get = (name: string): SymbolicTensor => parameters[name] ?? missing(name)
  return {
    get,
    times: (x, name) => matmul(x, get(name)),
    rows: (name, ids) => gather(get(name), ids),
  }
}

/** Parameters stored in the file as float32. */
export function constantWeights(graph: TensorGraph, parameters: ParameterValues): Weights {
  const get = constants(graph, parameters)
  return {
    get,
    times: (x, name) => matmul(x, get(name)),
    rows: (name, ids) => gather(get(name), ids),
  }
}

/**
 * Matrices stored as int8, a quarter of the size: tables with one scale a row, weights with one a column. Gathered rows are
 * scaled after the gather. Products make whole numbers of their left side too, row by row, and multiply those.
 */
export function int8Weights(graph: TensorGraph, parameters: ParameterValues): Weights {
  const get = constants(graph, parameters)
  return {
    get,
    times: (x, name) => int8Product(x, quantiseColumns(parameters[name] ?? missing(name))),
    rows(name, ids) {
      const { shape, data, scales } = quantiseRows(parameters[name] ?? missing(name))
      const whole = gather(graph.constant(shape, data), ids)
      return mul(cast(whole, 'float32'), gather(graph.constant([shape[0] ?? 0, 1], scales), ids))
    },
  }
}

/**
 * `x` becomes whole numbers from 1 to 255 around 128, with one scale for each row. The ready-made `DynamicQuantizeLinear` has one
 * scale for the whole tensor, which would let the texts of a batch change one another's result.
 */
function int8Product(x: SymbolicTensor, { shape, data, scales }: QuantisedMatrix): SymbolicTensor {
  const { graph } = x
  const scale = clampMin(mul(max(abs(x), { axes: [-1], keepAxes: true }), 1 / 127), 1e-12)
  const whole = cast(add(round(div(x, scale)), ZERO_POINT), 'uint8')
  const product = graph.applyOne('MatMulInteger', {
    inputs: [whole, graph.constant(shape, data), graph.constant([], Uint8Array.of(ZERO_POINT))],
    shape: x.shape.with(-1, shape[1] ?? 1),
    dataType: 'int32',
  })
  return mul(mul(cast(product, 'float32'), scale), graph.constant([scales.length], scales))
}

function constants(graph: TensorGraph, parameters: ParameterValues): (name: string) => SymbolicTensor {
  const made = new Map<string, SymbolicTensor>()
  return (name) => {
    const known = made.get(name)
    if (known !== undefined) return known
    const { shape, data } = parameters[name] ?? missing(name)
    const constant = graph.constant(shape, data)
    made.set(name, constant)
    return constant
  }
}

function missing(name: string): never {
  throw new ParapetError('input_invalid', `The parameter ${name} is missing: these are parameters of another model.`)
}
