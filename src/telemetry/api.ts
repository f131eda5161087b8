/** The part of `@opentelemetry/api` that is used here: types only, the package is optional. */
import type * as api from '@opentelemetry/api'

export type OpenTelemetryApi = Pick<typeof api, 'trace' | 'context' | 'ROOT_CONTEXT' | 'SpanKind' | 'SpanStatusCode'>
