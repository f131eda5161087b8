/**
 * Lisa (Huang et al. 2024, arXiv 2405.18641, algorithm 1): the tuning alternates between the customer's data and refusals, and each
 * phase is pulled to where the other one ended: minimise L(w) + ρ/2 ‖w − w̃‖², w̃ the weights at the last switch. The pull starts after a
 * tenth of all updates. ρ = 0.1 as in the released code; its phases are a twentieth of the run, here two updates each, because a
 * customer with a hundred examples makes ten.
 */
import { cosineSchedule } from '../../../../nn/optim/schedules.ts'
import type { BuildLoss } from '../../../../nn/runtime/training-graph.ts'
import { TrainingSession } from '../../../../nn/runtime/training-session.ts'
import { type SymbolicTensor, add, mul, square, sub, sum } from '../../../../nn/tensor/index.ts'
import type { DecoderConfig } from '../../../../nn/decoder/config.ts'
import { ParapetError } from '../../../../spec/errors.ts'
import { copyOf } from '../../../align/copy-parameters.ts'
import type { TokenBucket } from '../../../train/decoder/batches.ts'
import { nextTokenLoss } from '../../../train/decoder/next-token-loss.ts'
import { withParameters } from '../../../victim/victim.ts'
import type { Defence } from './defence.ts'
import { FixedBatches } from './fixed-batches.ts'
import { refusals } from './safety-data.ts'

/** Updates of a phase, ρ, and the share of updates without a pull. */
export const LISA = { phase: 2, rho: 0.1, free: 0.1 } as const

export const LISA_DEFENCE: Defence = {
  id: 'lisa',
  title: 'Lisa',
  source: 'arXiv 2405.18641',
  async tune(victim, examples, { tuning, seed, signal }) {
    if (tuning.method.kind === 'lora')
      throw new ParapetError('configuration', 'Lisa is measured on whole models here. Give --methods full.')
    const { batch, rate, length } = tuning
    const user = FixedBatches.of(victim, examples, { batch, seed })
    const safe = FixedBatches.of(victim, refusals(examples.length, seed), { batch, seed })
    const ofUser = 'steps' in length ? length.steps : Math.max(1, Math.round(user.stepsOfPass * length.epochs))
    const plan = alternation(ofUser, LISA.phase)
    const parameters = copyOf(victim.parameters)
    const session = new TrainingSession<TokenBucket>({
      ...{ runtime: victim.runtime, parameters, build: pulledLoss(victim.config), clipNorm: 1 },
      ...{ threads: tuning.threads ?? 1, optimizer: { beta2: 0.98, weightDecay: 0 } },
      schedule: cosineSchedule({ peak: rate, totalSteps: plan.length, floor: 0.1 }),
    })
    let last = copyOf(parameters)
    try {
      for (const [step, { phase, index, first }] of plan.entries()) {
        signal?.throwIfAborted()
        if (first) last = copyOf(parameters)
        const batches = phase === 'user' ? user : safe
        const pull = step < LISA.free * plan.length ? 0 : LISA.rho
        const anchors = Object.entries(last).map(([name, { data }]) => [anchorName(name), data] as const)
        await session.step(batches.bucket, {
          ...{ ...batches.feeds(index), ...Object.fromEntries(anchors) },
          pull: Float32Array.of(pull),
        })
      }
    } finally {
      await session.dispose()
    }
    return withParameters(victim, `${victim.name}, tuned under Lisa`, parameters)
  },
}

export interface AlternatingStep {
  readonly phase: 'user' | 'safe'
  /** Number of this update among those of its data, from 0. */
  readonly index: number
  /** Whether the phase begins here. */
  readonly first: boolean
}

/** `updates` on the customer's data in phases, each followed by as many on refusals. */
export function alternation(updates: number, phase: number): readonly AlternatingStep[] {
  return Array.from({ length: Math.ceil(updates / phase) }, (_, round) => {
    const many = Math.min(phase, updates - round * phase)
    return (['user', 'safe'] as const).flatMap((name) =>
      Array.from({ length: many }, (__, at) => ({ phase: name, index: round * phase + at, first: at === 0 })),
    )
  }).flat()
}

const anchorName = (name: string): string => `anchor/${name}`

/** Cross-entropy plus pull/2 ‖w − anchor‖² over all parameters; `pull` and the anchors are inputs. */
export function pulledLoss(config: DecoderConfig): BuildLoss<TokenBucket> {
  const plain = nextTokenLoss(config)
  return (graph, parameters, bucket) => {
    const { loss } = plain(graph, parameters, bucket)
    const distances = Object.entries(parameters).map(([name, value]): SymbolicTensor =>
      sum(square(sub(value, graph.input(anchorName(name), value.shape)))),
    )
    const all = distances.reduce((total, one) => add(total, one))
    return { loss: add(loss, mul(mul(all, 0.5), graph.input('pull', []))) }
  }
}
