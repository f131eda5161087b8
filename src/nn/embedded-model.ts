/**
 * The embedded classifier's forward code: three linear models over hashed features and a calibration, read from one file.
 *
 * `text` judges prompts, documents and (for toxicity) answers; `response` judges answers; `context` adds what the prompt says about
 * the answer. It splits nothing into windows and knows no policy.
 */
import { ParapetError } from '../spec/index.ts'
import { HashedFeatures } from './hashed-features.ts'
import type { HashedLinear } from './hashed-linear.ts'
import { readModelFile, writeModelFile } from './model-file.ts'
import { PackedLinear } from './packed-linear.ts'

export const MODEL_PARTS: readonly ModelPart[] = ['text', 'response', 'context']
export type ModelPart = 'text' | 'response' | 'context'

/** Calibration of `response_harm` for an answer whose prompt is not known: there is less to go by. */
export const ALONE = 'response_harm_alone'

/** Probability is `1 / (1 + exp(-(slope · logit + intercept)))`. */
export interface Calibration {
  readonly slope: number
  readonly intercept: number
}

export interface EmbeddedModelData {
  readonly id: string
  readonly parts: Readonly<Record<ModelPart, HashedLinear>>
  /** By output name. */
  readonly calibration: Readonly<Record<string, Calibration>>
  /** Head to language to coverage. */
  readonly coverage: Readonly<Record<string, Readonly<Record<string, 'trained' | 'transferred' | 'untested'>>>>
}

interface PartHeader {
  readonly bits: number
  readonly outputs: readonly string[]
  readonly scales: readonly number[]
  readonly biases: readonly number[]
}

const KIND = 'parapet-embedded-classifier'

/** Writes a model file. */
export function writeEmbeddedModel(data: EmbeddedModelData): Uint8Array<ArrayBuffer> {
  const headers: Record<string, PartHeader> = {}
  const blocks = new Map<string, Uint8Array>()
  for (const name of MODEL_PARTS) {
    const { bits, outputs, scales, biases, weights } = data.parts[name]
    headers[name] = { bits, outputs, scales: [...scales], biases: [...biases] }
    blocks.set(name, new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength))
  }
  const { id, calibration, coverage } = data
  return writeModelFile({ kind: KIND, id, parts: headers, calibration, coverage }, blocks)
}

/** What a prompt says about its answers: one logit for each output of `context`. */
export type PromptContext = readonly number[]

/** Parts with equally many buckets: their features are found once and summed together. */
interface Group {
  readonly features: HashedFeatures
  readonly table: PackedLinear
  readonly sums: Float64Array
}

/** One part of the model, without its weights, which are in its group's table. */
interface Part {
  readonly group: Group
  /** Its first column in the table. */
  readonly first: number
  readonly outputs: readonly string[]
  readonly scales: Float32Array
  readonly biases: Float32Array
  readonly calibrations: readonly Calibration[]
}

const UNCALIBRATED: Calibration = { slope: 1, intercept: 0 }

/** What the text says about each output, as calibrated probabilities. */
export class EmbeddedModel {
  readonly id: string
  readonly checksum: string
  readonly coverage: EmbeddedModelData['coverage']
  readonly #calibration: EmbeddedModelData['calibration']
  readonly #parts: Readonly<Record<ModelPart, Part>>
  /** For each output of `context`, the column of the same output of `response`. */
  readonly #contextOf: readonly number[]

  constructor(data: EmbeddedModelData, checksum: string) {
    this.id = data.id
    this.checksum = checksum
    this.coverage = data.coverage
    this.#calibration = data.calibration
    this.#parts = partsOf(data)
    const { response, context } = this.#parts
    this.#contextOf = context.outputs.map((output) => response.outputs.indexOf(output))
  }

  /** Reads a model file; throws `engine_unavailable` when it is damaged. */
  static read(bytes: Uint8Array, name: string): EmbeddedModel {
    const { header, blocks, checksum } = readModelFile(bytes, name)
    if (header['kind'] !== KIND)
      throw new ParapetError('engine_unavailable', `${name} is not an embedded classifier. Give the path of one.`)
    const {
      id,
      parts: headers,
      calibration,
      coverage,
    } = header as unknown as EmbeddedModelData & { readonly parts: Record<ModelPart, PartHeader> }
    const read = (part: ModelPart): HashedLinear => {
      const { bits, outputs, scales, biases } = headers[part]
      const block = blocks.get(part) ?? new Uint8Array()
      const weights = new Int8Array(block.buffer, block.byteOffset, block.byteLength)
      return { bits, outputs, weights, scales: Float32Array.from(scales), biases: Float32Array.from(biases) }
    }
    const parts = { text: read('text'), response: read('response'), context: read('context') }
    return new EmbeddedModel({ id, parts, calibration, coverage }, checksum)
  }

  /** Outputs of the text model. */
  scoreText(text: string): Readonly<Record<string, number>> {
    const part = this.#parts.text
    this.#read(part, text)
    return this.#scoresOfText(part)
  }

  /** Outputs of the response model, given the prompt it answers. */
  scoreResponse(response: string, prompt: string | undefined): Readonly<Record<string, number>> {
    const { response: part, context } = this.#parts
    let known: PromptContext | null = null
    if (prompt !== undefined && prompt !== '') {
      this.#read(context, prompt)
      known = this.#contextLogits()
    }
    this.#read(part, response)
    return this.#scoresOfResponse(known)
  }

  /** Outputs of the text model for a prompt, and what it says about its answers; one reading does for both. */
  readPrompt(prompt: string): {
    readonly text: Readonly<Record<string, number>>
    readonly context: PromptContext | null
  } {
    const { text, context } = this.#parts
    this.#read(text, prompt)
    const scores = this.#scoresOfText(text)
    if (context.group !== text.group) this.#read(context, prompt)
    return { text: scores, context: prompt === '' ? null : this.#contextLogits() }
  }

  /** Outputs of the text model and of the response model for an answer; one reading does for both. */
  scoreAnswer(
    answer: string,
    context: PromptContext | null,
  ): { readonly text: Readonly<Record<string, number>>; readonly response: Readonly<Record<string, number>> } {
    const { text, response } = this.#parts
    this.#read(text, answer)
    const ofText = this.#scoresOfText(text)
    if (response.group !== text.group) this.#read(response, answer)
    return { text: ofText, response: this.#scoresOfResponse(context) }
  }

  /** How much each place of a text adds to an output: parallel arrays of starts, ends and contributions. */
  attribute(
    part: ModelPart,
    output: string,
    text: string,
  ): { readonly starts: Int32Array; readonly ends: Int32Array; readonly values: Float64Array } {
    const { group, first, outputs, scales } = this.#parts[part]
    const { features, table } = group
    features.trace(text)
    const { buckets, count, starts, ends } = features
    const column = Math.max(0, outputs.indexOf(output))
    const factor = (scales[column] ?? 0) / Math.sqrt(Math.max(1, count))
    const values = new Float64Array(count)
    for (let index = 0; index < count; index++)
      values[index] = table.weight(buckets[index] ?? 0, first + column) * factor
    return { starts: starts.slice(0, count), ends: ends.slice(0, count), values }
  }

  /** Probability of an output from its raw logit. */
  calibrated(output: string, logit: number): number {
    return probability(this.#calibration[output] ?? UNCALIBRATED, logit)
  }

  /** Sums the weights of a text's features for `part`, the rest of its group with it (for parts that begin later: alone). */
  #read({ group, first }: Part, text: string): void {
    const { features, table, sums } = group
    features.extract(text)
    table.sum(features.buckets, features.count, sums, first)
  }

  #logit({ group, first, scales, biases }: Part, output: number): number {
    const { count } = group.features
    const norm = count === 0 ? 0 : 1 / Math.sqrt(count)
    return (biases[output] ?? 0) + (group.sums[first + output] ?? 0) * (scales[output] ?? 0) * norm
  }

  #scoresOfText(part: Part): Readonly<Record<string, number>> {
    const scores: Record<string, number> = {}
    for (let output = 0; output < part.outputs.length; output++) {
      const calibration = part.calibrations[output] ?? UNCALIBRATED
      scores[part.outputs[output] ?? ''] = probability(calibration, this.#logit(part, output))
    }
    return scores
  }

  /** What the prompt that was just read says about its answers. */
  #contextLogits(): PromptContext {
    const { context } = this.#parts
    return context.outputs.map((_, output) => this.#logit(context, output))
  }

  /** For the answer that was just read. */
  #scoresOfResponse(context: PromptContext | null): Readonly<Record<string, number>> {
    const { response } = this.#parts
    const scores: Record<string, number> = {}
    response.outputs.forEach((output, index) => {
      const known = context === null ? -1 : this.#contextOf.indexOf(index)
      const logit = this.#logit(response, index) + (known < 0 ? 0 : (context?.[known] ?? 0))
      scores[output] = this.calibrated(context === null && output === 'response_harm' ? ALONE : output, logit)
    })
    return scores
  }
}

function partsOf(data: EmbeddedModelData): Record<ModelPart, Part> {
  const sizes = new Set(MODEL_PARTS.map((name) => data.parts[name].bits))
  const made: Partial<Record<ModelPart, Part>> = {}
  for (const bits of sizes) {
    const names = MODEL_PARTS.filter((name) => data.parts[name].bits === bits)
    const table = new PackedLinear(names.map((name) => data.parts[name]))
    const group = { features: new HashedFeatures(bits), table, sums: new Float64Array(4 * Math.ceil(table.width / 4)) }
    let first = 0
    for (const name of names) {
      const { outputs, scales, biases } = data.parts[name]
      const calibrations = outputs.map((output) => data.calibration[output] ?? UNCALIBRATED)
      made[name] = { group, first, outputs, scales, biases, calibrations }
      first += outputs.length
    }
  }
  return made as Record<ModelPart, Part>
}

function probability({ slope, intercept }: Calibration, logit: number): number {
  return 1 / (1 + Math.exp(-(slope * logit + intercept)))
}
