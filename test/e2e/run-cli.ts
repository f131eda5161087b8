/** Starts the built command the way users do, and waits for what it prints. */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))
export const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface CliOptions {
  readonly cwd: string
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
}

export interface CliResult {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** The command's process. Variables that configure Parapet are taken out of the environment. */
export function startCli(args: readonly string[], options: CliOptions): ChildProcess {
  const env: NodeJS.ProcessEnv = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith('PARAPET_') && name !== 'PORT' && name !== 'FORCE_COLOR') env[name] = value
  }
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: options.cwd, env: { ...env, ...options.env } })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  return child
}

/** What the process printed once it has ended. */
export function ended(child: ChildProcess): Promise<CliResult> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (piece: Buffer) => stdout.push(piece))
  child.stderr?.on('data', (piece: Buffer) => stderr.push(piece))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) =>
      resolve({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    )
  })
}

/** Runs the command to its end. */
export function cli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return ended(startCli(args, options))
}

/** Resolves with everything on standard output once `pattern` is in it; rejects when the process ends before. */
export function printed(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = ''
  let errors = ''
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (piece: Buffer) => (errors += piece.toString()))
    child.stdout?.on('data', (piece: Buffer) => {
      text += piece.toString()
      if (pattern.test(text)) resolve(text)
    })
    child.once('close', (code) =>
      reject(new Error(`ended with ${code} before it printed ${pattern}:\n${text}${errors}`)),
    )
  })
}

/** The parsed rows of a JSON Lines text. */
export function rowsOf(text: string): readonly Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]))
}
