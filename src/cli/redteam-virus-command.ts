/** `parapet redteam virus`: the Virus attack on one's own fine-tuning service, with its ladder and controls; Ctrl-C stops where it can go on. */
import { resolve } from 'node:path'
import { type VirusSettings, runVirus } from '../lab/redteam/virus/index.ts'
import { requireLocal } from '../lab/victim/index.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'

type Options = Readonly<Record<string, unknown>>

/** Exit code 0; 130 or 143 when stopped. */
export async function runRedteamVirus(io: CliIo, options: Options): Promise<number> {
  const job = { quiet: options['quiet'] === true, whenStopped: 'stopped. The same command with --resume goes on.' }
  return runLabJob(io, job, (context) => {
    const { ownerStatement } = options
    const name = String(options['model'])
    requireLocal(name)
    return runVirus({
      ...{ settings: virusSettings(options), threads: Number(options['threads']) },
      model: name === 'demo' ? name : resolve(io.cwd, name),
      out: resolve(io.cwd, String(options['out'])),
      ...(typeof ownerStatement === 'string' ? { ownerStatement } : {}),
      ...{ keep: options['keep'] === true, resume: options['resume'] === true },
      ...context,
    })
  })
}

/** Settings of a run from its options. */
export function virusSettings(options: Options): VirusSettings {
  const number = (name: string): number => Number(options[name])
  const list = (name: string): readonly number[] => {
    const value = options[name]
    return Array.isArray(value) ? value.map(Number) : []
  }
  return {
    ...{ rows: number('rows'), ratio: number('ratio'), lambda: number('lambda') },
    ...{ lambdas: list('sweepLambda'), ratios: list('sweepRatio'), sizes: list('sweepRows') },
    seeds: Array.from({ length: number('seeds') }, (_, at) => at + 1),
    ...{ topK: number('topK'), candidates: number('candidates'), steps: number('steps') },
    tuned: options['tuned'] === 'attention' ? 'attention' : 'all',
    ...{ epochs: number('epochs'), rate: number('rate'), batch: number('batch') },
    ...{ guardSteps: number('guardSteps'), measured: number('measured') },
    split: options['split'] === 'selection' ? 'selection' : 'test',
  }
}
