/**
 * Writes GGUF files, version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): metadata by name and tensors of 32-bit
 * numbers, little-endian, each tensor at a multiple of 32 bytes. Gives pieces, so that no file is held whole. It knows nothing of
 * models; `gguf-decoder.ts` does.
 */
import { ParapetError } from '../../spec/errors.ts'
import { elementCount } from '../tensor/shape.ts'

export type GgufValue =
  | { readonly kind: 'uint32' | 'float32'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'int32s'; readonly value: readonly number[] }

export interface GgufTensor {
  readonly name: string
  /** Slowest dimension first, as everywhere here; the file holds them the other way round. */
  readonly shape: readonly number[]
  /** The numbers in order, in pieces of any size. */
  readonly pieces: () => Iterable<Float32Array>
}

const VERSION = 3
const ALIGNMENT = 32
/** Numbers of one piece at most. */
const PIECE = 1 << 20
const TYPES = { uint32: 4, int32: 5, float32: 6, boolean: 7, string: 8, array: 9 } as const
const F32 = 0

/** The pieces of a file in order. Throws `internal` when a tensor gives more or fewer numbers than its shape. */
export function* ggufPieces(
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensor[],
): Generator<Uint8Array, void, void> {
  const header = headOf(metadata, tensors)
  yield header
  for (const { name, shape, pieces } of tensors) {
    let count = 0
    for (const data of pieces()) {
      count += data.length
      for (let start = 0; start < data.length; start += PIECE) {
        const piece = data.subarray(start, start + PIECE)
        yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
      }
    }
    if (count !== elementCount(shape))
      throw new ParapetError('internal', `${name} gave ${count} numbers and not ${elementCount(shape)}.`)
    const rest = aligned(count * 4) - count * 4
    if (rest > 0) yield new Uint8Array(rest)
  }
}

function headOf(metadata: ReadonlyMap<string, GgufValue>, tensors: readonly GgufTensor[]): Uint8Array {
  const bytes = new GrowingBytes()
  bytes.ascii('GGUF')
  bytes.uint32(VERSION)
  bytes.uint64(tensors.length)
  bytes.uint64(metadata.size)
  for (const [key, value] of metadata) {
    bytes.string(key)
    writeValue(bytes, value)
  }
  let offset = 0
  for (const { name, shape } of tensors) {
    bytes.string(name)
    bytes.uint32(shape.length)
    for (const size of shape.toReversed()) bytes.uint64(size)
    bytes.uint32(F32)
    bytes.uint64(offset)
    offset += aligned(elementCount(shape) * 4)
  }
  return bytes.take(ALIGNMENT)
}

function writeValue(bytes: GrowingBytes, { kind, value }: GgufValue): void {
  switch (kind) {
    case 'uint32':
      bytes.uint32(TYPES.uint32)
      return bytes.uint32(value)
    case 'float32':
      bytes.uint32(TYPES.float32)
      return bytes.float32(value)
    case 'boolean':
      bytes.uint32(TYPES.boolean)
      return bytes.uint8(value ? 1 : 0)
    case 'string':
      bytes.uint32(TYPES.string)
      return bytes.string(value)
    case 'strings':
      bytes.uint32(TYPES.array)
      bytes.uint32(TYPES.string)
      bytes.uint64(value.length)
      return value.forEach((item) => bytes.string(item))
    case 'int32s':
      bytes.uint32(TYPES.array)
      bytes.uint32(TYPES.int32)
      bytes.uint64(value.length)
      return value.forEach((item) => bytes.uint32(item >>> 0))
  }
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT
}

/** Bytes that grow while numbers and texts are put at their end. */
class GrowingBytes {
  #bytes = new Uint8Array(1 << 16)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  readonly #encoder = new TextEncoder()

  uint8(value: number): void {
    const at = this.#room(1)
    this.#view.setUint8(at, value)
  }

  uint32(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
      throw new ParapetError('internal', `${value} does not fit 32 bits without a sign.`)
    const at = this.#room(4)
    this.#view.setUint32(at, value, true)
  }

  uint64(value: number): void {
    const at = this.#room(8)
    this.#view.setBigUint64(at, BigInt(value), true)
  }

  float32(value: number): void {
    const at = this.#room(4)
    this.#view.setFloat32(at, value, true)
  }

  ascii(text: string): void {
    for (const letter of text) this.uint8(letter.charCodeAt(0))
  }

  string(text: string): void {
    const encoded = this.#encoder.encode(text)
    this.uint64(encoded.length)
    const at = this.#room(encoded.length)
    this.#bytes.set(encoded, at)
  }

  /** All bytes, with zeros up to a multiple of `alignment`. */
  take(alignment: number): Uint8Array {
    this.#room((alignment - (this.#length % alignment)) % alignment)
    return this.#bytes.subarray(0, this.#length)
  }

  /** Makes room and gives the place where it starts. Bytes and view are other ones afterwards: ask for room first. */
  #room(size: number): number {
    const at = this.#length
    this.#length += size
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }
}
