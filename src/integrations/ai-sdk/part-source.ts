/**
 * The parts of a model's answer as the parts that are judged, one pull at a time. Leaving it cancels the model's stream at once,
 * even while it is silent.
 */
import type { StreamPart } from '../../spec/index.ts'
import type { AnswerReader } from './answer-reader.ts'
import type { AnyStreamPart } from './provider-types.ts'

/**
 * @param parts the model's stream, or the parts of a whole answer
 * @param before judged before them
 */
export function partSource(
  parts: ReadableStream<AnyStreamPart> | Iterable<AnyStreamPart>,
  reader: AnswerReader,
  before: readonly StreamPart[] = [],
): AsyncIterable<StreamPart> {
  const source = 'getReader' in parts ? fromStream(parts) : fromIterable(parts)
  let ready = before
  let at = 0
  const iterator: AsyncIterator<StreamPart> = {
    async next() {
      for (;;) {
        const part = ready[at]
        if (part !== undefined) {
          at += 1
          return { done: false, value: part }
        }
        const next = await source.next()
        if (next === undefined) return { done: true, value: undefined }
        ready = reader.read(next)
        at = 0
      }
    },
    async return() {
      await source.cancel()
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}

interface Source {
  next(): Promise<AnyStreamPart | undefined>
  cancel(): Promise<void>
}

function fromStream(stream: ReadableStream<AnyStreamPart>): Source {
  const reader = stream.getReader()
  return {
    async next() {
      const { done, value } = await reader.read()
      return done ? undefined : value
    },
    cancel: () => reader.cancel(),
  }
}

function fromIterable(parts: Iterable<AnyStreamPart>): Source {
  const iterator = parts[Symbol.iterator]()
  return {
    next: () => {
      const { done, value } = iterator.next()
      return Promise.resolve(done === true ? undefined : value)
    },
    cancel: () => Promise.resolve(),
  }
}
