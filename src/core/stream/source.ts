/**
 * Turns what callers have (async iterables, web streams, strings) into an iterator over stream parts.
 */
import type { StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { PartIterator } from './answer-source.ts'

/** Anything that yields T: web streams do not have an async iterator everywhere. */
export type StreamSource<T> = AsyncIterable<T> | ReadableStream<T>

type AnyIterator<T> = Pick<AsyncIterator<T>, 'next' | 'return'>

export function iteratorOf<T>(source: StreamSource<T>): AnyIterator<T> {
  if ('getReader' in source) {
    const reader = source.getReader()
    return {
      next: async () => {
        const { done, value } = await reader.read()
        return done ? { done: true, value: undefined } : { done: false, value }
      },
      return: async () => {
        await reader.cancel()
        return { done: true, value: undefined }
      },
    }
  }
  return source[Symbol.asyncIterator]()
}

/** Strings as the text of one answer. */
export function textParts(source: StreamSource<string>): PartIterator {
  const iterator = iteratorOf(source)
  const next = async (): Promise<IteratorResult<StreamPart>> => {
    const result = await iterator.next()
    if (result.done === true) return { done: true, value: undefined }
    if (typeof result.value !== 'string') {
      throw new ParapetError(
        'upstream_error',
        'The source must yield strings; decode bytes with a TextDecoderStream first.',
      )
    }
    return { done: false, value: { type: 'text', text: result.value } }
  }
  const leave = async (): Promise<IteratorResult<StreamPart>> => {
    await iterator.return?.()
    return { done: true, value: undefined }
  }
  return { next, return: leave }
}
