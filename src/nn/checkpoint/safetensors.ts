/**
 * Reads and writes safetensors files (https://github.com/huggingface/safetensors, "Format"): header length (u64), header (JSON), bytes.
 *
 * A file is read piece by piece from a source with random access and written as a row of pieces, so that it is never held a second
 * time beside its numbers. Only floating-point tensors of 16 and 32 bits become numbers; others may be there and stay unread.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { elementCount, shapeText } from '../tensor/shape.ts'
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from './float-formats.ts'
import { invalidFile } from './json-fields.ts'
import { PREFIX_BYTES, type TensorEntry, headerEntries, headerLength } from './safetensors-header.ts'

export type { TensorEntry } from './safetensors-header.ts'

/** Bytes with random access. */
export interface ByteSource {
  /** Number of bytes in all. */
  readonly size: number
  /** `length` bytes from `offset` on. The bytes need to stay as they are only until the next read. */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>
}

export interface SafetensorsFile {
  /** What messages call the file. */
  readonly name: string
  readonly source: ByteSource
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
}

export interface ReadTensorOptions {
  /** Accept NaN and infinities; otherwise they are an error. */
  readonly allowNonFinite?: boolean
}

export type FloatFormat = 'F32' | 'F16' | 'BF16'

export interface WriteTensorOptions extends ReadTensorOptions {
  /** How numbers are stored; `F32` keeps them all. */
  readonly format?: FloatFormat
  /** Texts by name; `format: 'pt'` is always there, since readers of PyTorch ask for it. */
  readonly metadata?: Readonly<Record<string, string>>
}

const FLOAT_BYTES: Readonly<Record<FloatFormat, number>> = { F32: 4, F16: 2, BF16: 2 }
/** Bytes of one read and of one written piece at most; a multiple of every number's size. */
const PIECE = 1 << 22

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

/** Reads and checks the header. Throws `input_invalid` for a file that breaks the format or is cut off. */
export async function openSafetensors(source: ByteSource, name: string): Promise<SafetensorsFile> {
  const { size } = source
  if (size < PREFIX_BYTES) throw invalidFile(name, `it is cut off: at least ${PREFIX_BYTES - size} bytes are missing.`)
  const length = headerLength(await readExactly(source, 0, PREFIX_BYTES, name), name)
  const missing = PREFIX_BYTES + length - size
  if (missing > 0) throw invalidFile(name, `it is cut off: at least ${missing} bytes are missing.`)
  const header = await readExactly(source, PREFIX_BYTES, length, name)
  return { name, source, ...headerEntries(header, size - PREFIX_BYTES - length, name) }
}

/** Whether a tensor can be read as numbers. */
export function isFloatFormat(dtype: string): dtype is FloatFormat {
  return Object.hasOwn(FLOAT_BYTES, dtype)
}

/**
 * One tensor as 32-bit numbers. Throws `input_invalid` when it is not there, is of another kind, or holds NaN or an infinity (unless
 * allowed).
 */
export async function readFloatTensor(
  file: SafetensorsFile,
  tensor: string,
  options: ReadTensorOptions = {},
): Promise<ParameterValue> {
  const { dtype, shape, offset, length } = floatEntry(file, tensor)
  const data = new Float32Array(elementCount(shape))
  for (let done = 0; done < length; done += PIECE) {
    const bytes = await readExactly(file.source, offset + done, Math.min(PIECE, length - done), file.name)
    const start = done / FLOAT_BYTES[dtype]
    decode(dtype, bytes, data.subarray(start, start + bytes.length / FLOAT_BYTES[dtype]))
  }
  if (options.allowNonFinite !== true) {
    const bad = nonFinite(data)
    if (bad !== undefined)
      throw invalidFile(
        file.name,
        `${tensor} holds ${data[bad]} at element ${bad}. The file is damaged, or training diverged.`,
      )
  }
  return { shape, data }
}

/** The entry of a tensor that can be read as numbers, or `input_invalid`. */
export function floatEntry(file: SafetensorsFile, tensor: string): TensorEntry & { readonly dtype: FloatFormat } {
  const entry = file.tensors.get(tensor)
  if (entry === undefined) throw invalidFile(file.name, `it has no tensor ${tensor}.`)
  const { dtype } = entry
  if (isFloatFormat(dtype)) return { ...entry, dtype }
  throw invalidFile(
    file.name,
    `${tensor} is stored as ${dtype}; only F32, F16 and BF16 are read. Convert the file first.`,
  )
}

/**
 * The pieces of a file, in order; F32 pieces are views of the parameters. All is checked before the first piece: throws
 * `input_invalid` for NaN, an infinity (unless allowed) or a number too large for the format, `internal` for data that do not fit a
 * shape.
 */
export function* safetensorsPieces(
  parameters: ParameterValues,
  options: WriteTensorOptions = {},
): Generator<Uint8Array, void, void> {
  const { format = 'F32', metadata = {} } = options
  const header: Record<string, unknown> = { __metadata__: { ...metadata, format: 'pt' } }
  let end = 0
  for (const [name, { shape, data }] of Object.entries(parameters)) {
    checkWritable(name, { shape, data }, format, options.allowNonFinite === true)
    const start = end
    end += data.length * FLOAT_BYTES[format]
    header[name] = { dtype: format, shape, data_offsets: [start, end] }
  }
  yield headerBytes(header)
  for (const { data } of Object.values(parameters))
    for (let start = 0; start < data.length; start += PIECE / 4)
      yield encode(format, data.subarray(start, start + PIECE / 4))
}

/** A whole file in memory, for small ones. */
export function writeSafetensors(
  parameters: ParameterValues,
  options: WriteTensorOptions = {},
): Uint8Array<ArrayBuffer> {
  const pieces = [...safetensorsPieces(parameters, options)]
  const file = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0))
  let at = 0
  for (const piece of pieces) {
    file.set(piece, at)
    at += piece.length
  }
  return file
}

function headerBytes(header: Readonly<Record<string, unknown>>): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header))
  // Spaces after the header bring the numbers to a multiple of 8 bytes.
  const bytes = new Uint8Array(PREFIX_BYTES + Math.ceil(text.length / 8) * 8).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - PREFIX_BYTES), true)
  bytes.set(text, PREFIX_BYTES)
  return bytes
}

function checkWritable(name: string, { shape, data }: ParameterValue, format: FloatFormat, any: boolean): void {
  if (name === '__metadata__') throw new ParapetError('internal', 'No tensor can be called __metadata__.')
  if (data.length !== elementCount(shape))
    throw new ParapetError('internal', `${name}: ${data.length} numbers do not fill the shape ${shapeText(shape)}.`)
  if (any) return
  for (let start = 0; start < data.length; start += PIECE / 4) {
    const piece = data.subarray(start, start + PIECE / 4)
    const bad = nonFinite(piece)
    if (bad !== undefined)
      throw new ParapetError(
        'input_invalid',
        `${name} holds ${piece[bad]} at element ${start + bad} and is not written.`,
      )
    if (format === 'F32') continue
    const stored = new Float32Array(piece.length)
    decode(format, encode(format, piece), stored)
    const large = nonFinite(stored)
    if (large !== undefined)
      throw new ParapetError('input_invalid', `${name} holds ${piece[large]}, too large for ${format}. Write F32.`)
  }
}

function encode(format: FloatFormat, data: Float32Array): Uint8Array {
  const stored = format === 'F32' ? data : format === 'F16' ? floatToHalf(data) : floatToBfloat(data)
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)
}

function decode(format: FloatFormat, bytes: Uint8Array, to: Float32Array): void {
  if (format === 'F32') {
    new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(bytes)
    return
  }
  const whole = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice()
  const from = new Uint16Array(whole.buffer, whole.byteOffset, whole.length / 2)
  if (format === 'F16') halfToFloat(from, to)
  else bfloatToFloat(from, to)
}

/** Index of the first NaN or infinity. */
function nonFinite(data: Float32Array): number | undefined {
  // x − x is 0 for every number but those.
  for (let index = 0; index < data.length; index += 1) {
    const value = data[index] ?? 0
    if (value - value !== 0) return index
  }
  return undefined
}

async function readExactly(source: ByteSource, offset: number, length: number, name: string): Promise<Uint8Array> {
  const bytes = await source.read(offset, length)
  if (bytes.length === length) return bytes
  throw invalidFile(name, `it is cut off: ${length - bytes.length} bytes are missing at byte ${offset + bytes.length}.`)
}
