/**
 * A data file as it was published: its bytes, their hash, and the text in them.
 *
 * It unpacks gzip, insists on UTF-8 and on a size that fits one JavaScript string. It knows no format and opens no file.
 */
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { ParapetError } from '../../../spec/index.ts'

/** Largest file after unpacking, in bytes: the whole text has to fit one JavaScript string (2²⁹ − 24 units). */
export const MAX_FILE_BYTES = 500_000_000

/** One file: its path or name, which some formats need (a folder says the language), and its bytes as published. */
export interface SourceFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** SHA-256, hexadecimal. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}

/** Last part of a path, without the extensions of data files. */
export function stem(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? name
  return last.replace(/\.gz$/i, '').replace(/\.(?:jsonl|ndjson|json|csv)$/i, '')
}

/** A name for a set, made of a file's stem: lower case, only letters, digits and underscores. */
export function setName(...parts: readonly string[]): string {
  return parts
    .join('_')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
}

/**
 * Text of a file. A byte order mark of UTF-8 is dropped.
 *
 * @throws {ParapetError} `input_invalid` for an empty file, a damaged gzip, a Parquet file or an encoding other than UTF-8;
 * `input_too_large` above `limit` bytes.
 */
export function sourceText(file: SourceFile, limit: number = MAX_FILE_BYTES): string {
  const bytes = unpack(file, limit)
  if (bytes.length === 0) throw invalid(file.name, 'is empty. Expected at least one row; get the file again')
  if (startsWith(bytes, PARQUET))
    throw invalid(
      file.name,
      'is a Parquet file. Convert it to JSON Lines first, for instance with pandas: read_parquet(…).to_json(…, orient="records", lines=True)',
    )
  if (startsWith(bytes, [0xff, 0xfe]) || startsWith(bytes, [0xfe, 0xff]))
    throw invalid(file.name, 'is UTF-16. Expected UTF-8; convert it, for instance with iconv -f UTF-16 -t UTF-8')
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (text.trim() === '') throw invalid(file.name, 'holds only blank space. Expected at least one row')
    return text
  } catch (error) {
    if (ParapetError.isInstance(error)) throw error
    throw invalid(file.name, `is not UTF-8: ${badByte(bytes)}. Convert it to UTF-8, or get it again`)
  }
}

const PARQUET = [0x50, 0x41, 0x52, 0x31]
const GZIP = [0x1f, 0x8b]

function unpack(file: SourceFile, limit: number): Uint8Array {
  if (!startsWith(file.bytes, GZIP)) {
    if (file.name.toLowerCase().endsWith('.gz'))
      throw invalid(file.name, 'is named .gz but is not gzip. Get the file again, or drop the ending')
    if (file.bytes.length > limit) throw tooLarge(file.name, limit)
    return file.bytes
  }
  try {
    return gunzipSync(file.bytes, { maxOutputLength: limit })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(file.name, limit)
    throw invalid(file.name, 'is a damaged or cut off gzip. Get the file again')
  }
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte)
}

/** The first line that does not decode: a line feed is never part of a longer UTF-8 sequence, so lines can be tried alone. */
function badByte(bytes: Uint8Array): string {
  let line = 1
  let from = 0
  for (let at = 0; at <= bytes.length; at++) {
    if (at < bytes.length && bytes[at] !== 0x0a) continue
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from, at))
    } catch {
      return `line ${line} holds bytes that no UTF-8 text has`
    }
    from = at + 1
    line++
  }
  return 'it holds bytes that no UTF-8 text has'
}

function invalid(name: string, problem: string): ParapetError {
  return new ParapetError('input_invalid', `${name} ${problem}.`)
}

function tooLarge(name: string, limit: number): ParapetError {
  return new ParapetError(
    'input_too_large',
    `${name} is larger than ${limit.toLocaleString('en-GB')} bytes after unpacking. Split it by rows and give the parts.`,
  )
}
