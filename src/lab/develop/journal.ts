/**
 * Answers of a model as they come in, one line each, so that a run that was killed asks nothing twice. A last line that is not whole is
 * dropped, and asked again.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeAtomically } from '../train/write-atomically.ts'

export interface Journal<T> {
  readonly known: ReadonlyMap<string, T>
  write(key: string, value: T): void
}

/** Opens or begins the file; damaged lines are dropped. */
export function openJournal<T>(path: string, isValue: (value: unknown) => value is T): Journal<T> {
  mkdirSync(dirname(path), { recursive: true })
  const known = new Map<string, T>()
  for (const line of existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []) {
    const entry = parsed(line)
    if (entry !== null && isValue(entry.value)) known.set(entry.key, entry.value)
  }
  writeAtomically(path, Buffer.from([...known].map(([key, value]) => `${JSON.stringify({ key, value })}\n`).join('')))
  return {
    known,
    write: (key, value) => appendFileSync(path, `${JSON.stringify({ key, value })}\n`),
  }
}

function parsed(line: string): { readonly key: string; readonly value: unknown } | null {
  try {
    const entry = JSON.parse(line) as { readonly key?: unknown; readonly value?: unknown } | null
    return typeof entry?.key === 'string' ? { key: entry.key, value: entry.value } : null
  } catch {
    return null
  }
}
