/** `parapet lab align`: a chat model aligned on preference data, or the experiment on flows; Ctrl-C stops where it can go on. */
import { resolve } from 'node:path'
import { FLOW_SIZE } from '../lab/align/flow/seed-bench.ts'
import { runFlows } from '../lab/align/flow/run-flows.ts'
import type { PreferenceSettings } from '../lab/align/preference-loss.ts'
import { runAlign } from '../lab/align/run-align.ts'
import { checkpointPath } from '../lab/checkpoints/checkpoint-path.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'

type Options = Readonly<Record<string, unknown>>

/** Options of losses, under the names that `parapet/lab/align` has. */
const LOSS_OPTIONS = [
  ...['beta', 'tau', 'logRatio', 'lambda', 'marginRatio', 'desirableWeight', 'undesirableWeight'],
] as const

/** Exit code 0; 130 or 143 when stopped. */
export async function runLabAlign(io: CliIo, options: Options): Promise<number> {
  const { from, data, flows } = options
  const number = (name: string): number => Number(options[name])
  const out = resolve(io.cwd, String(options['out']))
  const shared = { out, threads: number('threads'), resume: options['resume'] === true }
  const job = { quiet: options['quiet'] === true, whenStopped: 'stopped. The same command with --resume goes on.' }
  if (flows === true) {
    if (from !== undefined || data !== undefined)
      throw usageError('--flows makes its model and data itself: leave --from and --data out.')
    const size = {
      ...{ ...FLOW_SIZE, abilitySteps: number('pretrainSteps') },
      ...{ phaseSteps: number('phaseSteps'), situations: number('situations') },
    }
    const seeds = Array.from({ length: number('seeds') }, (_, at) => at + 1)
    return runLabJob(io, job, (context) => runFlows({ ...shared, seeds, size, ...context }))
  }
  if (typeof from !== 'string' || typeof data !== 'string')
    throw usageError('Name the model and the data: --from FOLDER --data FILE, or --flows for the experiment.')
  return runLabJob(io, job, (context) =>
    runAlign({
      ...{ ...shared, from: checkpointPath(io.cwd, from), data: resolve(io.cwd, data), loss: lossOf(options) },
      ...{ passes: number('passes'), learningRate: number('learningRate'), loraRank: number('loraRank') },
      ...{ batch: number('batch'), maxLength: number('maxLength'), seed: number('seed') },
      ...context,
    }),
  )
}

/** Which options a loss takes it says itself. */
function lossOf(options: Options): PreferenceSettings {
  const given = LOSS_OPTIONS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]] as const]))
  return { kind: options['loss'], ...Object.fromEntries(given) } as PreferenceSettings
}
