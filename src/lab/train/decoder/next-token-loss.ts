/**
 * The loss of next-token prediction and what it is fed with. Where few positions are learnt, as in tuning on answers, what follows the
 * last attention, the output layer above all, is worked out for these only; loss and gradients are the same to rounding.
 *
 * It knows one batch: which sequences come together is `batches.ts`, how the model is changed is the training session's matter.
 */
import type { LoraAdapter } from '../../../nn/checkpoint/adapter.ts'
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import { decode } from '../../../nn/decoder/forward.ts'
import { withAdapter } from '../../../nn/decoder/lora.ts'
import { decoderWeights } from '../../../nn/decoder/weights.ts'
import type { TensorData } from '../../../nn/onnx/graph.ts'
import type { BuildLoss } from '../../../nn/runtime/training-graph.ts'
import { type SymbolicTensor, crossEntropyLosses, gather, reshape, weightedMean } from '../../../nn/tensor/index.ts'
import { staticShape } from '../../../nn/tensor/shape.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { TokenBucket } from './batches.ts'
import type { EncodedConversation } from './encode.ts'

/**
 * Cross-entropy of next tokens, weighted; a function of the bucket, as the training graph wants it. Inputs: `ids` int64 [batch, length];
 * `labels` int64 and `weights` float32, both [batch, length], or [learnt] where the bucket has that size, and then also `places` int64
 * [learnt], which says where in batch · length each of them belongs.
 */
export function nextTokenLoss(
  config: DecoderConfig,
  adapter?: Pick<LoraAdapter, 'rank' | 'alpha' | 'rankStabilised'>,
): BuildLoss<TokenBucket> {
  return (graph, parameters, { batch, length, learnt }) => {
    const shape = learnt === undefined ? [batch, length] : [learnt]
    const ids = graph.input('ids', [batch, length], { dataType: 'int64' })
    const labels = graph.input('labels', shape, { dataType: 'int64' })
    const weights = graph.input('weights', shape)
    const places = learnt === undefined ? undefined : graph.input('places', shape, { dataType: 'int64' })
    const plain = decoderWeights(config, parameters)
    const tuned = adapter === undefined ? plain : withAdapter(plain, adapter, parameters)
    const select = places === undefined ? {} : { select: (x: SymbolicTensor) => rowsAt(x, places) }
    const hidden = decode(config, tuned, ids, select)
    return { loss: weightedMean(crossEntropyLosses(tuned.output(hidden), labels), weights) }
  }
}

/** Rows of [batch, length, width] by their place in batch · length. */
export function rowsAt(x: SymbolicTensor, places: SymbolicTensor): SymbolicTensor {
  const [batch = 1, length = 1, width = 1] = staticShape('rowsAt', x.shape)
  return gather(reshape(x, [batch * length, width]), places)
}

/** Tokens of a sequence that are learnt: those with a weight, but for the first, which nothing predicts. */
export function learntTokens({ weights }: EncodedConversation): number {
  return weights.reduce((count, weight, at) => (at > 0 && weight !== 0 ? count + 1 : count), 0)
}

/** Feeds of `nextTokenLoss` for the sequences of one batch. Throws `internal` when they do not fit into the bucket. */
export function nextTokenFeeds(
  sequences: readonly EncodedConversation[],
  { batch, length, learnt }: TokenBucket,
): Readonly<Record<string, TensorData>> {
  const size = learnt ?? batch * length
  const ids = new BigInt64Array(batch * length)
  const labels = new BigInt64Array(size)
  const weights = new Float32Array(size)
  // What is left over at the end points at place 0 with weight 0: no loss, and a gradient of 0.
  const places = new BigInt64Array(size)
  let count = 0
  for (const [slot, sequence] of sequences.entries())
    sequence.ids.forEach((id, at) => {
      const place = slot * length + at
      ids[place] = BigInt(id)
      const weight = sequence.weights[at] ?? 0
      if (at === 0 || (learnt !== undefined && weight === 0)) return
      const row = learnt === undefined ? place - 1 : count
      places[row] = BigInt(place - 1)
      labels[row] = BigInt(id)
      weights[row] = weight
      count += 1
    })
  if (count > size || sequences.length > batch)
    throw new ParapetError(
      'internal',
      `A batch of ${sequences.length} sequences, ${count} tokens learnt, is too large.`,
    )
  return { ids, labels, weights, ...(learnt === undefined ? {} : { places }) }
}
