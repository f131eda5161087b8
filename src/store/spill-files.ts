/**
 * The few things a spill file needs of a file system. Handed in, so that a full disk can be tried without one.
 */
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A file that only grows. */
export interface GrowingFile {
  /** Appends the whole text or rejects. */
  append(text: string): Promise<void>
  /** Takes back what was appended after this many bytes. */
  cut(bytes: number): Promise<void>
  /** Resolves when it is on disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

export interface SpillFiles {
  /** Names and sizes in bytes; the folder is made when it is not there. */
  list(): Promise<readonly { readonly name: string; readonly bytes: number }[]>
  /** A new file. Rejects when there is one of this name. */
  create(name: string): Promise<GrowingFile>
  lines(name: string): AsyncIterable<string>
  remove(name: string): Promise<void>
}

/** Files in a folder on disk. */
export function createSpillFiles(folder: string): SpillFiles {
  return {
    async list() {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const names = await readdir(folder)
      return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })))
    },
    async create(name) {
      const handle = await open(join(folder, name), 'ax', 0o600)
      // The name is on disk only when the folder is.
      await syncFolder(folder)
      return {
        append: (text) => handle.appendFile(text),
        cut: (bytes) => handle.truncate(bytes),
        sync: () => handle.datasync(),
        close: () => handle.close(),
      }
    },
    async *lines(name) {
      const input = createReadStream(join(folder, name))
      try {
        yield* createInterface({ input, crlfDelay: Infinity })
      } finally {
        input.destroy()
      }
    },
    remove: (name) => rm(join(folder, name), { force: true }),
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch {
    // Not every system can; then the name is as durable as the system makes it.
  } finally {
    await handle.close()
  }
}
