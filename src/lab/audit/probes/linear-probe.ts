/**
 * A linear probe: logistic regression with a ridge on standardised features, fitted by Newton's method (iteratively reweighted least
 * squares; Bishop 2006, "Pattern Recognition and Machine Learning", §4.3.3). What it tells apart is present in the features; that the
 * model uses it is not shown.
 */
import { ParapetError } from '../../../spec/errors.ts'

export interface ProbeExample {
  readonly features: ArrayLike<number>
  /** Of the class that is looked for. */
  readonly positive: boolean
}

export interface LinearProbe {
  /** Logit of the class. */
  readonly score: (features: ArrayLike<number>) => number
}

/** Weight of the squared norm, in examples. */
const RIDGE = 1
const STEPS = 12

/** Throws `input_invalid` without examples of both classes. */
export function fitProbe(examples: readonly ProbeExample[]): LinearProbe {
  const positives = examples.filter(({ positive }) => positive).length
  if (positives === 0 || positives === examples.length)
    throw new ParapetError('input_invalid', 'A probe needs examples of both classes.')
  const width = examples[0]?.features.length ?? 0
  const { mean, deviation } = standardisation(examples, width)
  // The last column is the bias, which has no ridge.
  const rows = examples.map(({ features }) => standardised(features, mean, deviation))
  const weights = new Float64Array(width + 1)
  for (let step = 0; step < STEPS; step += 1) {
    const gradient = weights.map((weight, at) => (at < width ? RIDGE * weight : 0))
    const hessian = Array.from({ length: width + 1 }, (_, at) => {
      const line = new Float64Array(width + 1)
      line[at] = at < width ? RIDGE : 1e-9
      return line
    })
    rows.forEach((row, at) => {
      const chance = 1 / (1 + Math.exp(-dot(row, weights)))
      const error = chance - Number(examples[at]?.positive)
      const curvature = Math.max(1e-9, chance * (1 - chance))
      for (let one = 0; one <= width; one += 1) {
        gradient[one] = (gradient[one] as number) + error * (row[one] as number)
        const line = hessian[one] as Float64Array
        const factor = curvature * (row[one] as number)
        for (let other = 0; other <= width; other += 1)
          line[other] = (line[other] as number) + factor * (row[other] as number)
      }
    })
    solve(hessian, gradient).forEach((change, at) => (weights[at] = (weights[at] as number) - change))
  }
  return { score: (features) => dot(standardised(features, mean, deviation), weights) }
}

/** Share of examples on the right side. */
export function probeAccuracy({ score }: LinearProbe, examples: readonly ProbeExample[]): number {
  const right = examples.filter(({ features, positive }) => score(features) > 0 === positive).length
  return examples.length === 0 ? 0 : right / examples.length
}

function standardisation(
  examples: readonly ProbeExample[],
  width: number,
): { readonly mean: Float64Array; readonly deviation: Float64Array } {
  const mean = new Float64Array(width)
  const squares = new Float64Array(width)
  for (const { features } of examples)
    for (let at = 0; at < width; at += 1) {
      const value = features[at] as number
      mean[at] = (mean[at] as number) + value / examples.length
      squares[at] = (squares[at] as number) + (value * value) / examples.length
    }
  const deviation = squares.map((square, at) => Math.sqrt(Math.max(0, square - (mean[at] as number) ** 2)) || 1)
  return { mean, deviation }
}

function standardised(features: ArrayLike<number>, mean: Float64Array, deviation: Float64Array): Float64Array {
  const row = new Float64Array(mean.length + 1)
  for (let at = 0; at < mean.length; at += 1)
    row[at] = ((features[at] as number) - (mean[at] as number)) / (deviation[at] as number)
  row[mean.length] = 1
  return row
}

function dot(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] as number), 0)
}

/** x of A x = b for a symmetric positive definite A, by Gauss' elimination; A is used up. */
function solve(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length
  const result = right.slice()
  for (let pivot = 0; pivot < size; pivot += 1) {
    const line = matrix[pivot] as Float64Array
    for (let row = pivot + 1; row < size; row += 1) {
      const other = matrix[row] as Float64Array
      const factor = (other[pivot] as number) / (line[pivot] as number)
      if (factor === 0) continue
      for (let at = pivot; at < size; at += 1) other[at] = (other[at] as number) - factor * (line[at] as number)
      result[row] = (result[row] as number) - factor * (result[pivot] as number)
    }
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    const line = matrix[row] as Float64Array
    let sum = result[row] as number
    for (let at = row + 1; at < size; at += 1) sum -= (line[at] as number) * (result[at] as number)
    result[row] = sum / (line[row] as number)
  }
  return result
}
