/** Models that follow a script, in every version of the AI SDK's provider interface, and guards to put around them. */
import type { LanguageModelV2 } from 'ai-sdk-provider-v2'
import type { LanguageModelV3 } from 'ai-sdk-provider-v3'
import type { LanguageModelV4 } from 'ai-sdk-provider-v4'
import { converse } from '../../src/core/stream/index.ts'
import type { GuardOptions, TurnGuard } from '../../src/integrations/ai-sdk/index.ts'
import { guardModel } from '../../src/integrations/ai-sdk/index.ts'
import type { Guard, ParapetEvent, Policy } from '../../src/spec/index.ts'
import { judgeWith, ManualClock } from './stream.ts'

export type Version = 'v2' | 'v3' | 'v4'
export interface Models {
  readonly v2: LanguageModelV2
  readonly v3: LanguageModelV3
  readonly v4: LanguageModelV4
}
export const VERSIONS = ['v2', 'v3', 'v4'] as const satisfies readonly Version[]

/** A part or a content in the form of any version. */
export type Loose = Readonly<Record<string, unknown>> & { readonly type: string }

export interface ScriptedModel<V extends Version> {
  readonly model: Models[V]
  /** What it was called with. */
  readonly calls: readonly LooseCall[]
}

export interface LooseCall {
  readonly prompt: readonly { readonly role: string; readonly content: unknown }[]
  readonly abortSignal?: AbortSignal
  readonly providerOptions?: object
  readonly includeRawChunks?: boolean
}

export interface ModelScript {
  /** Parts of each call's stream, or the stream itself. */
  readonly stream?: (call: number) => readonly Loose[] | ReadableStream<Loose>
  readonly content?: (call: number) => readonly Loose[]
  /** What stands beside the answer. */
  readonly around?: object
  /** Of a whole answer. */
  readonly result?: object
  readonly throws?: Error
}

export function scriptedModel<V extends Version>(version: V, script: ModelScript): ScriptedModel<V> {
  const calls: LooseCall[] = []
  const model = {
    specificationVersion: version,
    provider: 'scripted',
    modelId: 'scripted-1',
    supportedUrls: {},
    doGenerate: (params: LooseCall) => {
      calls.push(params)
      if (script.throws !== undefined) return Promise.reject(script.throws)
      const content = script.content?.(calls.length - 1) ?? []
      return Promise.resolve({
        content,
        finishReason: finishReason(version, 'stop'),
        usage: usage(version),
        warnings: [],
        ...script.around,
        ...script.result,
      })
    },
    doStream: (params: LooseCall) => {
      calls.push(params)
      if (script.throws !== undefined) return Promise.reject(script.throws)
      const parts = script.stream?.(calls.length - 1) ?? []
      return Promise.resolve({ stream: 'getReader' in parts ? parts : streamOf(parts), ...script.around })
    },
  }
  return { model: model as unknown as Models[V], calls }
}

export function finishReason(version: Version, reason: string): unknown {
  return version === 'v2' ? reason : { unified: reason, raw: reason }
}

export function usage(version: Version): object {
  return version === 'v2'
    ? { inputTokens: 3, outputTokens: 5, totalTokens: 8 }
    : {
        inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 5, text: 5, reasoning: undefined },
      }
}

export function finish(version: Version, reason = 'stop', more: object = {}): Loose {
  return { type: 'finish', finishReason: finishReason(version, reason), usage: usage(version), ...more }
}

/** A block of text or reasoning, in pieces. */
export function block(kind: 'text' | 'reasoning', id: string, pieces: readonly string[], more: object = {}): Loose[] {
  return [
    { type: `${kind}-start`, id },
    ...pieces.map((delta) => ({ type: `${kind}-delta`, id, delta })),
    { type: `${kind}-end`, id, ...more },
  ]
}

export function streamOf<T>(parts: readonly T[]): ReadableStream<T> {
  const rest = [...parts]
  return new ReadableStream<T>(
    {
      pull(controller) {
        const next = rest.shift()
        if (next === undefined) controller.close()
        else controller.enqueue(next)
      },
    },
    { highWaterMark: 0 },
  )
}

export async function readAll<T>(stream: ReadableStream<T>): Promise<T[]> {
  const all: T[] = []
  for await (const part of stream) all.push(part)
  return all
}

export interface GuardBench {
  readonly guard: TurnGuard
  readonly clock: ManualClock
  readonly events: ParapetEvent[]
  readonly decisions: () => readonly Extract<ParapetEvent, { type: 'decision-made' }>[]
}

/** A Parapet with these guards, each in every rail. */
export function guardWith(guards: readonly Guard[], policy: Partial<Policy> = {}): GuardBench {
  const { judge, clock, events } = judgeWith(guards, policy, new ManualClock())
  return {
    guard: { converse: (request, callModel) => converse(request, callModel, { judge }) },
    clock,
    events,
    decisions: () => events.filter((event) => event.type === 'decision-made'),
  }
}

/** A model as tests call it, whatever its version. */
export interface LooseModel {
  doGenerate(call: LooseCall): Promise<LooseResult>
  doStream(call: LooseCall): Promise<{ readonly stream: ReadableStream<Loose> }>
}

export interface LooseResult {
  readonly content: readonly Loose[]
  readonly finishReason: unknown
  readonly providerMetadata?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly [field: string]: unknown
}

/** The model under guard. */
export function guardLoose(model: Models[Version], guard: TurnGuard, options?: GuardOptions): LooseModel {
  return guardModel(model as LanguageModelV3, guard, options) as unknown as LooseModel
}

/** A call with one question. */
export function asking(text: string, more: Partial<LooseCall> = {}): LooseCall {
  return { prompt: [{ role: 'user', content: [{ type: 'text', text }] }], ...more }
}
