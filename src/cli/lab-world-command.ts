/**
 * `parapet lab world`: a small chat model on the generated world, from nothing, measured on what was held out; or, with `--evaluate`, a
 * checkpoint from elsewhere measured on the same.
 */
import { resolve } from 'node:path'
import { checkpointPath } from '../lab/checkpoints/checkpoint-path.ts'
import { evaluateCheckpoint } from '../lab/world/evaluate-checkpoint.ts'
import { runWorld } from '../lab/world/run-world.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'

/** Exit code 0; 130 or 143 when stopped. */
export async function runLabWorld(io: CliIo, options: Readonly<Record<string, unknown>>): Promise<number> {
  const number = (name: string): number => Number(options[name])
  const { evaluate, adapter } = options
  if (typeof evaluate === 'string') return evaluated(io, options, evaluate)
  if (adapter !== undefined) throw usageError('--adapter goes with --evaluate FOLDER, the model that it adapts.')
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

function evaluated(io: CliIo, options: Readonly<Record<string, unknown>>, checkpoint: string): Promise<number> {
  const { adapter } = options
  return runLabJob(io, { quiet: options['quiet'] === true, whenStopped: 'stopped.' }, (context) =>
    evaluateCheckpoint({
      ...{ checkpoint: checkpointPath(io.cwd, checkpoint), out: resolve(io.cwd, String(options['out'])) },
      ...(typeof adapter === 'string' ? { adapter: resolve(io.cwd, adapter) } : {}),
      ...{ seed: Number(options['seed']), perKind: Number(options['perKind']), rows: Number(options['rows']) },
      ...context,
    }),
  )
}
