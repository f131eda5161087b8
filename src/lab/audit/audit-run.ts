/**
 * What a finished audit holds: everything that was measured, raw, and the summary that follows from it. `run.json` is this and nothing
 * else. Types only.
 */
import type { AuditSettings } from './audit-settings.ts'
import type { FrozenTuning } from './freezing.ts'
import type { AuditRow } from './measure/audit-rows.ts'
import type { LayerOverlap } from './overlap.ts'
import type { ProbeReport } from './probes/measure-probes.ts'
import type { AuditSummary } from './summary/summarise.ts'
import type { Variant } from './variants.ts'

export interface MeasuredVariant {
  readonly variant: Variant
  readonly seed: number
  readonly split: 'selection' | 'test'
  /** Audited weights set to 0, and ranks taken out. */
  readonly weights: number
  readonly ranks: number
  readonly rows: readonly AuditRow[]
}

/** Where the weights of the reported set difference lie, of one layer. */
export interface LayerShare {
  readonly layer: number
  readonly module: string
  readonly weights: number
  readonly chosen: number
}

export interface SeedFindings {
  readonly seed: number
  readonly overlap: readonly LayerOverlap[]
  readonly probes: ProbeReport
  readonly critical: readonly LayerShare[]
}

export interface AuditRaw {
  readonly formatVersion: 1
  readonly paper: 'arXiv 2402.05162'
  readonly model: {
    readonly name: string
    readonly sha256: string
    /** Of the whole model, and of the linear layers of its blocks. */
    readonly parameters: number
    readonly auditedWeights: number
    readonly auditedRanks: number
    readonly layers: number
  }
  readonly settings: AuditSettings
  readonly threads: number
  /** The sweep on the selection split, and what was chosen on the test split, with its controls. */
  readonly measured: readonly MeasuredVariant[]
  readonly findings: readonly SeedFindings[]
  readonly freezing: readonly FrozenTuning[]
}

export interface AuditRun extends AuditRaw {
  readonly summary: AuditSummary
}
