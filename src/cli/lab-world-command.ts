/** `parapet lab world`: a small chat model on the generated world, from nothing, measured on what was held out. */
import { resolve } from 'node:path'
import { runWorld } from '../lab/world/run-world.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'

/** Exit code 0; 130 or 143 when stopped. */
export function runLabWorld(io: CliIo, options: Readonly<Record<string, unknown>>): Promise<number> {
  const number = (name: string): number => Number(options[name])
  const whenStopped = 'stopped. The same command with --resume goes on.'
  return runLabJob(io, { quiet: options['quiet'] === true, whenStopped }, (context) =>
    runWorld({
      out: resolve(io.cwd, String(options['out'])),
      ...{ seed: number('seed'), rows: number('rows'), threads: number('threads'), perKind: number('perKind') },
      ...{ baseSteps: number('baseSteps'), alignedSteps: number('alignedSteps'), tokensPerStep: 1536 },
      resume: options['resume'] === true,
      ...context,
    }),
  )
}
