/**
 * Tokens as one-hot rows, and the loss of next-token prediction over them: rows are inputs, and labels of what comes before them, so that a
 * gradient says what any other token at a place would do to the loss, to first order.
 */
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import { decode } from '../../../nn/decoder/forward.ts'
import { decoderWeights } from '../../../nn/decoder/weights.ts'
import type { BuildLoss } from '../../../nn/runtime/training-graph.ts'
import type { TensorData } from '../../../nn/onnx/graph.ts'
import { div, logSoftmax, mul, neg, slice, sum } from '../../../nn/tensor/index.ts'
import type { EncodedConversation } from '../../train/decoder/encode.ts'
import { paddedLength } from './padded-length.ts'

/** The fixed size of one graph, in tokens with the padding. */
export interface RowsBucket {
  readonly length: number
}

/** One-hot rows [length, classes]; padding is rows of zeros. */
export function oneHotRows(ids: Int32Array, length: number, classes: number): Float32Array {
  const rows = new Float32Array(length * classes)
  ids.forEach((id, at) => (rows[at * classes + id] = 1))
  return rows
}

/** The mean cross-entropy of the tokens with a weight. Inputs: `tokens` [1, length, vocabulary], whose gradient can be had, and `weights`. */
export function rowsLoss(config: DecoderConfig): BuildLoss<RowsBucket> {
  return (graph, parameters, { length }) => {
    const tokens = graph.input('tokens', [1, length, config.vocabularySize], { requiresGradient: true })
    const weights = graph.input('weights', [1, length - 1])
    const model = decoderWeights(config, parameters)
    const logarithms = logSoftmax(slice(model.output(decode(config, model, tokens)), 1, 0, length - 1))
    const losses = neg(sum(mul(logarithms, slice(tokens, 1, 1, length)), { axes: [-1] }))
    return { loss: div(sum(mul(losses, weights)), sum(weights)) }
  }
}

/** What `rowsLoss` is fed with for one sequence, and the graph it belongs to. */
export function rowsFeeds(
  { ids, weights }: EncodedConversation,
  { vocabularySize, maxLength }: Pick<DecoderConfig, 'vocabularySize' | 'maxLength'>,
): { readonly bucket: RowsBucket; readonly feeds: Readonly<Record<string, TensorData>> } {
  const length = paddedLength(ids.length, maxLength)
  const next = new Float32Array(length - 1)
  next.set(weights.subarray(1))
  return { bucket: { length }, feeds: { tokens: oneHotRows(ids, length, vocabularySize), weights: next } }
}
