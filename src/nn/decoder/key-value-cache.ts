/** Keys and values of the positions a decoder has read, so that each token is worked out once. Grows as it fills. */
import { ParapetError } from '../../spec/errors.ts'
import type { DecoderConfig } from './config.ts'

export class KeyValueCache {
  /** [positions, keyValueHeads · headWidth] of each layer; keys are turned to their position. Read by the decoder only. */
  readonly keys: Float32Array[]
  readonly values: Float32Array[]
  /** keyValueHeads · headWidth. */
  readonly width: number
  readonly maxLength: number
  #length = 0
  #capacity = 0

  constructor({ layers, keyValueHeads, headWidth, maxLength }: DecoderConfig) {
    this.width = keyValueHeads * headWidth
    this.maxLength = maxLength
    this.keys = Array.from({ length: layers }, () => new Float32Array(0))
    this.values = Array.from({ length: layers }, () => new Float32Array(0))
  }

  /** Tokens read. */
  get length(): number {
    return this.#length
  }

  /** Forgets all tokens but the first `length`. */
  truncate(length: number): void {
    if (!Number.isInteger(length) || length < 0 || length > this.#length)
      throw new ParapetError('internal', `A cache of ${this.#length} tokens cannot be cut back to ${length}.`)
    this.#length = length
  }

  /** A cache with the same tokens that goes its own way. */
  copy(): KeyValueCache {
    const { width, maxLength } = this
    const copy = new KeyValueCache({
      layers: this.keys.length,
      keyValueHeads: 1,
      headWidth: width,
      maxLength,
    } as DecoderConfig)
    copy.reserve(this.#length)
    this.keys.forEach((keys, layer) => copy.keys[layer]?.set(keys.subarray(0, this.#length * width)))
    this.values.forEach((values, layer) => copy.values[layer]?.set(values.subarray(0, this.#length * width)))
    copy.#length = this.#length
    return copy
  }

  /** Makes room for `count` more tokens. Throws `input_too_large` beyond the longest sequence of the model. */
  reserve(count: number): void {
    const needed = this.#length + count
    if (needed > this.maxLength)
      throw new ParapetError(
        'input_too_large',
        `${needed} tokens do not fit into a model for ${this.maxLength}; shorten the text.`,
      )
    if (needed <= this.#capacity) return
    this.#capacity = Math.min(this.maxLength, Math.max(64, needed, 2 * this.#capacity))
    for (const arrays of [this.keys, this.values])
      arrays.forEach((old, layer) => {
        const grown = new Float32Array(this.#capacity * this.width)
        grown.set(old)
        arrays[layer] = grown
      })
  }

  /** Counts tokens whose keys and values were written behind the others. */
  advance(count: number): void {
    this.#length += count
  }
}
