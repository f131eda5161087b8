/** What every route of the gateway works with. */
import type { DecisionStore, Recorder } from '../spec/index.ts'
import type { HeldDecisions } from './held.ts'
import type { LiveFeed } from './live-feed.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { GatewayPipeline } from './pipeline.ts'
import type { UpstreamSet } from './upstream/upstream-set.ts'

export interface GatewayContext {
  readonly pipeline: GatewayPipeline
  readonly upstreams: UpstreamSet
  readonly metrics: GatewayMetrics
  readonly held: HeldDecisions
  readonly live: LiveFeed
  /** Null when decisions are not kept. */
  readonly decisions: DecisionStore | null
  readonly recorder: Recorder | null
  readonly limits: { readonly body: number; readonly concurrency: number; readonly upstreamTimeout: number }
  readonly now: () => number
  /** Told of errors that are defects and that a route answers itself. */
  readonly onDefect: (error: unknown) => void
  /** Aborted when the server stops waiting for requests in flight. */
  readonly stopped: AbortSignal
}
