/** The checks that need a checkpoint, over all files, and the directions and norms they are measured by. */
import {
  findDirections,
  figuresOf,
  modelMeasures,
  normOf,
  type Directions,
  type ModelNorm,
} from './model/directions.ts'
import { RowModel } from './model/row-model.ts'
import type { DataRow, RowRecord } from './row.ts'
import type { Victim } from '../victim/index.ts'

/** Examples of either kind that directions are found from, at most. */
export const DIRECTION_ROWS = 150

export interface ModelChecks {
  /** False without harmful and clean examples: then there are no directions to test against. */
  readonly directed: boolean
  measure(row: DataRow): Promise<RowRecord>
  dispose(): Promise<void>
}

/**
 * `ordinary` are rows whose surprisal is the norm: clean ones where there are any, else a sample of the set itself.
 */
export async function openModelChecks(options: {
  readonly victim: Victim
  readonly threads: number
  readonly harmful: readonly DataRow[]
  readonly clean: readonly DataRow[]
  readonly ordinary: readonly DataRow[]
  readonly onProgress: (message: string) => void
}): Promise<ModelChecks> {
  const model = new RowModel(options.victim, options.threads)
  options.onProgress('model: finding directions of harm')
  const harmful = await figuresOf(model, options.harmful.slice(0, DIRECTION_ROWS))
  const clean = await figuresOf(model, options.clean.slice(0, DIRECTION_ROWS))
  const norm: ModelNorm = normOf(
    clean.length > 0 ? clean : await figuresOf(model, options.ordinary.slice(0, DIRECTION_ROWS)),
  )
  const directions: Directions | null = findDirections(harmful, clean)
  return {
    directed: directions !== null,
    async measure(row) {
      const figures = await model.measure(row)
      if (figures === null) return { line: row.line }
      const measures = modelMeasures(figures, norm, directions)
      return {
        line: row.line,
        scores: Object.fromEntries(measures.map(([name, { score }]) => [name, Number(score.toFixed(5))])),
      }
    },
    dispose: () => model.dispose(),
  }
}
