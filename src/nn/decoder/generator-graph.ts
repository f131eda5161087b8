/**
 * The graph of `DecoderGenerator`: new tokens, and the keys and values of earlier ones in arrays that have room for more. It gives only
 * what is new. The exported file (`export.ts`) takes and gives whole caches, as its users expect; copying them was most of a step.
 */
import type { Dimension } from '../onnx/graph.ts'
import { type SymbolicTensor, TensorGraph, logSoftmax } from '../tensor/index.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import type { KeysAndValues } from './attention.ts'
import { type DecoderConfig, checkDecoderParameters } from './config.ts'
import { attentionBiasRank, decode } from './forward.ts'
import { rotation } from './rotary.ts'
import { constantDecoderWeights } from './weights.ts'

/** Names of the inputs and outputs that hold keys and values of a layer, in this order. */
export function storedNames(layer: number): readonly [string, string] {
  return [`stored.${layer}.key`, `stored.${layer}.value`]
}
export function freshNames(layer: number): readonly [string, string] {
  return [`fresh.${layer}.key`, `fresh.${layer}.value`]
}

/**
 * Inputs: `ids` and `positions` int64 [batch, length]; `bias` float32 [batch, length, stored + length], added to the attention scores;
 * `parts` int64 [2], which are `stored` and `length`; for each layer stored keys and values, float32 [batch, keyValueHeads, stored,
 * headWidth], of which the bias hides what is not filled. Outputs: `logProbabilities` of what follows the last token, [batch, 1,
 * vocabulary], and for each layer the keys and values of the new tokens.
 */
export function generatorGraph(config: DecoderConfig, parameters: ParameterValues): Uint8Array {
  checkDecoderParameters(config, parameters)
  const graph = new TensorGraph()
  const ids = graph.input('ids', ['batch', 'length'], { dataType: 'int64' })
  const positions = graph.input('positions', ['batch', 'length'], { dataType: 'int64' })
  const bias = graph.input('bias', ['batch', 'length', 'total'])
  const parts = graph.input('parts', [2], { dataType: 'int64' })
  const { keyValueHeads, headWidth, maxLength, ropeTheta } = config
  const shape: readonly Dimension[] = ['batch', keyValueHeads, 'stored', headWidth]
  const stored = Array.from({ length: config.layers }, (_, layer): KeysAndValues => {
    const [keys, values] = storedNames(layer)
    return { keys: graph.input(keys, shape), values: graph.input(values, shape) }
  })
  const added: KeysAndValues[] = []
  const weights = constantDecoderWeights(config, graph, parameters)
  const hidden = decode(config, weights, ids, {
    rotation: rotation(positions, maxLength, headWidth, ropeTheta),
    attentionBias: perHead(bias, attentionBiasRank(config)),
    keyParts: parts,
    cache(layer, fresh) {
      added.push(fresh)
      return [stored[layer] as KeysAndValues, fresh]
    },
    select: lastPosition,
  })
  graph.output('logProbabilities', logSoftmax(weights.output(hidden)))
  added.forEach((fresh, layer) => {
    const [keys, values] = freshNames(layer)
    graph.output(keys, fresh.keys)
    graph.output(values, fresh.values)
  })
  return graph.build()
}

/** [batch, length, total] with axes of size 1 for the heads. */
function perHead(bias: SymbolicTensor, rank: number): SymbolicTensor {
  const middle = Array.from({ length: rank - 3 }, (_, at) => at + 1)
  const [batch = 1, ...rest] = bias.shape
  return bias.graph.applyOne('Unsqueeze', {
    inputs: [bias],
    constants: [bias.graph.onnx.integers(middle)],
    shape: [batch, ...middle.map(() => 1), ...rest],
  })
}

function lastPosition(x: SymbolicTensor): SymbolicTensor {
  const { onnx } = x.graph
  return x.graph.applyOne('Slice', {
    inputs: [x],
    constants: [onnx.integers([-1]), onnx.integers([Number.MAX_SAFE_INTEGER]), onnx.integers([1])],
    shape: x.shape.with(1, 1),
  })
}
