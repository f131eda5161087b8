/**
 * What a small network is shown of a scope and a prompt, from the vectors of a sentence encoder. A bi-encoder with cross features: the
 * scope is read once, and a prompt costs one vector and a few products.
 *
 * Vectors here have length 1. It runs no model and decides nothing.
 */
import { meaningfulWords } from './topic-scope.ts'

/** Vectors that stand for all there is to talk about, so that likeness is measured against what is ordinary: [count, width], by row. */
export interface Background {
  readonly count: number
  readonly width: number
  readonly data: Float32Array
}

/** A scope that was read. */
export interface ReadScope {
  readonly whole: Float32Array
  readonly pieces: readonly Float32Array[]
  readonly words: ReadonlySet<string>
  /** Likeness of the nearest piece to each row of the background. */
  readonly near: Float32Array
  /** Rows of the background that are far from the scope. */
  readonly far: readonly number[]
}

/** Bump it when a number changes its meaning: weights fit one version. */
export const FEATURE_VERSION = 1
/** Numbers before those that come from the vectors, one by one. */
const SUMMARY = 17
/** Four of five rows of the background are far. */
const FAR_SHARE = 0.8
/** How sharply a prompt chooses among the rows of the background. */
const SHARPNESS = 12
/** Scales that bring products and differences of unit vectors to about 1; halves those of 512 numbers. */
const [PRODUCT, DIFFERENCE] = [22, 5]

export function featureCount(width: number): number {
  return SUMMARY + 4 * width
}

/** A vector scaled to length 1; one of zeros stays as it is. */
export function unit(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return norm === 0 ? vector : vector.map((value) => value / norm)
}

/** `pieces` are vectors of `scopePieces(text)`; where there is none, the whole stands in. */
export function readScope(
  text: string,
  whole: Float32Array,
  pieces: readonly Float32Array[],
  background: Background,
): ReadScope {
  const shown = pieces.length === 0 ? [whole] : pieces
  const near = new Float32Array(background.count)
  for (let row = 0; row < background.count; row += 1)
    near[row] = Math.max(...shown.map((piece) => productAt(background, row, piece)))
  const limit = Float32Array.from(near).sort()[Math.floor(FAR_SHARE * background.count)] ?? 1
  const far = [...near.keys()].filter((row) => (near[row] ?? 0) < limit)
  return { whole, pieces: shown, words: meaningfulWords(text), near, far }
}

/** `featureCount(width)` numbers about a prompt beside a scope. */
export function topicFeatures(
  scope: ReadScope,
  prompt: { readonly text: string; readonly vector: Float32Array },
  background: Background,
): Float32Array {
  const { vector } = prompt
  const likeness = scope.pieces.map((piece) => product(piece, vector))
  const order = likeness.toSorted((one, other) => other - one)
  const best = scope.pieces[likeness.indexOf(order[0] ?? 0)] ?? scope.whole
  const whole = product(scope.whole, vector)
  const features = new Float32Array(featureCount(vector.length))
  features.set([
    ...[whole, order[0] ?? 0, mean(order.slice(0, 2)), mean(order.slice(0, 3)), mean(order)].map((value) => 2 * value),
    ...sharedWords(scope.words, meaningfulWords(prompt.text)),
    ...againstBackground(scope, { vector, best: order[0] ?? 0, whole }, background),
  ])
  ;[scope.whole, best].forEach((side, index) => {
    const from = SUMMARY + 2 * index * vector.length
    for (let at = 0; at < vector.length; at += 1) {
      const [one, other] = [side[at] ?? 0, vector[at] ?? 0]
      features[from + at] = PRODUCT * one * other
      features[from + vector.length + at] = DIFFERENCE * Math.abs(one - other)
    }
  })
  return features
}

function sharedWords(scope: ReadonlySet<string>, prompt: ReadonlySet<string>): readonly number[] {
  const shared = [...prompt].filter((word) => scope.has(word)).length
  return [
    2 * Math.min(5, shared),
    (2 * shared) / Math.max(1, prompt.size),
    Math.min(20, prompt.size) / 5,
    shared > 0 ? 2 : 0,
  ]
}

/** How near the scope is beside everything else that the prompt could be about. */
function againstBackground(
  { near, far }: ReadScope,
  { vector, best, whole }: { readonly vector: Float32Array; readonly best: number; readonly whole: number },
  background: Background,
): readonly number[] {
  const likeness = new Float32Array(background.count)
  for (let row = 0; row < background.count; row += 1) likeness[row] = productAt(background, row, vector)
  if (background.count === 0) return [0, 0, 0, 0, 0, 0, 0, 0]
  const middle = mean(likeness)
  const spread = Math.sqrt(mean(likeness.map((value) => (value - middle) ** 2))) + 1e-6
  const farthest = far.reduce((most, row) => Math.max(most, likeness[row] ?? 0), -1)
  const top = Math.max(...likeness)
  const shares = likeness.map((value) => Math.exp(SHARPNESS * (value - top)))
  const total = shares.reduce((sum, value) => sum + value, 0)
  return [
    (best - middle) / spread / 3,
    (whole - middle) / spread / 3,
    2 * farthest,
    4 * (best - farthest),
    (2 * product(shares, near)) / total,
    (4 * product(near, likeness)) / background.count,
    2 * correlation(near, likeness),
    4 * middle,
  ]
}

function correlation(one: Float32Array, other: Float32Array): number {
  const [a, b] = [mean(one), mean(other)]
  let [both, first, second] = [0, 0, 0]
  one.forEach((value, at) => {
    const [x, y] = [value - a, (other[at] ?? 0) - b]
    both += x * y
    first += x * x
    second += y * y
  })
  return both / (Math.sqrt(first * second) + 1e-9)
}

export function product(one: Float32Array, other: Float32Array): number {
  let sum = 0
  for (let at = 0; at < one.length; at += 1) sum += (one[at] as number) * (other[at] as number)
  return sum
}

function productAt({ data, width }: Background, row: number, vector: Float32Array): number {
  let sum = 0
  for (let at = 0, from = row * width; at < width; at += 1) sum += (data[from + at] as number) * (vector[at] as number)
  return sum
}

function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let at = 0; at < values.length; at += 1) sum += values[at] as number
  return values.length === 0 ? 0 : sum / values.length
}
