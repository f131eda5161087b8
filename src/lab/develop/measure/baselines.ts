/**
 * The baselines of the paper that need no weights of their own: likeness of the vectors, and the nearest of a few examples. Scores of 0…1,
 * higher is more off topic. Ties: at equal likeness the example that was given first is nearer; a score at a threshold is on topic.
 */
import { product } from '../../../nn/topic-features.ts'

/** 1 − cosine of vectors of length 1, kept in 0…1 as cosines below 0 are as far as it gets. */
export function cosineScore(scope: Float32Array, prompt: Float32Array): number {
  return 1 - Math.min(1, Math.max(0, product(scope, prompt)))
}

export interface Examples {
  readonly on: readonly Float32Array[]
  readonly off: readonly Float32Array[]
}

/** Examples looked at, of three on-topic and three off-topic ones. */
const NEIGHBOURS = 3

/** Share of off-topic examples among the three nearest, each weighing its cosine; one half where none is near at all. */
export function nearestScore({ on, off }: Examples, prompt: Float32Array): number {
  const near = [...on.map((vector) => ({ vector, label: 0 })), ...off.map((vector) => ({ vector, label: 1 }))]
    .map(({ vector, label }) => ({ label, likeness: Math.max(0, product(vector, prompt)) }))
    .toSorted((one, other) => other.likeness - one.likeness)
    .slice(0, NEIGHBOURS)
  const total = near.reduce((sum, { likeness }) => sum + likeness, 0)
  return total === 0 ? 0.5 : near.reduce((sum, { likeness, label }) => sum + likeness * label, 0) / total
}

/** The threshold of the best F1, strictly above; the lowest of equals. One half without both labels. */
export function bestThreshold(rows: readonly { readonly label: 0 | 1; readonly score: number }[]): number {
  const positives = rows.filter(({ label }) => label === 1).length
  if (positives === 0 || positives === rows.length) return 0.5
  const order = rows.toSorted((one, other) => one.score - other.score)
  let [found, flagged] = [positives, rows.length]
  let [best, threshold] = [-1, 0.5]
  for (const [at, { score, label }] of order.entries()) {
    found -= label
    flagged -= 1
    if (order[at + 1]?.score === score) continue
    const f1 = (2 * found) / (flagged + positives)
    if (f1 > best) [best, threshold] = [f1, score]
  }
  return threshold
}
