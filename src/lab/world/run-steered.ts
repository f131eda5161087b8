/**
 * One run that makes a steered model from a chat model of the world, to files: the model as a Hugging Face folder and `run.json`. A run
 * that is not finished keeps its checkpoint in the folder `run`. It measures nothing: `npm run proof:primeguard` does.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type OnnxRuntime, loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { parameterCount } from '../../nn/decoder/config.ts'
import { readCheckpoint } from '../checkpoints/read-checkpoint.ts'
import { writeCheckpoint } from '../checkpoints/write-checkpoint.ts'
import type { StepProgress } from '../train/step-loop.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import { steerModel, type SteeredModel } from './steer-model.ts'
import { steeredTrainingRows } from './steered-rows.ts'

export interface RunSteeredOptions {
  /** File or folder of the model to tune. */
  readonly from: string
  readonly out: string
  readonly seed: number
  readonly rows: number
  readonly steps: number
  readonly resume: boolean
  readonly threads?: number
  /** Loaded when absent. */
  readonly runtime?: OnnxRuntime
  readonly signal?: AbortSignal
  readonly onProgress: (progress: StepProgress) => void
}

/** What `run.json` holds. */
export interface SteeredRun {
  readonly formatVersion: 1
  readonly seed: number
  readonly rows: number
  readonly steps: number
  readonly parameters: number
  /** SHA-256 of the training rows. */
  readonly dataHash: string
  /** Of the model it was tuned from, by its numbers. */
  readonly fromHash: string
  readonly counts: SteeredModel['counts']
  readonly history: SteeredModel['history']
}

const CHECKPOINT_EVERY = 200
export const STEERED_TOKENS_PER_STEP = 1536

/** Trains and writes. Throws `input_invalid` where the model to tune has no tokenizer. */
export async function runSteered(options: RunSteeredOptions): Promise<SteeredRun> {
  const { out, seed, rows, steps, resume, threads, signal, onProgress } = options
  const unfinished = join(out, 'run')
  mkdirSync(unfinished, { recursive: true })
  const from = await readCheckpoint(options.from)
  const { model, counts, history } = await steerModel(from, {
    ...{ runtime: options.runtime ?? (await loadOnnxRuntime()), seed, rows, steps },
    tokensPerStep: STEERED_TOKENS_PER_STEP,
    checkpoint: { path: join(unfinished, 'steered.checkpoint'), every: CHECKPOINT_EVERY, resume },
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
    onProgress,
  })
  await writeCheckpoint(join(out, 'steered'), model)
  const run: SteeredRun = {
    ...{ formatVersion: 1, seed, rows, steps, parameters: parameterCount(model.config) },
    ...{ dataHash: dataHash(seed, rows), fromHash: weightsHash(from.parameters), counts, history },
  }
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 2)}\n`))
  rmSync(unfinished, { recursive: true })
  return run
}

function dataHash(seed: number, count: number): string {
  const hash = createHash('sha256')
  for (const { messages } of steeredTrainingRows({ seed, count })) hash.update(JSON.stringify(messages))
  return hash.digest('hex')
}

function weightsHash(parameters: SteeredModel['model']['parameters']): string {
  const hash = createHash('sha256')
  for (const [name, { data }] of Object.entries(parameters)) hash.update(name).update(data)
  return hash.digest('hex')
}
