/** Writes a trained encoder as an ONNX file for inference: parameters inside, batch and length free. */
import { TensorGraph, sigmoid } from '../tensor/index.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import type { EncoderConfig } from './config.ts'
import { encode } from './forward.ts'
import { constantWeights, int8Weights } from './weights.ts'

export interface ExportOptions {
  /** `int8` makes the file a quarter as large and the numbers a little different. float32 if absent. */
  readonly precision?: 'float32' | 'int8'
}

/**
 * The file has the inputs `ids` (int64 [batch, length], negative for padding, length at most `config.maxLength`) and, for an encoder
 * with segments, `segments` (the same shape, from 0); the outputs are `vector` [batch, width] and, for an encoder with labels,
 * `logits` and `probabilities` [batch, labels].
 */
export function exportEncoder(
  config: EncoderConfig,
  parameters: ParameterValues,
  options: ExportOptions = {},
): Uint8Array {
  const graph = new TensorGraph()
  const ids = graph.input('ids', ['batch', 'length'], { dataType: 'int64' })
  const segments = config.segments > 0 ? graph.input('segments', ['batch', 'length'], { dataType: 'int64' }) : undefined
  const weights = (options.precision === 'int8' ? int8Weights : constantWeights)(graph, parameters)
  const { vector, logits } = encode(config, weights, ids, undefined, segments)
  graph.output('vector', vector)
  if (logits !== undefined) {
    graph.output('logits', logits)
    graph.output('probabilities', sigmoid(logits))
  }
  return graph.build()
}
