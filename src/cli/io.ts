/**
 * The process as the commands see it: streams, environment, working directory. Commands take this instead of `process`, so
 * that they can be tested without one.
 *
 * A reader that went away (EPIPE) is no error of ours: `write` then answers false and the command decides.
 */
import { homedir } from 'node:os'
import type { Readable, Writable } from 'node:stream'

export interface Output {
  readonly isTTY: boolean
  readonly colours: boolean
  /** Resolves to false once nobody reads any more. */
  write(text: string): Promise<boolean>
}

export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  /** Milliseconds on a monotonic clock. */
  now(): number
  /** Calls `listener` on SIGINT and SIGTERM until the returned function is called. */
  onStop(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
}

/** The real process. */
export function processIo(): CliIo {
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    stdin: process.stdin,
    stdout: toOutput(process.stdout, process.env),
    stderr: toOutput(process.stderr, process.env),
    now: () => performance.now(),
    onStop: (listener) => {
      const onInt = (): void => listener('SIGINT')
      const onTerm = (): void => listener('SIGTERM')
      process.on('SIGINT', onInt)
      process.on('SIGTERM', onTerm)
      return () => {
        process.off('SIGINT', onInt)
        process.off('SIGTERM', onTerm)
      }
    },
  }
}

/** Wraps a writable stream; errors of the stream end it quietly. */
export function toOutput(
  stream: Writable & { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Output {
  let broken = false
  stream.on('error', () => {
    broken = true
  })
  const isTTY = stream.isTTY === true
  return {
    isTTY,
    colours: wantsColours(isTTY, env),
    write: (text) =>
      new Promise((resolve) => {
        if (broken || stream.destroyed) resolve(false)
        else stream.write(text, (error) => resolve(error === null || error === undefined))
      }),
  }
}

/** https://no-color.org: any non-empty NO_COLOR switches colours off; FORCE_COLOR switches them on without a terminal. */
function wantsColours(isTTY: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false
  const force = env['FORCE_COLOR'] ?? ''
  if (force !== '') return force !== '0' && force !== 'false'
  return isTTY && env['TERM'] !== 'dumb'
}
