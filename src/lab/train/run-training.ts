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
import type { EncoderConfig } from '../../nn/encoder/config.ts'
import { readModelFile, writeModelFile } from '../../nn/model-file.ts'
import { loadOnnxRuntime, type OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../spec/index.ts'
import { judgedText, textHash } from '../eval/contamination.ts'
import { trainEncoder, type TrainedEncoder } from './deep/encoder.ts'
import { addToLexicon, loadUseLite } from './deep/initial.ts'
import { readParallelTexts } from './deep/parallel-texts.ts'
import { textsByLanguage } from './deep/vocabulary.ts'
import { trainGuard, type TrainGuardOptions } from './guard.ts'
import { isShareAlike, manifestOf } from './manifest.ts'
import type { RecordFile } from './records.ts'
import { readRecordFile, readRecordFiles } from './records.ts'
import { BANDS, CALIBRATION_SETS, LIMITS } from './shipped-settings.ts'
import { gatherTrainingSet, type TrainingSet } from './training-set.ts'
import { VectorCache } from './vector-cache.ts'
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
  const deep = runtime === undefined ? undefined : await deepStage(runtime, files, options)
  const common = {
    ...{ seed, limits: LIMITS, onProgress },
    ...(signal === undefined ? {} : { signal }),
  }
  const guard = await trainGuard({
    ...{ ...common, set, ids: { fast: 'parapet-fast-2', deep: 'parapet-deep-1' } },
    ...(options.bits === undefined ? {} : { bits: options.bits }),
    ...(deep === undefined ? {} : { deep }),
  })
  await goOnUnlessStopped(signal)
  const lite = await trainGuard({
    ...{ ...common, ids: { fast: 'parapet-lite-2', deep: '' }, bits: Math.min(LITE_BITS, options.bits ?? LITE_BITS) },
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
    ...(deep === undefined ? {} : { encoderCosine: deep.encoder.cosine }),
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

async function deepStage(
  runtime: OnnxRuntime,
  files: readonly RecordFile[],
  options: RunTrainingOptions,
): Promise<NonNullable<TrainGuardOptions['deep']>> {
  const { out, threads } = options
  const encoder = await encoderOf(runtime, files, options)
  const vectors = VectorCache.open(join(out, 'run', 'vectors.bin'), sha256(encoder.onnx))
  const { scale } = options
  return { runtime, encoder, bands: BANDS, threads, vectors, ...(scale === undefined ? {} : { scale }) }
}

/** The encoder of an earlier run with the same parallel texts, lexicons and seed, or a new one. */
async function encoderOf(
  runtime: OnnxRuntime,
  files: readonly RecordFile[],
  options: RunTrainingOptions,
): Promise<TrainedEncoder> {
  const { out, parallel = [], lexicons = [], seed, threads, resume, onProgress, signal } = options
  const folder = join(out, 'run')
  const path = join(folder, 'encoder.bin')
  const inputs = [...parallel, ...lexicons].map((file) => sha256(readFileSync(file)))
  // The vocabulary is counted from the rows, so those that are left out count too.
  const left = options.withoutShareAlike ? ['without share-alike'] : []
  const fingerprint = sha256(Buffer.from(JSON.stringify([inputs, seed, files.map((file) => file.sha256), ...left])))
  const known = resume && existsSync(path) ? readEncoder(path) : undefined
  if (known?.fingerprint === fingerprint) return known.encoder
  const lexicon = new Map<string, string[]>()
  for (const file of lexicons) addToLexicon(lexicon, readFileSync(file, 'utf8'))
  const encoder = await trainEncoder({
    ...{ runtime, lexicon, seed, folder, resume, threads },
    ...{ pretrained: loadUseLite(), parallel: parallel.flatMap(readParallelTexts) },
    texts: textsByLanguage(files.flatMap(({ records }) => records)),
    onNote: onProgress,
    onProgress: ({ step, steps, loss, itemsPerSecond }) =>
      onProgress(`encoder ${step} of ${steps}: ${loss.toFixed(2)}, ${Math.round(itemsPerSecond)} texts a second`),
    ...(signal === undefined ? {} : { signal }),
  })
  const { onnx, ...rest } = encoder
  writeAtomically(path, writeModelFile({ kind: ENCODER, fingerprint, ...rest }, new Map([['onnx', onnx]])))
  return encoder
}

const ENCODER = 'parapet-trained-encoder'

function readEncoder(path: string): { readonly fingerprint: unknown; readonly encoder: TrainedEncoder } {
  const { header, blocks } = readModelFile(new Uint8Array(readFileSync(path)), path)
  const onnx = blocks.get('onnx')
  if (header['kind'] !== ENCODER || onnx === undefined)
    throw new ParapetError(
      'configuration',
      `${path} is no encoder of a training run. Remove it, or give another folder.`,
    )
  const { pieces, reserved, config, cosine } = header as unknown as TrainedEncoder & { readonly config: EncoderConfig }
  return { fingerprint: header['fingerprint'], encoder: { pieces, reserved, config, cosine, onnx: onnx.slice() } }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
