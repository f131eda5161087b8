/** Bytes and JSON of files, with errors that name the file and what to do. Reads only what is asked for. */
import { type FileHandle, access, open, readFile, stat } from 'node:fs/promises'
import type { ByteSource } from '../../nn/checkpoint/index.ts'
import { ParapetError } from '../../spec/errors.ts'

/** Lends the bytes of a file while `use` runs. Throws `input_invalid` when the file cannot be opened. */
export async function withFileSource<Result>(
  path: string,
  use: (source: ByteSource) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  try {
    return await use(await fileSource(file, path))
  } finally {
    await file.close()
  }
}

/** The parsed content of a JSON file, or nothing where there is no file. Throws `input_invalid` when it cannot be read or parsed. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new ParapetError('input_invalid', `${path} is no JSON: ${String(cause)}`, { cause })
  }
}

/** The content of a text file, or nothing where there is no file. */
export async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    if (isMissing(cause)) return undefined
    throw unreadable(path, cause)
  })
}

export async function fileExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Whether the path is of a file, and not of a folder or of nothing. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  )
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
}

async function fileSource(file: FileHandle, path: string): Promise<ByteSource> {
  const { size } = await file.stat()
  let buffer = new Uint8Array(0)
  return {
    size,
    read: async (offset, length) => {
      // One buffer serves all reads.
      if (buffer.length < length) buffer = new Uint8Array(length)
      let done = 0
      while (done < length) {
        const { bytesRead } = await file.read(buffer, done, length - done, offset + done).catch((cause: unknown) => {
          throw unreadable(path, cause)
        })
        if (bytesRead === 0) break
        done += bytesRead
      }
      return buffer.subarray(0, done)
    },
  }
}

function unreadable(path: string, cause: unknown): ParapetError {
  const why = isMissing(cause) ? 'there is no such file' : String(cause)
  return new ParapetError('input_invalid', `${path} cannot be read: ${why}.`, { cause })
}
