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
  | { readonly type: 'warning-raised'; readonly message: string }

export type ParapetListener = (event: ParapetEvent) => void
