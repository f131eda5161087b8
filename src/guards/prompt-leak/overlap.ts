/**
 * Overlap of an answer with the system prompt: runs of words that both have, found by hashed shingles (Broder 1997) of `SHINGLE`
 * words. A run is reported in pieces as it grows, so that nothing of a long leak is released and nothing waits for its end.
 *
 * Paraphrase and translation are not overlap.
 */
import { WordReader } from './word-reader.ts'

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
  const add = (hash: number): void => {
    words.push(hash)
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
  /** Hash and number of the words from which on the text agrees with the beginning of a shingle; oldest first. */
  readonly #hashes: Int32Array = new Int32Array(SHINGLE)
  readonly #lengths: Int32Array = new Int32Array(SHINGLE)
  #open = 0
  /** The last `SHINGLE` words, by their number modulo `SHINGLE`. */
  readonly #starts: Float64Array = new Float64Array(SHINGLE)
  readonly #ends: Float64Array = new Float64Array(SHINGLE)
  readonly #weights: Float64Array = new Float64Array(SHINGLE)
  #words = 0
  /** The piece of the current run that was not reported. */
  #piece: { readonly start: number; readonly end: number; readonly weight: number } | null = null
  /** A piece of the current run was reported. */
  #reported = false

  constructor(shingles: PromptShingles, threshold: number) {
    this.#levels = shingles.levels
    this.#threshold = threshold
  }

  /** Start of what may still be reported; `fallback` when nothing may. */
  pendingFrom(fallback: number): number {
    const oldest = this.#words - (this.#lengths[0] ?? 0)
    const open = this.#open === 0 ? fallback : (this.#starts[oldest % SHINGLE] ?? fallback)
    return Math.min(fallback, open, this.#piece?.start ?? fallback)
  }

  take(hash: number, start: number, end: number, weight: number, found: (start: number, end: number) => void): void {
    const slot = this.#words % SHINGLE
    this.#starts[slot] = start
    this.#ends[slot] = end
    this.#weights[slot] = weight
    this.#words += 1
    if (this.#goOn(hash)) this.#extend(found)
    else this.finish(found)
  }

  /** The run has ended. */
  finish(found: (start: number, end: number) => void): void {
    if (this.#piece !== null && (this.#reported || this.#piece.weight >= this.#threshold))
      found(this.#piece.start, this.#piece.end)
    this.#piece = null
    this.#reported = false
  }

  /** Goes on with the open shingles and begins one; true when one is complete. */
  #goOn(word: number): boolean {
    const [hashes, lengths] = [this.#hashes, this.#lengths]
    let complete = false
    let kept = 0
    // The last round is the shingle that begins with this word.
    const open = this.#open
    for (let index = 0; index <= open; index++) {
      const length = index === open ? 0 : (lengths[index] as number)
      const hash = mix(index === open ? 0 : (hashes[index] as number), word)
      if (this.#levels[length]?.has(hash) !== true) continue
      if (length + 1 === SHINGLE) complete = true
      else {
        hashes[kept] = hash
        lengths[kept] = length + 1
        kept += 1
      }
    }
    this.#open = kept
    return complete
  }

  /** The run goes on with the last word, or begins with the last shingle. */
  #extend(found: (start: number, end: number) => void): void {
    const added = this.#piece === null && !this.#reported ? SHINGLE : 1
    let weight = this.#piece?.weight ?? 0
    for (let back = added; back > 0; back--) weight += this.#weights[(this.#words - back) % SHINGLE] ?? 0
    const start = this.#piece?.start ?? this.#starts[(this.#words - added) % SHINGLE] ?? 0
    const end = this.#ends[(this.#words - 1) % SHINGLE] ?? 0
    if (weight < this.#threshold) {
      this.#piece = { start, end, weight }
      return
    }
    found(start, end)
    this.#piece = null
    this.#reported = true
  }
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1) + 0x7f4a7c15
  return (mixed ^ (mixed >>> 15)) | 0
}
