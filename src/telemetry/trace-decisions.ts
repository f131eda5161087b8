/**
 * Decisions as OpenTelemetry spans: one for each decision, and below it one for each guard, with the times they really had.
 *
 * Spans are made when the decision is, from what the event says: nothing is kept meanwhile and no guard waits for a span. Only
 * `@opentelemetry/api` is needed; without an SDK its spans record nothing and next to nothing is done here.
 */
import type * as api from '@opentelemetry/api'
import type { GuardResult, ParapetEvent, ParapetListener } from '../spec/index.ts'
import type { OpenTelemetryApi } from './api.ts'
import { decisionAttributes, decisionEvents, guardAttributes, guardEvents, isFailure } from './describe.ts'
import type { SpanEvent } from './describe.ts'
import type { PackageLoader } from './load-package.ts'
import { importPackage, loadPackage } from './load-package.ts'
import type { Convention } from './names.ts'
import { CONVENTIONS, NAMES } from './names.ts'
import { parentContext } from './parent.ts'

/** How decisions are traced. */
export interface TraceOptions {
  /** What spans are made with. Default: the tracer `parapet` of the provider. */
  readonly tracer?: api.Tracer
  /** Default: the one registered globally, now or later. */
  readonly tracerProvider?: api.TracerProvider
  /** `import * as api from '@opentelemetry/api'`. Default: it is loaded. */
  readonly api?: OpenTelemetryApi
  /** Names of other conventions beside our own. Default: all. */
  readonly conventions?: readonly Convention[]
  /** A span for each guard. Default true. */
  readonly guards?: boolean
  /** How packages are loaded. */
  readonly load?: PackageLoader
}

type DecisionMade = Extract<ParapetEvent, { type: 'decision-made' }>

/**
 * A listener for `parapet.on` that traces every decision: `parapet.on(await traceDecisions())`.
 * @throws ParapetError `configuration` when `@opentelemetry/api` is not installed
 */
export async function traceDecisions(options: TraceOptions = {}): Promise<ParapetListener> {
  const { load = importPackage, conventions = CONVENTIONS, guards = true } = options
  const needed = ['@opentelemetry/api']
  const otel = options.api ?? (await loadPackage<OpenTelemetryApi>('@opentelemetry/api', needed, load))
  const tracer = options.tracer ?? (options.tracerProvider ?? otel.trace).getTracer(NAMES.scope)
  const uses = new Set(conventions)
  return (event) => {
    if (event.type === 'decision-made') traceDecision(event, { otel, tracer, uses, guards })
  }
}

interface Tracing {
  readonly otel: OpenTelemetryApi
  readonly tracer: api.Tracer
  readonly uses: ReadonlySet<Convention>
  readonly guards: boolean
}

function traceDecision(event: DecisionMade, tracing: Tracing): void {
  const { otel, tracer, uses } = tracing
  const { result, caller } = event
  const startTime = result.startedAt ?? performance.timeOrigin + performance.now() - result.ms
  const parent = parentContext(otel, caller.traceparent)
  const kind = otel.SpanKind.INTERNAL
  const span = tracer.startSpan(NAMES.span.decision, { startTime: toHrTime(startTime), kind }, parent)
  const endTime = startTime + result.ms
  if (span.isRecording()) {
    span.setAttributes(decisionAttributes(event, uses))
    addEvents(span, decisionEvents(event, uses), endTime)
    // A block is the result that was asked for; only what failed is an error.
    if (isFailure(result.decision)) fail(span, result.error?.code, otel)
    if (tracing.guards) {
      const below = otel.trace.setSpan(parent, span)
      for (const guard of result.guards) traceGuard(guard, { event, startTime, below, tracing })
    }
  }
  span.end(toHrTime(endTime))
}

interface Place {
  readonly event: DecisionMade
  /** Of the decision. */
  readonly startTime: number
  readonly below: api.Context
  readonly tracing: Tracing
}

function traceGuard(guard: GuardResult, { event, startTime, below, tracing }: Place): void {
  const { otel, tracer, uses } = tracing
  const start = guard.startedAt ?? startTime
  const end = Math.max(start, guard.endedAt ?? start + guard.ms)
  const name = `${NAMES.span.guard} ${guard.guard}`
  const attributes = guardAttributes(guard, event.result, uses)
  const span = tracer.startSpan(name, { startTime: toHrTime(start), kind: otel.SpanKind.INTERNAL, attributes }, below)
  addEvents(span, guardEvents(guard, uses), end)
  if (guard.status === 'error' || guard.status === 'timeout') fail(span, guard.error?.code, otel)
  span.end(toHrTime(end))
}

function addEvents(span: api.Span, events: readonly SpanEvent[], time: number): void {
  for (const { name, attributes } of events) span.addEvent(name, attributes, toHrTime(time))
}

/** Seconds and nanoseconds: a plain number would be guessed to count from the start of the process when it is small. */
function toHrTime(ms: number): api.HrTime {
  const seconds = Math.trunc(ms / 1000)
  return [seconds, Math.min(Math.round((ms - seconds * 1000) * 1e6), 999_999_999)]
}

/** The code only: a message is for people and may come from anybody's guard. */
function fail(span: api.Span, code: string | undefined, { SpanStatusCode }: OpenTelemetryApi): void {
  span.setStatus({ code: SpanStatusCode.ERROR, ...(code === undefined ? {} : { message: code }) })
}
