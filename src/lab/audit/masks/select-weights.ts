/**
 * Which weights of a layer stand out by their scores, and the set difference that isolates safety (arXiv 2402.05162 §2.2):
 *
 *     S(p, q) = S_s(q) \ S_u(p)
 *
 * the top q of the weights by the safety score that are not in the top p by the utility score. The paper compares the weights of a row; its
 * released code those of the whole matrix. Both are here, the row is the default everywhere.
 */
import { createRandom } from '../../../nn/random.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { BitMask } from './bit-mask.ts'

export interface MatrixSize {
  readonly rows: number
  readonly columns: number
}

/** What weights are compared with: those of their row (of one output), or all of the matrix. */
export type Comparison = 'row' | 'matrix'

export interface SetDifferenceOptions extends MatrixSize {
  /** I_s and I_u, [rows, columns]. */
  readonly safety: Float32Array
  readonly utility: Float32Array
  /** Shares, 0 … 1. */
  readonly p: number
  readonly q: number
  /** `row` if absent. */
  readonly comparison?: Comparison
}

/** S(p, q) of one layer. */
export function setDifference(options: SetDifferenceOptions): BitMask {
  const { safety, utility, p, q, comparison = 'row' } = options
  return topWeights(safety, options, q, comparison).without(topWeights(utility, options, p, comparison))
}

/**
 * The weights with the highest scores: a share of each row, or of the matrix, to the nearest whole number. Of equal scores the first ones.
 */
export function topWeights(
  scores: Float32Array,
  { rows, columns }: MatrixSize,
  share: number,
  comparison: Comparison = 'row',
): BitMask {
  return markWeights(scores, { rows, columns }, share, comparison, 'highest')
}

/** The weights with the lowest scores: what pruning takes that means to leave a behaviour as it is. */
export function lowestWeights(
  scores: Float32Array,
  { rows, columns }: MatrixSize,
  share: number,
  comparison: Comparison = 'row',
): BitMask {
  return markWeights(scores, { rows, columns }, share, comparison, 'lowest')
}

/** As many weights as asked for, any of them alike: the control of every choice by scores. The same seed gives the same ones. */
export function randomWeights(length: number, count: number, seed: number): BitMask {
  const random = createRandom(seed)
  const places = Int32Array.from({ length }, (_, at) => at)
  const taken = Math.min(count, length)
  for (let at = 0; at < taken; at += 1) {
    const other = at + Math.floor(random() * (length - at))
    const kept = places[at] as number
    places[at] = places[other] as number
    places[other] = kept
  }
  return BitMask.of(length, places.subarray(0, taken))
}

function markWeights(
  scores: Float32Array,
  { rows, columns }: MatrixSize,
  share: number,
  comparison: Comparison,
  wanted: 'highest' | 'lowest',
): BitMask {
  if (scores.length !== rows * columns)
    throw new ParapetError('internal', `${scores.length} scores do not fit a matrix of ${rows} × ${columns}.`)
  if (!(share >= 0 && share <= 1))
    throw new ParapetError('configuration', `A share of weights lies between 0 and 1, not at ${share}.`)
  const mask = new BitMask(scores.length)
  const groups = comparison === 'row' ? rows : 1
  const size = scores.length / groups
  for (let group = 0; group < groups; group += 1) {
    const own = scores.subarray(group * size, (group + 1) * size)
    // A sort of numbers alone is many times faster than one of places by a comparison.
    const rising = own.slice().sort()
    const count = Math.round(share * size)
    if (count === 0) continue
    const bound = rising[wanted === 'highest' ? size - count : count - 1] as number
    const beyond = (score: number): boolean => (wanted === 'highest' ? score > bound : score < bound)
    let equals = count
    for (const score of own) if (beyond(score)) equals -= 1
    for (let at = 0; at < size; at += 1) {
      const score = own[at] as number
      if (beyond(score) || (score === bound && equals-- > 0)) mask.set(group * size + at)
    }
  }
  return mask
}
