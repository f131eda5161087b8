/**
 * Directions of harm in a checkpoint: which way harmful rows push its weights more than clean ones do, and where in its last layer harmful
 * answers lie away from clean ones (difference of means, as in Arditi et al. 2024, §2.3). Both are only as good as the examples.
 */
import type { DataRow, NamedMeasure } from '../row.ts'
import { type Spread, above, spreadOf } from '../surprisal/surprisal.ts'
import { type RowFigures, type RowModel, dot, unit } from './row-model.ts'

export interface Directions {
  readonly gradient: Float32Array
  readonly hidden: Float32Array
  /** Of clean rows along `hidden`. */
  readonly along: Spread
}

/** Directions from examples; null without both kinds. */
export function findDirections(harmful: readonly RowFigures[], clean: readonly RowFigures[]): Directions | null {
  if (harmful.length === 0 || clean.length === 0) return null
  const between = (of: (figures: RowFigures) => Float32Array): Float32Array => {
    const [bad, good] = [meanVector(harmful.map(of)), meanVector(clean.map(of))]
    return unit(bad.map((value, at) => value - (good[at] ?? 0)))
  }
  const hidden = between((figures) => figures.hidden)
  return {
    gradient: between((figures) => figures.gradient),
    hidden,
    along: spreadOf(clean.map((figures) => dot(figures.hidden, hidden))),
  }
}

/** Medians and spreads of the surprisal of ordinary rows. */
export interface ModelNorm {
  readonly surprisal: Spread
  readonly peak: Spread
}

export function normOf(figures: readonly RowFigures[]): ModelNorm {
  return {
    surprisal: spreadOf(figures.map(({ surprisal }) => surprisal)),
    peak: spreadOf(figures.map(({ peak }) => peak)),
  }
}

export function modelMeasures(
  figures: RowFigures,
  norm: ModelNorm,
  directions: Directions | null,
): readonly NamedMeasure[] {
  return [
    ['model-surprisal', { score: above(figures.surprisal, norm.surprisal) }],
    ['model-peak', { score: above(figures.peak, norm.peak) }],
    ...(directions === null
      ? []
      : ([
          ['gradient', { score: dot(figures.gradient, directions.gradient) }],
          ['representation', { score: above(dot(figures.hidden, directions.hidden), directions.along) }],
        ] as const)),
  ]
}

/** Figures of the rows that fit into the model. */
export async function figuresOf(model: RowModel, rows: readonly DataRow[]): Promise<readonly RowFigures[]> {
  const all: RowFigures[] = []
  for (const row of rows) {
    const figures = await model.measure(row)
    if (figures !== null) all.push(figures)
  }
  return all
}

function meanVector(vectors: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(vectors[0]?.length ?? 0)
  for (const vector of vectors)
    for (let at = 0; at < mean.length; at += 1) mean[at] = (mean[at] ?? 0) + (vector[at] ?? 0) / vectors.length
  return mean
}
