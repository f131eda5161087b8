/** A process for the commands without a process: what is written is collected, signals and time are the test's. */
import { Readable } from 'node:stream'
import type { CliIo, Output } from '../../src/cli/io.ts'

export interface ScriptedIo extends CliIo {
  readonly written: () => string
  readonly errors: () => string
  readonly stop: (signal: 'SIGINT' | 'SIGTERM') => void
}

export interface ScriptedIoOptions {
  readonly cwd: string
  readonly stdin?: string | Uint8Array
  readonly terminal?: boolean
  readonly env?: Readonly<Record<string, string>>
}

function collect(isTTY: boolean): { readonly output: Output; readonly text: () => string } {
  let text = ''
  const write = async (piece: string): Promise<boolean> => {
    text += piece
    return true
  }
  return { output: { isTTY, colours: false, write }, text: () => text }
}

export function createScriptedIo({ cwd, stdin = '', terminal = false, env = {} }: ScriptedIoOptions): ScriptedIo {
  const out = collect(terminal)
  const err = collect(terminal)
  const listeners = new Set<(signal: 'SIGINT' | 'SIGTERM') => void>()
  let time = 0
  return {
    env,
    cwd,
    home: cwd,
    stdin: Object.assign(Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]), { isTTY: terminal }),
    stdout: out.output,
    stderr: err.output,
    now: () => (time += 1),
    onStop: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    written: out.text,
    errors: err.text,
    stop: (signal) => {
      for (const listener of listeners) listener(signal)
    },
  }
}
