/**
 * Symbolic tensors. Operations on them compute nothing: each adds ONNX nodes to a `TensorGraph` and remembers how its gradient is
 * made, so that `gradients` can write the backward pass into the same file (reverse-mode differentiation as a source
 * transformation; Baydin et al. 2018, "Automatic differentiation in machine learning", §3.2).
 *
 * Shapes and types are checked when an operation is added, with its name and the shapes in the message.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type Attribute, type DataType, type Dimension, OnnxGraph, type TensorData } from '../onnx/graph.ts'
import { type Shape, shapeText } from './shape.ts'

/**
 * The gradient that flows to one input, given those that reached the outputs (undefined for an output nothing depends on).
 * It is called only when someone needs it, and at most once for each backward pass.
 */
export type Backward = (outputs: readonly (SymbolicTensor | undefined)[]) => SymbolicTensor

/** One entry of the tape: what was computed from what, and the way back for each input that has one. */
export interface Operation {
  readonly operator: string
  readonly inputs: readonly SymbolicTensor[]
  readonly outputs: readonly SymbolicTensor[]
  readonly backward: readonly (Backward | undefined)[]
}

/** A value of the graph. Immutable; made by the graph only. */
export class SymbolicTensor {
  readonly graph: TensorGraph
  /** Name of the value in the ONNX file. */
  readonly name: string
  readonly shape: Shape
  readonly dataType: DataType
  /** Whether a gradient can flow through or to it. */
  readonly requiresGradient: boolean

  constructor(graph: TensorGraph, name: string, shape: Shape, dataType: DataType, requiresGradient: boolean) {
    this.graph = graph
    this.name = name
    this.shape = shape
    this.dataType = dataType
    this.requiresGradient = requiresGradient
  }

  get rank(): number {
    return this.shape.length
  }

  /** For messages. */
  get text(): string {
    return `${this.dataType} ${shapeText(this.shape)}`
  }
}

export interface OutputDescription {
  readonly shape: Shape
  /** float32 if absent. */
  readonly dataType?: DataType
}

export interface OperationDescription {
  readonly inputs: readonly SymbolicTensor[]
  readonly outputs: readonly OutputDescription[]
  /** Constants, given by name, that follow the inputs in the node. */
  readonly constants?: readonly string[]
  readonly attributes?: Readonly<Record<string, Attribute>>
  readonly domain?: 'com.microsoft'
  /** One for each input that has a gradient. */
  readonly backward?: readonly (Backward | undefined)[]
}

export class TensorGraph {
  /** The file under construction, for constants and for nodes that need no gradient. */
  readonly onnx: OnnxGraph = new OnnxGraph()
  readonly #tape: Operation[] = []
  readonly #inputs: SymbolicTensor[] = []

  /** Every operation so far, in the order it was added. */
  get tape(): readonly Operation[] {
    return this.#tape
  }

  /** Every input so far, in the order it was declared. */
  get inputs(): readonly SymbolicTensor[] {
    return this.#inputs
  }

  /** A value that is fed at every run. */
  input(
    name: string,
    shape: readonly Dimension[],
    options: { dataType?: DataType; requiresGradient?: boolean } = {},
  ): SymbolicTensor {
    const { dataType = 'float32', requiresGradient = false } = options
    if (requiresGradient && dataType !== 'float32')
      throw new ParapetError('internal', `Input ${name} of type ${dataType} cannot have a gradient; only float32 can.`)
    const input = new SymbolicTensor(this, this.onnx.input(name, dataType, shape), shape, dataType, requiresGradient)
    this.#inputs.push(input)
    return input
  }

  /** A value stored in the file. */
  constant(shape: readonly number[], data: TensorData, dataType: DataType = dataTypeOf(data)): SymbolicTensor {
    return new SymbolicTensor(this, this.onnx.initializer(dataType, shape, data), shape, dataType, false)
  }

  /** A number stored in the file; float32 if no type is given. */
  scalar(value: number, dataType: DataType = 'float32'): SymbolicTensor {
    if (dataType === 'float32') return new SymbolicTensor(this, this.onnx.scalar(value), [], dataType, false)
    if (dataType === 'int64') return this.constant([], BigInt64Array.of(BigInt(value)))
    throw new ParapetError('internal', `A scalar constant of type ${dataType} is not supported; use constant().`)
  }

  /** A tensor full of one number, without storing its elements. */
  fill(shape: readonly number[], value = 0): SymbolicTensor {
    if (shape.length === 0) return this.scalar(value)
    const [name = ''] =
      value === 0
        ? this.onnx.node('ConstantOfShape', [this.onnx.integers(shape)])
        : this.onnx.node('Expand', [this.onnx.scalar(value), this.onnx.integers(shape)])
    return new SymbolicTensor(this, name, shape, 'float32', false)
  }

  /** Adds one node. Operations are built on this; models use the operations. */
  apply(operator: string, description: OperationDescription): readonly SymbolicTensor[] {
    const { inputs, outputs, constants = [], attributes, domain, backward = [] } = description
    for (const input of inputs)
      if (input.graph !== this)
        throw new ParapetError('internal', `${operator}: ${input.name} belongs to another graph.`)
    const names = this.onnx.node(operator, [...inputs.map(({ name }) => name), ...constants], {
      outputs: outputs.length,
      ...(attributes === undefined ? {} : { attributes }),
      ...(domain === undefined ? {} : { domain }),
    })
    const requiresGradient = inputs.some((input, index) => input.requiresGradient && backward[index] !== undefined)
    const results = outputs.map(
      ({ shape, dataType = 'float32' }, index) =>
        new SymbolicTensor(this, names[index] ?? '', shape, dataType, requiresGradient),
    )
    this.#tape.push({ operator, inputs, outputs: results, backward })
    return results
  }

  /** `apply` for the usual node of one output. */
  applyOne(operator: string, description: Omit<OperationDescription, 'outputs'> & OutputDescription): SymbolicTensor {
    const { shape, dataType = 'float32', ...rest } = description
    const [result] = this.apply(operator, { ...rest, outputs: [{ shape, dataType }] })
    return result as SymbolicTensor
  }

  /**
   * The same value with a gradient rule of its own, in place of the rules of the operations it was made by: for what several nodes
   * compute and one short formula differentiates. `backward` has one rule for each of `inputs`, from which alone gradients flow on.
   */
  withGradient(
    value: SymbolicTensor,
    inputs: readonly SymbolicTensor[],
    backward: readonly (Backward | undefined)[],
  ): SymbolicTensor {
    const [name = ''] = this.onnx.node('Identity', [value.name])
    const requiresGradient = inputs.some((input, index) => input.requiresGradient && backward[index] !== undefined)
    const result = new SymbolicTensor(this, name, value.shape, value.dataType, requiresGradient)
    this.#tape.push({ operator: 'Identity', inputs, outputs: [result], backward })
    return result
  }

  /** Makes a value an output of the file under a name of its own. */
  output(name: string, tensor: SymbolicTensor): void {
    this.onnx.node('Identity', [tensor.name], { outputs: [name] })
    this.onnx.output(name, tensor.dataType, tensor.shape)
  }

  build(): Uint8Array {
    return this.onnx.build()
  }
}

function dataTypeOf(data: TensorData): DataType {
  if (data instanceof Float32Array) return 'float32'
  if (data instanceof BigInt64Array) return 'int64'
  if (data instanceof Int32Array) return 'int32'
  return data instanceof Int8Array ? 'int8' : 'uint8'
}

/** The gradient of an operation with one output, which exists whenever its rule is called. */
export function given(gradient: SymbolicTensor | undefined): SymbolicTensor {
  if (gradient === undefined) throw new ParapetError('internal', 'A backward rule ran without a gradient.')
  return gradient
}
