/**
 * The model file of the deep tier, and how a text becomes its input. One file holds all that inference needs: the ONNX graph, the
 * pieces of the tokenizer, the names of the heads, calibration and coverage.
 *
 * It runs no model and checks no SHA-256: the container's own checksum finds damage, not a forger.
 */
import { ParapetError } from '../../spec/errors.ts'
import { readModelFile, writeModelFile } from '../model-file.ts'
import type { UnigramTokenizer } from '../tokenizer/unigram.ts'

/** What a token belongs to: its place in the list is the id of its segment. `context` is the prompt beside a response. */
export const GUARD_SEGMENTS = ['prompt', 'response', 'context', 'document'] as const

/** Calibrated logit = `scale · logit + bias`; its sigmoid is the probability. */
export interface HeadCalibration {
  readonly scale: number
  readonly bias: number
}

/** Whether a head has learnt from rows of a language: enough of both labels, some, or none. */
export type Coverage = 'trained' | 'transferred' | 'untested'

export interface GuardEncoderData {
  /** Name and version of the model. */
  readonly id: string
  /** Names of the graph's labels, in order. */
  readonly heads: readonly string[]
  /** Longest input, in tokens. */
  readonly maxTokens: number
  /** Pieces of the unigram tokenizer with float32 scores; their place is their id, and id 0 is the unknown piece. */
  readonly pieces: readonly (readonly [piece: string, score: number])[]
  /** So many pieces at the front never match text. */
  readonly reserved: number
  /** Head, then language or `*` for all others. */
  readonly calibration: Readonly<Record<string, Readonly<Record<string, HeadCalibration>>>>
  /** Head, then language. */
  readonly coverage: Readonly<Record<string, Readonly<Record<string, Coverage>>>>
  /** Hex digests by what they are of, for whoever wants to verify them. */
  readonly sha256?: Readonly<Record<string, string>>
  /** What `exportEncoder` wrote. */
  readonly onnx: Uint8Array
}

const KIND = 'guard-encoder'
/** Joins the pieces in the file; no piece holds it. */
const SEPARATOR = '\0'

/** Writes the model file. Equal data gives equal bytes. Scores are rounded to float32. */
export function writeGuardEncoder(data: GuardEncoderData): Uint8Array<ArrayBuffer> {
  const { pieces, onnx, ...header } = data
  if (pieces.some(([piece]) => piece.includes(SEPARATOR)))
    throw new ParapetError('input_invalid', 'A piece of a tokenizer must not hold the character U+0000.')
  const blocks = new Map<string, Uint8Array>([
    ['pieces', new TextEncoder().encode(pieces.map(([piece]) => piece).join(SEPARATOR))],
    ['scores', new Uint8Array(Float32Array.from(pieces, ([, score]) => score).buffer)],
    ['onnx', onnx],
  ])
  const file = writeModelFile({ kind: KIND, segments: GUARD_SEGMENTS, ...header }, blocks)
  readGuardEncoder(file, data.id)
  return file
}

/**
 * Reads a model file; `name` is for messages. Throws `engine_unavailable`, whatever the bytes are, when they are no whole guard
 * encoder of this version.
 */
export function readGuardEncoder(bytes: Uint8Array, name: string): GuardEncoderData {
  const { header, blocks } = open(bytes, name)
  const fail = (why: string): never => {
    throw damaged(name, why)
  }
  const block = (key: string): Uint8Array => {
    const found = blocks.get(key)
    return found === undefined || found.length === 0 ? fail(`its part ${key} is missing`) : found
  }
  const { kind, segments, id, heads, maxTokens, reserved, calibration, coverage, sha256 } = header
  if (kind !== KIND) fail('it holds a model of another kind')
  if (JSON.stringify(segments) !== JSON.stringify(GUARD_SEGMENTS)) fail('it numbers segments in another way')
  if (!isText(id)) return fail('it has no id')
  if (!isNames(heads)) return fail('its heads are not a list of different names')
  if (!isWhole(maxTokens, CONTEXT_TOKENS + 1) || !isWhole(reserved, 0))
    return fail('its numbers of tokens make no sense')
  if (!isTable(calibration, heads, isCalibration)) return fail('its calibration is incomplete')
  if (!isTable(coverage, heads, isCoverage)) return fail('its coverage is incomplete')
  if (sha256 !== undefined && !isRecordOf(sha256, isText)) return fail('its digests make no sense')
  const names = new TextDecoder('utf-8', { ignoreBOM: true }).decode(block('pieces')).split(SEPARATOR)
  const scoreBytes = block('scores')
  if (scoreBytes.length !== 4 * names.length || reserved > names.length) fail('pieces and scores differ in number')
  const scores = new Float32Array(scoreBytes.slice().buffer)
  if (!scores.every(Number.isFinite)) fail('a score is not a number')
  return {
    ...{ id, heads, maxTokens, reserved, calibration, coverage },
    ...(sha256 === undefined ? {} : { sha256 }),
    pieces: names.map((piece, index) => [piece, scores[index] ?? 0]),
    onnx: block('onnx'),
  }
}

function open(bytes: Uint8Array, name: string): ReturnType<typeof readModelFile> {
  try {
    return readModelFile(bytes, name)
  } catch (cause) {
    // A header that is no JSON, or has no blocks, fails in ways of its own.
    throw cause instanceof ParapetError ? cause : damaged(name, 'its header cannot be read', cause)
  }
}

function damaged(name: string, why: string, cause?: unknown): ParapetError {
  const message = `The model file ${name} cannot be used: ${why}. Install the package again, or give the path of a whole file.`
  return new ParapetError('engine_unavailable', message, cause === undefined ? {} : { cause })
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every(isText) && new Set(value).size === value.length
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
  const { scale, bias } = (value ?? {}) as Partial<HeadCalibration>
  // A scale that is not positive would turn a head's verdict around.
  return Number.isFinite(scale) && Number.isFinite(bias) && (scale ?? 0) > 0
}

function isCoverage(value: unknown): value is Coverage {
  return value === 'trained' || value === 'transferred' || value === 'untested'
}

/** What is judged. A response may have the prompt it answers beside it. */
export type GuardText =
  | { readonly kind: 'prompt' | 'document'; readonly text: string }
  | { readonly kind: 'response'; readonly text: string; readonly context?: string | undefined }

export interface GuardInput {
  /** Ids of pieces, at least one. */
  readonly ids: Int32Array
  /** Segment of each token: a place in `GUARD_SEGMENTS`. */
  readonly segments: Uint8Array
}

/** Tokens kept free for the prompt beside a response. */
const CONTEXT_TOKENS = 40
/** So many characters a token are read, half of them from either end: a text of any length costs a bounded time. */
const CHARACTERS_PER_TOKEN = 24
/** Stands for a text without a token: the unknown piece. */
const NOTHING = 0

/**
 * Ids and segments of a text, at most `maxTokens` (above 40). Runs of white space count as one space. Of what is too long the first
 * and the last half are kept. A response has `maxTokens - 40` tokens, its prompt 40; both fixed, so that a response is cut the same
 * way with and without a prompt.
 */
export function encodeGuardInput(tokenizer: UnigramTokenizer, text: GuardText, maxTokens: number): GuardInput {
  if (!(maxTokens > CONTEXT_TOKENS))
    throw new ParapetError('configuration', `An input needs more than ${CONTEXT_TOKENS} tokens, not ${maxTokens}.`)
  const tokens = (part: string, most: number): Int32Array =>
    headAndTail(tokenizer.encode(readable(part, CHARACTERS_PER_TOKEN * maxTokens)), most)
  const own = tokens(text.text, text.kind === 'response' ? maxTokens - CONTEXT_TOKENS : maxTokens)
  const context = text.kind === 'response' ? tokens(text.context ?? '', CONTEXT_TOKENS) : new Int32Array()
  const kind = GUARD_SEGMENTS.indexOf(text.kind)
  if (own.length + context.length === 0) return { ids: Int32Array.of(NOTHING), segments: Uint8Array.of(kind) }
  const segments = new Uint8Array(own.length + context.length).fill(GUARD_SEGMENTS.indexOf('context'))
  return { ids: Int32Array.of(...own, ...context), segments: segments.fill(kind, 0, own.length) }
}

function readable(text: string, most: number): string {
  const half = Math.floor(most / 2)
  const bounded = text.length > most ? `${text.slice(0, half)} ${text.slice(-half)}` : text
  return bounded.replaceAll(/\s+/gu, ' ').trim()
}

function headAndTail(ids: Int32Array, most: number): Int32Array {
  if (ids.length <= most) return ids
  const head = Math.floor(most / 2)
  return Int32Array.of(...ids.subarray(0, head), ...ids.subarray(ids.length - (most - head)))
}
