/**
 * The model file of the deep tier, and how a text becomes its input. One file holds all that inference needs: the ONNX graphs of the
 * encoder and of its two head models, the pieces of the tokenizer, the names of the heads, calibration, bands and coverage.
 *
 * It runs no model and checks no SHA-256: the container's own checksum finds damage, not a forger.
 */
import { ParapetError } from '../../spec/errors.ts'
import { damagedModelFile, readModelFile, writeModelFile } from '../model-file.ts'
import type { UnigramTokenizer } from '../tokenizer/unigram.ts'

/**
 * How the two tiers become one probability: the sigmoid of `deep · logit of the head model + fast · logit of the fast tier's
 * calibrated probability + bias`, that probability clamped to [1e-6, 1 - 1e-6].
 */
export interface HeadCalibration {
  readonly deep: number
  readonly fast: number
  readonly bias: number
}

/** Whether a head has learnt from rows of a language: enough of both labels, some, or none. */
export type Coverage = 'trained' | 'transferred' | 'untested'

export interface GuardEncoderData {
  /** Name and version of the model. */
  readonly id: string
  /** Longest input, in tokens. */
  readonly maxTokens: number
  /** Pieces of the unigram tokenizer with float32 scores; their place is their id, and id 0 is the unknown piece. */
  readonly pieces: readonly (readonly [piece: string, score: number])[]
  /** So many pieces at the front never match text. */
  readonly reserved: number
  /** Outputs of the head models, in order. */
  readonly heads: { readonly text: readonly string[]; readonly response: readonly string[] }
  /** Output, then language or `*` for all others. */
  readonly calibration: Readonly<Record<string, Readonly<Record<string, HeadCalibration>>>>
  /**
   * Where the fast tier is unsure of an output: its calibrated probability is at least `low` and at most `high`. An output without a
   * band never asks for the deep tier.
   */
  readonly band: Readonly<Record<string, readonly [low: number, high: number]>>
  /** Output, then language. */
  readonly coverage: Readonly<Record<string, Readonly<Record<string, Coverage>>>>
  /** Hex digests by what they are of, for whoever wants to verify them. */
  readonly sha256?: Readonly<Record<string, string>>
  /** ONNX: `ids` int64 [batch, length], negative where padded, to `vector` float32 [batch, width]. */
  readonly encoder: Uint8Array
  /** ONNX: `vector` float32 [batch, width] to `logits` float32 [batch, heads.text.length]. */
  readonly text: Uint8Array
  /**
   * ONNX: `vector` float32 [batch, 2 · width], the answer's and then its prompt's (zeros without a prompt), to `logits` float32
   * [batch, heads.response.length].
   */
  readonly response: Uint8Array
}

const KIND = 'guard-encoder'
/** Joins the pieces in the file; no piece holds it. */
const SEPARATOR = '\0'

/** Writes the model file. Equal data gives equal bytes. Scores are rounded to float32. */
export function writeGuardEncoder(data: GuardEncoderData): Uint8Array<ArrayBuffer> {
  const { pieces, encoder, text, response, ...header } = data
  if (pieces.some(([piece]) => piece.includes(SEPARATOR)))
    throw new ParapetError('input_invalid', 'A piece of a tokenizer must not hold the character U+0000.')
  const blocks = new Map<string, Uint8Array>([
    ['pieces', new TextEncoder().encode(pieces.map(([piece]) => piece).join(SEPARATOR))],
    ['scores', new Uint8Array(Float32Array.from(pieces, ([, score]) => score).buffer)],
    ['encoder', encoder],
    ['text', text],
    ['response', response],
  ])
  const file = writeModelFile({ kind: KIND, ...header }, blocks)
  readGuardEncoder(file, data.id)
  return file
}

/**
 * Reads a model file; `name` is for messages. Throws `engine_unavailable`, whatever the bytes are, when they are no whole guard
 * encoder of this version.
 */
export function readGuardEncoder(bytes: Uint8Array, name: string): GuardEncoderData {
  const { header, blocks } = readModelFile(bytes, name)
  const fail = (why: string): never => {
    throw damagedModelFile(name, why)
  }
  const block = (key: string): Uint8Array => {
    const found = blocks.get(key)
    return found === undefined || found.length === 0 ? fail(`its part ${key} is missing`) : found
  }
  const { kind, id, heads, maxTokens, reserved, calibration, band, coverage, sha256 } = header
  if (kind !== KIND) fail('it holds a model of another kind')
  if (!isText(id) || id === '') return fail('it has no id')
  if (!isHeads(heads)) return fail('its heads are not two lists of different names')
  const outputs = [...heads.text, ...heads.response]
  if (!isWhole(maxTokens, 1) || !isWhole(reserved, 0)) return fail('its numbers of tokens make no sense')
  if (!isTable(calibration, outputs, isCalibration)) return fail('its calibration is incomplete')
  if (!outputs.every((output) => Object.hasOwn(calibration[output] ?? {}, '*')))
    return fail('its calibration lacks the entry for all other languages')
  if (!isRecordOf(band, isBand)) return fail('a band is no range of probabilities')
  if (!Object.keys(band).every((output) => outputs.includes(output))) return fail('a band is of no head')
  if (!isTable(coverage, outputs, isCoverage)) return fail('its coverage is incomplete')
  if (sha256 !== undefined && !isRecordOf(sha256, isText)) return fail('its digests make no sense')
  const names = new TextDecoder('utf-8', { ignoreBOM: true }).decode(block('pieces')).split(SEPARATOR)
  const scoreBytes = block('scores')
  if (scoreBytes.length !== 4 * names.length || reserved > names.length) fail('pieces and scores differ in number')
  const scores = new Float32Array(Uint8Array.from(scoreBytes).buffer)
  if (!scores.every(Number.isFinite)) fail('a score is not a number')
  return {
    ...{ id, heads, maxTokens, reserved, calibration, band, coverage },
    ...(sha256 === undefined ? {} : { sha256 }),
    pieces: names.map((piece, index) => [piece, scores[index] ?? 0]),
    ...{ encoder: block('encoder'), text: block('text'), response: block('response') },
  }
}

function isHeads(value: unknown): value is GuardEncoderData['heads'] {
  const { text, response } = (value ?? {}) as Partial<GuardEncoderData['heads']>
  return isNames(text) && isNames(response) && new Set([...text, ...response]).size === text.length + response.length
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => isText(name) && name !== '')
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isWhole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least
}

function isRecordOf<T>(value: unknown, isValue: (entry: unknown) => entry is T): value is Readonly<Record<string, T>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isValue)
}

/** Head → language → value, with an entry for every head. */
function isTable<T>(
  value: unknown,
  heads: readonly string[],
  isValue: (entry: unknown) => entry is T,
): value is Readonly<Record<string, Readonly<Record<string, T>>>> {
  const isRow = (row: unknown): row is Readonly<Record<string, T>> => isRecordOf(row, isValue)
  return isRecordOf(value, isRow) && heads.every((head) => Object.hasOwn(value, head))
}

function isCalibration(value: unknown): value is HeadCalibration {
  const { deep, fast, bias } = (value ?? {}) as Partial<HeadCalibration>
  // A negative factor would turn a tier's verdict around, and two of zero would ignore both.
  return isFactor(deep) && isFactor(fast) && deep + fast > 0 && Number.isFinite(bias)
}

function isFactor(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0
}

function isBand(value: unknown): value is readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2 || !value.every(isFactor)) return false
  const [low, high] = value as [number, number]
  return low <= high && high <= 1
}

function isCoverage(value: unknown): value is Coverage {
  return value === 'trained' || value === 'transferred' || value === 'untested'
}

/** So many characters a token are read, half of them from either end: a text of any length costs a bounded time. */
const CHARACTERS_PER_TOKEN = 24
/** Stands for a text without a token: the unknown piece. */
const NOTHING = 0

/**
 * Ids of a text's pieces, at least one and at most `maxTokens`. Runs of white space count as one space. Of what is too long the first
 * and the last half are kept.
 */
export function encodeGuardText(tokenizer: UnigramTokenizer, text: string, maxTokens: number): Int32Array {
  if (!(maxTokens >= 1))
    throw new ParapetError('configuration', `An input needs room for a token at least, not for ${maxTokens}.`)
  const ids = headAndTail(tokenizer.encode(readable(text, CHARACTERS_PER_TOKEN * maxTokens)), maxTokens)
  return ids.length === 0 ? Int32Array.of(NOTHING) : ids
}

function readable(text: string, most: number): string {
  const half = Math.floor(most / 2)
  const bounded = text.length > most ? `${text.slice(0, half)} ${text.slice(-half)}` : text
  return bounded.replaceAll(/\s+/gu, ' ').trim()
}

function headAndTail(ids: Int32Array, most: number): Int32Array {
  if (ids.length <= most) return ids
  const head = Math.floor(most / 2)
  const kept = new Int32Array(most)
  kept.set(ids.subarray(0, head))
  kept.set(ids.subarray(ids.length - (most - head)), head)
  return kept
}
