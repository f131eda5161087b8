/**
 * A decoder as an ONNX file for inference with cached keys and values: parameters inside, batch and length free. Inputs and outputs have
 * the names under which Hugging Face's Optimum exports text generation, so that transformers.js and other users of that layout load it.
 *
 * Weights are float32. It does not sample: the file gives logits.
 */
import type { Dimension } from '../onnx/graph.ts'
import { type SymbolicTensor, TensorGraph } from '../tensor/index.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { type DecoderConfig, checkDecoderParameters } from './config.ts'
import { type KeysAndValues, NO_ATTENTION } from './attention.ts'
import { attentionBiasRank, decode } from './forward.ts'
import { rotation } from './rotary.ts'
import { constantDecoderWeights } from './weights.ts'

/** Names of the values that carry the cache of one layer. */
export function cacheNames(layer: number): {
  readonly past: readonly [string, string]
  readonly present: readonly [string, string]
} {
  return {
    past: [`past_key_values.${layer}.key`, `past_key_values.${layer}.value`],
    present: [`present.${layer}.key`, `present.${layer}.value`],
  }
}

/**
 * Inputs: `input_ids` int64 [batch, length]; `attention_mask` int64 [batch, past + length], 0 where a token is padding;
 * `position_ids` int64 [batch, length]; for each layer `past_key_values.N.key` and `.value`, float32 [batch, keyValueHeads, past,
 * headWidth]. Outputs: `logits` [batch, length, vocabulary] and for each layer `present.N.key` and `.value`.
 */
export function exportDecoder(config: DecoderConfig, parameters: ParameterValues): Uint8Array {
  checkDecoderParameters(config, parameters)
  const graph = new TensorGraph()
  const ids = graph.input('input_ids', ['batch', 'length'], { dataType: 'int64' })
  const mask = graph.input('attention_mask', ['batch', 'total'], { dataType: 'int64' })
  const positions = graph.input('position_ids', ['batch', 'length'], { dataType: 'int64' })
  const { keyValueHeads, headWidth, maxLength, ropeTheta } = config
  const pastShape: readonly Dimension[] = ['batch', keyValueHeads, 'past', headWidth]
  const pasts = Array.from({ length: config.layers }, (_, layer) =>
    cacheNames(layer).past.map((name) => graph.input(name, pastShape)),
  )
  const presents: KeysAndValues[] = []
  const weights = constantDecoderWeights(config, graph, parameters)
  const hidden = decode(config, weights, ids, {
    rotation: rotation(positions, maxLength, headWidth, ropeTheta),
    attentionBias: maskedBias(ids, mask, attentionBiasRank(config)),
    cache(layer, { keys, values }) {
      const [pastKeys, pastValues] = pasts[layer] as [SymbolicTensor, SymbolicTensor]
      const all = { keys: appended(pastKeys, keys), values: appended(pastValues, values) }
      presents.push(all)
      return [all]
    },
  })
  graph.output('logits', weights.output(hidden))
  presents.forEach(({ keys, values }, layer) => {
    const [key, value] = cacheNames(layer).present
    graph.output(key, keys)
    graph.output(value, values)
  })
  return graph.build()
}

function appended(past: SymbolicTensor, fresh: SymbolicTensor): SymbolicTensor {
  return past.graph.applyOne('Concat', {
    inputs: [past, fresh],
    attributes: { axis: 2 },
    shape: fresh.shape.with(2, 'total'),
  })
}

/**
 * 0 where a token may look, a large negative number where not: at later tokens and at padding. The mask covers the tokens that are cached
 * before `ids` as well, where there are some.
 */
export function maskedBias(ids: SymbolicTensor, mask: SymbolicTensor, rank: number): SymbolicTensor {
  const { graph } = ids
  const { onnx } = graph
  const size = (tensor: SymbolicTensor, axis: number): string => {
    const [shape = ''] = onnx.node('Shape', [tensor.name])
    const [value = ''] = onnx.node('Gather', [shape, onnx.integers([axis])])
    return onnx.node('Squeeze', [value])[0] ?? ''
  }
  const total = size(mask, 1)
  const [past = ''] = onnx.node('Sub', [total, size(ids, 1)])
  const zero = graph.scalar(0, 'int64').name
  const one = graph.scalar(1, 'int64').name
  const [columns = ''] = onnx.node('Range', [zero, total, one])
  const [rows = ''] = onnx.node('Range', [past, total, one])
  const [row = ''] = onnx.node('Unsqueeze', [rows, onnx.integers([1])])
  const [earlier = ''] = onnx.node('LessOrEqual', [columns, row])
  const [token = ''] = onnx.node('Cast', [mask.name], { attributes: { to: 9 } })
  const middle = Array.from({ length: rank - 2 }, (_, axis) => axis + 1)
  const [tokens = ''] = onnx.node('Unsqueeze', [token, onnx.integers(middle)])
  const [visible = ''] = onnx.node('And', [earlier, tokens])
  return graph.applyOne('Where', {
    inputs: [],
    constants: [visible, onnx.scalar(0), onnx.scalar(NO_ATTENTION)],
    shape: ['batch', ...middle.slice(1).map(() => 1), 'length', mask.shape[1] ?? 'total'],
  })
}
