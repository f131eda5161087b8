/**
 * Exit codes of the command line, and which error leads to which.
 *
 * 0 done (single check: pass, flag, modify), 1 a negative answer (refuse, hold, block, failed cases), 2 usage or configuration,
 * 3 error or timeout. 128 + n follows the shell's convention for signals.
 */
import type { Decision } from '../spec/decision.ts'
import { ParapetError, type ErrorCode } from '../spec/errors.ts'

export const EXIT_OK = 0
export const EXIT_NEGATIVE = 1
export const EXIT_USAGE = 2
export const EXIT_ERROR = 3
export const EXIT_BROKEN_PIPE = 141

/** Codes a user repairs by changing a command, a file or the environment. */
const CONFIGURATION: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'configuration',
  'policy_invalid',
  'policy_not_found',
  'guard_unknown',
  'vault_key_missing',
  'engine_unavailable',
])

/** Exit code of a single check. */
export function exitCodeOf(decision: Decision): number {
  switch (decision) {
    case 'pass':
    case 'flag':
    case 'modify':
      return EXIT_OK
    case 'refuse':
    case 'hold':
    case 'block':
      return EXIT_NEGATIVE
    case 'error':
    case 'timeout':
      return EXIT_ERROR
    default:
      return decision satisfies never
  }
}

/** Exit code for an error that ended a command. */
export function exitCodeOfError(error: unknown): number {
  return ParapetError.isInstance(error) && CONFIGURATION.has(error.code) ? EXIT_USAGE : EXIT_ERROR
}

/** A mistake in how the command was called; the message says what to write instead. */
export function usageError(message: string, cause?: unknown): ParapetError {
  return new ParapetError('configuration', message, { cause })
}

/** A file that is not what it should be is repaired by its owner, as a wrong command is; any other error stays what it is. */
export function fileUsageError(error: unknown): unknown {
  const ofFile = ParapetError.isInstance(error) && (error.code === 'input_invalid' || error.code === 'input_too_large')
  return ofFile ? usageError(error.message, error) : error
}

/** Exit code of a process ended by a signal. */
export function exitCodeOfSignal(signal: 'SIGINT' | 'SIGTERM'): number {
  return signal === 'SIGINT' ? 130 : 143
}

/** What Node says about a file, in words. Never includes the file's content. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const words: Record<string, string> = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'access is not permitted',
    EPERM: 'access is not permitted',
    EISDIR: 'it is a folder, not a file',
    ENOTDIR: 'a part of the path is not a folder',
    ENOSPC: 'the disk is full',
    EROFS: 'the file system is read-only',
    EMFILE: 'too many files are open',
  }
  return words[code] ?? (code === '' ? 'it cannot be used' : `it cannot be used (${code})`)
}
