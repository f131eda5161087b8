/**
 * The embedded classifier's forward code: linear models over hashed features and a calibration, read from one file.
 *
 * `text` judges prompts, documents and (for toxicity) answers; `response` judges answers; `context` adds what the prompt says about
 * the answer; `passage`, where a file has it, judges documents by their worst passage. Where a file calibrates languages apart, the
 * beginning of each text decides which it is. It knows no windows and no policy.
 */
import { ParapetError } from '../spec/index.ts'
import { HashedFeatures } from './hashed-features.ts'
import type { HashedLinear } from './hashed-linear.ts'
import { damagedModelFile, readModelFile, writeModelFile } from './model-file.ts'
import { PackedLinear } from './packed-linear.ts'
import { PassageModel, type PassageModelData, type PassageTerms } from './passage-model.ts'
import { type SpokenLanguage, spokenLanguage } from './spoken-language.ts'

export const MODEL_PARTS: readonly ModelPart[] = ['text', 'response', 'context']
export type ModelPart = 'text' | 'response' | 'context'

/** The output that a passage model takes over from `text`. */
export const PASSAGE_OUTPUT = 'injection_indirect'

/** Calibration of `response_harm` for an answer whose prompt is not known: there is less to go by. */
export const ALONE = 'response_harm_alone'

/** Probability is `1 / (1 + exp(-(slope · logit + intercept)))`. */
export interface Calibration {
  readonly slope: number
  readonly intercept: number
}

/** Stands for every language without a calibration of its own. */
export const ANY_LANGUAGE = '*'

/** By language; `*` is the general one. */
export type LanguageCalibrations = Readonly<Record<string, Calibration>>

export interface EmbeddedModelData {
  readonly id: string
  readonly parts: Readonly<Record<ModelPart, HashedLinear>>
  /** Judges documents; without it `text` does. */
  readonly passage?: PassageModelData
  /** By output name, then language. */
  readonly calibration: Readonly<Record<string, LanguageCalibrations>>
  /** Head to language to coverage. */
  readonly coverage: Readonly<Record<string, Readonly<Record<string, 'trained' | 'transferred' | 'untested'>>>>
}

interface FileParts {
  readonly parts: Readonly<Record<ModelPart | 'passage', PartHeader>>
  readonly passage?: PassageTerms
}

interface PartHeader {
  readonly bits: number
  readonly outputs: readonly string[]
  readonly scales: readonly number[]
  readonly biases: readonly number[]
}

const KIND = 'parapet-embedded-classifier'
/** Name of the passage model among the parts of a file. */
const PASSAGE = 'passage'

/** Writes a model file. */
export function writeEmbeddedModel(data: EmbeddedModelData): Uint8Array<ArrayBuffer> {
  const { id, calibration, coverage, passage } = data
  const headers: Record<string, PartHeader> = {}
  const blocks = new Map<string, Uint8Array>()
  const write = (name: string, { bits, outputs, scales, biases, weights }: HashedLinear): void => {
    headers[name] = { bits, outputs, scales: [...scales], biases: [...biases] }
    blocks.set(name, new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength))
  }
  for (const name of MODEL_PARTS) write(name, data.parts[name])
  if (passage !== undefined) write(PASSAGE, passage.linear)
  const terms = passage === undefined ? {} : { passage: { context: passage.context, length: passage.length } }
  return writeModelFile({ kind: KIND, id, parts: headers, ...terms, calibration, coverage }, blocks)
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
  /** One for each output, in general. */
  readonly calibrations: readonly Calibration[]
  /** The same in a language that an output has one of its own for. */
  readonly byLanguage: ReadonlyMap<string, readonly Calibration[]>
}

const UNCALIBRATED: Calibration = { slope: 1, intercept: 0 }

/** What the text says about each output, as calibrated probabilities. */
export class EmbeddedModel {
  readonly id: string
  readonly checksum: string
  readonly coverage: EmbeddedModelData['coverage']
  readonly calibration: EmbeddedModelData['calibration']
  readonly #parts: Readonly<Record<ModelPart, Part>>
  /** For each output of `context`, the column of the same output of `response`. */
  readonly #contextOf: readonly number[]
  readonly #passage: PassageModel | null
  /** Whether some output has a calibration for some language. */
  readonly #detects: boolean

  constructor(data: EmbeddedModelData, checksum: string) {
    this.id = data.id
    this.checksum = checksum
    this.coverage = data.coverage
    this.calibration = data.calibration
    this.#parts = partsOf(data)
    this.#detects = languagesOf(data.calibration).size > 0
    const { response, context } = this.#parts
    this.#contextOf = context.outputs.map((output) => response.outputs.indexOf(output))
    const { passage, parts } = data
    const shared = passage?.linear.bits === parts.text.bits ? this.#parts.text.group.features : undefined
    this.#passage = passage === undefined ? null : new PassageModel(passage, shared)
  }

  /** Reads a model file; throws `engine_unavailable` when it is damaged. */
  static read(bytes: Uint8Array, name: string): EmbeddedModel {
    const { header, blocks, checksum } = readModelFile(bytes, name)
    if (header['kind'] !== KIND)
      throw new ParapetError('engine_unavailable', `${name} is not an embedded classifier. Give the path of one.`)
    const {
      id,
      parts: headers,
      passage: terms,
      calibration,
      coverage,
    } = header as unknown as Omit<EmbeddedModelData, 'parts' | 'passage'> & FileParts
    const read = (part: ModelPart | typeof PASSAGE): HashedLinear => {
      const block = blocks.get(part)
      if (!isPart(headers?.[part], block)) throw damagedModelFile(name, `its part ${part} is not whole`)
      const { bits, outputs, scales, biases } = headers[part]
      const weights = new Int8Array(block.buffer, block.byteOffset, block.byteLength)
      return { bits, outputs, weights, scales: Float32Array.from(scales), biases: Float32Array.from(biases) }
    }
    const parts = { text: read('text'), response: read('response'), context: read('context') }
    // Files from before there was one have none.
    const isThere = terms !== undefined || Object.hasOwn(headers, PASSAGE)
    if (isThere && !(Number.isFinite(terms?.context) && Number.isFinite(terms?.length)))
      throw damagedModelFile(name, 'it does not say what its passages count')
    const passage = terms === undefined ? {} : { passage: { ...terms, linear: read(PASSAGE) } }
    if (passage.passage !== undefined && passage.passage.linear.outputs.length !== 1)
      throw damagedModelFile(name, 'its part passage has not one output')
    const byLanguage = calibrationOf(calibration)
    if (byLanguage === null) throw damagedModelFile(name, 'its calibration is not whole')
    if (!isTable(coverage) || !Object.values(coverage).every(isTable))
      throw damagedModelFile(name, 'it does not say what it covers')
    return new EmbeddedModel({ id, parts, ...passage, calibration: byLanguage, coverage }, checksum)
  }

  /** The language a text is calibrated by, decided by its beginning; null where it is unclear or the file calibrates none apart. */
  languageOf(text: string): SpokenLanguage | null {
    return this.#detects ? spokenLanguage(text) : null
  }

  /** Outputs of the text model. With null for the language they are calibrated in general. */
  scoreText(text: string, language: SpokenLanguage | null = this.languageOf(text)): Readonly<Record<string, number>> {
    const part = this.#parts.text
    this.#read(part, text)
    const scores = this.#scoresOfText(part, language)
    const document = this.scoreDocument(text, language)
    if (document !== null) scores[PASSAGE_OUTPUT] = document
    return scores
  }

  /** Outputs of the response model, given the prompt it answers. With null for the answer's language they are calibrated in general. */
  scoreResponse(
    response: string,
    prompt: string | undefined,
    language: SpokenLanguage | null = this.languageOf(response),
  ): Readonly<Record<string, number>> {
    const { response: part, context } = this.#parts
    let known: PromptContext | null = null
    if (prompt !== undefined && prompt !== '') {
      this.#read(context, prompt)
      known = this.#contextLogits()
    }
    this.#read(part, response)
    return this.#scoresOfResponse(known, language)
  }

  /** Whether documents are judged by their worst passage. */
  get judgesPassages(): boolean {
    return this.#passage !== null
  }

  /** Outputs of the text model for a prompt, and what it says about its answers; one reading does for both. */
  readPrompt(
    prompt: string,
    language: SpokenLanguage | null = this.languageOf(prompt),
  ): {
    readonly text: Readonly<Record<string, number>>
    readonly context: PromptContext | null
  } {
    const { text, context } = this.#parts
    this.#read(text, prompt)
    const scores = this.#scoresOfText(text, language)
    if (context.group !== text.group) this.#read(context, prompt)
    const known = prompt === '' ? null : this.#contextLogits()
    return { text: scores, context: known }
  }

  /** Outputs of the text model and of the response model for an answer; one reading does for both. */
  scoreAnswer(
    answer: string,
    context: PromptContext | null,
  ): { readonly text: Readonly<Record<string, number>>; readonly response: Readonly<Record<string, number>> } {
    const { text, response } = this.#parts
    const language = this.languageOf(answer)
    this.#read(text, answer)
    const ofText = this.#scoresOfText(text, language)
    if (response.group !== text.group) this.#read(response, answer)
    return { text: ofText, response: this.#scoresOfResponse(context, language) }
  }

  /** How much each place of a text adds to an output: parallel arrays of starts, ends and contributions. */
  attribute(
    part: ModelPart,
    output: string,
    text: string,
  ): { readonly starts: Int32Array; readonly ends: Int32Array; readonly values: Float64Array } {
    if (this.#passage !== null && part === 'text' && output === PASSAGE_OUTPUT) return this.#passage.attribute(text)
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

  /** Probability of an output from its raw logit, in a language that the text was found to be in. */
  calibrated(output: string, logit: number, language: SpokenLanguage | null = null): number {
    return probability(this.#calibrationFor(output, language), logit)
  }

  /** What the general calibration makes of a text whose probability by its language's is known. */
  inGeneral(output: string, language: SpokenLanguage | null, score: number): number {
    const own = this.#calibrationFor(output, language)
    const general = this.#calibrationFor(output, null)
    // A probability of 0 or 1 is one of every logit that far out: it stays what it is.
    if (own === general || score <= 0 || score >= 1) return score
    return probability(general, (Math.log(score / (1 - score)) - own.intercept) / own.slope)
  }

  #calibrationFor(output: string, language: SpokenLanguage | null): Calibration {
    const known = this.calibration[output]
    return (language === null ? undefined : known?.[language]) ?? known?.[ANY_LANGUAGE] ?? UNCALIBRATED
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

  /** Document: what its worst passage says; null in a file without a passage model. Reads the text a second time. */
  scoreDocument(text: string, language: SpokenLanguage | null = this.languageOf(text)): number | null {
    return this.#passage === null ? null : this.calibrated(PASSAGE_OUTPUT, this.#passage.worst(text).logit, language)
  }

  #scoresOfText(part: Part, language: SpokenLanguage | null): Record<string, number> {
    const scores: Record<string, number> = {}
    const calibrations = (language === null ? undefined : part.byLanguage.get(language)) ?? part.calibrations
    for (let output = 0; output < part.outputs.length; output++) {
      const calibration = calibrations[output] ?? UNCALIBRATED
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
  #scoresOfResponse(context: PromptContext | null, language: SpokenLanguage | null): Readonly<Record<string, number>> {
    const { response } = this.#parts
    const scores: Record<string, number> = {}
    response.outputs.forEach((output, index) => {
      const known = context === null ? -1 : this.#contextOf.indexOf(index)
      const logit = this.#logit(response, index) + (known < 0 ? 0 : (context?.[known] ?? 0))
      scores[output] = this.calibrated(context === null && output === 'response_harm' ? ALONE : output, logit, language)
    })
    return scores
  }
}

function partsOf(data: EmbeddedModelData): Record<ModelPart, Part> {
  const sizes = new Set(MODEL_PARTS.map((name) => data.parts[name].bits))
  const languages = languagesOf(data.calibration)
  const made: Partial<Record<ModelPart, Part>> = {}
  for (const bits of sizes) {
    const names = MODEL_PARTS.filter((name) => data.parts[name].bits === bits)
    const table = new PackedLinear(names.map((name) => data.parts[name]))
    const group = { features: new HashedFeatures(bits), table, sums: new Float64Array(4 * Math.ceil(table.width / 4)) }
    let first = 0
    for (const name of names) {
      const { outputs, scales, biases } = data.parts[name]
      const calibrationsIn = (language: string): readonly Calibration[] =>
        outputs.map(
          (output) => data.calibration[output]?.[language] ?? data.calibration[output]?.[ANY_LANGUAGE] ?? UNCALIBRATED,
        )
      const byLanguage = new Map([...languages].map((language) => [language, calibrationsIn(language)]))
      made[name] = { group, first, outputs, scales, biases, calibrations: calibrationsIn(ANY_LANGUAGE), byLanguage }
      first += outputs.length
    }
  }
  return made as Record<ModelPart, Part>
}

/** Languages that some output has a calibration of its own for. */
function languagesOf(calibration: EmbeddedModelData['calibration']): ReadonlySet<string> {
  const languages = new Set(Object.values(calibration).flatMap((entry) => Object.keys(entry)))
  languages.delete(ANY_LANGUAGE)
  return languages
}

/** By output and language; files from before there were languages have one calibration an output. Null where it is not whole. */
function calibrationOf(value: unknown): EmbeddedModelData['calibration'] | null {
  if (!isTable(value)) return null
  const read: [string, LanguageCalibrations][] = []
  for (const [output, entry] of Object.entries(value)) {
    if (!isTable(entry)) return null
    const languages =
      Object.hasOwn(entry, 'slope') || Object.hasOwn(entry, 'intercept') ? { [ANY_LANGUAGE]: entry } : entry
    const entries = Object.values(languages)
    if (!entries.every(isCalibration) || !Object.hasOwn(languages, ANY_LANGUAGE)) return null
    read.push([output, languages as LanguageCalibrations])
  }
  // Assigned, an output of the name `__proto__` would lend its calibrations to all others.
  return Object.fromEntries(read)
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A slope of 0 gives every text the same score and cannot be undone; a negative one turns the scores round. */
function isCalibration(value: unknown): value is Calibration {
  const { slope = 0, intercept } = (value ?? {}) as Partial<Calibration>
  return Number.isFinite(slope) && slope > 0 && Number.isFinite(intercept)
}

/** Whether a part has as many numbers as it says. A missing one would make a score that is no number, which exceeds no threshold. */
function isPart(header: PartHeader | undefined, block: Uint8Array | undefined): block is Uint8Array {
  if (header === undefined || block === undefined) return false
  const { bits, outputs, scales, biases } = header
  if (!Array.isArray(outputs) || !Array.isArray(scales) || !Array.isArray(biases)) return false
  const numbers: readonly unknown[] = [...scales, ...biases]
  return (
    Number.isInteger(bits) &&
    block.length === 2 ** bits * outputs.length &&
    scales.length === outputs.length &&
    biases.length === outputs.length &&
    numbers.every((number) => Number.isFinite(number))
  )
}

function probability({ slope, intercept }: Calibration, logit: number): number {
  return 1 / (1 + Math.exp(-(slope * logit + intercept)))
}
