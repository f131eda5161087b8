/**
 * How much each tier counts for an output: a logistic regression of the label on both logits (Wolpert 1992, stacked generalisation),
 * weights kept at 0 or above. Sets count alike, and within a set both labels do, so that no base rate is learnt.
 *
 * The threshold is `../calibrate.ts`'s matter.
 */
export interface BlendRow {
  readonly deep: number
  readonly fast: number
  readonly label: number
  readonly set: string
}

export interface Blend {
  readonly deep: number
  readonly fast: number
}

/** Keeps a weight from growing without end on rows that are separated perfectly. */
const RIDGE = 1e-3
const ROUNDS = 60

/** Weights of both logits; equal ones where there is nothing to fit. */
export function fitBlend(rows: readonly BlendRow[]): Blend {
  const weights = balancedWeights(rows)
  if (weights === undefined) return { deep: 0.5, fast: 0.5 }
  const both = fit(rows, weights, [true, true])
  if (both.deep >= 0 && both.fast >= 0 && both.deep + both.fast > 0) return both
  const one = both.deep >= both.fast ? fit(rows, weights, [true, false]) : fit(rows, weights, [false, true])
  // A tier that contradicts the labels has no say; if both do, the deep one is taken as it is.
  return one.deep + one.fast > 0 ? { deep: Math.max(0, one.deep), fast: Math.max(0, one.fast) } : { deep: 1, fast: 0 }
}

/** One weight a row; undefined where a label is missing altogether. */
function balancedWeights(rows: readonly BlendRow[]): Float64Array | undefined {
  const counts = new Map<string, number>()
  const key = ({ set, label }: BlendRow): string => `${label} ${set}`
  for (const row of rows) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1)
  const labels = new Set(rows.map(({ label }) => label))
  if (labels.size < 2) return undefined
  const groups = (label: number): number => [...counts.keys()].filter((name) => name.startsWith(`${label} `)).length
  return Float64Array.from(rows, (row) => 1 / ((counts.get(key(row)) ?? 1) * groups(row.label)))
}

/** Newton's method on the ridged log loss over [deep, fast, bias]; a column that is off stays 0. */
function fit(rows: readonly BlendRow[], weights: Float64Array, [useDeep, useFast]: readonly [boolean, boolean]): Blend {
  let at: readonly [number, number, number] = [useDeep ? 0.5 : 0, useFast ? 0.5 : 0, 0]
  for (let round = 0; round < ROUNDS; round += 1) {
    const g = [RIDGE * at[0], RIDGE * at[1], RIDGE * at[2]]
    const h = [
      [RIDGE, 0, 0],
      [0, RIDGE, 0],
      [0, 0, RIDGE],
    ]
    rows.forEach(({ deep, fast, label }, index) => {
      const x = [useDeep ? deep : 0, useFast ? fast : 0, 1] as const
      const z = at[0] * x[0] + at[1] * x[1] + at[2]
      const probability = 1 / (1 + Math.exp(-z))
      const weight = weights[index] ?? 0
      for (let i = 0; i < 3; i += 1) {
        g[i] = (g[i] ?? 0) + weight * (probability - label) * (x[i] ?? 0)
        const row = h[i] as number[]
        for (let j = 0; j < 3; j += 1)
          row[j] = (row[j] ?? 0) + weight * probability * (1 - probability) * (x[i] ?? 0) * (x[j] ?? 0)
      }
    })
    const step = solve(h, g)
    const largest = Math.max(...step.map(Math.abs))
    // Far steps of a flat start overshoot.
    const damping = largest > 1 ? 1 / largest : 1
    at = [at[0] - damping * (step[0] ?? 0), at[1] - damping * (step[1] ?? 0), at[2] - damping * (step[2] ?? 0)]
    if (largest < 1e-7) break
  }
  return { deep: at[0], fast: at[1] }
}

/** Solves a small positive definite system by elimination. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  const rows = matrix.map((row, index) => [...row, right[index] ?? 0])
  const size = rows.length
  for (let pivot = 0; pivot < size; pivot += 1) {
    const top = rows[pivot] as number[]
    for (let below = pivot + 1; below < size; below += 1) {
      const row = rows[below] as number[]
      const factor = (row[pivot] ?? 0) / (top[pivot] ?? 1)
      for (let column = pivot; column <= size; column += 1)
        row[column] = (row[column] ?? 0) - factor * (top[column] ?? 0)
    }
  }
  const result = new Array<number>(size).fill(0)
  for (let index = size - 1; index >= 0; index -= 1) {
    const row = rows[index] as number[]
    let value = row[size] ?? 0
    for (let column = index + 1; column < size; column += 1) value -= (row[column] ?? 0) * (result[column] ?? 0)
    result[index] = value / (row[index] ?? 1)
  }
  return result
}
