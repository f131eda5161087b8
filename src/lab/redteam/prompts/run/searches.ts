/**
 * What searches found, so that each is made once for all guard settings, and not again when a run goes on. On disk only where texts are kept;
 * elsewhere a resumed run searches again, to the same end, because searches are seeded.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomically } from '../../../train/write-atomically.ts'

export const SEARCHES = 'searches.jsonl'

export interface Searches {
  /** What was found under the key, or what `work` gives. Work that fails is done again at the next call. */
  readonly once: <T>(key: string, work: () => Promise<T>) => Promise<T>
}

/** Of a folder whose journal is open: it is this run's, or new. Lines that are damaged or of another run count as none. */
export function openSearches(folder: string, fingerprint: string, kept: boolean): Searches {
  const path = join(folder, SEARCHES)
  const known = new Map<string, Promise<unknown>>()
  if (kept) {
    const lines = existsSync(path) ? linesOf(readFileSync(path, 'utf8'), fingerprint) : []
    for (const { key, value } of lines) known.set(key, Promise.resolve(value))
    writeAtomically(path, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')))
  }
  const made = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const value = await work()
    if (kept) appendFileSync(path, `${JSON.stringify({ run: fingerprint, key, value })}\n`)
    return value
  }
  return {
    once<T>(key: string, work: () => Promise<T>): Promise<T> {
      const found = known.get(key)
      // A key has one kind of work.
      if (found !== undefined) return found as Promise<T>
      const started = made(key, work)
      known.set(key, started)
      started.catch(() => known.delete(key))
      return started
    },
  }
}

interface Line {
  readonly run: string
  readonly key: string
  readonly value: unknown
}

function linesOf(text: string, fingerprint: string): readonly Line[] {
  return text.split('\n').flatMap((line) => {
    const found = parse(line)
    return found !== null && found.run === fingerprint && typeof found.key === 'string' && 'value' in found
      ? [found]
      : []
  })
}

function parse(line: string): Line | null {
  try {
    return JSON.parse(line) as Line | null
  } catch {
    return null
  }
}
