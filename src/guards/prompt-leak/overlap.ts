/**
 * Overlap of an answer with the system prompt: runs of words that stand in both. Incremental: a word is looked at once.
 *
 * Scripts without spaces count characters instead of words. Case and punctuation do not matter.
 */
import { createTextView, hashText } from '../../core/text/index.ts'

/** Words, or single ideographs. */
const UNIT = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}]{1,64}/gu

/** Shingles of this many units are compared. */
const SHINGLE = 6

export interface Unit {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Units of a text, with offsets into it. */
export function unitsOf(text: string): readonly Unit[] {
  return Array.from(text.matchAll(UNIT), (match) => ({
    text: match[0].toLowerCase(),
    start: match.index,
    end: match.index + match[0].length,
  }))
}

/** Shingles of a system prompt. */
export type Shingles = ReadonlySet<string>

const kept = new Map<string, Shingles>()
const MOST_KEPT = 64

/** Shingles of a prompt, remembered for the prompts used last. */
export function shinglesOf(system: string): Shingles {
  const key = hashText(system)
  const known = kept.get(key)
  if (known !== undefined) return known
  const units = unitsOf(createTextView(system).normalised).map(({ text }) => text)
  const shingles = new Set<string>()
  for (let index = 0; index + SHINGLE <= units.length; index++)
    shingles.add(units.slice(index, index + SHINGLE).join(' '))
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value ?? '')
  kept.set(key, shingles)
  return shingles
}

/** Follows an answer unit by unit and reports each run of shared words once it is over. */
export class OverlapRun {
  readonly #shingles: Shingles
  readonly #least: number
  #recent: Unit[] = []
  #run: { start: number; end: number; units: number } | null = null

  /** @param least units of a run that counts */
  constructor(shingles: Shingles, least: number) {
    this.#shingles = shingles
    this.#least = Math.max(SHINGLE, least)
  }

  /** Takes the next unit; the span of a run that has ended, if it was long enough. */
  take(unit: Unit): { readonly start: number; readonly end: number } | null {
    this.#recent.push(unit)
    if (this.#recent.length > SHINGLE) this.#recent.shift()
    const first = this.#recent[0]
    const shared =
      first !== undefined &&
      this.#recent.length === SHINGLE &&
      this.#shingles.has(this.#recent.map(({ text }) => text).join(' '))
    if (!shared) return this.end()
    if (this.#run === null) this.#run = { start: first.start, end: unit.end, units: SHINGLE }
    else {
      this.#run.end = unit.end
      this.#run.units++
    }
    return null
  }

  /** No more units: the span of the run that was open, if it was long enough. */
  end(): { readonly start: number; readonly end: number } | null {
    const run = this.#run
    this.#run = null
    return run !== null && run.units >= this.#least ? { start: run.start, end: run.end } : null
  }

  /** Offset before which no run can begin any more. */
  get settled(): number {
    return Math.min(this.#run?.start ?? Infinity, this.#recent[0]?.start ?? Infinity)
  }
}
