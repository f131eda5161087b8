/**
 * The embedded classifier's forward code: three linear models over hashed features and a calibration, read from one file.
 *
 * `text` judges prompts, documents and (for toxicity) answers; `response` judges answers; `context` adds what the prompt says about
 * the answer. It splits nothing into windows and knows no policy.
 */
import { ParapetError } from '../spec/index.ts'
import { HashedFeatures } from './hashed-features.ts'
import type { HashedLinear } from './hashed-linear.ts'
import { linearContributions, linearLogits } from './hashed-linear.ts'
import { readModelFile, writeModelFile } from './model-file.ts'

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

/** What the text says about each output, as calibrated probabilities. */
export class EmbeddedModel {
  readonly id: string
  readonly checksum: string
  readonly coverage: EmbeddedModelData['coverage']
  readonly #parts: EmbeddedModelData['parts']
  readonly #calibration: EmbeddedModelData['calibration']
  readonly #features: Readonly<Record<ModelPart, HashedFeatures>>
  readonly #logits: Readonly<Record<ModelPart, Float64Array>>

  constructor(data: EmbeddedModelData, checksum: string) {
    this.id = data.id
    this.checksum = checksum
    this.coverage = data.coverage
    this.#parts = data.parts
    this.#calibration = data.calibration
    const shared = new Map<number, HashedFeatures>()
    const featuresOf = (part: ModelPart): HashedFeatures => {
      const { bits } = data.parts[part]
      const features = shared.get(bits) ?? new HashedFeatures(bits)
      shared.set(bits, features)
      return features
    }
    this.#features = { text: featuresOf('text'), response: featuresOf('response'), context: featuresOf('context') }
    const room = (part: ModelPart): Float64Array => new Float64Array(data.parts[part].outputs.length)
    this.#logits = { text: room('text'), response: room('response'), context: room('context') }
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
    this.#forward('text', text)
    return Object.fromEntries(
      this.#parts.text.outputs.map((output, index) => [output, this.calibrated(output, this.#logits.text[index] ?? 0)]),
    )
  }

  /** Outputs of the response model, given the prompt it answers. */
  scoreResponse(response: string, prompt: string | undefined): Readonly<Record<string, number>> {
    this.#forward('response', response)
    const { outputs } = this.#parts.response
    const raw = outputs.map((_, index) => this.#logits.response[index] ?? 0)
    const alone = prompt === undefined || prompt === ''
    if (!alone) {
      this.#forward('context', prompt)
      this.#parts.context.outputs.forEach((output, index) => {
        const at = outputs.indexOf(output)
        if (at >= 0) raw[at] = (raw[at] ?? 0) + (this.#logits.context[index] ?? 0)
      })
    }
    return Object.fromEntries(
      outputs.map((output, index) => [
        output,
        this.calibrated(alone && output === 'response_harm' ? ALONE : output, raw[index] ?? 0),
      ]),
    )
  }

  /** How much each place of a text adds to an output: parallel arrays of starts, ends and contributions. */
  attribute(
    part: ModelPart,
    output: string,
    text: string,
  ): { readonly starts: Int32Array; readonly ends: Int32Array; readonly values: Float64Array } {
    const model = this.#parts[part]
    const features = this.#features[part]
    features.trace(text)
    const values = linearContributions(model, features, Math.max(0, model.outputs.indexOf(output)))
    return { starts: features.starts.slice(0, features.count), ends: features.ends.slice(0, features.count), values }
  }

  /** Probability of an output from its raw logit. */
  calibrated(output: string, logit: number): number {
    const { slope, intercept } = this.#calibration[output] ?? { slope: 1, intercept: 0 }
    return 1 / (1 + Math.exp(-(slope * logit + intercept)))
  }

  #forward(part: ModelPart, text: string): void {
    this.#features[part].extract(text)
    linearLogits(this.#parts[part], this.#features[part], this.#logits[part])
  }
}
