/**
 * Odds-ratio preference optimisation (Hong, Lee & Thorne 2024, eq. 6 and 7): SFT on the chosen response and, added, the odds of
 * the chosen against the rejected one. It knows no reference.
 *
 * `L = -log π(y⁺)/|y⁺| - λ log σ(log odds(y⁺) - log odds(y⁻))` with `odds = p / (1 - p)` and `p = exp(log π(y) / |y|)`.
 */
import { add, clampMin, log, mul, neg, softplus, sub, tanh } from '../../../nn/tensor/index.ts'
import type { SymbolicTensor } from '../../../nn/tensor/index.ts'
import { type PairInputs, type PairLoss, negativeLogSigmoid, perToken, requireRows, rowMean } from './loss-inputs.ts'
import { checkedOptions, notNegative } from './option-checks.ts'

export interface OrpoOptions {
  /** Weight of the odds ratio; trl calls it beta. */
  readonly lambda?: number
}

export const ORPO_DEFAULTS: Required<OrpoOptions> = { lambda: 0.1 }

/** Rewards are `λ` times the mean log-probability of a token, as trl reports them. */
export function orpoLoss(inputs: PairInputs, options: OrpoOptions = {}): PairLoss {
  const { lambda } = checkOrpoOptions(options)
  requireRows('orpo', inputs)
  const chosen = perToken(inputs.policyChosen, inputs.chosenTokens)
  const rejected = perToken(inputs.policyRejected, inputs.rejectedTokens)
  const oddsRatio = sub(logOdds(chosen), logOdds(rejected))
  const losses = add(neg(chosen), mul(negativeLogSigmoid(oddsRatio), lambda))
  const chosenRewards = mul(chosen, lambda)
  const rejectedRewards = mul(rejected, lambda)
  const margins = sub(chosenRewards, rejectedRewards)
  return { loss: rowMean(losses, inputs.weights), outputs: { losses, chosenRewards, rejectedRewards, margins } }
}

/** Throws `configuration` for what cannot be; fills in the defaults. */
export function checkOrpoOptions(options: OrpoOptions = {}): Required<OrpoOptions> {
  return checkedOptions('orpo', ORPO_DEFAULTS, options, { lambda: notNegative })
}

/** A mean log-probability nearer to 0 than this counts as this: odds are infinite at 0. */
const SMALLEST = 1e-6

/**
 * `log(p / (1 - p)) = -log(eᵃ - 1)` for `a = -log p`. With `eᵃ - 1 = tanh(a/2) (eᵃ + 1)` it is `-softplus(a) - log tanh(a/2)`,
 * which subtracts no nearly equal numbers at either end, as log1mexp does in two branches.
 */
export function logOdds(logProbabilities: SymbolicTensor): SymbolicTensor {
  const surprise = clampMin(neg(logProbabilities), SMALLEST)
  return neg(add(softplus(surprise), log(tanh(mul(surprise, 0.5)))))
}
