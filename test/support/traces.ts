/** Decisions of a judge as OpenTelemetry spans, kept in memory. */
import * as api from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import type { Guard, Policy } from '../../src/spec/index.ts'
import type { TraceOptions } from '../../src/telemetry/index.ts'
import { traceDecisions } from '../../src/telemetry/index.ts'
import { judgeWith, wordGuard } from './stream.ts'

/** Stands in texts that no span may hold. */
export const SECRET = 'a secret sentence'

export interface TestSdk {
  readonly tracerProvider: NodeTracerProvider
  /** Those that have ended. */
  spans(): readonly ReadableSpan[]
}

/** @param config further options of the provider */
export function sdk(config: object = {}): TestSdk {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)], ...config })
  return { tracerProvider, spans: () => exporter.getFinishedSpans() }
}

export interface Traced {
  readonly decision: ReadableSpan
  readonly guards: readonly ReadableSpan[]
}

/** The spans of one decision. */
export function read(spans: readonly ReadableSpan[]): Traced {
  const decision = spans.find(({ name }) => name === 'parapet.decision')
  if (decision === undefined) throw new Error('no decision was traced')
  return { decision, guards: spans.filter((span) => span !== decision) }
}

export function millis([seconds, nanos]: api.HrTime): number {
  return seconds * 1000 + nanos / 1e6
}

/** Checks one prompt with these guards and traces it. */
export async function check(
  guards: readonly Guard[],
  policy: Partial<Policy> = {},
  options: TraceOptions = {},
  caller: object = {},
): Promise<Traced> {
  const { tracerProvider, spans } = sdk()
  const listener = await traceDecisions({ api, tracerProvider, ...options })
  const { judge, events } = judgeWith(guards, policy)
  await judge.check({ prompt: `${SECRET} bad`, caller }, { door: 'test' })
  events.forEach(listener)
  return read(spans())
}

/** A guard that finds the word `bad`, of which the prompt of `check` has one. */
export function bad(action: 'pass' | 'flag' | 'modify' | 'refuse' | 'hold' | 'block'): Guard {
  return wordGuard('words', ['bad'], { action })
}
