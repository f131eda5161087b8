/**
 * One run of the world from nothing to files: what `parapet lab world` does. The folder gets the model before and after alignment as
 * Hugging Face folders, `run.json`, and a report; its folder `run` keeps the checkpoints of a run that is not finished.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type OnnxRuntime, loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { writeCheckpoint } from '../checkpoints/write-checkpoint.ts'
import type { StepProgress } from '../train/step-loop.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import { type WorldMeasurement, measureWorld, measurementLines } from './measure-world.ts'
import { worldTrainingRows } from './rows.ts'
import type { WorldStage } from './types.ts'
import { type WorldModel, type WorldModelOptions, trainWorldModel } from './world-model.ts'
import { renderWorldReport } from './world-report.ts'

export interface RunWorldOptions extends Omit<WorldModelOptions, 'runtime' | 'checkpoints' | 'onProgress'> {
  readonly out: string
  /** Loaded when absent. */
  readonly runtime?: OnnxRuntime
  /** Rows of each kind in each evaluation. */
  readonly perKind: number
  /** Go on with what an earlier run of the same options left in `out`. */
  readonly resume: boolean
  readonly onProgress: (message: string) => void
}

/** What `run.json` holds of a model that was trained here. */
export interface WorldRun extends WorldMeasurement {
  /** Of each stage. */
  readonly rows: number
  /** SHA-256 of the training rows of both stages. */
  readonly dataHash: string
  readonly history: WorldModel['history']
}

const CHECKPOINT_EVERY = 200

/** Trains, measures and writes; says what was written. */
export async function runWorld(options: RunWorldOptions): Promise<readonly string[]> {
  const { out, seed, rows, perKind, resume, signal, onProgress } = options
  const checkpoints = join(out, 'run')
  mkdirSync(checkpoints, { recursive: true })
  const runtime = options.runtime ?? (await loadOnnxRuntime())
  onProgress(`${rows} rows and their tokenizer are made first; then progress comes every 50 steps`)
  const model = await trainWorldModel({
    ...options,
    ...{ runtime, checkpoints: { folder: checkpoints, every: CHECKPOINT_EVERY, resume } },
    onProgress: (stage, progress) => onProgress(progressLine(stage, progress)),
  })
  for (const stage of ['base', 'aligned'] as const) {
    mkdirSync(join(out, stage), { recursive: true })
    await writeCheckpoint(join(out, stage), model[stage])
  }
  const measurement = await measureWorld(model.aligned, {
    ...{ runtime, tokenizer: model.tokenizer, seed, perKind, bagOfWordsRows: rows, onProgress },
    ...(signal === undefined ? {} : { signal }),
  })
  const run: WorldRun = { ...measurement, rows, dataHash: dataHash(seed, rows), history: model.history }
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 2)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderWorldReport(run)))
  rmSync(checkpoints, { recursive: true })
  return [
    ...measurementLines(run),
    `wrote ${join(out, 'aligned')}, ${join(out, 'base')}, ${join(out, 'run.json')} and ${join(out, 'report.html')}`,
  ]
}

function progressLine(stage: WorldStage, { step, steps, loss, itemsPerSecond, secondsLeft }: StepProgress): string {
  const left = secondsLeft < 90 ? `${Math.ceil(secondsLeft)} s` : `${Math.ceil(secondsLeft / 60)} min`
  return `${stage} ${step} of ${steps}: loss ${loss.toFixed(3)}, ${Math.round(itemsPerSecond)} tokens/s, ${left} left`
}

function dataHash(seed: number, count: number): string {
  const hash = createHash('sha256')
  for (const row of worldTrainingRows({ seed, count, stage: 'base' })) hash.update(JSON.stringify(row.messages))
  for (const row of worldTrainingRows({ seed: seed + 1, count, stage: 'aligned' }))
    hash.update(JSON.stringify(row.messages))
  return hash.digest('hex')
}
