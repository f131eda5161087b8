/**
 * One call of a model under guard, whole or streaming: the prompt is judged, the model is asked with what is left of it, its answer
 * is judged. One call is one turn and one decision.
 *
 * Withheld unless asked for: request and response bodies and headers, and raw chunks, which hold the answer as it was.
 */
import type { Caller, GuardedPart, GuardedStream, StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { Attempt } from './answer-items.ts'
import { AnswerReader } from './answer-reader.ts'
import { AnswerWriter } from './answer-writer.ts'
import { collectContent, contentParts } from './content.ts'
import type { Failure } from '../conversation/stream-failure.ts'
import { failureOf } from '../conversation/stream-failure.ts'
import { blockMessage } from './failure.ts'
import { decided, decisionMetadata, ownFinish } from './finish.ts'
import { guardedStream } from './guarded-stream.ts'
import { partSource } from './part-source.ts'
import { translatePrompt } from './prompt.ts'
import type {
  AnyCallOptions,
  AnyGenerateResult,
  AnyStreamPart,
  AnyStreamResult,
  CallableModel,
} from './provider-types.ts'
import type { GuardOptions, SpecificationVersion, TurnGuard, UnjudgedPart } from './types.ts'
import type { SteeredModel } from './steered-calls.ts'
import { steered } from './steered-calls.ts'
import { Verdicts } from './verdicts.ts'

const DOOR = 'ai-sdk'
const VERSIONS: readonly string[] = ['v2', 'v3', 'v4'] satisfies readonly SpecificationVersion[]

/** What one call needs to know. */
export interface Call {
  readonly guard: TurnGuard
  readonly options: GuardOptions
  readonly model: Pick<CallableModel, 'specificationVersion' | 'doGenerate' | 'doStream'>
  readonly params: AnyCallOptions
}

/** A version of the provider interface that is understood here. Throws `configuration` for any other. */
export function versionOf(model: unknown): SpecificationVersion {
  const version: unknown = (model as Partial<CallableModel> | null | undefined)?.specificationVersion
  if (typeof version === 'string' && VERSIONS.includes(version)) return version as SpecificationVersion
  const given = typeof model === 'string' ? 'a name' : 'something else'
  throw new ParapetError(
    'configuration',
    `Hand in a model object of the AI SDK's provider interface v2, v3 or v4; this is ${given}.`,
  )
}

export async function generateGuarded(call: Call): Promise<AnyGenerateResult> {
  const { model, params, options } = call
  const writer = new AnswerWriter(versionOf(model))
  let answer: AnyGenerateResult | null = null
  const guarded = begin(call, true, async (asked, prepared, reader) => {
    answer = await asked.doGenerate(prepared)
    return partSource(contentParts(answer), reader, reader.beside(structuredText(answer) ?? ''))
  })
  let parts: AnyStreamPart[] = []
  let attempt: Attempt | null = null
  for await (const part of guarded) {
    if (part.type === 'error') return stopWhole(failureOf(part, params.abortSignal), writer, options)
    const { refused } = writer
    const written = writer.write(part)
    // What came before another attempt, or before a refusal, was shown to nobody.
    if (writer.attempt !== attempt || writer.refused !== refused) parts = []
    ;({ attempt } = writer)
    parts.push(...written)
  }
  parts.push(...writer.finish(await decided(guarded)))
  return wholeResult(parts, { answer, options, attempt: writer.refused ? null : attempt })
}

export async function streamGuarded(call: Call): Promise<AnyStreamResult> {
  const { model, params, options } = call
  const writer = new AnswerWriter(versionOf(model))
  let opened: AnyStreamResult | null = null
  const guarded = begin(call, false, async (asked, prepared, reader) => {
    opened = await asked.doStream(prepared)
    return partSource(opened.stream, reader)
  })
  const stream = await guardedStream({ guarded, writer, options, signal: params.abortSignal })
  return { stream, ...outside(opened, options) }
}

type Ask = (model: SteeredModel, params: AnyCallOptions, reader: AnswerReader) => Promise<AsyncIterable<StreamPart>>

function begin({ guard, options, model, params }: Call, whole: boolean, ask: Ask): GuardedStream<GuardedPart> {
  const conversation = translatePrompt(params.prompt)
  const { caller, providerOptions } = callerOf(params, options)
  const { abortSignal: signal } = params
  const passRaw = passes(options, 'raw')
  const request = {
    messages: conversation.messages,
    caller,
    door: DOOR,
    ...{ whole, routed: true },
    ...(signal === undefined ? {} : { signal }),
  }
  return guard.converse(request, (messages, turn) => {
    const prepared = {
      ...params,
      prompt: conversation.rewrite(messages),
      abortSignal: turn.signal,
      ...(providerOptions === undefined ? {} : { providerOptions }),
      ...(params.includeRawChunks === undefined ? {} : { includeRawChunks: params.includeRawChunks && passRaw }),
    } as AnyCallOptions
    const verdicts = new Verdicts(passes(options, 'metadata'))
    const attempt: Attempt = { number: turn.attempt, verdicts, blocks: [] }
    const { router = null } = guard
    const asked = router === null ? model : steered(model, router, turn.onRoute)
    return ask(asked, prepared, new AnswerReader(attempt, passRaw))
  })
}

function passes({ unjudged = [] }: GuardOptions, part: UnjudgedPart): boolean {
  return unjudged.includes(part)
}

const CALLER_FIELDS = ['application', 'user', 'conversation', 'key', 'traceparent'] as const

/** Who asks, and the call's options without the words that were meant for us. */
function callerOf(
  { providerOptions }: AnyCallOptions,
  options: GuardOptions,
): { readonly caller: Caller; readonly providerOptions: AnyCallOptions['providerOptions'] | undefined } {
  const general = typeof options.caller === 'function' ? options.caller() : (options.caller ?? {})
  if (providerOptions === undefined || !('parapet' in providerOptions)) {
    return { caller: general, providerOptions: undefined }
  }
  const { parapet: own, ...rest } = providerOptions
  const named: Record<string, string> = {}
  for (const field of CALLER_FIELDS) {
    const value: unknown = own?.[field]
    if (value === undefined || value === null) continue
    if (typeof value !== 'string') {
      throw new ParapetError('input_invalid', `\`providerOptions.parapet.${field}\` must be a string.`)
    }
    named[field] = value
  }
  return { caller: { ...general, ...named }, providerOptions: rest }
}

async function stopWhole(failure: Failure, writer: AnswerWriter, options: GuardOptions): Promise<AnyGenerateResult> {
  const message = blockMessage(failure, options)
  if (message === null) throw failure.error
  const finish = ownFinish(writer.version, 'content-filter', decisionMetadata(failure.result))
  return wholeResult([...writer.say(message), finish], { answer: null, options, attempt: null })
}

/** What an answer that did not stream is put together from beside its parts. */
interface Whole {
  readonly answer: AnyGenerateResult | null
  readonly options: GuardOptions
  /** Null when the words are ours. */
  readonly attempt: Attempt | null
}

function wholeResult(parts: readonly AnyStreamPart[], { answer, options, attempt }: Whole): AnyGenerateResult {
  const { content, start, response, finish } = collectContent(parts)
  if (finish === null) throw new ParapetError('upstream_error', 'The model gave no answer.')
  const { finishReason, usage, providerMetadata } = finish
  const { type: _type, ...known } = response ?? { type: 'response-metadata' }
  const { request, response: around } = outside(answer, options)
  const structured = attempt === null ? undefined : structuredText(answer)
  return {
    content,
    ...(structured === undefined ? {} : { structuredOutputText: attempt?.verdicts.text(structured) }),
    finishReason,
    usage,
    providerMetadata,
    warnings: start?.warnings ?? [],
    ...(request === undefined ? {} : { request }),
    response: { ...known, ...around },
  } as unknown as AnyGenerateResult
}

/** The text that stands for the answer where a structure is wanted; only version 4 has it. */
function structuredText(answer: AnyGenerateResult | null): string | undefined {
  const text = answer !== null && 'structuredOutputText' in answer ? answer.structuredOutputText : undefined
  return typeof text === 'string' ? text : undefined
}

/** What surrounds an answer, as far as it is handed on. */
function outside(
  answer: AnyGenerateResult | AnyStreamResult | null,
  options: GuardOptions,
): {
  readonly request?: object
  readonly response?: { readonly headers?: Record<string, string>; readonly body?: unknown }
} {
  const request = passes(options, 'bodies') ? answer?.request : undefined
  const response: { headers?: Record<string, string>; body?: unknown } = {}
  if (answer?.response?.headers !== undefined && passes(options, 'headers')) response.headers = answer.response.headers
  if (answer?.response !== undefined && 'body' in answer.response && passes(options, 'bodies')) {
    response.body = answer.response.body
  }
  return { ...(request === undefined ? {} : { request }), ...(Object.keys(response).length === 0 ? {} : { response }) }
}
