/** The parent of a decision's span: the request's W3C `traceparent`, else whatever span is active. */
import type { Context, SpanContext } from '@opentelemetry/api'
import type { OpenTelemetryApi } from './api.ts'

/** Version, trace id, span id, flags; later versions may append more. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-|$)/

/** Null when the header is not one. */
export function readTraceparent(header: string): SpanContext | null {
  const match = TRACEPARENT.exec(header)
  if (match === null) return null
  const [, traceId = '', spanId = '', flags = '00'] = match
  return { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true }
}

export function parentContext(api: OpenTelemetryApi, traceparent: string | undefined): Context {
  const remote = traceparent === undefined ? null : readTraceparent(traceparent)
  return remote === null ? api.context.active() : api.trace.setSpanContext(api.ROOT_CONTEXT, remote)
}
