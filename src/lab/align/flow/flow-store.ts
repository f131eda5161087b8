/**
 * What a flow experiment has finished, on disk: figures and weights of each regime of each seed, so that a run that was killed does not
 * begin anew. Values and the refusal of foreign folders are `RunStore`'s.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { readCheckpoint } from '../../checkpoints/read-checkpoint.ts'
import { writeCheckpoint } from '../../checkpoints/write-checkpoint.ts'
import { RunStore } from '../../jobs/run-store.ts'
import type { FlowModel } from './flow-model.ts'

export class FlowStore extends RunStore {
  async weights(name: string): Promise<ParameterValues> {
    return (await readCheckpoint(this.pathOf(name))).parameters
  }

  hasWeights(name: string): boolean {
    return existsSync(join(this.pathOf(name), 'config.json'))
  }

  async keepWeights(name: string, { config, files }: FlowModel, parameters: ParameterValues): Promise<void> {
    await writeCheckpoint(this.pathOf(name), { config, parameters, tokenizer: files })
  }

  /** A folder for checkpoints of the regime that is being trained. */
  checkpoint(name: string): string {
    const path = this.pathOf(`${name}.checkpoint`)
    mkdirSync(dirname(path), { recursive: true })
    return path
  }

  forget(path: string): void {
    rmSync(path, { force: true })
  }
}
