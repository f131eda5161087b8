/**
 * One training run from files to files: what `parapet lab train` does, and what made the models in `models/`.
 *
 * The run folder keeps the encoder, its checkpoint and the vectors of texts, so that a run that was stopped goes on where it was. The
 * models are written at the end, each whole or not at all.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../spec/index.ts'
import { judgedText, textHash } from '../eval/contamination.ts'
import { trainGuard } from './guard.ts'
import { isShareAlike, manifestOf } from './manifest.ts'
import type { RecordFile } from './records.ts'
import { readRecordFile, readRecordFiles } from './records.ts'
import { CALIBRATION_SETS, LIMITS } from './shipped-settings.ts'
import { trainingEncoder } from './training-encoder.ts'
import { gatherTrainingSet, type TrainingSet } from './training-set.ts'
import { writeAtomically } from './write-atomically.ts'

export interface RunTrainingOptions {
  /** Has `*.jsonl.gz` in the record form, or `train/open/` and `dev/` with such files. */
  readonly data: string
  /** Gets `classifier.bin`, `classifier-lite.bin`, `deep.bin` and `training.json`. */
  readonly out: string
  /** More files in the record form: translated or invented rows. */
  readonly extra?: readonly string[]
  /** Files of parallel texts. Without them the encoder stays English. */
  readonly parallel?: readonly string[]
  /** Files of lines `english<TAB>word`. */
  readonly lexicons?: readonly string[]
  /** The file of a deep tier: its encoder is taken as it is, and none is trained. */
  readonly encoder?: string
  /** `fast` trains without an encoder. */
  readonly tier: 'fast' | 'both'
  readonly seed: number
  readonly threads: number
  /** Go on with what an earlier run of the same data and options left in `out`. */
  readonly resume: boolean
  readonly withoutShareAlike: boolean
  /** Invented examples of each kind. */
  readonly synthetic?: number
  /** log2 of the fast tier's buckets. */
  readonly bits?: number
  /** Factor of the number of texts the heads learn from; 1 if absent. */
  readonly scale?: number
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

/** log2 of the buckets of the model for browsers. */
const LITE_BITS = 16

/** Trains and writes; says what was written. */
export async function runTraining(options: RunTrainingOptions): Promise<readonly string[]> {
  const { out, seed, tier, onProgress, signal } = options
  const files = trainingFiles(options)
  const set = gatherTrainingSet({
    ...{ files, calibration: calibrationFiles(options.data), seed },
    ...(options.synthetic === undefined ? {} : { synthetic: options.synthetic }),
  })
  if (set.learnt.length === 0)
    throw new ParapetError(
      'input_invalid',
      `No row of ${options.data} is left to learn from. Give more rows, or leave out fewer.`,
    )
  mkdirSync(join(out, 'run'), { recursive: true })
  onProgress(`${set.learnt.length} examples to learn from, ${set.calibration.length} to calibrate with`)
  await goOnUnlessStopped(signal)
  const runtime = tier === 'both' ? await loadOnnxRuntime() : undefined
  const deep = runtime === undefined ? undefined : await trainingEncoder(runtime, files, options)
  const common = {
    ...{ seed, limits: LIMITS, onProgress },
    ...(signal === undefined ? {} : { signal }),
  }
  const guard = await trainGuard({
    ...{ ...common, set, ids: { fast: 'parapet-fast-3', deep: 'parapet-deep-2' } },
    ...(options.bits === undefined ? {} : { bits: options.bits }),
    ...(deep === undefined ? {} : { deep }),
  })
  await goOnUnlessStopped(signal)
  const lite = await trainGuard({
    ...{ ...common, ids: { fast: 'parapet-lite-3', deep: '' }, bits: Math.min(LITE_BITS, options.bits ?? LITE_BITS) },
    set: guard.set,
  })
  await goOnUnlessStopped(signal)
  const models: readonly (readonly [string, Uint8Array | undefined])[] = [
    ['classifier.bin', guard.fast.bytes],
    ['classifier-lite.bin', lite.fast.bytes],
    ['deep.bin', guard.deep],
  ]
  const written = models.flatMap(([name, bytes]) => (bytes === undefined ? [] : [{ name, bytes }]))
  for (const { name, bytes } of written) writeAtomically(join(out, name), bytes)
  // One of an earlier run fits its own fast tier only.
  if (guard.deep === undefined) rmSync(join(out, 'deep.bin'), { force: true })
  const description = {
    models: Object.fromEntries(
      written.map(({ name, bytes }) => [name, { sha256: sha256(bytes), bytes: bytes.length }]),
    ),
    ...{ seed, tier, calibration: CALIBRATION_SETS, withoutShareAlike: options.withoutShareAlike },
    ...(deep === undefined ? {} : deep.origin),
    inputs: [...(options.parallel ?? []), ...(options.lexicons ?? [])].map((file) => ({
      ...{ name: basename(file), sha256: sha256(readFileSync(file)) },
    })),
    ...manifestOf(files),
  }
  writeAtomically(join(out, 'training.json'), Buffer.from(`${JSON.stringify(description, null, 2)}\n`))
  writeAtomically(join(out, 'run', 'training-hashes.txt'), Buffer.from(hashesOf(set)))
  return written.map(({ name, bytes }) => `${join(out, name)}: ${bytes.length} bytes`)
}

/** The fast tier is trained in one go, in which no signal arrives: it is heard here, before anything is written. */
async function goOnUnlessStopped(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate()
  if (signal?.aborted === true) throw new ParapetError('aborted', 'The training was stopped. No model was written.')
}

function trainingFiles({ data, extra = [], withoutShareAlike }: RunTrainingOptions): readonly RecordFile[] {
  const folder = existsSync(join(data, 'train/open')) ? join(data, 'train/open') : data
  const files = [...readRecordFiles(folder), ...extra.map(readRecordFile)]
  if (!withoutShareAlike) return files
  return files.map((file) => ({ ...file, records: file.records.filter(({ licence }) => !isShareAlike(licence)) }))
}

function calibrationFiles(data: string): readonly RecordFile[] {
  const folder = join(data, 'dev')
  if (!existsSync(folder)) return []
  return CALIBRATION_SETS.map((name) => join(folder, `${name}.jsonl.gz`))
    .filter((path) => existsSync(path))
    .map(readRecordFile)
}

/** Hashes of the judged texts, one a line, for the bench's check of contamination. */
function hashesOf({ learnt }: TrainingSet): string {
  const hashes = new Set(
    learnt.map(({ text, response, prompt = '' }) =>
      textHash(judgedText({ prompt: text ?? prompt, response: response ?? null })),
    ),
  )
  return `${[...hashes].toSorted().join('\n')}\n`
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
