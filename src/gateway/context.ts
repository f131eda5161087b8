/** What every route of the gateway works with. */
import type { HeldDecisions } from './held.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { GatewayPipeline } from './pipeline.ts'
import type { Upstream } from './upstream/upstream.ts'

export interface GatewayContext {
  readonly pipeline: GatewayPipeline
  readonly upstream: Upstream
  readonly metrics: GatewayMetrics
  readonly held: HeldDecisions
  readonly limits: { readonly body: number; readonly concurrency: number; readonly upstreamTimeout: number }
  readonly now: () => number
  /** Aborted when the server stops waiting for requests in flight. */
  readonly stopped: AbortSignal
}

/** An answer, and when its body has been sent or given up; without `ended` the body is there in full. */
export interface Answer {
  readonly response: Response
  readonly ended?: Promise<void>
}
