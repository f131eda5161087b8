/** `parapet lab train`: a training run with progress, which Ctrl-C stops where it can go on. */
import { resolve } from 'node:path'
import { runTraining } from '../lab/train/run-training.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'

/** Exit code 0; 130 or 143 when stopped. */
export async function runLabTrain(io: CliIo, options: Readonly<Record<string, unknown>>): Promise<number> {
  const paths = (name: string): readonly string[] =>
    ((options[name] ?? []) as readonly string[]).map((path) => resolve(io.cwd, path))
  if (options['data'] === undefined)
    throw usageError('Give labelled records with --data, or conversations with --chat and a model with --from.')
  const whenStopped = 'stopped. The same command with --resume goes on.'
  return runLabJob(io, { quiet: options['quiet'] === true, whenStopped }, (context) =>
    runTraining({
      data: resolve(io.cwd, String(options['data'])),
      out: resolve(io.cwd, String(options['out'])),
      ...{ extra: paths('extra'), parallel: paths('parallel'), lexicons: paths('lexicon') },
      ...(typeof options['encoder'] === 'string' ? { encoder: resolve(io.cwd, options['encoder']) } : {}),
      tier: options['tier'] === 'fast' ? 'fast' : 'both',
      ...{ seed: Number(options['seed']), threads: Number(options['threads']), scale: Number(options['scale']) },
      resume: options['resume'] === true,
      withoutShareAlike: options['withoutShareAlike'] === true,
      ...context,
    }),
  )
}
