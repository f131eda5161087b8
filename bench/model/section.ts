/** What a section is given and gives back. */
import type { Aim } from './aims.ts'
import type { DevData, DevRow } from './dev-data.ts'
import { inputOf } from './dev-data.ts'
import type { Table } from './table.ts'
import type { ModelPaths, Scored, Tier } from './tiers.ts'

export interface SectionResult {
  readonly tables: readonly Table[]
  readonly aims: readonly Aim[]
  /** Sentences below the tables. */
  readonly notes: readonly string[]
  /** The same figures unrounded, for `--json`. */
  readonly figures: unknown
}

/** Measured for each tier. */
export type TierSection = (tier: Tier, data: DevData) => Promise<SectionResult>
/** Measured once, on the files. */
export type FileSection = (paths: ModelPaths, data: DevData) => Promise<SectionResult>

export interface ScoredDevRow {
  readonly row: DevRow
  readonly scored: Scored
}

export async function scoreRows(tier: Tier, rows: readonly DevRow[]): Promise<readonly ScoredDevRow[]> {
  const scored: ScoredDevRow[] = []
  for (const row of rows) scored.push({ row, scored: await tier.score(inputOf(row)) })
  return scored
}

/** Rows as the metrics of the lab take them. */
export function ranked(
  rows: readonly ScoredDevRow[],
  score: (scored: Scored) => number,
): readonly { readonly label: 0 | 1; readonly score: number }[] {
  return rows.map(({ row, scored }) => ({ label: row.label, score: score(scored) }))
}
