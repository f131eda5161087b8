/**
 * What repeats over the whole set: exact copies of rows, and answers that begin with the same six words. Neither makes a row bad; a poison
 * that is repeated, or that forces how answers begin, shows here.
 */
import type { RowRecord } from '../row.ts'

export interface Repetition {
  /** Rows that are copies of an earlier one. */
  readonly copies: number
  /** The row with most copies: how many there are of it, and the line of the first. */
  readonly mostCopied: { readonly rows: number; readonly line: number } | null
  /** The commonest opening of answers: rows that have it, and the line of the first. */
  readonly commonOpening: { readonly rows: number; readonly line: number } | null
}

interface Count {
  rows: number
  readonly line: number
}

/** Openings counted at most: a set of a million different ones has none that is common. */
const MOST_OPENINGS = 500_000

export class RepetitionCounter {
  readonly #rows = new Map<string, Count>()
  readonly #openings = new Map<string, Count>()

  add({ hash, opening, line }: RowRecord): void {
    if (hash !== undefined) count(this.#rows, hash, line)
    if (opening !== undefined && (this.#openings.has(opening) || this.#openings.size < MOST_OPENINGS))
      count(this.#openings, opening, line)
  }

  result(): Repetition {
    const copies = [...this.#rows.values()].reduce((sum, { rows }) => sum + rows - 1, 0)
    return { copies, mostCopied: most(this.#rows), commonOpening: most(this.#openings) }
  }
}

function count(counts: Map<string, Count>, key: string, line: number): void {
  const known = counts.get(key)
  if (known === undefined) counts.set(key, { rows: 1, line })
  else known.rows += 1
}

function most(counts: ReadonlyMap<string, Count>): Count | null {
  let best: Count | null = null
  for (const one of counts.values()) if (one.rows > (best?.rows ?? 1)) best = one
  return best
}
