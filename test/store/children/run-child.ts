/** Runs a program of this folder in a process of its own and reads what it prints, line by line. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface TestChild {
  readonly pid: number
  readonly lines: string[]
  readonly process: ChildProcess
  /** Resolves with the first line that begins with this, already printed or not. */
  line(beginning: string): Promise<string>
  /** Resolves with its exit code, null when it was killed. */
  readonly exit: Promise<number | null>
  kill(): Promise<void>
}

/** @param shell run before the program, in the same process: limits */
export function runChild(name: string, parameters: readonly string[], shell = ''): TestChild {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  const program = [process.execPath, '--import', 'tsx', file, ...parameters]
  const child = spawn('bash', ['-c', `${shell}\nexec "$@"`, 'bash', ...program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: string[] = []
  const watchers = new Set<() => void>()
  const changed = (): void => watchers.forEach((watcher) => watcher())
  createInterface({ input: child.stdout }).on('line', (line) => (lines.push(line), changed()))
  let over = false
  const exit = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      over = true
      resolve(code)
      changed()
    })
  })
  return {
    pid: child.pid ?? 0,
    lines,
    process: child,
    exit,
    line: (beginning) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((line) => line.startsWith(beginning))
          if (found === undefined && !over) return
          watchers.delete(look)
          if (found === undefined)
            reject(new Error(`the child ended without saying ${beginning}: ${lines.join(' | ')}`))
          else resolve(found)
        }
        watchers.add(look)
        look()
      }),
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
  }
}
