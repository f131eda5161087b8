/**
 * Stops an answer before it repeats the guidelines: eight words in a row of one of them, or all words of a shorter one. Guidelines of
 * fewer than four words are not watched, for any answer may hold those, and none is recognised in other words or another language.
 */

const MOST_WORDS = 8
const FEWEST_WORDS = 4
/** Text held back at most, where words are longer than any. */
const LONGEST_HELD = 4000

const WORD = /[\p{L}\p{N}]+/gu

/** Runs of words that are watched for, by their number of words. */
export type WatchedRuns = ReadonlyMap<number, ReadonlySet<string>>

/** What of these texts is watched for. Made once for many answers. */
export function watchedRuns(texts: readonly string[]): WatchedRuns {
  const all = new Map<number, Set<string>>()
  for (const text of texts) {
    const words = text.toLowerCase().match(WORD) ?? []
    const size = Math.min(MOST_WORDS, words.length)
    if (size < FEWEST_WORDS) continue
    const runs = all.get(size) ?? new Set<string>()
    for (let at = 0; at + size <= words.length; at += 1) runs.add(words.slice(at, at + size).join(' '))
    all.set(size, runs)
  }
  return all
}

/** Whether a text that is known in full holds such a run. */
export function repeats(text: string, runs: WatchedRuns): boolean {
  const watch = new GuidelineWatch(runs)
  watch.push(text)
  watch.end()
  return watch.found
}

export class GuidelineWatch {
  readonly #runs: WatchedRuns
  readonly #longest: number
  #held = ''
  #found = false

  constructor(runs: WatchedRuns) {
    this.#runs = runs
    this.#longest = Math.max(0, ...runs.keys())
  }

  /** Whether a guideline was repeated. Nothing of it has left. */
  get found(): boolean {
    return this.#found
  }

  push(text: string): string {
    return this.#advance(text, false)
  }

  end(): string {
    return this.#advance('', true)
  }

  #advance(text: string, ended: boolean): string {
    if (this.#found) return ''
    if (this.#longest === 0) return text
    this.#held += text
    const words = [...this.#held.matchAll(WORD)].map((match) => ({ text: match[0].toLowerCase(), at: match.index }))
    const last = words.at(-1)
    // The last word may go on in the next piece.
    if (!ended && last !== undefined && last.at + last.text.length >= this.#held.length) words.pop()
    for (let at = 0; at < words.length; at += 1)
      for (const [size, runs] of this.#runs) {
        const run = words.slice(at, at + size)
        if (run.length === size && runs.has(run.map((word) => word.text).join(' ')))
          return this.#stopAt(run[0]?.at ?? 0)
      }
    return this.#release(ended, words[words.length - this.#longest + 1]?.at ?? 0)
  }

  #stopAt(from: number): string {
    this.#found = true
    const before = this.#held.slice(0, from)
    this.#held = ''
    return before
  }

  #release(ended: boolean, from: number): string {
    const cut = ended ? this.#held.length : Math.max(from, this.#held.length - LONGEST_HELD)
    const out = this.#held.slice(0, cut)
    this.#held = this.#held.slice(cut)
    return out
  }
}
