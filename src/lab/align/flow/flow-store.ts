/**
 * What a flow experiment has finished, on disk: figures and weights of each regime of each seed, so that a run that was killed does not
 * begin anew. A folder that belongs to an experiment with other options is refused.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { readCheckpoint } from '../../checkpoints/read-checkpoint.ts'
import { writeCheckpoint } from '../../checkpoints/write-checkpoint.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import type { FlowModel } from './flow-model.ts'

export class FlowStore {
  readonly #folder: string

  /** `run` names the experiment; what an earlier one left is removed unless it is resumed. */
  constructor(folder: string, run: string, resume: boolean) {
    this.#folder = folder
    if (!resume) rmSync(folder, { recursive: true, force: true })
    const known = this.read<string>('experiment')
    if (known !== undefined && known !== run)
      throw new ParapetError(
        'configuration',
        `${folder} belongs to an experiment with other options. Resume with those, or start in another folder.`,
      )
    if (known === undefined) this.write('experiment', run)
  }

  read<Value>(name: string): Value | undefined {
    const path = this.#path(`${name}.json`)
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Value) : undefined
  }

  write(name: string, value: unknown): void {
    const path = this.#path(`${name}.json`)
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

  async weights(name: string): Promise<ParameterValues> {
    return (await readCheckpoint(this.#path(name))).parameters
  }

  hasWeights(name: string): boolean {
    return existsSync(join(this.#path(name), 'config.json'))
  }

  async keepWeights(name: string, { config, files }: FlowModel, parameters: ParameterValues): Promise<void> {
    await writeCheckpoint(this.#path(name), { config, parameters, tokenizer: files })
  }

  /** A folder for checkpoints of the regime that is being trained. */
  checkpoint(name: string): string {
    const path = this.#path(`${name}.checkpoint`)
    mkdirSync(dirname(path), { recursive: true })
    return path
  }

  forget(path: string): void {
    rmSync(path, { force: true })
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }
}
