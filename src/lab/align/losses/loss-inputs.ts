/**
 * What the alignment losses are given and what they give back. Every tensor here has one number a row of the batch.
 *
 * Log-probabilities are sums over the tokens of a response, in nats, made by `responseLogProbabilities`. What the reference says
 * is fed, never computed beside the policy: it is frozen, so once is enough.
 */
import { cast, clampMin, div, greater, mean, mul, neg, softplus, sum } from '../../../nn/tensor/index.ts'
import type { SymbolicTensor } from '../../../nn/tensor/index.ts'
import { sameShape, shapeError } from '../../../nn/tensor/shape.ts'

/** Two responses to each prompt, the better one first; all float32 [batch]. */
export interface PairInputs {
  readonly policyChosen: SymbolicTensor
  readonly policyRejected: SymbolicTensor
  readonly chosenTokens: SymbolicTensor
  readonly rejectedTokens: SymbolicTensor
  /** Importance of each row, at least 0; 0 marks a row that only fills the batch. All 1 if absent. */
  readonly weights?: SymbolicTensor
}

/** The same with what the frozen reference says of the same responses. */
export interface ReferencePairInputs extends PairInputs {
  readonly referenceChosen: SymbolicTensor
  readonly referenceRejected: SymbolicTensor
}

/** A loss of one element, and what to watch; `outputs` fits `LossDescription.outputs`. */
export interface PairLoss {
  readonly loss: SymbolicTensor
  readonly outputs: PairOutputs
}

/** Each [batch]. A margin above 0 says that the policy ranks the pair rightly, in the terms of the loss. */
export type PairOutputs = Readonly<
  Record<
    /** The loss of each row before its weight. */
    | 'losses'
    | 'chosenRewards'
    | 'rejectedRewards'
    /** Chosen minus rejected reward. */
    | 'margins',
    SymbolicTensor
  >
>

/** Throws `internal` unless all tensors are float32 [batch] of one size. */
export function requireRows(loss: string, inputs: object): void {
  const tensors = (Object.entries(inputs) as [string, SymbolicTensor | undefined][]).flatMap(([name, tensor]) =>
    tensor === undefined ? [] : [{ name, tensor }],
  )
  const [first] = tensors
  for (const { name, tensor } of tensors)
    if (first === undefined || tensor.rank !== 1 || !sameShape(tensor.shape, first.tensor.shape))
      throw shapeError(
        loss,
        `${name} is ${tensor.text}; every input must be [batch] like ${first?.name ?? 'the first'}.`,
      )
}

/** `-log σ(x)`, exact for large |x|. */
export function negativeLogSigmoid(x: SymbolicTensor): SymbolicTensor {
  return softplus(neg(x))
}

/** 1 for a row that counts, 0 for one that only fills the batch. */
export function counted(weights: SymbolicTensor): SymbolicTensor {
  return cast(greater(weights, 0), 'float32')
}

/**
 * `Σ w l / n`, where n counts the rows whose weight is above 0. Weights thus scale the loss (they are not divided out, as the
 * weights of GuardReasoner and KTO ask), and rows that only fill the batch change nothing.
 */
export function rowMean(losses: SymbolicTensor, weights: SymbolicTensor | undefined): SymbolicTensor {
  if (weights === undefined) return mean(losses)
  return div(sum(mul(losses, weights)), clampMin(sum(counted(weights)), 1))
}

/** `Σ w x / Σ w t`: the mean over all tokens of the batch, with sums `x` and token counts `t` of each row. */
export function tokenMean(
  x: SymbolicTensor,
  tokens: SymbolicTensor,
  weights: SymbolicTensor | undefined,
): SymbolicTensor {
  const weighed = (values: SymbolicTensor): SymbolicTensor => sum(weights === undefined ? values : mul(values, weights))
  return div(weighed(x), clampMin(weighed(tokens), 1e-6))
}

/** The sum over tokens divided by their number. A row without tokens, which only fills the batch, gives 0 and not NaN. */
export function perToken(x: SymbolicTensor, tokens: SymbolicTensor): SymbolicTensor {
  return div(x, clampMin(tokens, 1e-6))
}
