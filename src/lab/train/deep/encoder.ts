/**
 * The encoder of the deep tier, from parallel texts: vocabulary, teacher's vectors, distillation, and how far the result is from its
 * teacher on pairs that were held out.
 *
 * It reads no data files, and knows nothing of heads.
 */
import { join } from 'node:path'
import type { EncoderConfig } from '../../../nn/encoder/config.ts'
import { exportEncoder } from '../../../nn/encoder/export.ts'
import { encodeGuardText } from '../../../nn/encoder/guard-encoder.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { UnigramTokenizer } from '../../../nn/tokenizer/unigram.ts'
import { distil } from './distil.ts'
import type { StepProgress } from '../step-loop.ts'
import { type PretrainedEncoder, deepConfig, initialDeepParameters } from './initial.ts'
import type { ParallelText } from './parallel-texts.ts'
import { type Bucket, planBatches, planOrder } from './plan.ts'
import { LANGUAGE_BUDGETS, type Pieces, extendVocabulary } from './vocabulary.ts'
import { vectorsOf } from './vectors.ts'

export interface EncoderOptions {
  readonly runtime: OnnxRuntime
  readonly pretrained: PretrainedEncoder
  /** None leaves vocabulary and weights as they are. */
  readonly parallel: readonly ParallelText[]
  /** Language to texts that new pieces are counted from, beside the parallel ones; `en` measures the change of English. */
  readonly texts: ReadonlyMap<string, readonly string[]>
  /** Word to English translations; new pieces start there. */
  readonly lexicon: ReadonlyMap<string, readonly string[]>
  readonly budgets?: Readonly<Record<string, number>>
  /** Shape of the encoder for a vocabulary; `deepConfig` if absent. */
  readonly config?: (vocabularySize: number) => EncoderConfig
  /** Times each pair is learnt; 1 if absent. */
  readonly epochs?: number
  readonly seed: number
  /** Folder of the checkpoint; must exist. */
  readonly folder: string
  readonly resume?: boolean
  readonly threads?: number
  readonly buckets?: readonly Bucket[]
  readonly onProgress?: (progress: StepProgress) => void
  readonly onNote?: (note: string) => void
  readonly signal?: AbortSignal
}

/** What gives vectors to texts. */
export interface ReadyEncoder {
  readonly pieces: Pieces
  readonly reserved: number
  /** int8. */
  readonly onnx: Uint8Array
  /** That it learnt by its own pieces or parallel texts; absent where that is not known. */
  readonly languages?: readonly string[]
}

export interface TrainedEncoder extends ReadyEncoder {
  readonly config: EncoderConfig
  /** Language to mean cosine between an int8 vector of a held-out text and its teacher's. */
  readonly cosine: Readonly<Record<string, number>>
}

/** One pair in so many is held out. */
const HELD_OUT = 50
/** Longest text learnt from, in tokens. */
const LONGEST = 64
/** English texts are learnt with their own vector, so that new pieces in them do no harm. */
const ENGLISH = 'en'

const BUCKETS: readonly Bucket[] = [
  { length: 16, batch: 128 },
  { length: 32, batch: 64 },
  { length: 64, batch: 32 },
]

export async function trainEncoder(options: EncoderOptions): Promise<TrainedEncoder> {
  const { runtime, pretrained, parallel, seed, folder, epochs = 1, threads = 1, buckets = BUCKETS } = options
  const note = options.onNote ?? ((): void => undefined)
  const { pieces, reserved } = vocabulary(options)
  note(`${pieces.length} pieces, ${pieces.length - pretrained.pieces.length} of them new`)

  const english = [...new Set(parallel.map((pair) => pair.english))]
  const teacher = await teacherVectors(options, english)
  const pairs = [...parallel, ...english.map((text): ParallelText => ({ language: ENGLISH, english: text, text }))]
  const tokenizer = new UnigramTokenizer({ pieces, reserved })
  const rows = pairs.map(({ english: source, text }) => ({
    ids: encodeGuardText(tokenizer, text, LONGEST),
    vector: teacher.get(source) as Float32Array,
  }))
  // Nothing is to be learnt from a text without a new piece.
  const isNew = (id: number): boolean => id >= pretrained.pieces.length
  const learnt = pairs.flatMap(({ english: source }, place) =>
    isHeldOut(source) || rows[place]?.ids.some(isNew) !== true ? [] : [place],
  )
  const order = planOrder(
    learnt.map(() => ''),
    { rows: epochs * learnt.length, seed },
  ).map((index) => learnt[index] as number)

  const config = (options.config ?? deepConfig)(pieces.length)
  const { parameters, translated } = initialDeepParameters({
    pretrained,
    config,
    pieces,
    lexicon: options.lexicon,
    seed,
  })
  note(`${translated} new pieces start from a translation; ${order.length} rows to learn`)
  if (order.length > 0)
    await distil({
      ...options,
      ...{ config, parameters, rows, threads, firstRow: pretrained.pieces.length },
      batches: planBatches(order, (place) => rows[place]?.ids.length ?? 0, buckets),
      checkpoint: { path: join(folder, 'encoder-checkpoint.bin'), every: 500, resume: options.resume === true },
    })
  const onnx = exportEncoder(config, parameters, { precision: 'int8' })
  const held = pairs.flatMap(({ english: source, language }, place) =>
    isHeldOut(source) ? [{ language, row: rows[place] }] : [],
  )
  const vectors = await vectorsOf({
    ...{ runtime, onnx, threads, inputs: held.map(({ row }) => row?.ids ?? new Int32Array(1)) },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const cosines = held.map(({ row }, index) => cosineOf(vectors[index], row?.vector))
  return {
    config,
    pieces,
    reserved,
    onnx,
    cosine: meanBy(
      held.map(({ language }) => language),
      cosines,
    ),
  }
}

function vocabulary({ pretrained, parallel, texts, budgets }: EncoderOptions): {
  readonly pieces: Pieces
  readonly reserved: number
} {
  const counted = new Map([...texts].map(([language, list]) => [language, [...list]]))
  for (const { language, text } of parallel) {
    const list = counted.get(language)
    if (list === undefined) counted.set(language, [text])
    else list.push(text)
  }
  const taught = new Set(parallel.map(({ language }) => language))
  const { pieces } = extendVocabulary({
    base: pretrained.pieces,
    reserved: pretrained.reserved,
    texts: counted,
    english: (texts.get(ENGLISH) ?? parallel.map((pair) => pair.english)).slice(0, 3000),
    // New pieces that learn no meaning would be worse than the letters they stand for.
    budgets: Object.fromEntries(
      Object.entries(budgets ?? LANGUAGE_BUDGETS).filter(([language]) => taught.has(language)),
    ),
  })
  return { pieces, reserved: pretrained.reserved }
}

/** What the untouched encoder makes of English. */
async function teacherVectors(
  { runtime, pretrained, config = deepConfig, seed, threads = 1, signal }: EncoderOptions,
  english: readonly string[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const { pieces, reserved } = pretrained
  const shape = config(pieces.length)
  const { parameters } = initialDeepParameters({ pretrained, config: shape, pieces, seed })
  const tokenizer = new UnigramTokenizer({ pieces, reserved })
  const inputs = english.map((text) => encodeGuardText(tokenizer, text, LONGEST))
  const vectors = await vectorsOf({
    ...{ runtime, threads, inputs, onnx: exportEncoder(shape, parameters) },
    ...(signal === undefined ? {} : { signal }),
  })
  return new Map(english.map((text, index) => [text, vectors[index] as Float32Array]))
}

/** By the English text, so that all its translations stay on one side. */
function isHeldOut(text: string): boolean {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return ((hash ^ (hash >>> 15)) >>> 0) % HELD_OUT === 0
}

function cosineOf(left: Float32Array = new Float32Array(), right: Float32Array = new Float32Array()): number {
  let [product, ofLeft, ofRight] = [0, 0, 0]
  left.forEach((value, index) => {
    const other = right[index] ?? 0
    product += value * other
    ofLeft += value * value
    ofRight += other * other
  })
  return product / Math.sqrt(Math.max(1e-12, ofLeft * ofRight))
}

function meanBy(keys: readonly string[], values: readonly number[]): Readonly<Record<string, number>> {
  const sums = new Map<string, [number, number]>()
  keys.forEach((key, index) => {
    const [total, count] = sums.get(key) ?? [0, 0]
    sums.set(key, [total + (values[index] ?? 0), count + 1])
  })
  return Object.fromEntries([...sums].map(([key, [total, count]]) => [key, total / count]))
}
