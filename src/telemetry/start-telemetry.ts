/**
 * Traces for a process of its own, set up from the environment as OpenTelemetry describes it: decisions are sent to the collector
 * at `OTEL_EXPORTER_OTLP_ENDPOINT`. Nothing is loaded when that is not set.
 *
 * It registers nothing globally. An application that has an SDK of its own uses `traceDecisions` instead.
 */
import type { TracerProvider } from '@opentelemetry/api'
import type { ParapetEvent, ParapetListener } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import type { PackageLoader } from './load-package.ts'
import { importPackage, loadPackage } from './load-package.ts'
import type { TraceOptions } from './trace-decisions.ts'
import { traceDecisions } from './trace-decisions.ts'

/** Running traces. */
export interface Telemetry {
  readonly listener: ParapetListener
  /** Sends what is waiting and stops. Never rejects; a collector that is away costs at most the export's time limit. */
  shutdown(): Promise<void>
}

export type Environment = Readonly<Record<string, string | undefined>>

const PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace-node',
  '@opentelemetry/exporter-trace-otlp-http',
] as const

/** What is used of the packages; each is loaded when it is needed. */
interface Resources {
  resourceFromAttributes(attributes: Readonly<Record<string, string>>): unknown
}
interface Sdk {
  readonly NodeTracerProvider: new (config: object) => TracerProvider & { shutdown(): Promise<void> }
  readonly BatchSpanProcessor: new (exporter: object) => object
}
interface Exporters {
  readonly OTLPTraceExporter: new (config: object) => object
}

/**
 * Starts traces if the environment asks for them; null if it does not.
 * @throws ParapetError `configuration` when a setting is wrong or a package is missing
 */
export async function startTelemetry(
  env: Environment,
  options: Pick<TraceOptions, 'conventions' | 'guards'> & { readonly load?: PackageLoader } = {},
): Promise<Telemetry | null> {
  const target = exportTarget(env)
  if (target === null) return null
  const { load = importPackage, ...tracing } = options
  const packageOf = <T>(name: (typeof PACKAGES)[number]): Promise<T> => loadPackage<T>(name, PACKAGES, load)
  const { resourceFromAttributes } = await packageOf<Resources>('@opentelemetry/resources')
  const { NodeTracerProvider, BatchSpanProcessor } = await packageOf<Sdk>('@opentelemetry/sdk-trace-node')
  const { OTLPTraceExporter } = await packageOf<Exporters>('@opentelemetry/exporter-trace-otlp-http')
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes(resourceAttributes(env)),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(target))],
  })
  const later = deferred(await traceDecisions({ ...tracing, load, tracerProvider: provider }))
  return {
    listener: later.listener,
    async shutdown() {
      try {
        later.drain()
        await provider.shutdown()
      } catch {
        // The collector is away: there is nobody to tell but the log, which is not ours.
      }
    },
  }
}

/** Decisions that may wait for their spans. */
const MOST_WAITING = 1024

/** Makes spans after the answer has gone out: they take some ten microseconds each. */
function deferred(listener: ParapetListener): { readonly listener: ParapetListener; drain(): void } {
  const waiting: ParapetEvent[] = []
  let timer: NodeJS.Timeout | null = null
  const drain = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    for (const event of waiting.splice(0)) {
      try {
        listener(event)
      } catch {
        // A span that cannot be made must not stop the process.
      }
    }
  }
  return {
    drain,
    listener(event) {
      if (event.type !== 'decision-made') return
      waiting.push(event)
      if (waiting.length >= MOST_WAITING) drain()
      else timer ??= setTimeout(drain, 0).unref()
    },
  }
}

interface ExportTarget {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMillis?: number
}

/** Where traces go, or null when they go nowhere. */
function exportTarget(env: Environment): ExportTarget | null {
  const set = (name: string): string | undefined => {
    const value = env[name]?.trim()
    return value === '' ? undefined : value
  }
  const traces = set('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')
  const base = set('OTEL_EXPORTER_OTLP_ENDPOINT')
  const off = set('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || set('OTEL_TRACES_EXPORTER') === 'none'
  if (off || (traces === undefined && base === undefined)) return null
  const variable = traces === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
  const protocol = set('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? set('OTEL_EXPORTER_OTLP_PROTOCOL')
  if (protocol === 'grpc') {
    throw new ParapetError(
      'configuration',
      'OTEL_EXPORTER_OTLP_PROTOCOL is grpc, which is not spoken here. Use http/json and the collector’s HTTP port, usually 4318.',
    )
  }
  const url = traces ?? `${(base ?? '').replace(/\/+$/, '')}/v1/traces`
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ParapetError(
      'configuration',
      `${variable} must be an http or https URL, for example http://localhost:4318.`,
    )
  }
  const timeout = Number(set('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT') ?? set('OTEL_EXPORTER_OTLP_TIMEOUT') ?? NaN)
  return {
    url,
    headers: {
      ...pairs(set('OTEL_EXPORTER_OTLP_HEADERS')),
      ...pairs(set('OTEL_EXPORTER_OTLP_TRACES_HEADERS')),
    },
    ...(Number.isFinite(timeout) && timeout > 0 ? { timeoutMillis: timeout } : {}),
  }
}

function resourceAttributes(env: Environment): Record<string, string> {
  const attributes = pairs(env['OTEL_RESOURCE_ATTRIBUTES'])
  const name = env['OTEL_SERVICE_NAME'] ?? attributes['service.name'] ?? 'parapet'
  return { ...attributes, 'service.name': name }
}

/** `a=b,c=d`, values percent-encoded. What is no pair is left out, as OpenTelemetry has it. */
function pairs(text: string | undefined): Record<string, string> {
  const found: Record<string, string> = {}
  for (const entry of text?.split(',') ?? []) {
    const at = entry.indexOf('=')
    if (at > 0) found[entry.slice(0, at).trim()] = decoded(entry.slice(at + 1).trim())
  }
  return found
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
