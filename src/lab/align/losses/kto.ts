/**
 * Kahneman-Tversky optimisation (Ethayarajh et al. 2024, eq. 7): learns from single responses labelled desirable or not.
 *
 * `L = w_d (1 - σ(β (Δ - z₀)))` for a desirable response, `w_u (1 - σ(β (z₀ - Δ)))` for an undesirable one. The reference point
 * `z₀` estimates KL(π ‖ π_ref) from prompts paired with the responses of other prompts: the mean of their log-ratios over the
 * batch, at least 0, and no gradient flows through it. That needs a batch of more than one row, because alone a row's mismatch
 * is its match. `referencePoint: 'zero'` leaves it out, which trl calls `apo_zero_unpaired`.
 */
import { ParapetError } from '../../../spec/errors.ts'
import { add, clampMin, div, mean, mul, neg, sigmoid, stopGradient, sub, sum } from '../../../nn/tensor/index.ts'
import type { SymbolicTensor } from '../../../nn/tensor/index.ts'
import { counted, requireRows, rowMean } from './loss-inputs.ts'
import { checkedOptions, notNegative, oneOf, positive } from './option-checks.ts'

export interface KtoOptions {
  /** Strength of the pull towards the reference. */
  readonly beta?: number
  readonly desirableWeight?: number
  /** With n_d and n_u rows of each kind, w_d n_d / (w_u n_u) should lie from 1 to 4/3: see `imbalanceWeights`. */
  readonly undesirableWeight?: number
  readonly referencePoint?: 'batch' | 'zero'
}

export const KTO_DEFAULTS: Required<KtoOptions> = {
  beta: 0.1,
  desirableWeight: 1,
  undesirableWeight: 1,
  referencePoint: 'batch',
}

/** All float32 [batch]. */
export interface KtoInputs {
  readonly policy: SymbolicTensor
  readonly reference: SymbolicTensor
  /** Each prompt with the response of another row. Needed for `referencePoint: 'batch'`. */
  readonly policyMismatched?: SymbolicTensor
  readonly referenceMismatched?: SymbolicTensor
  /** 1 desirable, 0 undesirable. */
  readonly desirable: SymbolicTensor
  /** See `PairInputs.weights`. Rows of weight 0 do not count for z₀ either. */
  readonly weights?: SymbolicTensor
}

export interface KtoLoss {
  readonly loss: SymbolicTensor
  /** Losses before the weights of the rows, and rewards `β Δ`, [batch]; the reference point, in nats, []. */
  readonly outputs: Readonly<Record<'losses' | 'rewards' | 'referencePoint', SymbolicTensor>>
}

export function ktoLoss(inputs: KtoInputs, options: KtoOptions = {}): KtoLoss {
  const { beta, desirableWeight, undesirableWeight, referencePoint } = checkKtoOptions(options)
  requireRows('kto', inputs)
  const { policy, reference, desirable, weights } = inputs
  const point = referencePoint === 'zero' ? policy.graph.scalar(0) : batchReferencePoint(inputs)
  const logRatios = sub(policy, stopGradient(reference))
  const sign = sub(mul(desirable, 2), 1)
  const values = mul(mul(sub(logRatios, point), sign), beta)
  const classWeights = add(mul(desirable, desirableWeight - undesirableWeight), undesirableWeight)
  // 1 - σ(v) = σ(-v), which keeps the small values.
  const losses = mul(classWeights, sigmoid(neg(values)))
  return {
    loss: rowMean(losses, weights),
    outputs: { losses, rewards: mul(logRatios, beta), referencePoint: point },
  }
}

/** Throws `configuration` for what cannot be; fills in the defaults. */
export function checkKtoOptions(options: KtoOptions = {}): Required<KtoOptions> {
  return checkedOptions('kto', KTO_DEFAULTS, options, {
    beta: positive,
    desirableWeight: notNegative,
    undesirableWeight: notNegative,
    referencePoint: oneOf('batch', 'zero'),
  })
}

/** `z₀ = max(0, mean of the mismatched log-ratios)`, without a gradient. */
function batchReferencePoint({ policyMismatched, referenceMismatched, weights }: KtoInputs): SymbolicTensor {
  if (policyMismatched === undefined || referenceMismatched === undefined)
    throw new ParapetError(
      'configuration',
      "The kto loss needs mismatched responses for its reference point. Give them, or set referencePoint to 'zero'.",
    )
  if (policyMismatched.shape[0] === 1)
    throw new ParapetError(
      'configuration',
      "The kto loss needs a batch of at least two rows: alone a row's mismatch is its match. Use a larger batch.",
    )
  const logRatios = sub(stopGradient(policyMismatched), stopGradient(referenceMismatched))
  if (weights === undefined) return stopGradient(clampMin(mean(logRatios), 0))
  const counts = counted(weights)
  return stopGradient(clampMin(div(sum(mul(logRatios, counts)), clampMin(sum(counts), 1)), 0))
}
