/** Overlap of safety and utility by kind of layer and by block, means over seeds: where the two are apart. */
import type { SeedFindings } from '../audit-run.ts'

export interface OverlapRow {
  readonly layer: number
  readonly module: string
  readonly jaccard: number
  readonly phi: number
  /** Share of the layer's weights that the reported set difference cuts. */
  readonly critical: number
}

export function overlapRows(findings: readonly SeedFindings[]): readonly OverlapRow[] {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  return (findings[0]?.overlap ?? []).map(({ layer, module }, at) => ({
    ...{ layer, module },
    jaccard: mean(findings.map(({ overlap }) => overlap[at]?.jaccard ?? 0)),
    phi: mean(findings.map(({ overlap }) => overlap[at]?.phi ?? 0)),
    critical: mean(findings.map(({ critical }) => (critical[at]?.chosen ?? 0) / (critical[at]?.weights ?? 1))),
  }))
}
