/**
 * Overlap of an answer with the system prompt: runs of words that both have, found by hashed shingles (Broder 1997) of `SHINGLE`
 * words. A run is reported in pieces as it grows, so that nothing of a long leak is released and nothing waits for its end.
 *
 * Paraphrase and translation are not overlap.
 */
import { WordReader, type Word } from './word-reader.ts'

/** Words of a shingle. */
export const SHINGLE = 8

/** Every beginning of every shingle of the prompt: `levels[k]` holds the hashes of k + 1 words. */
export interface PromptShingles {
  readonly levels: readonly ReadonlySet<number>[]
}

/** Shingles of a normalised system prompt. */
export function shinglesOf(normalised: string): PromptShingles {
  const words: number[] = []
  const reader = new WordReader()
  const add = (word: Word): void => {
    words.push(word.hash)
  }
  for (const character of normalised) reader.take(character.codePointAt(0) ?? 0, 0, 0, add)
  reader.finish(add)
  const levels = Array.from({ length: SHINGLE }, () => new Set<number>())
  for (let start = 0; start + SHINGLE <= words.length; start++) {
    let hash = 0
    for (let index = 0; index < SHINGLE; index++) {
      hash = mix(hash, words[start + index] ?? 0)
      levels[index]?.add(hash)
    }
  }
  return { levels }
}

/** Progress over one answer. */
export class OverlapTracker {
  readonly #levels: readonly ReadonlySet<number>[]
  readonly #threshold: number
  /** Words from which on the text agrees with the beginning of a shingle, oldest first, at most `SHINGLE`. */
  #open: { hash: number; words: Word[] }[] = []
  /** The piece of the current run that was not reported. */
  #piece: { start: number; end: number; weight: number } | null = null
  /** A piece of the current run was reported. */
  #reported = false

  constructor(shingles: PromptShingles, threshold: number) {
    this.#levels = shingles.levels
    this.#threshold = threshold
  }

  /** Start of what may still be reported; `fallback` when nothing may. */
  pendingFrom(fallback: number): number {
    return Math.min(fallback, this.#open[0]?.words[0]?.start ?? fallback, this.#piece?.start ?? fallback)
  }

  take(word: Word, found: (start: number, end: number) => void): void {
    // Most words neither go on with anything nor begin anything.
    if (this.#open.length === 0 && this.#levels[0]?.has(mix(0, word.hash)) !== true) {
      this.finish(found)
      return
    }
    const next: { hash: number; words: Word[] }[] = []
    let complete: Word[] | null = null
    this.#open.push({ hash: 0, words: [] })
    for (const candidate of this.#open) {
      const hash = mix(candidate.hash, word.hash)
      if (this.#levels[candidate.words.length]?.has(hash) !== true) continue
      candidate.words.push(word)
      candidate.hash = hash
      if (candidate.words.length === SHINGLE) complete = candidate.words
      else next.push(candidate)
    }
    this.#open = next
    if (complete === null) this.finish(found)
    else this.#extend(complete, word, found)
  }

  /** The run has ended. */
  finish(found: (start: number, end: number) => void): void {
    if (this.#piece !== null && (this.#reported || this.#piece.weight >= this.#threshold))
      found(this.#piece.start, this.#piece.end)
    this.#piece = null
    this.#reported = false
  }

  #extend(shingle: readonly Word[], word: Word, found: (start: number, end: number) => void): void {
    const added = this.#piece === null && !this.#reported ? shingle : [word]
    const first = added[0] ?? word
    const weight = added.reduce((sum, item) => sum + item.weight, this.#piece?.weight ?? 0)
    this.#piece = { start: this.#piece?.start ?? first.start, end: word.end, weight }
    if (weight >= this.#threshold) {
      found(this.#piece.start, this.#piece.end)
      this.#piece = null
      this.#reported = true
    }
  }
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1) + 0x7f4a7c15
  return (mixed ^ (mixed >>> 15)) | 0
}
