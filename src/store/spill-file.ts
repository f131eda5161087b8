/**
 * Where records wait while the store cannot take them: append-only files of JSON lines, bounded, read again when the store is back.
 *
 * Files are numbered and a process never appends to one it did not begin, so a line that was cut in two by a crash is the last of its
 * file and is passed over. A file is removed when all of it is in the store; if the process dies before, it is read once more, and
 * nothing is there twice, because records are written by their ids.
 */
import type { DecisionRecord } from '../spec/record.ts'
import type { GrowingFile, SpillFiles } from './spill-files.ts'
import { createSpillFiles } from './spill-files.ts'

export interface SpillFileOptions {
  /** Where the files are. One process at a time. */
  readonly folder: string
  /** Bytes of all files together. Default 64 MiB. */
  readonly maxBytes?: number
  readonly files?: SpillFiles
}

export interface SpillFile {
  /** Bytes that wait. */
  readonly bytes: number
  /**
   * Appends records, all or none. False when they would not fit; rejects when the disk takes nothing.
   * @param durable on disk before it resolves
   */
  append(records: readonly DecisionRecord[], durable: boolean): Promise<boolean>
  /**
   * Hands on everything that waits and forgets what was taken. Rejects when `take` does.
   * @param onDamage told how many lines of a file that is now done could not be read
   */
  replay(take: Take, onDamage: (lines: number) => void): Promise<void>
  close(): Promise<void>
}

type Take = (records: readonly DecisionRecord[]) => Promise<void>

/** After this many bytes a new file is begun, so that replay can give back space bit by bit. */
const PART = 8 * 1024 * 1024
/** Records, and characters of them, handed on at once. */
const BATCH = 200
const HEAVIEST_BATCH = 4 * 1024 * 1024
const NAME = /^records-(\d{1,12})\.jsonl$/

/** Opens the files of a folder, those an earlier process left included. */
export async function openSpillFile(options: SpillFileOptions): Promise<SpillFile> {
  const files = options.files ?? createSpillFiles(options.folder)
  const parts: Part[] = []
  for (const { name, bytes } of await files.list()) {
    const number = Number(NAME.exec(name)?.[1] ?? Number.NaN)
    if (Number.isFinite(number)) parts.push({ name, number, bytes })
  }
  parts.sort((left, right) => left.number - right.number)
  return new PartedSpillFile(files, parts, options.maxBytes ?? 64 * 1024 * 1024)
}

interface Part {
  readonly name: string
  readonly number: number
  readonly bytes: number
}

interface ActivePart {
  readonly name: string
  readonly number: number
  readonly file: GrowingFile
  bytes: number
}

class PartedSpillFile implements SpillFile {
  readonly #files: SpillFiles
  readonly #parts: Part[]
  readonly #maxBytes: number
  #active: ActivePart | null = null
  #next: number
  #last: Promise<void> = Promise.resolve()

  constructor(files: SpillFiles, parts: Part[], maxBytes: number) {
    this.#files = files
    this.#parts = parts
    this.#maxBytes = maxBytes
    this.#next = (parts.at(-1)?.number ?? 0) + 1
  }

  get bytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.bytes, this.#active?.bytes ?? 0)
  }

  append(records: readonly DecisionRecord[], durable: boolean): Promise<boolean> {
    return this.#inTurn(() => this.#append(records, durable))
  }

  async replay(take: Take, onDamage: (lines: number) => void): Promise<void> {
    await this.#inTurn(() => this.#endPart())
    for (;;) {
      const part = this.#parts[0]
      if (part === undefined) return
      const damaged = await this.#replayPart(part, take)
      await this.#files.remove(part.name)
      this.#parts.shift()
      if (damaged > 0) onDamage(damaged)
    }
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#endPart())
  }

  /** One at a time: a file must not be closed while it is written. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.then(
      () => undefined,
      () => undefined,
    )
    return done
  }

  async #append(records: readonly DecisionRecord[], durable: boolean): Promise<boolean> {
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join('')
    const size = Buffer.byteLength(text)
    if (this.bytes + size > this.#maxBytes) return false
    const active = (this.#active ??= await this.#begin())
    try {
      await active.file.append(text)
      if (durable) await active.file.sync()
      active.bytes += size
    } catch (cause) {
      await this.#takeBack(active)
      throw cause
    }
    if (active.bytes >= PART) await this.#endPart()
    return true
  }

  async #begin(): Promise<ActivePart> {
    const number = this.#next++
    const name = `records-${String(number).padStart(6, '0')}.jsonl`
    return { name, number, file: await this.#files.create(name), bytes: 0 }
  }

  async #endPart(): Promise<void> {
    const active = this.#active
    if (active === null) return
    this.#active = null
    this.#parts.push({ name: active.name, number: active.number, bytes: active.bytes })
    await active.file.close().catch(() => undefined)
  }

  /** Half of what was appended may be there. Nothing more goes into this file: its length may be what the system objects to. */
  async #takeBack(active: ActivePart): Promise<void> {
    await active.file.cut(active.bytes).catch(() => undefined)
    await this.#endPart()
  }

  async #replayPart(part: Part, take: Take): Promise<number> {
    let damaged = 0
    let batch: DecisionRecord[] = []
    let weight = 0
    for await (const line of this.#files.lines(part.name)) {
      if (line === '') continue
      const record = toRecord(line)
      if (record === null) damaged += 1
      else batch.push(record)
      weight += line.length
      if (batch.length < BATCH && weight < HEAVIEST_BATCH) continue
      await take(batch)
      batch = []
      weight = 0
    }
    if (batch.length > 0) await take(batch)
    return damaged
  }
}

function toRecord(line: string): DecisionRecord | null {
  try {
    const value = JSON.parse(line) as Partial<DecisionRecord> | null
    const whole =
      typeof value?.id === 'string' &&
      typeof value.at === 'number' &&
      typeof value.expires === 'number' &&
      typeof value.door === 'string' &&
      Array.isArray(value.guards)
    return whole ? (value as DecisionRecord) : null
  } catch {
    return null
  }
}
