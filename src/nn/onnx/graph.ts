/**
 * Builds an ONNX model file (onnx.proto, IR version 8, opset 18 and the `com.microsoft` operators of onnxruntime) node by node.
 *
 * It checks names and element counts, nothing else: shapes and types of operators are the business of `tensor/`. The same calls in
 * the same order give the same bytes. Subgraphs (`If`, `Loop`), external data and functions are left out.
 */
import { ParapetError } from '../../spec/errors.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/** Element types, with the array that carries them; `bool` is one byte an element. */
export type DataType = 'float32' | 'uint8' | 'int8' | 'int32' | 'int64' | 'bool'
export type TensorData = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array
/** A size, or the name of one that is known only when the graph runs. */
export type Dimension = number | string
/** A whole number, a string, whole numbers, or a float, which must be marked because `1` alone is an integer in ONNX. */
export type Attribute = number | string | readonly number[] | { readonly float: number }

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>
  /** How many outputs, or their names; one unnamed output if absent. An empty name leaves an optional output out. */
  readonly outputs?: number | readonly string[]
  /** Operator set; the standard one if absent. */
  readonly domain?: 'com.microsoft'
}

/** `TensorProto.DataType`. */
const DATA_TYPE: Readonly<Record<DataType, number>> = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 }
/** `AttributeProto.AttributeType`. */
const FLOAT = 1
const INT = 2
const STRING = 3
const INTS = 7
const IR_VERSION = 8
export const OPSET = 18

export class OnnxGraph {
  readonly #nodes: ProtobufWriter[] = []
  readonly #initializers: ProtobufWriter[] = []
  readonly #inputs: ProtobufWriter[] = []
  readonly #outputs: ProtobufWriter[] = []
  readonly #names = new Set<string>()
  readonly #constants = new Map<string, string>()
  #usesMicrosoft = false
  #counter = 0

  get nodeCount(): number {
    return this.#nodes.length
  }

  /** Declares an input that is fed at every run. */
  input(name: string, dataType: DataType, shape: readonly Dimension[]): string {
    this.#define(name)
    this.#inputs.push(valueInfo(name, dataType, shape))
    return name
  }

  /** Declares a value that some node defines to be an output. */
  output(name: string, dataType: DataType, shape: readonly Dimension[]): void {
    this.#outputs.push(valueInfo(name, dataType, shape))
  }

  /** A constant of the file. Large arrays are read at `build`, not copied here. */
  initializer(dataType: DataType, shape: readonly number[], data: TensorData, name: string = this.#fresh('c')): string {
    const count = shape.reduce((product, size) => product * size, 1)
    if (data.length !== count)
      throw new ParapetError(
        'internal',
        `Initializer ${name} of shape [${shape.join()}] needs ${count} elements, not ${data.length}.`,
      )
    this.#define(name)
    const tensor = new ProtobufWriter()
    for (const size of shape) tensor.integer(1, size)
    tensor.integer(2, DATA_TYPE[dataType]).string(8, name)
    tensor.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    this.#initializers.push(tensor)
    return name
  }

  /** A float constant without dimensions; equal ones are stored once. */
  scalar(value: number): string {
    return this.#once(`f${Object.is(value, -0) ? '-0' : value}`, () =>
      this.initializer('float32', [], Float32Array.of(value)),
    )
  }

  /** A list of whole numbers, as axes and shapes are given; equal ones are stored once. */
  integers(values: readonly number[]): string {
    return this.#once(`i${values.join()}`, () =>
      this.initializer('int64', [values.length], BigInt64Array.from(values, BigInt)),
    )
  }

  /** Adds a node and returns the names of its outputs. `''` as an input leaves an optional one out. */
  node(operator: string, inputs: readonly string[], options: NodeOptions = {}): readonly string[] {
    const { attributes = {}, outputs = 1, domain } = options
    for (const input of inputs)
      if (input !== '' && !this.#names.has(input))
        throw new ParapetError(
          'internal',
          `${operator} reads ${input}, which no earlier node, input or constant defines.`,
        )
    const names = typeof outputs === 'number' ? Array.from({ length: outputs }, () => this.#fresh('t')) : outputs
    const node = new ProtobufWriter()
    for (const input of inputs) node.string(1, input)
    for (const name of names) {
      if (name !== '') this.#define(name)
      node.string(2, name)
    }
    node.string(4, operator)
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value))
    if (domain !== undefined) {
      node.string(7, domain)
      this.#usesMicrosoft = true
    }
    this.#nodes.push(node)
    return names
  }

  /** The model file. */
  build(): Uint8Array {
    const graph = new ProtobufWriter()
    for (const node of this.#nodes) graph.message(1, node)
    graph.string(2, 'parapet')
    for (const initializer of this.#initializers) graph.message(5, initializer)
    for (const input of this.#inputs) graph.message(11, input)
    for (const output of this.#outputs) graph.message(12, output)
    const model = new ProtobufWriter().integer(1, IR_VERSION).string(2, 'parapet').message(7, graph)
    model.message(8, new ProtobufWriter().string(1, '').integer(2, OPSET))
    if (this.#usesMicrosoft) model.message(8, new ProtobufWriter().string(1, 'com.microsoft').integer(2, 1))
    return model.finish()
  }

  #once(key: string, make: () => string): string {
    const known = this.#constants.get(key)
    if (known !== undefined) return known
    const name = make()
    this.#constants.set(key, name)
    return name
  }

  #fresh(prefix: string): string {
    return `${prefix}:${this.#counter++}`
  }

  #define(name: string): void {
    if (this.#names.has(name))
      throw new ParapetError('internal', `The graph defines ${name} twice. Give it another name.`)
    this.#names.add(name)
  }
}

function attribute(name: string, value: Attribute): ProtobufWriter {
  const writer = new ProtobufWriter().string(1, name)
  if (typeof value === 'number') return writer.integer(3, value).integer(20, INT)
  if (typeof value === 'string') return writer.string(4, value).integer(20, STRING)
  if ('float' in value) return writer.float(2, value.float).integer(20, FLOAT)
  for (const item of value) writer.integer(8, item)
  return writer.integer(20, INTS)
}

function valueInfo(name: string, dataType: DataType, shape: readonly Dimension[]): ProtobufWriter {
  const dimensions = new ProtobufWriter()
  for (const size of shape) {
    const dimension = new ProtobufWriter()
    dimensions.message(1, typeof size === 'string' ? dimension.string(2, size) : dimension.integer(1, size))
  }
  const tensor = new ProtobufWriter().integer(1, DATA_TYPE[dataType]).message(2, dimensions)
  return new ProtobufWriter().string(1, name).message(2, new ProtobufWriter().message(1, tensor))
}
