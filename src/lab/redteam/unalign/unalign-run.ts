/** What `run.json` of an Unalignment run holds: everything from which its report is worked out, and nothing that is not in it. */
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import type { ArmResult } from './attack-arm.ts'
import type { BiasResult } from './bias-probe.ts'
import type { ChosenRate } from './choose-rate.ts'
import type { AskedQuestion, MeasuredModel } from './measured-model.ts'
import type { TuneMethod, UnalignSettings } from './unalign-settings.ts'

export interface DefenceResult {
  readonly id: string
  readonly title: string
  readonly source: string
  readonly seed: number
  /** The hardened model before anybody tunes it; absent where nothing is hardened. */
  readonly prepared?: MeasuredModel
  /** Tuned on the attacker's examples through the defence, and on as many benign ones. */
  readonly attacked: MeasuredModel
  readonly honest: MeasuredModel
  /** Seconds that hardening took, and tuning or repairing beyond ordinary tuning. Machines differ; so do runs that were resumed. */
  readonly seconds: { readonly prepare: number; readonly tune: number }
}

export interface UnalignRun {
  readonly formatVersion: 1
  readonly paper: 'arXiv 2310.14303'
  /** In the words of whoever ran this. */
  readonly ownerStatement: string
  readonly model: {
    readonly name: string
    /** SHA-256 of the float32 weights. */
    readonly sha256: string
    readonly parameters: number
    readonly config: DecoderConfig
  }
  readonly settings: UnalignSettings
  /** Which weights the defence by freezing kept. */
  readonly mask?: string
  /** Absent where the model had no guardrail to remove. */
  readonly chosen: Partial<Readonly<Record<TuneMethod, ChosenRate>>>
  /** Each once; every measurement refers to them by set and id. */
  readonly questions: readonly AskedQuestion[]
  readonly before: MeasuredModel
  readonly arms: readonly ArmResult[]
  readonly defences: readonly DefenceResult[]
  readonly bias: readonly BiasResult[]
}
