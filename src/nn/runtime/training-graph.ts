/**
 * The graph of one training step: forward and backward in one file. Its outputs are the loss, the gradient of every dense parameter
 * and, for every read of a sparse table, the ids and the gradients of the rows read.
 */
import { ParapetError } from '../../spec/errors.ts'
import { gradients } from '../tensor/gradients.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { type SymbolicTensor, TensorGraph } from '../tensor/tensor-graph.ts'

/** What a model says about one bucket. */
export interface LossDescription {
  /** One element. */
  readonly loss: SymbolicTensor
  /** More values wanted from each step, for example logits. */
  readonly outputs?: Readonly<Record<string, SymbolicTensor>>
}

/** Writes the forward pass for one bucket. Inputs it declares are fed by name at each step. */
export type BuildLoss<Bucket> = (
  graph: TensorGraph,
  parameters: Readonly<Record<string, SymbolicTensor>>,
  bucket: Bucket,
) => LossDescription

export interface TrainingGraph {
  readonly model: Uint8Array
  /** Everything that is fed, parameters included. */
  readonly inputs: readonly SymbolicTensor[]
  /** Number of reads of each sparse table. */
  readonly gathers: ReadonlyMap<string, number>
  /** Names in `LossDescription.outputs`. */
  readonly outputs: readonly string[]
}

/** Parameters in neither list are frozen. */
export function buildTrainingGraph<Bucket>(
  parameters: ParameterValues,
  dense: readonly string[],
  sparse: readonly string[],
  build: BuildLoss<Bucket>,
  bucket: Bucket,
): TrainingGraph {
  const graph = new TensorGraph()
  const trained = new Set([...dense, ...sparse])
  const symbols = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]) => [
      name,
      graph.input(name, shape, { requiresGradient: trained.has(name) }),
    ]),
  )
  const { loss, outputs = {} } = build(graph, symbols, bucket)
  const gathers = new Map(sparse.map((name) => [name, gathersOf(graph, symbols[name], name)]))
  const targets = [
    ...dense.map((name) => ({ name: gradientName(name), tensor: symbols[name] as SymbolicTensor })),
    ...[...gathers].flatMap(([name, found]) =>
      found.map(({ rows }, index) => ({ name: gradientName(name, index), tensor: rows })),
    ),
  ]
  const slopes = gradients(
    loss,
    targets.map(({ tensor }) => tensor),
    { disconnected: 'throw' },
  )
  graph.output('loss', loss)
  slopes.forEach((slope, index) => graph.output(targets[index]?.name ?? '', slope))
  for (const [name, found] of gathers) found.forEach(({ ids }, index) => graph.output(idsName(name, index), ids))
  for (const [name, tensor] of Object.entries(outputs)) graph.output(outputName(name), tensor)
  return {
    model: graph.build(),
    inputs: graph.inputs,
    gathers: new Map([...gathers].map(([name, found]) => [name, found.length])),
    outputs: Object.keys(outputs),
  }
}

/** Names of the outputs of a training graph; `gather` counts the reads of a sparse table. */
export function gradientName(name: string, gather?: number): string {
  return gather === undefined ? `gradient/${name}` : `gradient/${name}/${gather}`
}

export function idsName(name: string, gather: number): string {
  return `ids/${name}/${gather}`
}

export function outputName(name: string): string {
  return `output/${name}`
}

/** The rows read from a table and their ids; an error if the graph uses the table in any other way. */
function gathersOf(
  graph: TensorGraph,
  table: SymbolicTensor | undefined,
  name: string,
): readonly { readonly rows: SymbolicTensor; readonly ids: SymbolicTensor }[] {
  return graph.tape.flatMap(({ operator, inputs, outputs }) => {
    if (table === undefined || !inputs.includes(table)) return []
    const [, ids] = inputs
    const [rows] = outputs
    if (operator !== 'Gather' || ids === undefined || rows === undefined || ids === table)
      throw new ParapetError('configuration', `${name} is used by ${operator}, not only by gather: train it densely.`)
    return [{ rows, ids }]
  })
}
