/**
 * The file of a small chat model: a decoder, its tokenizer and its chat template in one piece, so that it can ship in a package and
 * decode without an engine. Matrices are int8 with a scale a row, or float32; vectors are float32; all little-endian.
 *
 * It is a form to run and to start from, not to exchange: other programs read Hugging Face folders and GGUF.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type DecoderConfig, checkDecoderParameters, decoderShapes } from '../decoder/config.ts'
import type { QuantisedParameters } from '../decoder/plain-decoder.ts'
import type { QuantisedMatrix } from '../encoder/quantise.ts'
import { damagedModelFile, readModelFile, writeModelFile } from '../model-file.ts'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { elementCount } from '../tensor/shape.ts'
import type { TokenizerFiles } from '../tokenizer/tokenizer-json.ts'
import { decoderConfigOf, huggingFaceConfigOf } from './hugging-face-config.ts'

export interface ChatModelData {
  /** Name and version of the model. */
  readonly id: string
  readonly config: DecoderConfig
  readonly parameters: QuantisedParameters
  readonly tokenizer: TokenizerFiles
}

const KIND = 'chat-model'
/** Of the header and the blocks; the container counts its own. */
const FORMAT_VERSION = 1
const TOKENIZER = 'tokenizer'
/** No model that fits into such a file has a longer context. */
const LONGEST_CONTEXT = 1_048_576

/** Block of the scales of an int8 matrix; a tensor without one is float32. */
const scalesOf = (name: string): string => `scales of ${name}`

/**
 * Writes the file. Equal data gives equal bytes. Throws `input_invalid` where parameters do not fit the configuration or are no finite
 * numbers.
 */
export function writeChatModel({ id, config, parameters, tokenizer }: ChatModelData): Uint8Array<ArrayBuffer> {
  // Only shapes are compared, which both kinds have.
  checkDecoderParameters(config, parameters as ParameterValues)
  const blocks = new Map<string, Uint8Array>([[TOKENIZER, new TextEncoder().encode(JSON.stringify(tokenizer))]])
  for (const name of Object.keys(decoderShapes(config))) {
    const value = parameters[name] as ParameterValue | QuantisedMatrix
    checkNumbers(name, value)
    if ('scales' in value) blocks.set(scalesOf(name), bytesOf(value.scales))
    blocks.set(name, bytesOf(value.data))
  }
  const header = { kind: KIND, formatVersion: FORMAT_VERSION, id, config: huggingFaceConfigOf(config) }
  const file = writeModelFile(header, blocks)
  readChatModel(file, id)
  return file
}

/**
 * Reads a file; `name` is for messages. The numbers are views of the file's bytes. Throws `engine_unavailable`, whatever the bytes
 * are, when they are no whole chat model of this version; whether the tokenizer is one is found out by whoever loads it.
 */
export function readChatModel(bytes: Uint8Array, name: string): ChatModelData & { readonly checksum: string } {
  const { header, blocks, checksum } = readModelFile(bytes, name)
  const { kind, formatVersion, id } = header
  const fail = (why: string, cause?: unknown): never => {
    throw damagedModelFile(name, why, cause)
  }
  if (kind !== KIND) fail('it holds a model of another kind')
  if (formatVersion !== FORMAT_VERSION)
    fail(`its form is version ${JSON.stringify(formatVersion)}, this Parapet reads ${FORMAT_VERSION}`)
  if (typeof id !== 'string' || id === '') return fail('it has no id')
  const config = configIn(header['config'], fail)
  // Each layer has blocks of its own: shapes are not worked out for layers that cannot be there.
  if (config.layers > blocks.size) fail('layers are missing')
  const parameters = Object.fromEntries(
    Object.entries(decoderShapes(config)).map(([tensor, shape]) => [tensor, tensorIn(blocks, tensor, shape, fail)]),
  )
  return { ...{ id, config, parameters, checksum }, tokenizer: tokenizerIn(blocks.get(TOKENIZER), fail) }
}

type Fail = (why: string, cause?: unknown) => never

function configIn(json: unknown, fail: Fail): DecoderConfig {
  let config: DecoderConfig
  try {
    config = decoderConfigOf(json, 'its configuration')
  } catch (cause) {
    return fail(cause instanceof Error ? cause.message.replace(/\.$/, '') : 'its configuration makes no sense', cause)
  }
  return config.maxLength <= LONGEST_CONTEXT ? config : fail('its context is longer than such a model can have')
}

function tensorIn(
  blocks: ReadonlyMap<string, Uint8Array>,
  name: string,
  shape: readonly number[],
  fail: Fail,
): ParameterValue | QuantisedMatrix {
  const count = elementCount(shape)
  const block = blocks.get(name) ?? fail(`${name} is missing`)
  const scales = blocks.get(scalesOf(name))
  const floats = (part: Uint8Array, wanted: number): Float32Array => {
    if (part.byteLength !== 4 * wanted || part.byteOffset % 4 !== 0)
      return fail(`${name} has not the size it should have`)
    const values = new Float32Array(part.buffer, part.byteOffset, wanted)
    return values.every(Number.isFinite) ? values : fail(`${name} holds what is no number`)
  }
  if (scales === undefined) return { shape, data: floats(block, count) }
  if (shape.length !== 2) return fail(`${name} is no matrix, yet has scales`)
  if (block.byteLength !== count) return fail(`${name} has not the size it should have`)
  return {
    shape,
    data: new Int8Array(block.buffer, block.byteOffset, block.byteLength),
    scales: floats(scales, shape[0] ?? 0),
  }
}

function tokenizerIn(block: Uint8Array | undefined, fail: Fail): TokenizerFiles {
  if (block === undefined) return fail('it has no tokenizer')
  try {
    const files = JSON.parse(new TextDecoder().decode(block)) as TokenizerFiles
    if (typeof files.json === 'object') return files
  } catch (cause) {
    return fail('its tokenizer cannot be read', cause)
  }
  return fail('its tokenizer cannot be read')
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function checkNumbers(name: string, value: ParameterValue | QuantisedMatrix): void {
  const numbers = 'scales' in value ? value.scales : value.data
  if (numbers.every(Number.isFinite)) return
  throw new ParapetError('input_invalid', `${name} holds what is no number: the training of this model diverged.`)
}
