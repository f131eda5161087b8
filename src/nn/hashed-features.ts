/**
 * Hashed text features: words, word pairs, opening words, character n-grams inside words, n-grams of ideographs, runs of marks
 * and a few shape features. One pass, typed arrays only, no string is made.
 *
 * Every feature is binary: a bucket counts once however often it occurs. It does not weigh, and it does not normalise beyond
 * `character-table.ts`. The result is valid until the next call on the same extractor.
 */
import { DIGIT, IDEOGRAPH, INVISIBLE, LETTER, MARK, SPACE, characterTable } from './character-table.ts'

/** Longer words are cut into pieces of this many units, so that one endless word costs linear time. */
const MAX_WORD = 32
/** Shorter words have grams that reach from boundary to boundary, which do not count. */
const SHORT_WORD = 4
/** So many words at the start are also features of their own. */
const OPENING_WORDS = 4

const SEED_WORD = 0x2f0b4c47
const SEED_PAIR = 0x51ab37d1
const SEED_OPENING = 0x1c69b3f7
const SEED_GRAM = 0x7feb352d
const SEED_IDEOGRAPH = 0x68bc21eb
const SEED_MARK = 0x02e5be93
const SEED_SHAPE = 0x3ade68b1
const BOUNDARY = 0xffff

export class HashedFeatures {
  /** Buckets found by the last `extract`, `count` of them; grows as needed. */
  buckets: Int32Array
  count = 0
  /** Filled by `trace` only: the range of UTF-16 units each bucket came from. */
  starts: Int32Array
  ends: Int32Array

  readonly #shift: number
  /** For each bucket the number of the extraction that met it last. A byte: a larger table would leave the cache. */
  readonly #seen: Uint8Array
  #stamp = 0
  #tracing = false
  readonly #word: Uint16Array = new Uint16Array(MAX_WORD + 2)
  #previousWord = 0
  #words = 0

  /** @param bits log2 of the number of buckets, 8…24 */
  constructor(bits: number) {
    this.#shift = 32 - bits
    this.#seen = new Uint8Array(2 ** bits)
    this.buckets = new Int32Array(4096)
    this.starts = new Int32Array(0)
    this.ends = new Int32Array(0)
  }

  /** Finds the distinct buckets of `text[from, to)`. Time is linear; memory is bounded by the number of buckets. */
  extract(text: string, from = 0, to: number = text.length): void {
    this.#begin(false)
    this.#scan(text, from, to)
  }

  /** Like `extract`, but a bucket is listed for every place it occurs at, with `starts` and `ends`. For explanations. */
  trace(text: string, from = 0, to: number = text.length): void {
    this.#begin(true)
    this.#scan(text, from, to)
  }

  #begin(tracing: boolean): void {
    this.count = 0
    this.#tracing = tracing
    this.#previousWord = 0
    this.#words = 0
    this.#stamp += 1
    if (this.#stamp === 256) {
      this.#seen.fill(0)
      this.#stamp = 1
    }
  }

  #scan(text: string, from: number, to: number): void {
    const { kind, fold } = characterTable()
    const word = this.#word
    let length = 0
    let wordStart = from
    let dense = false
    let upper = 0
    let letters = 0
    let foreign = 0
    let lines = 0
    let markHash = SEED_MARK
    let markLength = 0
    let first = 0
    let second = 0
    word[0] = BOUNDARY
    for (let at = from; at < to; at += 1) {
      const unit = text.charCodeAt(at)
      const type = kind[unit] as number
      if (type === LETTER || type === DIGIT) {
        const folded = fold[unit] as number
        if (folded !== unit && unit < 0x500) upper += 1
        if (unit > 0x7f) foreign += 1
        if (folded >= 0x900) dense = true
        if (length === 0) wordStart = at
        length += 1
        letters += 1
        word[length] = folded
        markLength = 0
        if (length === MAX_WORD) {
          this.#endWord(length, dense, wordStart, at + 1)
          length = 0
          dense = false
        }
        first = 0
        continue
      }
      if (type === INVISIBLE) continue
      if (length > 0) {
        // An apostrophe between letters stays in the word: "don't".
        if (type === MARK && fold[unit] === 0x27 && at + 1 < to && kind[text.charCodeAt(at + 1)] === LETTER) continue
        this.#endWord(length, dense, wordStart, at)
        length = 0
        dense = false
      }
      if (type === IDEOGRAPH) {
        foreign += 1
        letters += 1
        markLength = 0
        const single = Math.imul(SEED_IDEOGRAPH ^ unit, 0x01000193)
        this.#emit(single, at, at + 1)
        if (first !== 0) {
          const pair = Math.imul(single ^ first, 0x5bd1e995)
          this.#emit(pair, at - 1, at + 1)
          if (second !== 0) this.#emit(Math.imul(pair ^ second, 0x1b873593) + 77, at - 2, at + 1)
        }
        second = first
        first = unit
        continue
      }
      first = 0
      second = 0
      if (type === MARK) {
        if (markLength === 0) markHash = SEED_MARK
        markLength += 1
        if (markLength <= 4) {
          markHash = Math.imul(markHash ^ (fold[unit] as number), 0x01000193)
          this.#emit(markHash, at, at + 1)
        }
      } else if (type === SPACE) {
        markLength = 0
        if (unit === 10) lines += 1
      }
    }
    if (length > 0) this.#endWord(length, dense, wordStart, to)
    this.#shape(from, to, upper, letters, foreign, lines)
  }

  #endWord(length: number, dense: boolean, start: number, end: number): void {
    const word = this.#word
    word[length + 1] = BOUNDARY
    let hash = SEED_WORD
    for (let index = 1; index <= length; index += 1) hash = Math.imul(hash ^ (word[index] as number), 0x01000193)
    this.#emit(hash, start, end)
    if (this.#words > 0) this.#emit(Math.imul(this.#previousWord ^ SEED_PAIR, 0x01000193) ^ hash, start, end)
    if (this.#words < OPENING_WORDS) this.#emit(Math.imul(hash ^ SEED_OPENING, 0x5bd1e995), start, end)
    this.#previousWord = hash
    this.#words += 1
    if (dense || length < SHORT_WORD || this.#tracing) this.#grams(length, dense, start, end)
    else this.#gramsOfLongWord(length)
  }

  #grams(length: number, dense: boolean, start: number, end: number): void {
    const word = this.#word
    const shortest = dense ? 2 : 3
    const longest = dense ? 4 : 5
    const last = length + 1
    for (let index = 0; index + shortest - 1 <= last; index += 1) {
      let gram = SEED_GRAM
      const stop = Math.min(last, index + longest - 1)
      for (let next = index; next <= stop; next += 1) {
        gram = Math.imul(gram ^ (word[next] as number), 0x01000193)
        const size = next - index + 1
        // The whole word between both boundaries is the word feature already.
        if (size >= shortest && size < length + 2) this.#emit(gram, start, end)
      }
    }
  }

  /**
   * The same for words of four letters or more that are not dense and not traced, written out: all their grams of three, four and
   * five units are shorter than the word with its boundaries.
   */
  #gramsOfLongWord(length: number): void {
    if (this.count + 3 * MAX_WORD > this.buckets.length) this.#grow()
    const word = this.#word
    const seen = this.#seen
    const buckets = this.buckets
    const stamp = this.#stamp
    const shift = this.#shift
    const last = length + 1
    let count = this.count
    let gram = 0
    let bucket = 0
    for (let index = 0; index + 2 <= last; index += 1) {
      gram = Math.imul(SEED_GRAM ^ (word[index] as number), 0x01000193)
      gram = Math.imul(gram ^ (word[index + 1] as number), 0x01000193)
      gram = Math.imul(gram ^ (word[index + 2] as number), 0x01000193)
      bucket = mixed(gram) >>> shift
      // Without a branch: half of all buckets are new, which no processor can guess. Both are bytes, so this adds 0 or 1.
      buckets[count] = bucket
      count += (((seen[bucket] as number) ^ stamp) + 255) >>> 8
      seen[bucket] = stamp
      if (index + 3 > last) break
      gram = Math.imul(gram ^ (word[index + 3] as number), 0x01000193)
      bucket = mixed(gram) >>> shift
      buckets[count] = bucket
      count += (((seen[bucket] as number) ^ stamp) + 255) >>> 8
      seen[bucket] = stamp
      if (index + 4 > last) continue
      gram = Math.imul(gram ^ (word[index + 4] as number), 0x01000193)
      bucket = mixed(gram) >>> shift
      buckets[count] = bucket
      count += (((seen[bucket] as number) ^ stamp) + 255) >>> 8
      seen[bucket] = stamp
    }
    this.count = count
  }

  #shape(from: number, to: number, upper: number, letters: number, foreign: number, lines: number): void {
    const emit = (name: number, value: number): void =>
      this.#emit(Math.imul(SEED_SHAPE + name * 31, 0x01000193) ^ (value * 0x9e3779b1), from, from)
    const share = (part: number): number => (letters === 0 ? 0 : Math.min(3, Math.floor((4 * part) / letters)))
    emit(1, share(upper))
    emit(2, share(foreign))
    emit(3, Math.min(4, Math.floor(Math.log2(lines + 1))))
    if (to === from) emit(4, 0)
  }

  #emit(hash: number, start: number, end: number): void {
    const bucket = mixed(hash) >>> this.#shift
    if (this.#tracing) {
      this.#reserve()
      this.starts[this.count] = start
      this.ends[this.count] = end
      this.buckets[this.count] = bucket
      this.count += 1
      return
    }
    if (this.#seen[bucket] === this.#stamp) return
    this.#seen[bucket] = this.#stamp
    if (this.count === this.buckets.length) this.#grow()
    this.buckets[this.count] = bucket
    this.count += 1
  }

  #reserve(): void {
    if (this.count === this.buckets.length) this.#grow()
    if (this.starts.length < this.buckets.length) {
      this.starts = grow(this.starts, this.buckets.length)
      this.ends = grow(this.ends, this.buckets.length)
    }
  }

  #grow(): void {
    this.buckets = grow(this.buckets, this.buckets.length * 2)
  }
}

/** Spreads a hash over all its bits. */
function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return Math.imul(half ^ (half >>> 12), 0x297a2d39)
}

function grow(array: Int32Array, length: number): Int32Array {
  const larger = new Int32Array(length)
  larger.set(array)
  return larger
}
