/**
 * What the worst passage of a document says: a linear model over hashed features of single units and pairs of neighbours, so that one
 * planted sentence counts the same in a short and in a long text.
 *
 * The logit of a document is that of its worst passage, less a share of what its other units say (a manual speaks in requests
 * throughout) and less a share of the logarithm of their number (the worst of many is worse by chance). Calibration is the caller's.
 */
import { HashedFeatures } from './hashed-features.ts'
import type { HashedLinear } from './hashed-linear.ts'
import { unitEnds } from './text-units.ts'

/** What a document is judged by, beside its worst passage. */
export interface PassageTerms {
  /** Share of the mean of the other units that is taken off. */
  readonly context: number
  /** Taken off for each e-fold of units. */
  readonly length: number
}

export interface PassageModelData extends PassageTerms {
  /** One output. */
  readonly linear: HashedLinear
}

export interface WorstPassage {
  readonly logit: number
  /** Where the passage stands. */
  readonly start: number
  readonly end: number
}

/** The mean of the other units is drawn towards zero as if there were so many more that say nothing. */
const SILENT_UNITS = 3

export class PassageModel {
  readonly #features: HashedFeatures
  readonly #weights: Int8Array
  readonly #scale: number
  readonly #bias: number
  readonly #terms: PassageTerms

  /** @param features of as many buckets, to share: one table in the cache instead of two */
  constructor(
    { linear, context, length }: PassageModelData,
    features: HashedFeatures = new HashedFeatures(linear.bits),
  ) {
    this.#features = features
    this.#weights = linear.weights
    this.#scale = linear.scales[0] ?? 0
    this.#bias = linear.biases[0] ?? 0
    this.#terms = { context, length }
  }

  /** The document's logit, and where its worst passage stands. */
  worst(text: string): WorstPassage {
    const ends = unitEnds(text)
    let [start, before, last] = [0, 0, 0]
    let [sumBefore, countBefore] = [0, 0]
    let [best, bestStart, bestEnd] = [Number.NEGATIVE_INFINITY, 0, 0]
    let [total, ofBest] = [0, 0]
    for (const end of ends) {
      const { sum, count } = this.#read(text, start, end)
      const alone = this.#logit(sum, count)
      total += alone
      if (alone > best) [best, bestStart, bestEnd, ofBest] = [alone, start, end, alone]
      const both = start === 0 ? Number.NEGATIVE_INFINITY : this.#logit(sum + sumBefore, count + countBefore)
      if (both > best) [best, bestStart, bestEnd, ofBest] = [both, before, end, Math.max(alone, last)]
      ;[before, start, last, sumBefore, countBefore] = [start, end, alone, sum, count]
    }
    const units = ends.length
    if (units === 0) return { logit: this.#bias, start: 0, end: 0 }
    const others = (total - ofBest) / (units - 1 + SILENT_UNITS)
    const { context, length } = this.#terms
    return { logit: best - context * others - length * Math.log(units), start: bestStart, end: bestEnd }
  }

  /** How much each place of the worst passage adds to its logit: parallel arrays. */
  attribute(text: string): { readonly starts: Int32Array; readonly ends: Int32Array; readonly values: Float64Array } {
    const { start, end } = this.worst(text)
    const features = this.#features
    features.trace(text, start, end)
    const { buckets, count, starts, ends } = features
    const factor = this.#scale / Math.sqrt(Math.max(1, count))
    const values = Float64Array.from(
      { length: count },
      (_, index) => (this.#weights[buckets[index] ?? 0] ?? 0) * factor,
    )
    return { starts: starts.slice(0, count), ends: ends.slice(0, count), values }
  }

  #read(text: string, from: number, to: number): { readonly sum: number; readonly count: number } {
    const features = this.#features
    features.extract(text, from, to)
    const { buckets, count } = features
    const weights = this.#weights
    let sum = 0
    for (let index = 0; index < count; index += 1) sum += weights[buckets[index] as number] as number
    return { sum, count }
  }

  #logit(sum: number, count: number): number {
    return this.#bias + (count === 0 ? 0 : (sum * this.#scale) / Math.sqrt(count))
  }
}
