/**
 * How surprising text is to a model of characters: interpolated n-grams up to four, counted in one hashed table (Jelinek & Mercer 1980,
 * with the Dirichlet weights of MacKay & Peto 1995). Small enough to be fitted on the very set that is screened.
 *
 * Hashing lets rare n-grams share a count, which makes some text a little less surprising. It knows no language.
 */

const BITS = 19
const SIZE = 2 ** BITS
const ORDERS = 4
/** Weight of the shorter context, in observations. */
const WEIGHT = 3
/** Probability of a character of which nothing is known. */
const FLOOR = 1 / 4096
/** Characters of a text that are looked at. */
const LONGEST = 8192

export class CharacterModel {
  /** Counts of contexts and n-grams; may be handed to another thread. */
  readonly counts: Uint32Array

  constructor(counts: Uint32Array = new Uint32Array(SIZE)) {
    this.counts = counts
  }

  learn(text: string): void {
    const { counts } = this
    const end = Math.min(text.length, LONGEST)
    let [a, b, c] = [0, 0, 0]
    for (let at = 0; at < end; at += 1) {
      const unit = folded(text.charCodeAt(at))
      for (let order = 1; order <= ORDERS; order += 1) {
        const context = contextHash(order, a, b, c)
        counts[slot(context, 0)] = (counts[slot(context, 0)] ?? 0) + 1
        counts[slot(context, unit)] = (counts[slot(context, unit)] ?? 0) + 1
      }
      ;[a, b, c] = [b, c, unit]
    }
  }

  /** Bits of each UTF-16 unit of the text's beginning, given those before it. */
  surprise(text: string): Float32Array {
    const { counts } = this
    const end = Math.min(text.length, LONGEST)
    const bits = new Float32Array(end)
    let [a, b, c] = [0, 0, 0]
    for (let at = 0; at < end; at += 1) {
      const unit = folded(text.charCodeAt(at))
      let probability = FLOOR
      for (let order = 1; order <= ORDERS; order += 1) {
        const context = contextHash(order, a, b, c)
        const all = counts[slot(context, 0)] as number
        // Nothing follows a context that was not seen, nor a longer one.
        if (all === 0) break
        probability = ((counts[slot(context, unit)] as number) + WEIGHT * probability) / (all + WEIGHT)
      }
      bits[at] = -Math.log2(Math.min(1, probability))
      a = b
      b = c
      c = unit
    }
    return bits
  }
}

/** Of the last order - 1 characters. */
function contextHash(order: number, a: number, b: number, c: number): number {
  let hash = Math.imul(0x2f0b4c47 + order, 0x9e3779b1)
  if (order > 3) hash = Math.imul(hash ^ a, 0x01000193)
  if (order > 2) hash = Math.imul(hash ^ b, 0x5bd1e995)
  if (order > 1) hash = Math.imul(hash ^ c, 0x1b873593)
  return hash
}

/** Units begin at 1 where they are counted: 0 is the context itself. */
function slot(context: number, unit: number): number {
  const mixed = Math.imul(context ^ (unit + 0x51ab), 0x2c1b3c6d)
  return Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39) >>> (32 - BITS)
}

/** Lower case for Latin letters, one sign for all digits; never 0. */
function folded(unit: number): number {
  if (unit >= 65 && unit <= 90) return unit + 32
  if (unit >= 49 && unit <= 57) return 48
  return unit === 0 ? 0xffff : unit
}
