/**
 * What a long run has finished, on disk, a JSON file a part: a run that was stopped goes on where it stood, to the same end. A folder that
 * belongs to a run with other options, or to no run at all, is refused and stays as it is. It keeps values, not weights.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ParapetError } from '../../spec/errors.ts'
import { writeAtomically } from '../train/write-atomically.ts'

/** Holds what names the run. */
const IDENTITY = 'experiment'

export class RunStore {
  readonly #folder: string

  /**
   * `run` names the run: a digest of all that decides its results. What an earlier one left is removed unless it is resumed. Throws
   * `configuration` where a run to resume is of other options, or the folder holds files of something else.
   */
  constructor(folder: string, run: string, resume: boolean) {
    this.#folder = folder
    if (!resume) rmSync(folder, { recursive: true, force: true })
    const known = this.read<unknown>(IDENTITY)
    if (known !== undefined && known !== run)
      throw new ParapetError(
        'configuration',
        `${folder} belongs to a run of another model or with other options. Resume with those, or give another folder.`,
      )
    if (known !== undefined) return
    // A run removes its folder at the end, so it takes none that it did not begin.
    const own = new Set([`${IDENTITY}.json`, `${IDENTITY}.json.partial`])
    if (existsSync(folder) && readdirSync(folder).some((name) => !own.has(name)))
      throw new ParapetError(
        'configuration',
        `${folder} holds files, but no run that could be resumed. Give another folder, or move them away.`,
      )
    this.write(IDENTITY, run)
  }

  /** A file that cannot be read as JSON, which only a failing disk or a stranger leaves, counts as none: the part is done again. */
  read<Value>(name: string): Value | undefined {
    const path = this.pathOf(`${name}.json`)
    if (!existsSync(path)) return undefined
    const text = readFileSync(path, 'utf8')
    try {
      return JSON.parse(text) as Value
    } catch {
      return undefined
    }
  }

  write(name: string, value: unknown): void {
    const path = this.pathOf(`${name}.json`)
    mkdirSync(dirname(path), { recursive: true })
    writeAtomically(path, Buffer.from(JSON.stringify(value)))
  }

  /** What was kept under the name, or what `make` gives, which is then kept. */
  async once<Value>(name: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.read<Value>(name)
    if (known !== undefined) return known
    const made = await make()
    this.write(name, made)
    return made
  }

  protected pathOf(name: string): string {
    return join(this.#folder, name)
  }
}
