/**
 * Files that are written whole and changed together: all are written beside their places and synced, then renamed. When writing fails,
 * what was there before is untouched and only an empty folder can be left behind. Names of temporary files end in `.partial`.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface FileToWrite {
  readonly path: string
  readonly pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** Writes all files or none. Renames happen in the order given, after all bytes are on the disk. */
export async function writeTogether(files: readonly FileToWrite[]): Promise<void> {
  const mark = randomUUID()
  const beside = ({ path }: FileToWrite): string => `${path}.${mark}.partial`
  try {
    for (const file of files) {
      await mkdir(dirname(file.path), { recursive: true })
      await writePieces(beside(file), file.pieces)
    }
    for (const file of files) await rename(beside(file), file.path)
  } catch (cause) {
    await Promise.all(files.map(async (file) => rm(beside(file), { force: true })))
    throw cause
  }
}

/** A JSON file as pieces: indented, with an end of line. */
export function jsonPieces(value: unknown): readonly Uint8Array[] {
  return textPieces(`${JSON.stringify(value, undefined, 2)}\n`)
}

export function textPieces(text: string): readonly Uint8Array[] {
  return [new TextEncoder().encode(text)]
}

async function writePieces(path: string, pieces: FileToWrite['pieces']): Promise<void> {
  const file = await open(path, 'w')
  try {
    for await (const piece of pieces)
      for (let at = 0; at < piece.length;) at += (await file.write(piece, at, piece.length - at)).bytesWritten
    await file.sync()
  } finally {
    await file.close()
  }
}
