/**
 * The loop of every training run on graphs: step after step of a plan, with progress, checkpoints, a stop between two steps, and the way
 * back to where a run stopped. What a step learns from is the caller's; the plan is a function of the step, so a run that goes on does
 * what it would have done.
 */
import type { TensorData } from '../../nn/onnx/graph.ts'
import type { BatchResult, TrainingSession } from '../../nn/runtime/training-session.ts'
import { ParapetError } from '../../spec/errors.ts'
import { type RunFingerprint, readCheckpoint, writeCheckpoint } from './training-checkpoint.ts'

export interface PlannedStep<Bucket> {
  readonly bucket: Bucket
  readonly feeds: () => Readonly<Record<string, TensorData>>
  /** What progress counts: rows or tokens of this step. */
  readonly items: number
}

export interface StepProgress {
  /** Steps made, and of how many. */
  readonly step: number
  readonly steps: number
  /** Items learnt from since the run, or its resumption, began. */
  readonly items: number
  /** Mean loss of the steps since the last report. */
  readonly loss: number
  /** Norm of the last gradient before clipping. */
  readonly gradientNorm: number
  readonly learningRate: number
  readonly itemsPerSecond: number
  /** At the speed so far. */
  readonly secondsLeft: number
}

export interface CheckpointOptions {
  readonly path: string
  /** Steps between two checkpoints. */
  readonly every: number
  /** Go on from the checkpoint if there is one. */
  readonly resume: boolean
  /** Digest of all that decides the course of the run. */
  readonly run: RunFingerprint
}

export interface StepLoopOptions<Bucket> {
  readonly session: TrainingSession<Bucket>
  readonly steps: number
  /** The step with this number, from 0. */
  readonly step: (index: number) => PlannedStep<Bucket> | Promise<PlannedStep<Bucket>>
  readonly checkpoint?: CheckpointOptions
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StepProgress) => void
  /** Steps between two reports; 50 if absent. */
  readonly progressEvery?: number
  /** Sees what each step gave. */
  readonly onStep?: (index: number, result: BatchResult) => void
}

/**
 * Runs to the last step. Gives every reported progress, those before a resume included.
 *
 * @throws ParapetError `aborted` when stopped, after writing a checkpoint. When a loss or gradient is not a number the error of the
 * session comes through, and the last checkpoint stays.
 */
export async function runSteps<Bucket>(options: StepLoopOptions<Bucket>): Promise<readonly StepProgress[]> {
  const { session, steps, checkpoint, signal, onProgress, progressEvery = 50 } = options
  const saved = checkpoint?.resume === true ? readCheckpoint(checkpoint.path, checkpoint.run) : undefined
  if (saved !== undefined) session.restore(saved)
  const history = Array.isArray(saved?.notes) ? [...(saved.notes as readonly StepProgress[])] : []
  const save = (): void => {
    if (checkpoint !== undefined) writeCheckpoint(checkpoint.path, session.state(), checkpoint.run, history)
  }
  const began = performance.now()
  const first = session.stepCount
  let [items, losses, counted] = [0, 0, 0]
  while (session.stepCount < steps) {
    if (signal?.aborted === true) {
      save()
      throw new ParapetError('aborted', `Training was stopped after ${session.stepCount} of ${steps} steps.`)
    }
    const index = session.stepCount
    const planned = await options.step(index)
    const result = await session.step(planned.bucket, planned.feeds())
    options.onStep?.(index, result)
    items += planned.items
    losses += result.loss
    counted += 1
    const step = session.stepCount
    if (step % progressEvery === 0 || step === steps) {
      const seconds = (performance.now() - began) / 1000
      const progress = {
        ...{ step, steps, items, loss: losses / counted },
        ...{ gradientNorm: result.gradientNorm, learningRate: result.learningRate },
        itemsPerSecond: items / seconds,
        secondsLeft: ((steps - step) * seconds) / (step - first),
      }
      history.push(progress)
      onProgress?.(progress)
      losses = counted = 0
    }
    if (checkpoint !== undefined && step % checkpoint.every === 0) save()
  }
  save()
  return history
}
