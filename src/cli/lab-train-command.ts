/** `parapet lab train`: a training run with progress, which Ctrl-C stops where it can go on. */
import { resolve } from 'node:path'
import { runTraining } from '../lab/train/run-training.ts'
import { ParapetError } from '../spec/errors.ts'
import { EXIT_OK, exitCodeOfSignal, usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { printable } from './terminal.ts'

/** Exit code 0; 130 or 143 when stopped. */
export async function runLabTrain(io: CliIo, options: Readonly<Record<string, unknown>>): Promise<number> {
  const controller = new AbortController()
  let stopped: 'SIGINT' | 'SIGTERM' | null = null
  const release = io.onStop((signal) => {
    stopped = signal
    controller.abort()
  })
  const quiet = options['quiet'] === true
  const paths = (name: string): readonly string[] =>
    ((options[name] ?? []) as readonly string[]).map((path) => resolve(io.cwd, path))
  try {
    const written = await runTraining({
      data: resolve(io.cwd, String(options['data'])),
      out: resolve(io.cwd, String(options['out'])),
      ...{ extra: paths('extra'), parallel: paths('parallel'), lexicons: paths('lexicon') },
      tier: options['tier'] === 'fast' ? 'fast' : 'both',
      ...{ seed: Number(options['seed']), threads: Number(options['threads']), scale: Number(options['scale']) },
      resume: options['resume'] === true,
      withoutShareAlike: options['withoutShareAlike'] === true,
      onProgress: (message) => {
        if (!quiet) void io.stderr.write(`${printable(message)}\n`)
      },
      signal: controller.signal,
    })
    for (const line of written) await io.stdout.write(`${printable(line)}\n`)
    return EXIT_OK
  } catch (error) {
    if (stopped !== null) {
      await io.stderr.write('stopped. The same command with --resume goes on.\n')
      return exitCodeOfSignal(stopped)
    }
    throw asUsageError(error)
  } finally {
    release()
  }
}

/** Wrong data and folders are the caller's to mend; a missing package is not. */
function asUsageError(error: unknown): unknown {
  if (ParapetError.isInstance(error))
    return error.code === 'configuration' || error.code === 'input_invalid' ? usageError(error.message, error) : error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('E') && error instanceof Error ? usageError(error.message, error) : error
}
