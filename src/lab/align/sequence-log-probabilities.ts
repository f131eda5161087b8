/**
 * From the logits of a language model to the log-probability of each response, and the batches of token ids that go with it.
 *
 * Position t predicts the token that follows it: `labels[t]` is `ids[t + 1]`. The mask is 1 where that token belongs to the
 * response, so prompt, system text and padding count for nothing. Nothing is cut to fit: a row that is too long is an error.
 */
import { ParapetError } from '../../spec/errors.ts'
import { greater, logSoftmax, mul, pick, sum, where } from '../../nn/tensor/index.ts'
import type { SymbolicTensor } from '../../nn/tensor/index.ts'
import { sameShape, shapeError } from '../../nn/tensor/shape.ts'

/** Both float32 [rows]. */
export interface ResponseLogProbabilities {
  /** Sum over the tokens of the response, in nats. */
  readonly logProbabilities: SymbolicTensor
  /** Sum of the mask: the number of tokens. */
  readonly tokens: SymbolicTensor
}

/**
 * Logits [rows, length, vocabulary] (or log-probabilities, which stay as they are), labels int64 [rows, length] and mask float32
 * [rows, length], whose values may also be weights. Labels under a mask of 0 must still be ids of the vocabulary, for example 0;
 * what the logits say there has no effect, not even where it is infinite.
 */
export function responseLogProbabilities(
  logits: SymbolicTensor,
  labels: SymbolicTensor,
  mask: SymbolicTensor,
): ResponseLogProbabilities {
  if (logits.rank !== 3 || !sameShape(mask.shape, labels.shape))
    throw shapeError(
      'responseLogProbabilities',
      `logits ${logits.text} must be [rows, length, vocabulary], labels ${labels.text} and mask ${mask.text} [rows, length].`,
    )
  const perPosition = pick(logSoftmax(logits), labels)
  const kept = where(greater(mask, 0), perPosition, 0)
  return {
    logProbabilities: sum(mul(kept, mask), { axes: [-1] }),
    tokens: sum(mask, { axes: [-1] }),
  }
}

/** A prompt and its response as token ids; the end-of-turn token belongs to the response if the model must learn to stop. */
export interface ResponseTokens {
  readonly prompt: readonly number[]
  readonly response: readonly number[]
}

/** All [rows, length], row after row. */
export interface ResponseBatch {
  readonly ids: BigInt64Array
  readonly labels: BigInt64Array
  readonly mask: Float32Array
}

/**
 * Ids, labels and mask of rows, padded at the end to `length` positions. A row needs `prompt + response - 1` of them, because the
 * last token is only predicted. Throws `input_invalid` for a row that is too long, or has an empty prompt or response.
 */
export function responseBatch(rows: readonly ResponseTokens[], length: number, padding: number): ResponseBatch {
  const size = rows.length * length
  const batch = {
    ids: new BigInt64Array(size).fill(BigInt(padding)),
    labels: new BigInt64Array(size),
    mask: new Float32Array(size),
  }
  rows.forEach(({ prompt, response }, row) => {
    const positions = prompt.length + response.length - 1
    if (prompt.length === 0 || response.length === 0)
      throw new ParapetError('input_invalid', `Row ${row + 1} has an empty prompt or response. Leave it out.`)
    if (positions > length)
      throw new ParapetError(
        'input_invalid',
        `Row ${row + 1} needs ${positions} positions, but the batch has ${length}. Make the batch longer or the row shorter.`,
      )
    const tokens = [...prompt, ...response]
    for (let at = 0; at < positions; at += 1) {
      batch.ids[row * length + at] = BigInt(tokens[at] ?? padding)
      batch.labels[row * length + at] = BigInt(tokens[at + 1] ?? 0)
      batch.mask[row * length + at] = at + 1 >= prompt.length ? 1 : 0
    }
  })
  return batch
}
