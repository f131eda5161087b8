/**
 * Sources cut into sentences, with the weights of their words (inverse document frequency over sentences) and a word index, so that each
 * claim is compared only with sentences that share a word with it.
 */
import type { Atoms } from './atoms.ts'
import { atomsOf } from './atoms.ts'
import { sentencesOf } from './sentences.ts'
import type { Source } from './sources.ts'
import { contentStems, plain, wordsOf } from './words.ts'

export interface SourceSentence {
  /** Place of its source in the list, and of its text in the source. */
  readonly source: number
  readonly start: number
  readonly end: number
  readonly text: string
  readonly stems: ReadonlySet<string>
  readonly atoms: Atoms
}

/** A sentence, or two neighbours, and the weighted share of a claim's words in it. */
export interface Match {
  readonly sentence: number
  readonly containment: number
}

/** More sentences are not looked at: sources are meant to fit into a prompt. */
const MOST_SENTENCES = 20_000
/** A word of more sentences leads to none of them: it would cost much and says little. */
const COMMON = 2000
/** A compound's first part has as many letters at least, and says so much of the compound. */
const SHORTEST_PART = 5
const PART = 0.5

export class SourceIndex {
  readonly sentences: readonly SourceSentence[]
  readonly #places = new Map<string, number[]>()
  readonly #words = new Set<string>()
  /** What each sentence shares with the claim in question; zeros between two. */
  readonly #shared: Float64Array

  constructor(sources: readonly Source[]) {
    const sentences: SourceSentence[] = []
    for (const [source, { text }] of sources.entries()) {
      for (const { start, end, text: sentence } of sentencesOf(text)) {
        if (sentences.length === MOST_SENTENCES) break
        const words = wordsOf(sentence)
        const stems = new Set(contentStems(sentence, words))
        for (const { text: word } of words) this.#words.add(plain(word))
        for (const stem of stems) {
          const places = this.#places.get(stem)
          if (places === undefined) this.#places.set(stem, [sentences.length])
          else places.push(sentences.length)
        }
        sentences.push({ source, start, end, text: sentence, stems, atoms: atomsOf(sentence, words) })
      }
    }
    this.sentences = sentences
    this.#shared = new Float64Array(sentences.length)
  }

  /** Whether a sentence has the very word, but for case and accents. */
  hasWord(word: string): boolean {
    return this.#words.has(plain(word))
  }

  /** Where the longest known beginning of an unknown word stands: of a compound its first part. */
  #firstPart(stem: string): readonly number[] {
    for (let length = stem.length - 1; length >= SHORTEST_PART; length -= 1) {
      const places = this.#places.get(stem.slice(0, length))
      if (places !== undefined) return places
    }
    return []
  }

  /** Weight of a word, above 0: the rarer among the sentences the more. */
  weight(stem: string): number {
    const count = this.#places.get(stem)?.length ?? 0
    return Math.log(1 + (this.sentences.length - count + 0.5) / (count + 0.5))
  }

  /**
   * Sentences that hold most of a claim's words by weight, best first.
   * @param only a source's place: nothing but its sentences
   */
  best(stems: ReadonlySet<string>, most: number, only?: number): readonly Match[] {
    const touched: number[] = []
    let all = 0
    for (const stem of stems) {
      const weight = this.weight(stem)
      all += weight
      const places = this.#places.get(stem)
      const found = places ?? this.#firstPart(stem)
      if (found.length > COMMON) continue
      const counted = places === undefined ? PART * weight : weight
      for (const place of found) {
        const before = this.#shared[place] as number
        if (before === 0) touched.push(place)
        this.#shared[place] = before + counted
      }
    }
    const best: number[] = []
    for (const place of touched) {
      if (only !== undefined && this.sentences[place]?.source !== only) continue
      if (best.length === most && !this.#isBetter(place, best[most - 1] as number)) continue
      const at = best.findIndex((other) => this.#isBetter(place, other))
      best.splice(at < 0 ? best.length : at, 0, place)
      if (best.length > most) best.pop()
    }
    const matches = best.map((sentence) => ({ sentence, containment: (this.#shared[sentence] as number) / all }))
    for (const place of touched) this.#shared[place] = 0
    return matches
  }

  /** Of two places the one that shares more, else the first. */
  #isBetter(place: number, other: number): boolean {
    const more = (this.#shared[place] as number) - (this.#shared[other] as number)
    return more > 0 || (more === 0 && place < other)
  }
}
