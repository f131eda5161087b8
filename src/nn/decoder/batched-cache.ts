/**
 * Keys and values of a batch of sequences of equal length, between the steps of `DecoderGenerator`. The arrays have room for tokens to
 * come and are handed to onnxruntime as they are, so that a step copies only what is new. They grow, and sequences can be dropped.
 */
import type { DecoderConfig } from './config.ts'

/** Tokens by which the room grows. */
const GROWTH = 64

export class BatchedCache {
  /** Keys and values of each layer in turn, [batch, keyValueHeads, capacity, headWidth] each; 0 behind `length`. */
  arrays: readonly Float32Array[]
  readonly #heads: number
  readonly #headWidth: number
  #batch: number
  #capacity = 1
  #length = 0

  constructor({ layers, keyValueHeads, headWidth }: DecoderConfig, batch: number) {
    this.#heads = keyValueHeads
    this.#headWidth = headWidth
    this.#batch = batch
    this.arrays = Array.from({ length: 2 * layers }, () => this.#room())
  }

  /** Of each of `arrays`. */
  get shape(): readonly [number, number, number, number] {
    return [this.#batch, this.#heads, this.#capacity, this.#headWidth]
  }

  /** Tokens there is room for, and tokens there are. */
  get capacity(): number {
    return this.#capacity
  }
  get length(): number {
    return this.#length
  }

  /** Puts `count` tokens behind the others; `fresh` goes with `arrays`, [batch, keyValueHeads, count, headWidth] each. */
  append(fresh: readonly Float32Array[], count: number): void {
    const needed = this.#length + count
    if (needed > this.#capacity) {
      const [old, before] = [this.arrays, this.#capacity]
      this.#capacity = Math.ceil(needed / GROWTH) * GROWTH
      this.arrays = old.map((from) => this.#filled(from, before, this.#length))
    }
    this.arrays.forEach((array, at) => this.#copy(fresh[at] as Float32Array, count, array, this.#length, count))
    this.#length = needed
  }

  /** Keeps only these sequences of the batch, in this order. */
  keep(rows: readonly number[]): void {
    const size = this.#heads * this.#capacity * this.#headWidth
    this.#batch = rows.length
    this.arrays = this.arrays.map((old) => {
      const kept = this.#room()
      rows.forEach((row, at) => kept.set(old.subarray(row * size, (row + 1) * size), at * size))
      return kept
    })
  }

  #room(): Float32Array {
    return new Float32Array(this.#batch * this.#heads * this.#capacity * this.#headWidth)
  }

  #filled(from: Float32Array, capacity: number, count: number): Float32Array {
    const room = this.#room()
    this.#copy(from, capacity, room, 0, count)
    return room
  }

  /** The first `count` tokens of every head of `from`, which has room for `capacity`, to place `start` of the same head of `to`. */
  #copy(from: Float32Array, capacity: number, to: Float32Array, start: number, count: number): void {
    const size = count * this.#headWidth
    for (let head = 0; head < this.#batch * this.#heads; head += 1) {
      const source = head * capacity * this.#headWidth
      const target = (head * this.#capacity + start) * this.#headWidth
      // One token is too little for the cost of a view.
      if (count > 1) to.set(from.subarray(source, source + size), target)
      else for (let at = 0; at < size; at += 1) to[target + at] = from[source + at] as number
    }
  }
}
