/**
 * One door for streams of strings and of parts: which it is shows with the first chunk.
 */
import type { StreamContext, StreamSource } from '../core/stream/index.ts'
import { guardParts, guardText } from '../core/stream/index.ts'
import type { CheckResult, GuardedPart, GuardedStream, StreamPart } from '../spec/index.ts'

type Chunk = string | StreamPart

/** Guards a stream of either kind; strings come out as strings, parts as parts. */
export function guardMixed(
  source: StreamSource<string> | StreamSource<StreamPart>,
  context: StreamContext,
): GuardedStream<string> & GuardedStream<GuardedPart> {
  let settle: (result: Promise<CheckResult>) => void = () => undefined
  const result = new Promise<CheckResult>((resolve) => (settle = resolve))
  const iterate = async function* (): AsyncGenerator<Chunk | GuardedPart> {
    const reader = chunksOf(source)
    const first = await reader.next()
    const rest = resume(first, reader)
    const guarded =
      first.done !== true && typeof first.value !== 'string'
        ? guardParts(rest as AsyncIterable<StreamPart>, context)
        : guardText(rest as AsyncIterable<string>, context)
    settle(guarded.result)
    yield* guarded
  }
  const chunks = iterate()
  return { result, [Symbol.asyncIterator]: () => chunks } as unknown as GuardedStream<string> &
    GuardedStream<GuardedPart>
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
