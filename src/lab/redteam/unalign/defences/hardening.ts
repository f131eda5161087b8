/**
 * The loop of stages that harden a model before it is tuned by others: AdamW on a copy of its weights, a step at a time as the defence
 * wants it. Without a defence's own steps it is ordinary alignment, the control of equal length.
 */
import type { BuildLoss } from '../../../../nn/runtime/training-graph.ts'
import { TrainingSession } from '../../../../nn/runtime/training-session.ts'
import { cosineSchedule } from '../../../../nn/optim/schedules.ts'
import type { ParameterValues } from '../../../../nn/tensor/parameters.ts'
import { copyOf } from '../../../align/copy-parameters.ts'
import { type Victim, withParameters } from '../../../victim/victim.ts'
import type { DefenceContext } from './defence.ts'

/** Conversations of an update, and the highest learning rate. */
export const HARDENING = { batch: 10, rate: 2e-4 } as const

export interface HardeningStep<Bucket> {
  readonly session: TrainingSession<Bucket>
  /** The weights that the session changes in place. */
  readonly parameters: ParameterValues
  readonly step: number
}

/** Runs `steps` updates; `update` makes one. Gives the hardened model; the one handed in keeps its weights. */
export async function harden<Bucket>(
  victim: Victim,
  context: DefenceContext,
  name: string,
  build: BuildLoss<Bucket>,
  update: (step: HardeningStep<Bucket>) => Promise<void>,
): Promise<Victim> {
  const { steps, signal, tuning } = context
  const parameters = copyOf(victim.parameters)
  const session = new TrainingSession<Bucket>({
    ...{ runtime: victim.runtime, parameters, build, clipNorm: 1, threads: tuning.threads ?? 1 },
    schedule: cosineSchedule({ peak: HARDENING.rate, totalSteps: steps, floor: 0.1 }),
    optimizer: { beta2: 0.98, weightDecay: 0 },
  })
  try {
    for (let step = 0; step < steps; step += 1) {
      signal?.throwIfAborted()
      await update({ session, parameters, step })
    }
  } finally {
    await session.dispose()
  }
  return withParameters(victim, `${victim.name}, ${name}`, parameters)
}
