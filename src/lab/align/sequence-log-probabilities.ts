/**
 * From the logits of a language model to the log-probability of each response, and the batches of token ids that go with it.
 *
 * Position t predicts the token that follows it. Only the positions whose next token belongs to a response are learnt, and only these
 * have logits: prompts, system texts and padding have none. Nothing is cut to fit: a row that is too long is an error.
 */
import { requireTokens } from '../../nn/decoder/token-ids.ts'
import { ParapetError } from '../../spec/errors.ts'
import { greater, logSoftmax, mul, pick, sum, where } from '../../nn/tensor/index.ts'
import type { SymbolicTensor } from '../../nn/tensor/index.ts'
import { sameShape, shapeError } from '../../nn/tensor/shape.ts'

/** Both float32 [rows]. */
export interface ResponseLogProbabilities {
  /** Sum over the tokens of the response, in nats. */
  readonly logProbabilities: SymbolicTensor
  /** Sum of the weights: the number of tokens. */
  readonly tokens: SymbolicTensor
}

/** Fixed sizes of a batch. */
export interface ResponseBucket {
  readonly rows: number
  /** Positions of each row, padding included. */
  readonly length: number
  /** Room for learnt positions, of all rows together. */
  readonly learnt: number
}

/**
 * Logits [learnt, vocabulary] (or log-probabilities, which stay as they are), labels int64 [learnt], and owner float32 [rows, learnt]:
 * the weight of each position in each row, 1 where it belongs to the row and 0 elsewhere. A position that belongs to no row only fills
 * the batch: its label must still be an id of the vocabulary, for example 0. What the logits of a position say has no effect on other
 * rows, not even where it is infinite.
 */
export function responseLogProbabilities(
  logits: SymbolicTensor,
  labels: SymbolicTensor,
  owner: SymbolicTensor,
): ResponseLogProbabilities {
  if (logits.rank !== 2 || owner.rank !== 2 || !sameShape(owner.shape.slice(1), labels.shape))
    throw shapeError(
      'responseLogProbabilities',
      `logits ${logits.text} must be [learnt, vocabulary], labels ${labels.text} [learnt] and owner ${owner.text} [rows, learnt].`,
    )
  const perPosition = pick(logSoftmax(logits), labels)
  // A product of matrices would do, but for 0 · ∞ of another row.
  const own = where(greater(owner, 0), perPosition, 0)
  return {
    logProbabilities: sum(mul(own, owner), { axes: [-1] }),
    tokens: sum(owner, { axes: [-1] }),
  }
}

/** A prompt and its response as token ids; the end-of-turn token belongs to the response if the model must learn to stop. */
export interface ResponseTokens {
  readonly prompt: readonly number[]
  readonly response: readonly number[]
}

/** What `responsesOf` declares, row after row. */
export interface ResponseBatch {
  /** [rows, length]. */
  readonly ids: BigInt64Array
  /** [learnt]: places in rows · length whose next token is of a response; 0 where the room is not filled. */
  readonly places: BigInt64Array
  /** [learnt]: these tokens; 0 likewise. */
  readonly labels: BigInt64Array
  /** [rows, learnt]: 1 where a place belongs to the row. */
  readonly owner: Float32Array
}

/**
 * The batch of at most `rows` rows, padded at the end. A row needs `prompt + response - 1` positions, because the last token is only
 * predicted. Throws `input_invalid` for a row that is too long or has an empty prompt or response, and for more rows or tokens than
 * there is room for.
 */
export function responseBatch(
  given: readonly ResponseTokens[],
  { rows, length, learnt }: ResponseBucket,
  padding: number,
): ResponseBatch {
  checkRoom(given, { rows, length, learnt })
  const batch = {
    ids: new BigInt64Array(rows * length).fill(BigInt(padding)),
    places: new BigInt64Array(learnt),
    labels: new BigInt64Array(learnt),
    owner: new Float32Array(rows * learnt),
  }
  let count = 0
  given.forEach(({ prompt, response }, row) => {
    const start = row * length
    prompt.forEach((id, at) => (batch.ids[start + at] = BigInt(id)))
    response.forEach((id, at) => {
      const place = start + prompt.length + at
      if (at < response.length - 1) batch.ids[place] = BigInt(id)
      batch.places[count] = BigInt(place - 1)
      batch.labels[count] = BigInt(id)
      batch.owner[row * learnt + count] = 1
      count += 1
    })
  })
  return batch
}

function checkRoom(given: readonly ResponseTokens[], { rows, length, learnt }: ResponseBucket): void {
  given.forEach(({ prompt, response }, row) => {
    const positions = prompt.length + response.length - 1
    if (prompt.length === 0 || response.length === 0)
      throw new ParapetError('input_invalid', `Row ${row + 1} has an empty prompt or response. Leave it out.`)
    if (positions > length)
      throw new ParapetError(
        'input_invalid',
        `Row ${row + 1} needs ${positions} positions, but the batch has ${length}. Make the batch longer or the row shorter.`,
      )
  })
  const tokens = responseTokens(given)
  if (given.length > rows || tokens > learnt)
    throw new ParapetError(
      'input_invalid',
      `The batch has room for ${rows} rows and ${learnt} tokens of responses, not for ${given.length} and ${tokens}.`,
    )
}

/** Throws `input_invalid` for a row with a token that a vocabulary of this size has not. */
export function requireKnownTokens(rows: readonly ResponseTokens[], vocabularySize: number): void {
  rows.forEach(({ prompt, response }, row) => {
    requireTokens(prompt, vocabularySize, `The prompt of row ${row + 1}`)
    requireTokens(response, vocabularySize, `The response of row ${row + 1}`)
  })
}

/** Tokens of all responses together. */
export function responseTokens(rows: readonly ResponseTokens[]): number {
  return rows.reduce((sum, { response }) => sum + response.length, 0)
}
