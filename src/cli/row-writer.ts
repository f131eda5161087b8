/**
 * Where the rows of a bulk check go. A pipe (standard output, a device, a named pipe) gets them as soon as they are there; a
 * regular file is written by `resumable-file.ts`.
 */
import { createWriteStream } from 'node:fs'
import { toOutput, type Output } from './io.ts'

export interface RowWriter {
  /** Adds one row and the digest of the line it answers. */
  write(row: string, digest: string): Promise<void>
  /** No further row is ready for now: writes what was collected when that is worth a write. */
  idle(): Promise<void>
  /** All rows are there: makes the file visible. */
  finish(): Promise<void>
  /** The run ends early: keeps what can be continued. */
  stop(): Promise<void>
  /** Rows of the whole output so far. */
  readonly rows: number
}

/** Nobody reads any more. Not an error of ours: the run ends without a word, as other tools do. */
export class BrokenPipe extends Error {
  constructor() {
    super('the reader of the output went away')
    this.name = 'BrokenPipe'
  }
}

const BATCH_CHARACTERS = 64 * 1024

/** Rows to an open stream. */
export function openPipe(output: Output): RowWriter {
  let pending = ''
  let rows = 0
  const flush = async (): Promise<void> => {
    if (pending === '') return
    const text = pending
    pending = ''
    if (!(await output.write(text))) throw new BrokenPipe()
  }
  return {
    write: async (row) => {
      pending += `${row}\n`
      rows += 1
      if (pending.length >= BATCH_CHARACTERS) await flush()
    },
    idle: flush,
    finish: flush,
    stop: () => flush().catch(() => undefined),
    get rows() {
      return rows
    },
  }
}

/** Rows to something that exists and is no regular file; it cannot be replaced, so it is written in place. */
export function openDevice(path: string): RowWriter {
  const stream = createWriteStream(path, { flags: 'w' })
  const pipe = openPipe(toOutput(stream, {}))
  const close = (): Promise<void> => new Promise((resolve) => stream.end(() => resolve()))
  return {
    write: (row, digest) => pipe.write(row, digest),
    idle: () => pipe.idle(),
    finish: () => pipe.finish().then(close),
    stop: () => pipe.stop().then(close),
    get rows() {
      return pipe.rows
    },
  }
}
