/**
 * The file a bulk check writes: complete or absent, and continued after an interruption.
 *
 * Rows go to `.<name>.partial` in the same folder; when the last one is there the file is synced and renamed. Beside it a
 * journal says after each batch how many rows stand there, how many bytes, and which input lines they answer (a hash chain).
 * Resuming keeps the rows of the last journal entry, re-reads as many input lines and compares the chain. A row written after
 * the last entry is judged again. Two runs that write the same file at the same time are not told apart.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, rename, rm, stat, truncate, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileProblem, usageError } from './exit.ts'
import { countLines } from './lines.ts'
import type { RowWriter } from './row-writer.ts'

/** What both runs must have in common. */
export interface RunIdentity {
  readonly parapet: string
  readonly policy: string
}

/** How far a file got. */
export interface Checkpoint {
  readonly rows: number
  readonly bytes: number
  /** Hash chain over the input lines answered. */
  readonly chain: string
}

export const START: Checkpoint = { rows: 0, bytes: 0, chain: '' }

/** Extends the hash chain by one line. */
export function chainLine(chain: string, digest: string): string {
  return createHash('sha256').update(chain).update(digest).digest('hex')
}

export interface PartialPaths {
  readonly partial: string
  readonly journal: string
}

/** Where the unfinished rows of a file live. */
export function partialPaths(out: string): PartialPaths {
  const partial = join(dirname(out), `.${basename(out)}.partial`)
  return { partial, journal: `${partial}.journal` }
}

/** Rows are written at the latest after this many, this many characters or this many milliseconds. */
const BATCH_ROWS = 64
const BATCH_CHARACTERS = 256 * 1024
const BATCH_MS = 250

export interface ResumableOptions {
  readonly out: string
  readonly identity: RunIdentity
  readonly from: Checkpoint
  readonly now: () => number
}

/** Opens the partial file at a checkpoint. */
export async function openResumable(options: ResumableOptions): Promise<RowWriter> {
  const paths = partialPaths(options.out)
  const fresh = options.from.rows === 0
  let rowsFile: FileHandle | undefined
  try {
    if (!fresh) await truncate(paths.partial, options.from.bytes)
    rowsFile = await open(paths.partial, fresh ? 'w' : 'a')
    const journal = await open(paths.journal, 'w')
    await journal.appendFile(`${JSON.stringify(options.identity)}\n${JSON.stringify(options.from)}\n`)
    return new ResumableFile(options, paths, rowsFile, journal)
  } catch (error) {
    await rowsFile?.close()
    throw usageError(`cannot write ${paths.partial}: ${fileProblem(error)}. Choose another --out.`, error)
  }
}

class ResumableFile implements RowWriter {
  readonly #options: ResumableOptions
  readonly #paths: PartialPaths
  readonly #rowsFile: FileHandle
  readonly #journal: FileHandle
  #checkpoint: Checkpoint
  #pending: string[] = []
  #characters = 0
  #chain: string
  #flushed: number

  constructor(options: ResumableOptions, paths: PartialPaths, rowsFile: FileHandle, journal: FileHandle) {
    this.#options = options
    this.#paths = paths
    this.#rowsFile = rowsFile
    this.#journal = journal
    this.#checkpoint = options.from
    this.#chain = options.from.chain
    this.#flushed = options.now()
  }

  get rows(): number {
    return this.#checkpoint.rows + this.#pending.length
  }

  async write(row: string, digest: string): Promise<void> {
    this.#pending.push(row, '\n')
    this.#characters += row.length
    this.#chain = chainLine(this.#chain, digest)
    if (this.#pending.length >= 2 * BATCH_ROWS || this.#characters >= BATCH_CHARACTERS) await this.#flush()
  }

  async idle(): Promise<void> {
    if (this.#pending.length > 0 && this.#options.now() - this.#flushed >= BATCH_MS) await this.#flush()
  }

  async finish(): Promise<void> {
    const { out } = this.#options
    await this.#flush()
    await this.#guard(this.#rowsFile.sync())
    await this.#keepMode(out)
    await this.#close()
    await this.#guard(rename(this.#paths.partial, out))
    await syncFolder(dirname(out))
    await rm(this.#paths.journal, { force: true })
  }

  async stop(): Promise<void> {
    try {
      await this.#flush()
    } finally {
      await this.#close()
    }
  }

  async #flush(): Promise<void> {
    if (this.#pending.length === 0) return
    const bytes = Buffer.from(this.#pending.join(''))
    const rows = this.#checkpoint.rows + this.#pending.length / 2
    this.#pending = []
    this.#characters = 0
    await this.#guard(this.#rowsFile.appendFile(bytes))
    this.#checkpoint = { rows, bytes: this.#checkpoint.bytes + bytes.length, chain: this.#chain }
    await this.#guard(this.#journal.appendFile(`${JSON.stringify(this.#checkpoint)}\n`))
    this.#flushed = this.#options.now()
  }

  /** A file that is replaced keeps its permissions. */
  async #keepMode(out: string): Promise<void> {
    const old = await stat(out).catch(() => null)
    if (old !== null) await this.#rowsFile.chmod(old.mode & 0o777)
  }

  async #close(): Promise<void> {
    await this.#rowsFile.close()
    await this.#journal.close()
  }

  async #guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw usageError(
        `cannot write ${this.#options.out}: ${fileProblem(error)}. Repair that and continue with --resume.`,
        error,
      )
    }
  }
}

/** Makes the rename itself durable. Folders cannot be synced everywhere; then the system decides. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  if (handle === null) return
  await handle.sync().catch(() => undefined)
  await handle.close()
}

/** Reads the journal of an interrupted run. Throws when it cannot be continued. */
export async function readCheckpoint(out: string, identity: RunIdentity): Promise<Checkpoint> {
  const paths = partialPaths(out)
  const { size } = await stat(paths.partial)
  const entries = (await readFile(paths.journal, 'utf8').catch(() => '')).split('\n').map(parseEntry)
  const [header, ...rest] = entries
  const again = 'Run without --resume to start again.'
  if (header === undefined || header === null || !('policy' in header)) {
    throw usageError(`cannot resume: the journal ${paths.journal} is missing or damaged. ${again}`)
  }
  if (header.parapet !== identity.parapet) {
    throw usageError(`cannot resume: the interrupted run was made by version ${header.parapet} of Parapet. ${again}`)
  }
  if (header.policy !== identity.policy) {
    throw usageError(
      `cannot resume: the policy has changed since the interrupted run (${header.policy} then, ${identity.policy} now). ` +
        `Restore the policy, or run without --resume to start again.`,
    )
  }
  const last = rest.findLast((entry): entry is Checkpoint => entry !== null && 'rows' in entry && entry.bytes <= size)
  if (last === undefined || last.rows === 0) return START
  if ((await countLines(createReadStream(paths.partial, { end: last.bytes - 1 }))) !== last.rows) {
    throw usageError(`cannot resume: ${paths.partial} was changed since the interrupted run. ${again}`)
  }
  return last
}

function parseEntry(line: string): RunIdentity | Checkpoint | null {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null) return null
    if ('policy' in value && 'parapet' in value) {
      return { parapet: String(value.parapet), policy: String(value.policy) }
    }
    if ('rows' in value && 'bytes' in value && 'chain' in value) {
      return { rows: Number(value.rows), bytes: Number(value.bytes), chain: String(value.chain) }
    }
    return null
  } catch {
    return null
  }
}
