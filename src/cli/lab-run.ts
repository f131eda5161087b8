/** What the commands of `parapet lab` share: progress aside, Ctrl-C where a run can go on, and mistakes as words. */
import { ParapetError } from '../spec/errors.ts'
import { EXIT_OK, exitCodeOfSignal, usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { printable } from './terminal.ts'

export interface LabContext {
  readonly onProgress: (message: string) => void
  readonly signal: AbortSignal
}

/** Runs a job and prints the lines it gives. Exit code 0; 130 or 143 when stopped. */
export async function runLabJob(
  io: CliIo,
  options: { readonly quiet: boolean; readonly whenStopped: string },
  job: (context: LabContext) => Promise<readonly string[]>,
): Promise<number> {
  const controller = new AbortController()
  let stopped: 'SIGINT' | 'SIGTERM' | null = null
  const release = io.onStop((signal) => {
    stopped = signal
    controller.abort()
  })
  const onProgress = (message: string): void => {
    if (!options.quiet) void io.stderr.write(`${printable(message)}\n`)
  }
  try {
    for (const line of await job({ onProgress, signal: controller.signal }))
      await io.stdout.write(`${printable(line)}\n`)
    return EXIT_OK
  } catch (error) {
    if (stopped !== null) {
      await io.stderr.write(`${options.whenStopped}\n`)
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
