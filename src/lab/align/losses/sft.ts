/**
 * Supervised fine-tuning: the negative log-likelihood of good responses. The control every alignment method has to beat, above
 * all on the good turns alone. It knows no reference and no bad responses.
 */
import { neg } from '../../../nn/tensor/index.ts'
import type { SymbolicTensor } from '../../../nn/tensor/index.ts'
import { perToken, requireRows, rowMean, tokenMean } from './loss-inputs.ts'
import { checkedOptions, oneOf } from './option-checks.ts'

export interface SftOptions {
  /** `token`: over all tokens of the batch, as language models train. `response`: each response counts the same. */
  readonly mean?: 'token' | 'response'
}

export const SFT_DEFAULTS: Required<SftOptions> = { mean: 'token' }

/** All float32 [batch]. */
export interface SftInputs {
  readonly policy: SymbolicTensor
  readonly tokens: SymbolicTensor
  /** See `PairInputs.weights`. With the mean over tokens they are divided out. */
  readonly weights?: SymbolicTensor
}

export interface SftLoss {
  readonly loss: SymbolicTensor
  /** Mean negative log-likelihood a token of each row, in nats [batch]. */
  readonly outputs: Readonly<Record<'losses', SymbolicTensor>>
}

/** `-Σ log π(y) / Σ |y|`, or the mean of `-log π(y) / |y|`. */
export function sftLoss(inputs: SftInputs, options: SftOptions = {}): SftLoss {
  const { mean } = checkSftOptions(options)
  requireRows('sft', inputs)
  const { policy, tokens, weights } = inputs
  const losses = perToken(neg(policy), tokens)
  const loss = mean === 'token' ? tokenMean(neg(policy), tokens, weights) : rowMean(losses, weights)
  return { loss, outputs: { losses } }
}

/** Throws `configuration` for what cannot be; fills in the defaults. */
export function checkSftOptions(options: SftOptions = {}): Required<SftOptions> {
  return checkedOptions('sft', SFT_DEFAULTS, options, { mean: oneOf('token', 'response') })
}
