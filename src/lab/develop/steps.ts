/**
 * The steps of a run on the disk: each result whole or not there, so that a run that was killed goes on behind the last finished step and
 * ends with the same result. What must be equal for that stands in `identity.json`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ParapetError } from '../../spec/errors.ts'
import { HELD } from '../jobs/hold-folder.ts'
import { writeAtomically } from '../train/write-atomically.ts'

export class Steps {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Begins in a new or empty folder, or goes on with the same run. Throws `configuration` for anything else. */
  static open(out: string, identity: Readonly<Record<string, unknown>>): Steps {
    const folder = join(out, 'steps')
    const path = join(folder, 'identity.json')
    const wanted = `${JSON.stringify(identity, null, 2)}\n`
    if (existsSync(path)) {
      if (readFileSync(path, 'utf8') === wanted) return new Steps(folder)
      throw new ParapetError(
        'configuration',
        `${out} is of a run with another specification, model or options. Restore them, or give a new folder.`,
      )
    }
    const foreign = existsSync(out) ? readdirSync(out).filter((name) => name !== HELD && name !== 'steps') : []
    if (foreign.length > 0)
      throw new ParapetError('configuration', `${out} is not empty and not of develop. Give a new folder.`)
    mkdirSync(folder, { recursive: true })
    writeAtomically(path, Buffer.from(wanted))
    return new Steps(folder)
  }

  path(name: string): string {
    return join(this.#folder, name)
  }

  /** A value in JSON that is worked out once. A file that is no JSON is made anew. */
  async once<T>(name: string, make: () => Promise<T> | T): Promise<T> {
    const path = this.path(`${name}.json`)
    const known = existsSync(path) ? parsed(readFileSync(path, 'utf8')) : undefined
    if (known !== undefined) return known as T
    const value = await make()
    writeAtomically(path, Buffer.from(JSON.stringify(value)))
    return value
  }

  /** Bytes that are made once. */
  async bytesOnce(name: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const path = this.path(name)
    if (existsSync(path)) return readFileSync(path)
    const bytes = await make()
    writeAtomically(path, bytes)
    return bytes
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
