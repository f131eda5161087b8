/**
 * Vaccine (Huang, Hu & Liu 2024, arXiv 2402.01109, algorithm 1): alignment that holds under the worst small shift of hidden embeddings.
 * Each update makes two passes. The first gives the gradient of the loss at the output of every attention block; together they are scaled
 * to the norm ρ, e = ρ g / ‖g‖; the second pass adds e to these outputs, and its gradient is the one that is applied. ρ = 2, as in the
 * released code.
 */
import { GradientSession } from '../../../../nn/runtime/gradient-session.ts'
import type { TensorGraph, SymbolicTensor } from '../../../../nn/tensor/index.ts'
import { add } from '../../../../nn/tensor/index.ts'
import type { LossDescription } from '../../../../nn/runtime/training-graph.ts'
import type { DecoderConfig } from '../../../../nn/decoder/config.ts'
import { linearName } from '../../../../nn/decoder/config.ts'
import type { TokenBucket } from '../../../train/decoder/batches.ts'
import type { Defence } from './defence.ts'
import { FixedBatches } from './fixed-batches.ts'
import { HARDENING, harden } from './hardening.ts'
import { observedSequences } from './observed-loss.ts'
import { alignmentData } from './safety-data.ts'

/** ρ: norm of the shift of a whole batch. */
export const VACCINE_NORM = 2

export const VACCINE: Defence = {
  id: 'vaccine',
  title: 'Vaccine',
  source: 'arXiv 2402.01109',
  async prepare(victim, context) {
    const { config, runtime } = victim
    const { batch } = HARDENING
    const { rows } = context
    const batches = FixedBatches.of(victim, alignmentData(rows, context.seed), { batch, seed: context.seed })
    const { bucket } = batches
    const names = perturbationNames(config)
    const none = Object.fromEntries(
      names.map((name) => [name, new Float32Array(bucket.batch * bucket.length * config.width)]),
    )
    let first: GradientSession<TokenBucket> | undefined
    try {
      return await harden<TokenBucket>(
        ...([victim, context, 'vaccinated', perturbedLoss(config)] as const),
        async ({ session, parameters, step }) => {
          // Made here because it reads the weights that the session changes in place.
          first ??= new GradientSession({
            ...{ runtime, parameters, build: perturbedLoss(config), targets: names },
            threads: context.tuning.threads ?? 1,
          })
          const feeds = batches.feeds(step)
          const { gradients } = await first.run(bucket, { ...feeds, ...none })
          await session.step(bucket, { ...feeds, ...scaledTogether(gradients, VACCINE_NORM) })
        },
      )
    } finally {
      await first?.dispose()
    }
  },
}

/** Cross-entropy with an input added to the output of each attention block, [batch, length, width]. */
export function perturbedLoss(config: DecoderConfig) {
  const names = new Set(perturbationNames(config))
  return (
    graph: TensorGraph,
    parameters: Readonly<Record<string, SymbolicTensor>>,
    bucket: TokenBucket,
  ): LossDescription => {
    const { loss } = observedSequences(graph, parameters, {
      ...{ config, bucket },
      observe(name, value) {
        if (!names.has(`shift/${name}`)) return value
        return add(value, graph.input(`shift/${name}`, [bucket.batch, bucket.length, config.width]))
      },
    })
    return { loss }
  }
}

function perturbationNames({ layers }: DecoderConfig): readonly string[] {
  return Array.from({ length: layers }, (_, layer) => `shift/${linearName(layer, 'self_attn.o_proj')}.output`)
}

/** ρ g / ‖g‖ with the norm over all of them; zeros stay zeros. */
export function scaledTogether(
  gradients: Readonly<Record<string, Float32Array>>,
  norm: number,
): Readonly<Record<string, Float32Array>> {
  let squared = 0
  for (const values of Object.values(gradients)) for (const value of values) squared += value * value
  const factor = squared === 0 ? 0 : norm / Math.sqrt(squared)
  return Object.fromEntries(
    Object.entries(gradients).map(([name, values]) => [name, values.map((value) => factor * value)]),
  )
}
