/**
 * One door for streams of strings and of parts: which it is shows with the first chunk.
 */
import type { StreamContext, StreamSource } from '../core/stream/index.ts'
import { guardParts, guardText } from '../core/stream/index.ts'
import type { CheckResult, GuardedPart, GuardedStream, ParapetError, Recorder, StreamPart } from '../spec/index.ts'
import { failingPart, failingText, recordedStream, refusalOf, refusedStream } from './recorded-stream.ts'

type Chunk = string | StreamPart

/** Guards a stream of either kind; strings come out as strings, parts as parts. */
export function guardMixed(
  source: StreamSource<string> | StreamSource<StreamPart>,
  context: StreamContext,
  recorder: Recorder | null,
): GuardedStream<string> & GuardedStream<GuardedPart> {
  let settle: (result: Promise<CheckResult>) => void = () => undefined
  const result = new Promise<CheckResult>((resolve) => (settle = resolve))
  const iterate = async function* (): AsyncGenerator<Chunk | GuardedPart> {
    const reader = chunksOf(source)
    const first = await reader.next()
    const rest = resume(first, reader)
    const refusal = recorder === null ? null : refusalOf(recorder, context.judge, context.caller ?? {})
    const isParts = first.done !== true && typeof first.value !== 'string'
    if (refusal !== null) await reader.return(undefined)
    const guarded = isParts
      ? guardedParts(rest as AsyncIterable<StreamPart>, context, recorder, refusal)
      : guardedText(rest as AsyncIterable<string>, context, recorder, refusal)
    settle(guarded.result)
    yield* guarded
  }
  const chunks = iterate()
  return { result, [Symbol.asyncIterator]: () => chunks } as unknown as GuardedStream<string> &
    GuardedStream<GuardedPart>
}

function guardedParts(
  source: AsyncIterable<StreamPart>,
  context: StreamContext,
  recorder: Recorder | null,
  refusal: ParapetError | null,
): GuardedStream<GuardedPart> {
  const { judge, caller = {} } = context
  if (refusal !== null) return refusedStream(judge, caller, refusal, failingPart)
  const { mode } = judge.effective(caller).record
  const stream = guardParts(source, context)
  return recorder === null ? stream : recordedStream(stream, recorder, mode, failingPart)
}

function guardedText(
  source: AsyncIterable<string>,
  context: StreamContext,
  recorder: Recorder | null,
  refusal: ParapetError | null,
): GuardedStream<string> {
  const { judge, caller = {} } = context
  if (refusal !== null) return refusedStream(judge, caller, refusal, failingText)
  const { mode } = judge.effective(caller).record
  const stream = guardText(source, context)
  return recorder === null ? stream : recordedStream(stream, recorder, mode, failingText)
}

async function* chunksOf(source: StreamSource<string> | StreamSource<StreamPart>): AsyncGenerator<Chunk> {
  yield* source as AsyncIterable<Chunk>
}

async function* resume(first: IteratorResult<Chunk>, rest: AsyncGenerator<Chunk>): AsyncGenerator<Chunk> {
  try {
    if (first.done === true) return
    yield first.value
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}
