/**
 * Watches a policy file and hands on each new content. Follows replaced files and swapped symbolic links, because it looks at the
 * content and not at events: events only make it look sooner.
 */
import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

export interface PolicyWatchOptions {
  /** Called with each new content, one at a time. What it throws is told to `onRejected`. */
  readonly onContent: (text: string) => Promise<void>
  /** Told why a new content was not taken. */
  readonly onRejected: (cause: unknown) => void
  /** Milliseconds between looks when no event comes. Default 1000. */
  readonly interval?: number
}

/** Writers that truncate and then write are given this long to finish, in milliseconds. */
const SETTLE = 30

/** Starts watching. `initial` is the content already in force. */
export function watchPolicy(path: string, initial: string, options: PolicyWatchOptions): { close(): void } {
  let seen = initial
  let closed = false
  let looking: Promise<void> | null = null
  let again = false
  let soon: NodeJS.Timeout | undefined

  const look = async (): Promise<void> => {
    const text = await readFile(path, 'utf8').catch(() => null)
    // A file that is missing or empty for a moment is being replaced; the policy in force stays.
    if (closed || text === null || text === '' || text === seen) return
    seen = text
    try {
      await options.onContent(text)
    } catch (cause) {
      if (!closed) options.onRejected(cause)
    }
  }
  const run = (): void => {
    if (looking !== null) {
      again = true
      return
    }
    looking = look().finally(() => {
      looking = null
      if (again && !closed) {
        again = false
        run()
      }
    })
  }
  const nudge = (): void => {
    clearTimeout(soon)
    soon = setTimeout(run, SETTLE)
  }
  const watcher = tryWatch(path, nudge)
  const poll = setInterval(run, options.interval ?? 1000)
  poll.unref()
  return {
    close() {
      closed = true
      watcher?.close()
      clearInterval(poll)
      clearTimeout(soon)
    },
  }
}

/** Watching is a convenience: where the system refuses it, looking at intervals is enough. */
function tryWatch(path: string, onChange: () => void): FSWatcher | null {
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path) || name.startsWith('..')) onChange()
    })
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return null
  }
}
