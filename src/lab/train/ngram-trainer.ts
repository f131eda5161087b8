/** Counts n-grams of a corpus into the demo language model. Rare words and rare n-grams are dropped to keep the file small. */
import type { NgramData } from '../../nn/ngram-model.ts'
import { END, START, TOKEN } from '../../nn/ngram-model.ts'

export interface NgramOptions {
  readonly id: string
  /** Tokens kept, by frequency. At most 65,000. */
  readonly vocabulary: number
  /** Trigrams kept, by frequency. */
  readonly trigrams: number
}

type Counts = Map<number, Map<number, number>>

/** Trains on texts; each is one sequence from start to end. */
export function trainNgram(texts: readonly string[], options: NgramOptions): NgramData {
  const frequency = new Map<string, number>()
  const tokenised = texts.map((text) => text.match(TOKEN) ?? [])
  for (const tokens of tokenised) for (const token of tokens) frequency.set(token, (frequency.get(token) ?? 0) + 1)
  const kept = [...frequency]
    .toSorted((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1))
    .slice(0, options.vocabulary - 2)
  const vocabulary = ['', '', ...kept.map(([token]) => token)]
  const ids = new Map(vocabulary.map((token, index) => [token, index]))
  const bigrams: Counts = new Map()
  const trigrams: Counts = new Map()
  for (const tokens of tokenised) {
    let [before, last] = [START, START]
    for (const token of [...tokens, null]) {
      const id = token === null ? END : ids.get(token)
      // A rare word ends the sequence it stands in: bridging it would invent neighbours.
      if (id === undefined) {
        ;[before, last] = [START, START]
        continue
      }
      count(bigrams, last, id)
      count(trigrams, before * 65536 + last, id)
      ;[before, last] = [last, id]
    }
  }
  return {
    id: options.id,
    vocabulary,
    bigrams: toTable(bigrams, Infinity),
    trigrams: toTable(trigrams, options.trigrams),
  }
}

function count(counts: Counts, context: number, token: number): void {
  const row = counts.get(context) ?? new Map<number, number>()
  row.set(token, (row.get(token) ?? 0) + 1)
  counts.set(context, row)
}

function toTable(counts: Counts, limit: number): NgramData['bigrams'] {
  const all = [...counts].flatMap(([context, row]) => [...row].map(([token, times]) => ({ context, token, times })))
  const kept = all
    .toSorted((left, right) => right.times - left.times || left.context - right.context || left.token - right.token)
    .slice(0, limit)
  const sorted = kept.toSorted(
    (left, right) => left.context - right.context || right.times - left.times || left.token - right.token,
  )
  const contexts: number[] = []
  const offsets: number[] = []
  sorted.forEach(({ context }, index) => {
    if (contexts.at(-1) === context) return
    contexts.push(context)
    offsets.push(index)
  })
  return {
    contexts: Uint32Array.from(contexts),
    offsets: Uint32Array.from([...offsets, sorted.length]),
    tokens: Uint16Array.from(sorted, ({ token }) => token),
    counts: Uint8Array.from(sorted, ({ times }) => Math.min(255, times)),
  }
}
