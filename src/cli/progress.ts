/**
 * Progress of a bulk check, on standard error only: one line that is rewritten on a terminal, a line every ten seconds
 * elsewhere, nothing with `--quiet`.
 */
import type { CliIo } from './io.ts'
import { createPaint } from './terminal.ts'

export interface Progress {
  start(rows: number): void
  row(decision: string): void
  note(message: string): void
  done(out: string): void
  /** Clears the line on a terminal. */
  end(): void
}

const TERMINAL_MS = 200
const LOG_MS = 10_000

export function createProgress(io: CliIo, quiet: boolean): Progress {
  const terminal = io.stderr.isTTY
  const paint = createPaint(io.stderr.colours)
  const counts = new Map<string, number>()
  let first = 0
  let rows = 0
  let started = io.now()
  let shown = started
  let open = false
  const say = (text: string): void => {
    if (!quiet) void io.stderr.write(text)
  }
  const clear = (): void => {
    if (open) say('\r\u001B[K')
    open = false
  }
  const rate = (): string => {
    const seconds = (io.now() - started) / 1000
    return seconds <= 0 ? '' : `, ${Math.round((rows - first) / seconds)} a second`
  }
  return {
    start: (from) => {
      first = from
      rows = from
      started = io.now()
      shown = started
      if (from > 0) say(`continuing after row ${from}\n`)
    },
    row: (decision) => {
      rows += 1
      counts.set(decision, (counts.get(decision) ?? 0) + 1)
      const now = io.now()
      if (now - shown < (terminal ? TERMINAL_MS : LOG_MS)) return
      shown = now
      say(terminal ? `\r\u001B[K${paint('dim', `${rows} rows${rate()}`)}` : `${rows} rows${rate()}\n`)
      open = terminal
    },
    note: (message) => {
      clear()
      say(`parapet: ${message}\n`)
    },
    done: (out) => {
      clear()
      const parts = [...counts]
        .toSorted(([left], [right]) => (left < right ? -1 : 1))
        .map(([name, count]) => `${count} ${name}`)
      const summary = parts.length === 0 ? '' : ` (${parts.join(', ')})`
      say(`${rows} rows in ${out === '-' ? 'standard output' : out}${summary}${rate()}\n`)
    },
    end: clear,
  }
}
