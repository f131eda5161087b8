/**
 * Learns the merges of byte-pair encoding (Sennrich, Haddow & Birch 2016, algorithm 1): again and again the most frequent pair of
 * neighbours becomes one symbol. Of equally frequent pairs the one whose left text, then right text, comes first wins.
 *
 * Counts are kept up to date from merge to merge: a merge visits only the words that hold its pair, and a heap whose entries are
 * checked when they come up gives the next pair. It knows words as symbols only; how a text becomes words is its caller's matter.
 */

/** A word as symbols (places in the list of texts), and how often it occurs. */
export interface CountedWord {
  readonly symbols: readonly number[]
  readonly count: number
}

export interface LearntMerges {
  /** Texts of all symbols: those given, then the new ones in order of their merges. */
  readonly texts: readonly string[]
  /** Pairs of texts, the first merge first. Two merges may give the same text. */
  readonly merges: readonly (readonly [left: string, right: string])[]
}

interface Pair {
  readonly left: number
  readonly right: number
  count: number
  /** Words that held the pair at some time; may name a word twice. */
  readonly words: number[]
  /** Whether it is in the list of merges. It can come back later, when another merge gives the text of one of its sides. */
  listed: boolean
}

/** A pair with the count it had when it was queued. */
interface Entry {
  readonly pair: Pair
  readonly count: number
}

export interface MergeOptions {
  /** Texts of the first symbols. */
  readonly alphabet: readonly string[]
  /** Stop when there are this many symbols. */
  readonly symbols: number
  /** Pairs that occur less often are not merged. */
  readonly leastCount: number
  /** Texts that must not come about. */
  readonly forbidden: ReadonlySet<string>
}

export function learnMerges(counted: readonly CountedWord[], options: MergeOptions): LearntMerges {
  const { alphabet, leastCount, forbidden } = options
  const texts = [...alphabet]
  const symbolOf = new Map(texts.map((text, symbol) => [text, symbol]))
  const words = counted.map(({ symbols }) => [...symbols])
  const merges: (readonly [string, string])[] = []
  const pairs = new Map<number, Pair>()
  const queue = new EntryQueue(texts)

  const change = (word: number, index: number, by: number): Pair => {
    const symbols = words[word] as number[]
    const left = symbols[index] as number
    const right = symbols[index + 1] as number
    // Symbols stay far below 2²⁶, so the key is exact.
    const key = left * 67108864 + right
    let pair = pairs.get(key)
    if (pair === undefined) pairs.set(key, (pair = { left, right, count: 0, words: [], listed: false }))
    pair.count += by
    return pair
  }

  counted.forEach(({ count }, word) => {
    for (let index = 0; index + 1 < (words[word] as number[]).length; index += 1) {
      const pair = change(word, index, count)
      if (pair.words.at(-1) !== word) pair.words.push(word)
    }
  })
  for (const pair of pairs.values()) if (pair.count >= leastCount) queue.push({ pair, count: pair.count })

  while (texts.length < options.symbols) {
    const entry = queue.pop()
    if (entry === undefined) break
    const { pair } = entry
    if (entry.count !== pair.count) {
      // A pair that became rarer waits its turn again; one that became more frequent has a newer entry.
      if (pair.count < entry.count && pair.count >= leastCount) queue.push({ pair, count: pair.count })
      continue
    }
    const [left, right] = [texts[pair.left] as string, texts[pair.right] as string]
    const text = left + right
    if (forbidden.has(text)) continue
    let merged = symbolOf.get(text)
    if (merged === undefined) {
      merged = texts.length
      texts.push(text)
      symbolOf.set(text, merged)
    }
    if (!pair.listed) merges.push([left, right])
    pair.listed = true
    const grown = new Set<Pair>()
    for (const word of pair.words) {
      const symbols = words[word] as number[]
      const { count } = counted[word] as CountedWord
      if (!holds(symbols, pair)) continue
      for (let index = 0; index + 1 < symbols.length; index += 1) change(word, index, -count)
      mergeInPlace(symbols, pair, merged)
      for (let index = 0; index + 1 < symbols.length; index += 1) {
        const next = change(word, index, count)
        if (symbols[index] !== merged && symbols[index + 1] !== merged) continue
        if (next.words.at(-1) !== word) next.words.push(word)
        grown.add(next)
      }
    }
    for (const next of grown) if (next.count >= leastCount) queue.push({ pair: next, count: next.count })
  }
  return { texts, merges }
}

function holds(symbols: readonly number[], { left, right }: Pair): boolean {
  for (let index = 0; index + 1 < symbols.length; index += 1)
    if (symbols[index] === left && symbols[index + 1] === right) return true
  return false
}

/** Merges from left to right, so that three in a row of one symbol become the pair and one. */
function mergeInPlace(symbols: number[], { left, right }: Pair, merged: number): void {
  let to = 0
  for (let from = 0; from < symbols.length; to += 1) {
    const found = symbols[from] === left && symbols[from + 1] === right
    symbols[to] = found ? merged : (symbols[from] as number)
    from += found ? 2 : 1
  }
  symbols.length = to
}

/** A binary heap: the most frequent entry first, ties by text. */
class EntryQueue {
  readonly #heap: Entry[] = []
  readonly #texts: readonly string[]

  constructor(texts: readonly string[]) {
    this.#texts = texts
  }

  push(entry: Entry): void {
    const heap = this.#heap
    let place = heap.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent] as Entry
      if (!this.#before(entry, above)) break
      heap[place] = above
      place = parent
    }
    heap[place] = entry
  }

  pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1
      if (!this.#before(heap[child] as Entry, last)) break
      heap[place] = heap[child] as Entry
      place = child
    }
    heap[place] = last
    return first
  }

  #before(one: Entry, other: Entry): boolean {
    if (one.count !== other.count) return one.count > other.count
    const [left, otherLeft] = [this.#texts[one.pair.left] as string, this.#texts[other.pair.left] as string]
    if (left !== otherLeft) return left < otherLeft
    return (this.#texts[one.pair.right] as string) < (this.#texts[other.pair.right] as string)
  }
}
