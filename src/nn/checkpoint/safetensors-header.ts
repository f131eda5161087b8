/**
 * The header of a safetensors file and every rule it must keep. It decides from the header alone where each tensor's bytes lie, and
 * trusts nothing in it: places inside the file, no holes, no overlaps, sizes that fit shapes, no name twice.
 */
import { elementCount, shapeText } from '../tensor/shape.ts'
import { type JsonObject, invalidFile, isObject, jsonText, objectOf } from './json-fields.ts'

export interface TensorEntry {
  /** Kind of number, as the format names it: `F32`, `BF16`, `I64`… */
  readonly dtype: string
  readonly shape: readonly number[]
  /** First byte, from the start of the file. */
  readonly offset: number
  /** In bytes. */
  readonly length: number
}

/** Bytes before the header: its length. */
export const PREFIX_BYTES = 8
/** Longest header the reference implementation reads. */
const LONGEST_HEADER = 100_000_000

/** Bits of one element. */
const BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
}

/** Length of the header, from the first 8 bytes of the file. */
export function headerLength(bytes: Uint8Array, file: string): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES).getBigUint64(0, true)
  if (length <= BigInt(LONGEST_HEADER)) return Number(length)
  throw invalidFile(file, `it is no safetensors file: its header would be ${length} bytes long, the limit is 100 MB.`)
}

/** Tensors and metadata of a header; `dataLength` is the number of bytes after it. */
export function headerEntries(
  bytes: Uint8Array,
  dataLength: number,
  file: string,
): { readonly tensors: ReadonlyMap<string, TensorEntry>; readonly metadata: Readonly<Record<string, string>> } {
  const header = parseHeader(bytes, file)
  const dataStart = PREFIX_BYTES + bytes.length
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]): [string, TensorEntry] => [name, tensorEntry(value, name, file)])
    .toSorted(([, left], [, right]) => left.offset - right.offset || left.length - right.length)
  let end = 0
  for (const [name, { offset, length }] of entries) {
    if (offset > end) throw invalidFile(file, `${offset - end} bytes before ${name} belong to no tensor.`)
    if (offset < end) throw invalidFile(file, `the bytes of ${name} overlap those of another tensor.`)
    end = offset + length
  }
  if (end > dataLength) throw invalidFile(file, `it is cut off: ${end - dataLength} bytes are missing.`)
  if (end < dataLength) throw invalidFile(file, `${dataLength - end} bytes at its end belong to no tensor.`)
  return {
    tensors: new Map(entries.map(([name, entry]) => [name, { ...entry, offset: dataStart + entry.offset }])),
    metadata: metadataOf(header, file),
  }
}

function parseHeader(bytes: Uint8Array, file: string): JsonObject {
  if (bytes[0] !== 0x7b) throw invalidFile(file, 'it is no safetensors file: its header does not begin with {.')
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text)
  } catch (cause) {
    throw invalidFile(file, `it is no safetensors file: its header is no JSON (${String(cause)}).`)
  }
  const twice = repeatedKey(text)
  if (twice !== undefined) throw invalidFile(file, `its header names ${jsonText(twice)} twice.`)
  return objectOf(value, file, 'its header')
}

function tensorEntry(value: unknown, name: string, file: string): TensorEntry {
  const wrong = (problem: string): never => {
    throw invalidFile(file, `the header's entry for ${name} is wrong: ${problem}.`)
  }
  if (!isObject(value)) return wrong(`it must be an object, not ${jsonText(value)}`)
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string' || !Object.hasOwn(BITS, dtype)) return wrong(`unknown dtype ${jsonText(dtype)}`)
  if (!isCounts(shape)) return wrong(`shape must be a list of whole numbers, not ${jsonText(shape)}`)
  if (!isCounts(offsets) || offsets.length !== 2)
    return wrong(`data_offsets must be two whole numbers, not ${jsonText(offsets)}`)
  const [start = 0, end = 0] = offsets
  if (end < start) return wrong(`data_offsets end before they start: ${jsonText(offsets)}`)
  const bits = elementCount(shape) * (BITS[dtype] ?? 0)
  if (!Number.isSafeInteger(bits)) return wrong(`shape ${shapeText(shape)} is too large`)
  if (bits !== (end - start) * 8) return wrong(`${end - start} bytes do not fit ${dtype} ${shapeText(shape)}`)
  return { dtype, shape, offset: start, length: end - start }
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)
}

function metadataOf(header: JsonObject, file: string): Readonly<Record<string, string>> {
  if (!Object.hasOwn(header, '__metadata__')) return {}
  const metadata = objectOf(header['__metadata__'], file, '__metadata__')
  for (const [name, value] of Object.entries(metadata))
    if (typeof value !== 'string')
      throw invalidFile(file, `__metadata__.${name} must be a text, not ${jsonText(value)}.`)
  return metadata as Readonly<Record<string, string>>
}

/** The first name that an object of valid JSON holds twice: `JSON.parse` keeps the last of them without a word. */
function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = []
  for (const [token, key] of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")\s*:|"[^"\\]*(?:\\.[^"\\]*)*"|[{}]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (key !== undefined) {
      const name = JSON.parse(key) as string
      const names = open.at(-1)
      if (names?.has(name)) return name
      names?.add(name)
    }
  }
  return undefined
}
