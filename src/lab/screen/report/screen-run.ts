/** What `run.json` of a screen holds. Types only. */
import type { CanaryResult } from '../canary/canary.ts'
import type { FormName } from '../forms/index.ts'
import type { ScreenTally } from '../set/tally.ts'
import type { Unlikeness } from '../set/unlikeness.ts'

export interface ScreenedFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
  readonly rows: number
  readonly form: FormName | null
}

export interface ScreenRun {
  readonly formatVersion: 1
  readonly seed: number
  readonly files: readonly ScreenedFile[]
  /** Share of clean rows that fitted thresholds may flag. */
  readonly falseAlarms: number
  readonly reference: (ScreenedFile & { readonly calibratedOn: number }) | null
  readonly known: ScreenedFile | null
  readonly guards: readonly { readonly name: string; readonly sha256: string }[]
  readonly outside: readonly { readonly name: string; readonly version: string }[]
  readonly model: {
    readonly name: string
    readonly sha256: string
    /** Whether there were examples to find directions of harm from. */
    readonly directed: boolean
  } | null
  readonly tally: ScreenTally
  /** How unlike the reference the rows that passed are; null without a reference. */
  readonly unlikeness: Unlikeness | null
  readonly canary: CanaryResult | null
  /** The whole in a few sentences. */
  readonly conclusion: string
}
