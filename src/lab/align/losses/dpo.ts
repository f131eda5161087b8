/**
 * Direct preference optimisation (Rafailov et al. 2023, eq. 7) with the label smoothing of its conservative form, cDPO.
 *
 * `L = -log σ(β (Δ⁺ - Δ⁻))` with `Δ = log π(y) - log π_ref(y)` summed over the response. With a rate e of wrong labels
 * `L = -(1 - e) log σ(β d) - e log σ(-β d)`.
 */
import { add, mul, neg, stopGradient, sub } from '../../../nn/tensor/index.ts'
import { type PairLoss, type ReferencePairInputs, negativeLogSigmoid, requireRows, rowMean } from './loss-inputs.ts'
import { between, checkedOptions, positive } from './option-checks.ts'

export interface DpoOptions {
  /** Strength of the pull towards the reference. */
  readonly beta?: number
  /** Share of labels believed to be wrong; 0 is DPO, more is cDPO. */
  readonly labelSmoothing?: number
}

export const DPO_DEFAULTS: Required<DpoOptions> = { beta: 0.1, labelSmoothing: 0 }

/** Rewards are `β Δ`. */
export function dpoLoss(inputs: ReferencePairInputs, options: DpoOptions = {}): PairLoss {
  const { beta, labelSmoothing } = checkDpoOptions(options)
  requireRows('dpo', inputs)
  const chosenRewards = mul(sub(inputs.policyChosen, stopGradient(inputs.referenceChosen)), beta)
  const rejectedRewards = mul(sub(inputs.policyRejected, stopGradient(inputs.referenceRejected)), beta)
  const margins = sub(chosenRewards, rejectedRewards)
  const right = negativeLogSigmoid(margins)
  const losses =
    labelSmoothing === 0
      ? right
      : add(mul(right, 1 - labelSmoothing), mul(negativeLogSigmoid(neg(margins)), labelSmoothing))
  return { loss: rowMean(losses, inputs.weights), outputs: { losses, chosenRewards, rejectedRewards, margins } }
}

/** Throws `configuration` for what cannot be; fills in the defaults. */
export function checkDpoOptions(options: DpoOptions = {}): Required<DpoOptions> {
  return checkedOptions('dpo', DPO_DEFAULTS, options, { beta: positive, labelSmoothing: between(0, 0.5) })
}
