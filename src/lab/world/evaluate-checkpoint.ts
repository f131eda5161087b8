/**
 * A checkpoint that was trained elsewhere, measured on the world: what `parapet lab world --evaluate` does. The folder gets `run.json` and
 * a report of the same form as a run that trains, without its history.
 */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type OnnxRuntime, loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { loadTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import type { ParameterValues } from '../../nn/tensor/parameters.ts'
import { ParapetError } from '../../spec/errors.ts'
import { readAdaptedCheckpoint } from '../checkpoints/adapted-checkpoint.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import { type WorldMeasurement, measureWorld, measurementLines } from './measure-world.ts'
import { renderWorldReport } from './world-report.ts'

export interface EvaluateCheckpointOptions {
  /** Hugging Face folder of the model, with its tokenizer and a chat template. */
  readonly checkpoint: string
  /** PEFT folder of an adapter to merge into it. */
  readonly adapter?: string
  readonly out: string
  /** Of the evaluated rows. */
  readonly seed: number
  /** Rows of each kind in each evaluation. */
  readonly perKind: number
  /** Training rows of the bag of words that stands beside. */
  readonly rows: number
  /** Loaded when absent. */
  readonly runtime?: OnnxRuntime
  readonly signal?: AbortSignal
  readonly onProgress: (message: string) => void
}

/** What `run.json` holds of a model that was not trained here. */
export interface EvaluatedWorldRun extends WorldMeasurement {
  readonly evaluated: {
    /** Names of the folders. */
    readonly checkpoint: string
    readonly adapter?: string
    /** SHA-256 of the 32-bit weights that were measured, the adapter merged. */
    readonly weights: string
  }
}

/** Measures and writes; says what was written. Throws `input_invalid` for a folder that cannot be read or has no tokenizer. */
export async function evaluateCheckpoint(options: EvaluateCheckpointOptions): Promise<readonly string[]> {
  const { checkpoint, adapter, out, seed, perKind, rows, signal, onProgress } = options
  const model = await readAdaptedCheckpoint(checkpoint, adapter)
  if (model.tokenizer === undefined)
    throw new ParapetError(
      'input_invalid',
      `${checkpoint} has no tokenizer.json, so no text can be given to the model.`,
    )
  const measurement = await measureWorld(model, {
    runtime: options.runtime ?? (await loadOnnxRuntime()),
    ...{ tokenizer: await loadTokenizer(model.tokenizer), seed, perKind, bagOfWordsRows: rows, onProgress },
    ...(signal === undefined ? {} : { signal }),
  })
  const run: EvaluatedWorldRun = {
    ...measurement,
    evaluated: {
      checkpoint: basename(checkpoint),
      ...(adapter === undefined ? {} : { adapter: basename(adapter) }),
      weights: weightsHash(model.parameters),
    },
  }
  mkdirSync(out, { recursive: true })
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 2)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderWorldReport(run)))
  return [...measurementLines(run), `wrote ${join(out, 'run.json')} and ${join(out, 'report.html')}`]
}

function weightsHash(parameters: ParameterValues): string {
  const hash = createHash('sha256')
  for (const [name, { data }] of Object.entries(parameters)) hash.update(name).update(data)
  return hash.digest('hex')
}
