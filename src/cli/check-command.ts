/**
 * `parapet check`: tells a single check from a bulk check and refuses combinations that would silently ignore an option.
 */
import { runBulkCheck } from './bulk-check.ts'
import { usageError } from './exit.ts'
import { findPolicy } from './find-policy.ts'
import type { CliIo } from './io.ts'
import { isRowStage } from './row.ts'
import type { Checker, Runtime } from './runtime.ts'
import { runSingleCheck } from './single-check.ts'

const SINGLE_ONLY = ['file', 'response', 'system', 'stage', 'id'] as const
const BULK_ONLY = ['out', 'resume', 'concurrency'] as const

/** Runs `check`. `given` tells whether an option was written on the command line. */
export async function runCheck(
  io: CliIo,
  runtime: Runtime,
  text: string | undefined,
  options: Readonly<Record<string, unknown>>,
  given: (option: string) => boolean,
): Promise<number> {
  const openChecker = async (): Promise<Checker> =>
    runtime.openChecker(findPolicy(io, optional(options['policy']))?.path ?? null)
  const input = optional(options['jsonl'])
  if (input === undefined) {
    refuse(BULK_ONLY, given, 'goes with --jsonl IN')
    const file = optional(options['file'])
    if (file !== undefined && text !== undefined) {
      throw usageError('there are two texts, an argument and --file. Give one of them.')
    }
    const stage = options['stage']
    return runSingleCheck(io, {
      text,
      file,
      response: optional(options['response']),
      system: optional(options['system']),
      stage: isRowStage(stage) ? stage : undefined,
      id: optional(options['id']),
      json: options['json'] === true,
      openChecker,
    })
  }
  refuse(SINGLE_ONLY, given, 'cannot be combined with --jsonl; write it into the rows')
  if (text !== undefined) throw usageError('a text cannot be combined with --jsonl. Give one of them.')
  const out = optional(options['out'])
  if (out === undefined) throw usageError('--jsonl needs --out. Give it a file, or --out - for standard output.')
  return runBulkCheck(io, {
    input,
    out,
    resume: options['resume'] === true,
    quiet: options['quiet'] === true,
    concurrency: Number(options['concurrency']),
    version: runtime.version,
    openChecker,
  })
}

function refuse(names: readonly string[], given: (option: string) => boolean, why: string): void {
  const name = names.find(given)
  if (name !== undefined) throw usageError(`--${name} ${why}.`)
}

function optional(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
