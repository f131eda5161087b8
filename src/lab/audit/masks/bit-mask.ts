/**
 * A set of weights as bits, a bit a weight, and the few operations of sets that an audit needs. The order of bits is that of the weights,
 * the lowest bit of a byte first.
 */
import { ParapetError } from '../../../spec/errors.ts'

export class BitMask {
  /** Number of weights, in the set or not. */
  readonly length: number
  /** ⌈length / 8⌉ bytes; what is left of the last one is 0. */
  readonly bytes: Uint8Array

  /** Throws `input_invalid` for bytes of another size or with bits behind the last weight. */
  constructor(length: number, bytes: Uint8Array = new Uint8Array(Math.ceil(length / 8))) {
    if (!Number.isInteger(length) || length < 0 || bytes.length !== Math.ceil(length / 8))
      throw new ParapetError('input_invalid', `A mask of ${length} weights does not have ${bytes.length} bytes.`)
    if (length % 8 !== 0 && (bytes.at(-1) ?? 0) >> (length % 8) !== 0)
      throw new ParapetError('input_invalid', `A mask of ${length} weights has bits behind its last weight.`)
    this.length = length
    this.bytes = bytes
  }

  static of(length: number, places: Iterable<number>): BitMask {
    const mask = new BitMask(length)
    for (const place of places) mask.set(place)
    return mask
  }

  has(place: number): boolean {
    return (((this.bytes[place >> 3] ?? 0) >> (place & 7)) & 1) === 1
  }

  set(place: number): void {
    if (!(place >= 0 && place < this.length))
      throw new ParapetError('internal', `Weight ${place} is not one of ${this.length}.`)
    this.bytes[place >> 3] = (this.bytes[place >> 3] ?? 0) | (1 << (place & 7))
  }

  /** Weights in the set. */
  count(): number {
    return this.bytes.reduce((sum, byte) => sum + bitsOf(byte), 0)
  }

  *places(): Generator<number, void, undefined> {
    for (let place = 0; place < this.length; place += 1) if (this.has(place)) yield place
  }

  /** What is in this set and not in the other. */
  without(other: BitMask): BitMask {
    return this.#with(other, (one, two) => one & ~two & 0xff)
  }

  and(other: BitMask): BitMask {
    return this.#with(other, (one, two) => one & two)
  }

  or(other: BitMask): BitMask {
    return this.#with(other, (one, two) => one | two)
  }

  #with(other: BitMask, join: (one: number, two: number) => number): BitMask {
    if (other.length !== this.length)
      throw new ParapetError('internal', `Masks of ${this.length} and ${other.length} weights cannot be compared.`)
    return new BitMask(
      this.length,
      this.bytes.map((byte, at) => join(byte, other.bytes[at] ?? 0)),
    )
  }
}

/** Jaccard index |A ∩ B| / |A ∪ B| of two sets of weights (arXiv 2402.05162 §4.3); 0 when both are empty. */
export function jaccard(one: BitMask, other: BitMask): number {
  const union = one.or(other).count()
  return union === 0 ? 0 : one.and(other).count() / union
}

function bitsOf(byte: number): number {
  let count = 0
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1
  return count
}
