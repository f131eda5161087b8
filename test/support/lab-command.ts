/** The commands of `parapet lab` as tests run them, and a process that is stopped when it says something. */
import { createRuntime } from '../../src/cli/load-runtime.ts'
import { runProgram } from '../../src/cli/program.ts'
import { createScriptedIo, type ScriptedIo } from './scripted-io.ts'

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly errors: string
}

export async function runLab(io: ScriptedIo, args: readonly string[]): Promise<Outcome> {
  const code = await runProgram(['lab', ...args], io, createRuntime())
  return { code, out: io.written(), errors: io.errors() }
}

/** Gets the signal once its progress holds `saying`. */
export function stoppedIo(cwd: string, saying: string, signal: 'SIGINT' | 'SIGTERM'): ScriptedIo {
  const io = createScriptedIo({ cwd })
  return {
    ...io,
    stderr: {
      ...io.stderr,
      write: (text) => {
        if (text.includes(saying)) io.stop(signal)
        return io.stderr.write(text)
      },
    },
  }
}
