/**
 * What the pipeline tells observers (metrics, decision log, traces). Names are noun-verb. Events never hold a judged text.
 */
import type { CheckResult, GuardResult } from './check.ts'
import type { Caller } from './exchange.ts'

export type ParapetEvent =
  | { readonly type: 'guard-end'; readonly result: GuardResult; readonly policyVersion: string }
  | { readonly type: 'decision-made'; readonly result: CheckResult; readonly caller: Caller; readonly door: string }
  | { readonly type: 'policy-changed'; readonly version: string; readonly previous: string | null }
  | { readonly type: 'policy-rejected'; readonly message: string; readonly kept: string }
  | {
      /** The judge of a cascade and the classifier before it say different things of a text. Scores in 0…1. */
      readonly type: 'judge-disagreed'
      readonly guard: string
      readonly label: string
      /** The score lay inside the judge's band; otherwise the text was drawn as a sample. */
      readonly inside: boolean
      readonly classifier: { readonly score: number; readonly harmful: boolean }
      readonly judge: { readonly score: number; readonly harmful: boolean }
    }
  | { readonly type: 'warning-raised'; readonly message: string }

export type ParapetListener = (event: ParapetEvent) => void
