/**
 * A data file as a stream of rows: gzip by its first bytes, a JSON array by its first sign, else JSON Lines; a byte order mark does not
 * count. Never the whole file in memory. A file that breaks off gives its rows, and then one that says so.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { ParapetError } from '../../../spec/errors.ts'
import type { RawRow } from './raw-row.ts'
import { splitArray } from './split-array.ts'
import { splitLines } from './split-lines.ts'

const PIECE = 1024 * 1024

/** Throws `configuration` for what is no file that can be read. */
export async function requireData(path: string): Promise<{ readonly bytes: number }> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new ParapetError('configuration', `${path} cannot be read. Give the path of a data file.`, { cause })
  })
  if (!info.isFile()) throw new ParapetError('configuration', `${path} is no file. Give the path of a data file.`)
  return { bytes: info.size }
}

/** Rows of the file in order. `onBytes` sees every piece as it stands on the disk. */
export async function* rawRows(path: string, onBytes?: (piece: Uint8Array) => void): AsyncGenerator<RawRow> {
  let line = 0
  try {
    const source = unmarked(unpacked(pieces(path, onBytes)))
    const first = await firstPiece(source)
    const whole = rejoined(first, source)
    for await (const row of isArray(first) ? splitArray(whole) : splitLines(whole)) {
      line = row.line
      yield row
    }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (!code.startsWith('Z_') && code !== 'ERR_BUFFER_TOO_LARGE') throw cause
    yield { line: line + 1, bytes: null, problem: 'The gzip file is damaged or cut off from here on. Get it again.' }
  }
}

async function* pieces(path: string, onBytes?: (piece: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of createReadStream(path, { highWaterMark: PIECE })) {
    if (!(piece instanceof Uint8Array)) continue
    onBytes?.(piece)
    yield piece
  }
}

async function* unpacked(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const first = await firstPiece(source)
  const whole = rejoined(first, source)
  if (first?.[0] !== 0x1f || first[1] !== 0x8b) return yield* whole
  const gunzip = createGunzip({ chunkSize: PIECE })
  const feeding = (async (): Promise<void> => {
    for await (const piece of whole) {
      if (gunzip.destroyed) return
      // A reader that stops closes it: then nothing drains any more.
      if (!gunzip.write(piece))
        await new Promise<void>((resolve) => gunzip.once('drain', resolve).once('close', resolve))
    }
    gunzip.end()
  })().catch((error: unknown) => void gunzip.destroy(error instanceof Error ? error : undefined))
  for await (const piece of gunzip) if (piece instanceof Uint8Array) yield piece
  await feeding
}

async function* unmarked(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const first = await firstPiece(source)
  if (first === undefined) return
  const marked = first[0] === 0xef && first[1] === 0xbb && first[2] === 0xbf
  yield marked ? first.subarray(3) : first
  yield* source
}

async function firstPiece(source: AsyncGenerator<Uint8Array>): Promise<Uint8Array | undefined> {
  const { value, done } = await source.next()
  return done === true ? undefined : value
}

async function* rejoined(first: Uint8Array | undefined, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first !== undefined) yield first
  yield* rest
}

/** Whether the first sign is a square bracket that opens a list of objects; a line that is a list is followed by others. */
function isArray(first: Uint8Array | undefined): boolean {
  for (const byte of first ?? []) if (byte !== 32 && byte !== 9 && byte !== 10 && byte !== 13) return byte === 0x5b
  return false
}
