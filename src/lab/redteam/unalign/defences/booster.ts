/**
 * Booster (Huang et al. 2024, arXiv 2409.01586, eq. 2 and algorithm 1): alignment that keeps small how much one harmful step would lower
 * the harmful loss. The gradient of an update is
 *
 *     ∇f(w) + λ [ ∇h(w) − ∇h(w − α ∇h(w) / ‖∇h(w)‖) ]
 *
 * with f the loss on alignment data and h that on harmful data, by first-order gradients alone. λ = 5 and α = 0.1, as in the released code.
 */
import { GradientSession } from '../../../../nn/runtime/gradient-session.ts'
import type { BuildLoss } from '../../../../nn/runtime/training-graph.ts'
import { mul } from '../../../../nn/tensor/index.ts'
import type { ParameterValues } from '../../../../nn/tensor/parameters.ts'
import type { TokenBucket } from '../../../train/decoder/batches.ts'
import { nextTokenLoss } from '../../../train/decoder/next-token-loss.ts'
import type { DecoderConfig } from '../../../../nn/decoder/config.ts'
import type { Defence } from './defence.ts'
import { FixedBatches } from './fixed-batches.ts'
import { HARDENING, type HardeningStep, harden } from './hardening.ts'
import { alignmentData, simulatedAttack } from './safety-data.ts'

/** λ: weight of the drop; α: length of the simulated harmful step. */
export const BOOSTER = { lambda: 5, alpha: 0.1 } as const

export const BOOSTER_DEFENCE: Defence = {
  id: 'booster',
  title: 'Booster',
  source: 'arXiv 2409.01586',
  async prepare(victim, context) {
    const { config, runtime } = victim
    const { batch } = HARDENING
    const { rows } = context
    const { seed } = context
    const aligned = FixedBatches.of(victim, alignmentData(rows, seed), { batch, seed })
    const harmful = FixedBatches.of(victim, simulatedAttack(rows, seed), { batch, seed })
    let harm: GradientSession<TokenBucket> | undefined
    try {
      return await harden<TokenBucket>(
        ...([victim, context, 'boosted', weighedLoss(config)] as const),
        async ({ session, parameters, step }) => {
          // Made here because it reads the weights that the session changes in place.
          harm ??= new GradientSession({
            ...{ runtime, parameters, build: nextTokenLoss(config), targets: Object.keys(parameters) },
            threads: context.tuning.threads ?? 1,
          })
          const { gradients } = await harm.run(harmful.bucket, harmful.feeds(step))
          await boosterUpdate({ session, parameters, step }, gradients, aligned, harmful)
        },
      )
    } finally {
      await harm?.dispose()
    }
  },
}

/** The three gradients of one update, summed by the session, which divides by their number. */
async function boosterUpdate(
  { session, parameters, step }: HardeningStep<TokenBucket>,
  harmGradients: Readonly<Record<string, Float32Array>>,
  aligned: FixedBatches,
  harmful: FixedBatches,
): Promise<void> {
  const weighed = (batches: FixedBatches, factor: number) => ({
    ...batches.feeds(step),
    factor: Float32Array.of(3 * factor),
  })
  await session.accumulate(aligned.bucket, weighed(aligned, 1))
  await session.accumulate(harmful.bucket, weighed(harmful, BOOSTER.lambda))
  const before = moveAgainst(parameters, harmGradients, BOOSTER.alpha)
  await session.accumulate(harmful.bucket, weighed(harmful, -BOOSTER.lambda))
  for (const [name, values] of before) parameters[name]?.data.set(values)
  session.update()
}

/** w − α g / ‖g‖ in place; gives the numbers as they were, so that they come back bit for bit. */
export function moveAgainst(
  parameters: ParameterValues,
  gradients: Readonly<Record<string, Float32Array>>,
  length: number,
): ReadonlyMap<string, Float32Array> {
  let squared = 0
  for (const values of Object.values(gradients)) for (const value of values) squared += value * value
  const factor = squared === 0 ? 0 : length / Math.sqrt(squared)
  const before = new Map<string, Float32Array>()
  for (const [name, { data }] of Object.entries(parameters)) {
    before.set(name, data.slice())
    const gradient = gradients[name]
    if (gradient === undefined) continue
    for (let at = 0; at < data.length; at += 1) data[at] = (data[at] as number) - factor * (gradient[at] as number)
  }
  return before
}

/** The usual loss times the input `factor`. */
function weighedLoss(config: DecoderConfig): BuildLoss<TokenBucket> {
  const plain = nextTokenLoss(config)
  return (graph, parameters, bucket) => {
    const { loss } = plain(graph, parameters, bucket)
    return { loss: mul(loss, graph.input('factor', [])) }
  }
}
