/**
 * The encoder of a training run: that of an earlier run with the same inputs, that of a ready deep tier, or a new one; and the vectors
 * that the run folder already has of it.
 *
 * It trains no heads and writes no model.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EncoderConfig } from '../../nn/encoder/config.ts'
import { readGuardEncoder } from '../../nn/encoder/guard-encoder.ts'
import { readModelFile, writeModelFile } from '../../nn/model-file.ts'
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../spec/index.ts'
import { trainEncoder, type ReadyEncoder, type TrainedEncoder } from './deep/encoder.ts'
import { addToLexicon, loadUseLite } from './deep/initial.ts'
import { languagesOf } from './deep/encoder-coverage.ts'
import { readParallelTexts } from './deep/parallel-texts.ts'
import { textsByLanguage } from './deep/vocabulary.ts'
import type { TrainGuardOptions } from './guard.ts'
import type { RecordFile } from './records.ts'
import type { RunTrainingOptions } from './run-training.ts'
import { BANDS } from './shipped-settings.ts'
import { VectorCache } from './vector-cache.ts'
import { writeAtomically } from './write-atomically.ts'

type TrainingEncoderOptions = Omit<RunTrainingOptions, 'data' | 'tier' | 'extra'>

/** The encoder of a run, with the vectors of its folder. */
export async function trainingEncoder(
  runtime: OnnxRuntime,
  files: readonly RecordFile[],
  options: TrainingEncoderOptions,
): Promise<NonNullable<TrainGuardOptions['deep']> & { readonly origin: Readonly<Record<string, unknown>> }> {
  const { out, threads } = options
  const { encoder, origin } = await encoderFor(runtime, files, options)
  const vectors = VectorCache.open(join(out, 'run', 'vectors.bin'), sha256(encoder.onnx))
  const { scale } = options
  return { runtime, encoder, origin, bands: BANDS, threads, vectors, ...(scale === undefined ? {} : { scale }) }
}

/** The encoder, and what `training.json` says of where it comes from. */
async function encoderFor(
  runtime: OnnxRuntime,
  files: readonly RecordFile[],
  options: TrainingEncoderOptions,
): Promise<{ readonly encoder: ReadyEncoder; readonly origin: Readonly<Record<string, unknown>> }> {
  const { encoder: file, parallel = [], lexicons = [], onProgress } = options
  if (file === undefined) {
    const encoder = await encoderOf(runtime, files, options)
    const languages = Object.keys(encoder.cosine)
    return { encoder: { ...encoder, languages }, origin: { encoderCosine: encoder.cosine } }
  }
  if (parallel.length + lexicons.length > 0)
    throw new ParapetError(
      'configuration',
      'A ready encoder learns nothing: give it without parallel texts and lexicons.',
    )
  const bytes = readModel(file)
  const { pieces, reserved, encoder: onnx, coverage } = readGuardEncoder(bytes, file)
  onProgress(`the encoder of ${file}, ${pieces.length} pieces`)
  return {
    encoder: { pieces, reserved, onnx: onnx.slice(), languages: languagesOf(coverage) },
    origin: { encoderFrom: sha256(bytes) },
  }
}

function readModel(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (cause) {
    throw new ParapetError('configuration', `${path} cannot be read. Give the deep.bin of an earlier run.`, { cause })
  }
}

/** The encoder of an earlier run with the same parallel texts, lexicons and seed, or a new one. */
async function encoderOf(
  runtime: OnnxRuntime,
  files: readonly RecordFile[],
  options: TrainingEncoderOptions,
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
