/**
 * The container of Parapet's small models: a header in JSON and named blocks of bytes, with a checksum over all.
 *
 * Layout: `PMDL`, format version (u32), header length (u32), checksum (u32, FNV-1a over everything after it), header (UTF-8),
 * then the blocks at multiples of 8 bytes. Little-endian. It knows nothing of what the blocks mean.
 */
import { ParapetError } from '../spec/index.ts'

const MAGIC = 0x4c444d50
const VERSION = 1
const PREFIX = 16

/** A named block's place, relative to the end of the header. */
interface BlockEntry {
  readonly name: string
  readonly offset: number
  readonly length: number
}

export interface ModelFile {
  /** What the model is; JSON. */
  readonly header: Readonly<Record<string, unknown>>
  readonly blocks: ReadonlyMap<string, Uint8Array>
  /** Checksum of the content, hex: names the weights. */
  readonly checksum: string
}

/** Writes a model. Equal content gives equal bytes. */
export function writeModelFile(
  header: Readonly<Record<string, unknown>>,
  blocks: ReadonlyMap<string, Uint8Array>,
): Uint8Array<ArrayBuffer> {
  const entries: BlockEntry[] = []
  let size = 0
  for (const [name, bytes] of blocks) {
    entries.push({ name, offset: size, length: bytes.length })
    size += padded(bytes.length)
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, blocks: entries }))
  const start = PREFIX + padded(text.length)
  const file = new Uint8Array(start + size)
  file.fill(0x20, PREFIX, start)
  file.set(text, PREFIX)
  for (const { name, offset } of entries) file.set(blocks.get(name) ?? new Uint8Array(), start + offset)
  const view = new DataView(file.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, VERSION, true)
  view.setUint32(8, start - PREFIX, true)
  view.setUint32(12, checksum(file.subarray(PREFIX)), true)
  return file
}

/** Reads a model, or throws `engine_unavailable` that says what is wrong with the file. */
export function readModelFile(bytes: Uint8Array, name: string): ModelFile {
  if (bytes.length < PREFIX) throw damagedModelFile(name, 'it is too short')
  const file = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (view.getUint32(0, true) !== MAGIC) throw damagedModelFile(name, 'it is not a Parapet model')
  if (view.getUint32(4, true) !== VERSION)
    throw damagedModelFile(name, `its format is version ${view.getUint32(4, true)}, this Parapet reads ${VERSION}`)
  const start = PREFIX + view.getUint32(8, true)
  const sum = checksum(file.subarray(PREFIX))
  if (start > file.length || sum !== view.getUint32(12, true)) throw damagedModelFile(name, 'its checksum is wrong')
  const header = headerOf(file.subarray(PREFIX, start), name)
  const blocks = new Map(
    header.blocks.map(({ name: block, offset, length }) => [
      block,
      file.subarray(start + offset, start + offset + length),
    ]),
  )
  return { header: { ...header }, blocks, checksum: sum.toString(16).padStart(8, '0') }
}

/** `engine_unavailable`: a model file that is not what it should be, why, and what to do. */
export function damagedModelFile(name: string, why: string, cause?: unknown): ParapetError {
  const message = `The model file ${name} cannot be used: ${why}. Install the package again, or give the path of a whole file.`
  return new ParapetError('engine_unavailable', message, cause === undefined ? {} : { cause })
}

/** The checksum finds damage, not a forger: a header may hold anything. */
function headerOf(bytes: Uint8Array, name: string): { readonly blocks: readonly BlockEntry[] } {
  try {
    const header = JSON.parse(new TextDecoder().decode(bytes)) as { readonly blocks: readonly BlockEntry[] }
    if (header.blocks.every((entry) => typeof entry.name === 'string')) return header
  } catch (cause) {
    throw damagedModelFile(name, 'its header cannot be read', cause)
  }
  throw damagedModelFile(name, 'its header cannot be read')
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8
}

/** FNV-1a over 32-bit words: fast enough to run at each load. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
  for (let index = 0; index < words.length; index++) hash = Math.imul(hash ^ (words[index] ?? 0), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}
