/**
 * Hard-sample DPO of GuardReasoner (Liu et al. 2025, eq. 2): each pair weighs by how often the model erred on its prompt, and the
 * likelihood of the chosen response is mixed in against collapse.
 *
 * `L = mean(α · -log σ(β (Δ⁺ - Δ⁻))) + c · NLL(y⁺)`: DPO on summed log-probabilities, NLL as a mean over tokens. The weights α are
 * the row weights, made by `hardSampleWeights`. Equation 2 weighs only the DPO term; `weighSft` weighs both. With
 * `sftMean: 'batch'`, coefficient 0.4 and equal weights it is the DPO + RPO of DuoGuard (Deng et al. 2025) as trl 0.11 computes it.
 */
import { ParapetError } from '../../../spec/errors.ts'
import { add, mul, neg } from '../../../nn/tensor/index.ts'
import type { SymbolicTensor } from '../../../nn/tensor/index.ts'
import { dpoLoss } from './dpo.ts'
import { type PairLoss, type ReferencePairInputs, counted, perToken, rowMean, tokenMean } from './loss-inputs.ts'
import { checkedOptions, notNegative, oneOf, positive, yesOrNo } from './option-checks.ts'

export interface HardDpoOptions {
  readonly beta?: number
  /** Coefficient of the negative log-likelihood of the chosen response. */
  readonly sftCoefficient?: number
  /** `response`: each response counts the same (LLaMA-Factory). `batch`: over all chosen tokens of the batch (trl 0.11). */
  readonly sftMean?: 'response' | 'batch'
  /** Whether the row weights scale the likelihood too. */
  readonly weighSft?: boolean
}

export const HARD_DPO_DEFAULTS: Required<HardDpoOptions> = {
  beta: 0.01,
  sftCoefficient: 2,
  sftMean: 'response',
  weighSft: false,
}

/** Rewards are `β Δ`; `losses` are before the weights and take the likelihood a response. */
export function hardDpoLoss(inputs: ReferencePairInputs, options: HardDpoOptions = {}): PairLoss {
  const { beta, sftCoefficient, sftMean, weighSft } = checkHardDpoOptions(options)
  const { loss: preference, outputs } = dpoLoss(inputs, { beta })
  if (sftCoefficient === 0) return { loss: preference, outputs }
  const { policyChosen, chosenTokens } = inputs
  const surprise = perToken(neg(policyChosen), chosenTokens)
  const weights = weighSft ? inputs.weights : uniform(inputs.weights)
  const likelihood =
    sftMean === 'response' ? rowMean(surprise, weights) : tokenMean(neg(policyChosen), chosenTokens, weights)
  return {
    loss: add(preference, mul(likelihood, sftCoefficient)),
    outputs: { ...outputs, losses: add(outputs.losses, mul(surprise, sftCoefficient)) },
  }
}

/** Throws `configuration` for what cannot be; fills in the defaults. */
export function checkHardDpoOptions(options: HardDpoOptions = {}): Required<HardDpoOptions> {
  return checkedOptions('hard-dpo', HARD_DPO_DEFAULTS, options, {
    beta: positive,
    sftCoefficient: notNegative,
    sftMean: oneOf('response', 'batch'),
    weighSft: yesOrNo,
  })
}

/**
 * `α = 1 + 2γ (d - d_min)/(d_max - d_min) - γ` for `d = wrong - right` samples of each prompt: from 1 - γ to 1 + γ. As the released
 * code does, the range is taken over the whole list, so give one source data set at a time. Where all d are equal, α is 1 (the
 * released code divides by zero there).
 */
export function hardSampleWeights(wrongMinusRight: readonly number[], gamma: number = 0.2): readonly number[] {
  if (!(gamma >= 0 && gamma < 1))
    throw new ParapetError('configuration', `gamma must be at least 0 and below 1, not ${gamma}.`)
  const lowest = wrongMinusRight.reduce((low, d) => Math.min(low, d), Infinity)
  const highest = wrongMinusRight.reduce((high, d) => Math.max(high, d), -Infinity)
  if (!wrongMinusRight.every(Number.isFinite))
    throw new ParapetError(
      'input_invalid',
      'A difference of wrong and right samples is not a number. Count them first.',
    )
  return wrongMinusRight.map((d) =>
    highest === lowest ? 1 : 1 + (2 * gamma * (d - lowest)) / (highest - lowest) - gamma,
  )
}

function uniform(weights: SymbolicTensor | undefined): SymbolicTensor | undefined {
  return weights === undefined ? undefined : counted(weights)
}
