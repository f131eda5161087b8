/**
 * Identity preference optimisation (Azar et al. 2023, eq. 17): `L = (h - 1/(2τ))²`, a regression onto a margin, which keeps the
 * policy near the reference even where the preferences are deterministic.
 *
 * `h` has two readings. `token-mean`, the default, is that of trl and HALOs: `h = Δ⁺/|y⁺| - Δ⁻/|y⁻|`, which asks for a margin of
 * 1/(2τ) nats a *token* (5 at τ 0.1: far too much for a small vocabulary). `sum` is the formula of the paper: `h = Δ⁺ - Δ⁻`.
 */
import { mul, stopGradient, sub } from '../../../nn/tensor/index.ts'
import type { SymbolicTensor } from '../../../nn/tensor/index.ts'
import { type PairLoss, type ReferencePairInputs, perToken, requireRows, rowMean } from './loss-inputs.ts'
import { checkedOptions, oneOf, positive } from './option-checks.ts'

export interface IpoOptions {
  /** Strength of the pull towards the reference; trl calls it beta. The margin aimed at is 1/(2τ). */
  readonly tau?: number
  /** Whether log-ratios are divided by the number of tokens. */
  readonly logRatio?: 'token-mean' | 'sum'
}

export const IPO_DEFAULTS: Required<IpoOptions> = { tau: 0.1, logRatio: 'token-mean' }

/** Rewards are `τ` times the log-ratios that make up `h`. */
export function ipoLoss(inputs: ReferencePairInputs, options: IpoOptions = {}): PairLoss {
  const { tau, logRatio } = checkIpoOptions(options)
  requireRows('ipo', inputs)
  const ratio = (policy: SymbolicTensor, reference: SymbolicTensor, tokens: SymbolicTensor): SymbolicTensor => {
    const summed = sub(policy, stopGradient(reference))
    return logRatio === 'sum' ? summed : perToken(summed, tokens)
  }
  const chosen = ratio(inputs.policyChosen, inputs.referenceChosen, inputs.chosenTokens)
  const rejected = ratio(inputs.policyRejected, inputs.referenceRejected, inputs.rejectedTokens)
  const excess = sub(sub(chosen, rejected), 1 / (2 * tau))
  const losses = mul(excess, excess)
  const chosenRewards = mul(chosen, tau)
  const rejectedRewards = mul(rejected, tau)
  const margins = sub(chosenRewards, rejectedRewards)
  return { loss: rowMean(losses, inputs.weights), outputs: { losses, chosenRewards, rejectedRewards, margins } }
}

/** Throws `configuration` for what cannot be; fills in the defaults. */
export function checkIpoOptions(options: IpoOptions = {}): Required<IpoOptions> {
  return checkedOptions('ipo', IPO_DEFAULTS, options, { tau: positive, logRatio: oneOf('token-mean', 'sum') })
}
