/** Cross-entropy of answers with a look into the forward pass, over all positions: for defences that touch or read hidden values. */
import type { DecoderConfig } from '../../../../nn/decoder/config.ts'
import { type Observe, decode } from '../../../../nn/decoder/forward.ts'
import { type DecoderWeights, decoderWeights } from '../../../../nn/decoder/weights.ts'
import {
  type SymbolicTensor,
  type TensorGraph,
  crossEntropyLosses,
  reshape,
  weightedMean,
} from '../../../../nn/tensor/index.ts'
import type { TokenBucket } from '../../../train/decoder/batches.ts'

export interface ObservedSequences {
  readonly loss: SymbolicTensor
  readonly weights: DecoderWeights
  /** Mean cross-entropy of the learnt tokens when a hidden value [batch, length, width] goes straight through the output layer. */
  readonly lossThroughHead: (hidden: SymbolicTensor) => SymbolicTensor
}

/** Declares the inputs `ids`, `labels`, `weights` [batch, length], with `prefix` before their names. */
export function observedSequences(
  graph: TensorGraph,
  parameters: Readonly<Record<string, SymbolicTensor>>,
  options: {
    readonly config: DecoderConfig
    readonly bucket: TokenBucket
    readonly prefix?: string
    readonly observe?: Observe
  },
): ObservedSequences {
  const { config, bucket, prefix = '', observe } = options
  const shape = [bucket.batch, bucket.length]
  const ids = graph.input(`${prefix}ids`, shape, { dataType: 'int64' })
  const labels = graph.input(`${prefix}labels`, shape, { dataType: 'int64' })
  const learnt = graph.input(`${prefix}weights`, shape)
  const weights = decoderWeights(config, parameters)
  const flat = [bucket.batch * bucket.length]
  const lossThroughHead = (hidden: SymbolicTensor): SymbolicTensor => {
    const logits = weights.output(reshape(hidden, [...flat, config.width]))
    return weightedMean(crossEntropyLosses(logits, reshape(labels, flat)), reshape(learnt, flat))
  }
  const final = decode(config, weights, ids, observe === undefined ? {} : { observe })
  return { loss: lossThroughHead(final), weights, lossThroughHead }
}
