/**
 * The folder of a screen that is not finished: results chunk by chunk, each file whole or not there, so that a run that was killed goes on
 * with the chunks that are missing and ends with the same result. What must be equal for that stands in `identity.json`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ParapetError } from '../../spec/errors.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import type { RowRecord } from './row.ts'

/** Rows of a chunk, at most. */
export const CHUNK = 512
/** A chunk of long rows ends with the row that makes it this long: only one chunk is ever in memory. */
export const CHUNK_BYTES: number = 16 * 1024 * 1024

/** Results by row of one phase: `rows`, `policy`, `judge` or `model`. */
export type Phase = 'rows' | 'policy' | 'judge' | 'model'

export class RunFolder {
  readonly #folder: string

  constructor(out: string) {
    this.#folder = join(out, 'run')
  }

  /**
   * Begins, or goes on with what is there. Throws `configuration` when it was begun with other data, models or options.
   */
  open(identity: Readonly<Record<string, unknown>>, resume: boolean): void {
    const path = join(this.#folder, 'identity.json')
    const wanted = `${JSON.stringify(identity, null, 2)}\n`
    if (resume && existsSync(path)) {
      if (readFileSync(path, 'utf8') === wanted) return
      throw new ParapetError(
        'configuration',
        `${this.#folder} is of a run with other data, models or options. Restore them, or run without --resume to start again.`,
      )
    }
    this.#requireOwn(path)
    rmSync(this.#folder, { recursive: true, force: true })
    mkdirSync(this.#folder, { recursive: true })
    writeAtomically(path, Buffer.from(wanted))
  }

  /** Nothing that no screen has made is removed. */
  #requireOwn(identity: string): void {
    if (!existsSync(this.#folder) || existsSync(identity)) return
    if (readdirSync(this.#folder).every((name) => name === 'identity.json.partial')) return
    throw new ParapetError(
      'configuration',
      `${this.#folder} is not of a screen, and a screen would replace it. Choose another folder for the results.`,
    )
  }

  path(phase: Phase, file: number, chunk: number): string {
    return join(this.#folder, phase, `${file}-${chunk}.jsonl`)
  }

  has(phase: Phase, file: number, chunk: number): boolean {
    return existsSync(this.path(phase, file, chunk))
  }

  write(phase: Phase, file: number, chunk: number, records: readonly RowRecord[]): void {
    mkdirSync(join(this.#folder, phase), { recursive: true })
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('')
    writeAtomically(this.path(phase, file, chunk), Buffer.from(lines))
  }

  /** Records of a chunk in the order of its rows; null where the phase did not run. */
  read(phase: Phase, file: number, chunk: number): readonly RowRecord[] | null {
    if (!this.has(phase, file, chunk)) return null
    const lines = readFileSync(this.path(phase, file, chunk), 'utf8').split('\n')
    return lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line) as RowRecord]))
  }

  /** A value that is worked out once; `make` runs only where no earlier run did. */
  async once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const path = join(this.#folder, `${name}.json`)
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T
    const value = await make()
    writeAtomically(path, Buffer.from(JSON.stringify(value)))
    return value
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
