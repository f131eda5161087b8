/**
 * Writes an encoder as the graph of a text classifier, with inputs and outputs under the names that Hugging Face's Optimum gives them, so
 * that whatever reads that layout (transformers.js, `parapet/engines/onnx`) runs it. Tokenizer and `config.json` are the caller's matter.
 */
import { type SymbolicTensor, TensorGraph, greater } from '../tensor/index.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import type { EncoderConfig } from './config.ts'
import type { ExportOptions } from './export.ts'
import { encode } from './forward.ts'
import { constantWeights, int8Weights } from './weights.ts'

/**
 * Inputs: `input_ids` and `attention_mask`, int64 [batch, length], the mask 0 where a token is padding, and for an encoder with segments
 * `token_type_ids` of the same shape. Outputs: `logits` [batch, labels] where the encoder has labels, and `sentence_embedding`
 * [batch, width].
 *
 * @throws ParapetError `input_invalid` for parameters of another encoder
 */
export function exportTextClassifier(
  config: EncoderConfig,
  parameters: ParameterValues,
  { precision = 'float32' }: ExportOptions = {},
): Uint8Array {
  const graph = new TensorGraph()
  const input = (name: string): SymbolicTensor => graph.input(name, ['batch', 'length'], { dataType: 'int64' })
  const ids = input('input_ids')
  const mask = input('attention_mask')
  const segments = config.segments > 0 ? input('token_type_ids') : undefined
  // The encoder knows padding by its negative id.
  const padding = graph.scalar(-1, 'int64')
  const masked = graph.applyOne('Where', {
    inputs: [greater(mask, 0), ids, padding],
    shape: ids.shape,
    dataType: 'int64',
  })
  const weights = (precision === 'int8' ? int8Weights : constantWeights)(graph, parameters)
  const { vector, logits } = encode(config, weights, masked, undefined, segments)
  if (logits !== undefined) graph.output('logits', logits)
  graph.output('sentence_embedding', vector)
  return graph.build()
}
