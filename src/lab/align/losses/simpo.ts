/**
 * Simple preference optimisation (Meng, Xia & Chen 2024, eq. 6): the mean log-probability of a token is the reward, and the
 * chosen response has to win by a margin. It knows no reference.
 *
 * `L = -log σ(β (log π(y⁺)/|y⁺| - log π(y⁻)/|y⁻| - γ/β))`.
 */
import { mul, sub } from '../../../nn/tensor/index.ts'
import { type PairInputs, type PairLoss, negativeLogSigmoid, perToken, requireRows, rowMean } from './loss-inputs.ts'
import { checkedOptions, notNegative, positive } from './option-checks.ts'

export interface SimpoOptions {
  /** Scale of the reward; the authors use 2 to 2.5, and up to 10. */
  readonly beta?: number
  /** Margin in units of the mean log-probability, `γ/β`; the authors use 0.1 to 0.8. */
  readonly marginRatio?: number
}

export const SIMPO_DEFAULTS: Required<SimpoOptions> = { beta: 2, marginRatio: 0.5 }

/** Rewards are `β` times the mean log-probability of a token; `margins` leave γ out. */
export function simpoLoss(inputs: PairInputs, options: SimpoOptions = {}): PairLoss {
  const { beta, marginRatio } = checkSimpoOptions(options)
  requireRows('simpo', inputs)
  const chosenRewards = mul(perToken(inputs.policyChosen, inputs.chosenTokens), beta)
  const rejectedRewards = mul(perToken(inputs.policyRejected, inputs.rejectedTokens), beta)
  const margins = sub(chosenRewards, rejectedRewards)
  const losses = negativeLogSigmoid(sub(margins, beta * marginRatio))
  return { loss: rowMean(losses, inputs.weights), outputs: { losses, chosenRewards, rejectedRewards, margins } }
}

/** Throws `configuration` for what cannot be; fills in the defaults. */
export function checkSimpoOptions(options: SimpoOptions = {}): Required<SimpoOptions> {
  return checkedOptions('simpo', SIMPO_DEFAULTS, options, { beta: positive, marginRatio: notNegative })
}
