/** What a recorder is made of, its limits and its patience. Types only. */
import type { Clock } from '../spec/clock.ts'
import type { DecisionStore } from '../spec/store.ts'
import type { Redact } from './content.ts'
import type { SpillFile } from './spill-file.ts'

export interface RecorderLimits {
  /** Records in memory before they go to the spill file, or else new ones are refused. Default 10,000. */
  readonly records?: number
  /** Records written together at most. Default 500. */
  readonly batch?: number
  /** Characters of captured texts a record. Default 262,144. */
  readonly content?: number
}

export interface RecorderTimes {
  /** Milliseconds that a record waits for others to be written with. Default 20. */
  readonly gather?: number
  /** Milliseconds after which a write counts as failed. Default 5000. */
  readonly write?: number
  /** Milliseconds until a lost store is asked the first time; doubled up to 5 s. Default 100. */
  readonly retry?: number
  /** Milliseconds that closing waits for the store. Default 5000. */
  readonly close?: number
}

export interface RecorderOptions {
  readonly store: DecisionStore
  readonly clock: Clock
  /** Without it nothing is spilled. */
  readonly spillFile?: SpillFile
  readonly limits?: RecorderLimits
  readonly times?: RecorderTimes
  /** Takes out of texts what `capture: redacted` must not keep. Without it such texts are not kept. */
  readonly redact?: Redact
  /** Told when the store is lost or back, and when records are lost. */
  readonly onWarning?: (message: string) => void
}
