/** What `run.json` of a Virus run holds: everything from which its report is worked out, and no optimised text. */
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import type { SafetyReport } from '../../victim/index.ts'
import type { GuardAdmission } from './guard-gate.ts'
import type { SeedRows } from './seed-bench.ts'
import type { VirusSettings } from './virus-settings.ts'

export interface VirusRun {
  readonly formatVersion: 1
  readonly paper: 'arXiv 2501.17433'
  /** In the words of whoever ran this. */
  readonly ownerStatement: string
  readonly model: {
    readonly name: string
    /** SHA-256 of the float32 weights. */
    readonly sha256: string
    readonly parameters: number
    readonly config: DecoderConfig
  }
  readonly settings: VirusSettings
  /** The guards in the order target, another kind, another seed. */
  readonly guards: readonly GuardAdmission[]
  /** The victim before anybody tunes it. */
  readonly before: SafetyReport
  /** By seed, in the order of `settings.seeds`. */
  readonly seeds: readonly ({ readonly seed: number } & SeedRows)[]
}
