/**
 * Puts the deep tier's file together: vectors of the texts that calibrate, weights of both tiers for each output and language, and
 * the thresholds.
 *
 * Nothing here learns from texts; the encoder and the heads come ready.
 */
import type { EmbeddedModel } from '../../../nn/embedded-model.ts'
import { encodeGuardText, writeGuardEncoder, type HeadCalibration } from '../../../nn/encoder/guard-encoder.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { UnigramTokenizer } from '../../../nn/tokenizer/unigram.ts'
import type { FalsePositiveLimits } from '../calibrate.ts'
import { calibrate } from '../calibrate.ts'
import { logitOf } from '../embedded.ts'
import type { Example } from '../examples.ts'
import { RESPONSE_OUTPUTS, TEXT_OUTPUTS } from '../examples.ts'
import type { CalibrationExample, TrainingSet } from '../training-set.ts'
import { HELD_OUT_SET, textHash } from '../training-set.ts'
import { fitBlend, type BlendRow } from './blend.ts'
import { encoderCoverage } from './encoder-coverage.ts'
import type { ReadyEncoder } from './encoder.ts'
import type { HeadModels, VectorOf } from './heads.ts'
import { headLogits, pairVector } from './heads.ts'
import { vectorsOf } from './vectors.ts'

/** Output to where the fast tier is unsure. */
export type Bands = Readonly<Record<string, readonly [low: number, high: number]>>

export interface DeepTierOptions {
  readonly runtime: OnnxRuntime
  readonly id: string
  readonly encoder: ReadyEncoder
  readonly heads: HeadModels
  readonly fast: EmbeddedModel
  readonly calibration: readonly CalibrationExample[]
  readonly vectorOf: VectorOf
  readonly coverage: TrainingSet['coverage']
  readonly limits: Readonly<Record<string, FalsePositiveLimits>>
  readonly bands: Bands
}

/** Longest text the encoder reads at once, in tokens. */
export const DEEP_TOKENS = 128
/** Most texts of a set that calibrate. */
const MOST_OF_SET = 1000
const MOST_HELD_OUT = 8000
/** Held-out rows of either label from which a language has a calibration of its own. */
const ENOUGH_OF_LANGUAGE = 60
/** The fast tier's probability is known to this much. */
const CLAMP = 1e-6

/** Of each set so many rows, chosen by a hash of the text. */
export function thinCalibration(rows: readonly CalibrationExample[]): readonly CalibrationExample[] {
  const sets = new Map<string, CalibrationExample[]>()
  for (const row of rows) {
    const list = sets.get(row.set)
    if (list === undefined) sets.set(row.set, [row])
    else list.push(row)
  }
  return [...sets].flatMap(([name, list]) =>
    list
      .toSorted((left, right) => textHash(judged(left.example)) - textHash(judged(right.example)))
      .slice(0, name === HELD_OUT_SET ? MOST_HELD_OUT : MOST_OF_SET),
  )
}

function judged({ text, response }: Example): string {
  return text ?? response ?? ''
}

/** Encodes texts once each; the result answers for those only. */
export async function encodeTexts(
  runtime: OnnxRuntime,
  { onnx, pieces, reserved }: ReadyEncoder,
  texts: Iterable<string>,
  options: {
    readonly threads?: number
    readonly onProgress?: (done: number) => void
    readonly signal?: AbortSignal
  } = {},
): Promise<ReadonlyMap<string, Float32Array>> {
  const tokenizer = new UnigramTokenizer({ pieces, reserved })
  const distinct = [...new Set(texts)]
  const inputs = distinct.map((text) => encodeGuardText(tokenizer, text, DEEP_TOKENS))
  const vectors = await vectorsOf({ runtime, onnx, inputs, ...options })
  return new Map(distinct.map((text, index) => [text, vectors[index] as Float32Array]))
}

/** The model file of the deep tier. */
export async function buildDeepTier(options: DeepTierOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { id, encoder, heads, coverage, bands } = options
  const rows = await blendRows(options)
  const calibration = Object.fromEntries(
    [...rows].map(([output, list]) => [output, calibrationOf(list, options.limits[output] ?? {})]),
  )
  const known = encoderCoverage(coverage, encoder.languages)
  const whole = Object.fromEntries([...rows.keys()].map((output) => [output, known[output] ?? {}]))
  return writeGuardEncoder({
    ...{ id, maxTokens: DEEP_TOKENS, pieces: encoder.pieces, reserved: encoder.reserved },
    ...{ heads: { text: TEXT_OUTPUTS, response: RESPONSE_OUTPUTS }, calibration, band: bands, coverage: whole },
    ...{ encoder: encoder.onnx, text: heads.text, response: heads.response },
  })
}

interface LanguageRow extends BlendRow {
  readonly language: string
}

/** Both tiers' logits of every label; the fast tier's by its general calibration, as the engine hands them over. */
async function blendRows(options: DeepTierOptions): Promise<ReadonlyMap<string, LanguageRow[]>> {
  const { runtime, heads, fast, vectorOf, calibration } = options
  const rows = new Map<string, LanguageRow[]>([...TEXT_OUTPUTS, ...RESPONSE_OUTPUTS].map((output) => [output, []]))
  const add = (
    { example, set }: CalibrationExample,
    outputs: readonly string[],
    logits: Float32Array | undefined,
    scores: Readonly<Record<string, number>>,
  ): void =>
    outputs.forEach((output, column) => {
      const label = example.targets[output]
      if (label === undefined) return
      const fastLogit = logitOf(Math.min(1 - CLAMP, Math.max(CLAMP, scores[output] ?? 0.5)))
      const language = example.language ?? ''
      rows.get(output)?.push({ deep: logits?.[column] ?? 0, fast: fastLogit, label, set, language })
    })
  const texts = calibration.filter(({ example }) => example.text !== undefined)
  const textLogits = await headLogits(
    runtime,
    heads.text,
    texts.map(({ example }) => vectorOf(example.text ?? '')),
  )
  texts.forEach((row, index) => add(row, TEXT_OUTPUTS, textLogits[index], fast.scoreText(row.example.text ?? '', null)))
  const answers = calibration.filter(({ example }) => example.text === undefined)
  const vectors = answers.map(({ example: { response = '', prompt = '' } }) =>
    pairVector(vectorOf(response), prompt === '' ? null : vectorOf(prompt)),
  )
  const answerLogits = await headLogits(runtime, heads.response, vectors)
  answers.forEach((row, index) => {
    const { response = '', prompt } = row.example
    add(
      row,
      RESPONSE_OUTPUTS,
      answerLogits[index],
      fast.scoreResponse(response, prompt === '' ? undefined : prompt, null),
    )
  })
  return rows
}

/**
 * One calibration for all, and one for each language with enough held-out rows: its own weights, and 0.5 where as large a share of
 * its harmless rows is flagged as of all held-out ones, so that no language is flagged or waved through as such.
 */
function calibrationOf(
  rows: readonly LanguageRow[],
  limits: FalsePositiveLimits,
): Readonly<Record<string, HeadCalibration>> {
  const all = calibrated(rows, limits)
  const held = rows.filter(({ set }) => set === HELD_OUT_SET)
  const flagged = shareFlagged(held, all)
  const languages = [...new Set(held.map(({ language }) => language))].filter((language) => language !== '').toSorted()
  const own = languages.flatMap((language): [string, HeadCalibration][] => {
    const some = held.filter((row) => row.language === language)
    const positives = some.filter(({ label }) => label === 1).length
    if (positives < ENOUGH_OF_LANGUAGE || some.length - positives < ENOUGH_OF_LANGUAGE) return []
    return language === 'en' ? [] : [[language, calibrated(some, { [HELD_OUT_SET]: flagged })]]
  })
  return { '*': all, ...Object.fromEntries(own) }
}

function calibrated(rows: readonly BlendRow[], limits: FalsePositiveLimits): HeadCalibration {
  const { deep, fast } = fitBlend(rows)
  const { slope, intercept } = calibrate(
    rows.map((row) => ({ logit: deep * row.deep + fast * row.fast, label: row.label, set: row.set })),
    limits,
  )
  return { deep: slope * deep, fast: slope * fast, bias: intercept }
}

function shareFlagged(rows: readonly BlendRow[], { deep, fast, bias }: HeadCalibration): number {
  const harmless = rows.filter(({ label }) => label === 0)
  const flagged = harmless.filter((row) => deep * row.deep + fast * row.fast + bias > 0).length
  return harmless.length === 0 ? 1 : flagged / harmless.length
}
