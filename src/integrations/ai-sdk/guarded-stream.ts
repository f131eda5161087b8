/**
 * A guarded turn as the stream of parts that the AI SDK reads: pulled as fast as it reads, and left when it leaves.
 *
 * What is decided before anything could be shown rejects, as a failed call does. Later, a block is an `error` part and the end with
 * the finish reason `content-filter`; a model that broke off breaks this stream off too.
 */
import type { GuardedPart, GuardedStream, StreamErrorPart } from '../../spec/index.ts'
import type { AnswerWriter } from './answer-writer.ts'
import { failureOf } from '../conversation/stream-failure.ts'
import { blockMessage } from './failure.ts'
import { decided, decisionMetadata, ownFinish } from './finish.ts'
import type { AnyStreamPart } from './provider-types.ts'
import type { GuardOptions } from './types.ts'

export interface GuardedAnswer {
  readonly guarded: GuardedStream<GuardedPart>
  readonly writer: AnswerWriter
  readonly options: GuardOptions
  readonly signal: AbortSignal | undefined
}

type Controller = ReadableStreamDefaultController<AnyStreamPart>

/** Resolves when the first part is there. Rejects when there will be none. */
export async function guardedStream(answer: GuardedAnswer): Promise<ReadableStream<AnyStreamPart>> {
  const { guarded, writer } = answer
  const iterator = guarded[Symbol.asyncIterator]()
  let first: IteratorResult<GuardedPart> | null = await iterator.next()
  if (first.done !== true && first.value.type === 'error') {
    const failure = failureOf(first.value, answer.signal)
    if (blockMessage(failure, answer.options) === null) throw failure.error
  }
  const next = async (): Promise<IteratorResult<GuardedPart>> => {
    const step = first ?? (await iterator.next())
    first = null
    return step
  }
  const pull = async (controller: Controller): Promise<void> => {
    for (let written = 0; written === 0;) {
      const step = await next()
      if (step.done === true) {
        end(controller, writer.finish(await decided(guarded)))
        return
      }
      if (step.value.type === 'error') {
        stop(controller, step.value, answer)
        return
      }
      const parts = writer.write(step.value)
      for (const part of parts) controller.enqueue(part)
      written = parts.length
    }
  }
  const cancel = async (): Promise<void> => {
    await iterator.return?.()
  }
  return new ReadableStream<AnyStreamPart>({ pull, cancel }, { highWaterMark: 0 })
}

function end(controller: Controller, parts: readonly AnyStreamPart[]): void {
  for (const part of parts) controller.enqueue(part)
  controller.close()
}

function stop(controller: Controller, part: StreamErrorPart, { writer, options, signal }: GuardedAnswer): void {
  const failure = failureOf(part, signal)
  if (failure.broken) {
    controller.error(failure.error)
    return
  }
  const message = blockMessage(failure, options)
  const words: readonly AnyStreamPart[] =
    message === null ? [{ type: 'error', error: failure.error }] : writer.say(message)
  const reason = failure.blocked ? 'content-filter' : 'error'
  end(controller, [...writer.stop(), ...words, ownFinish(writer.version, reason, decisionMetadata(failure.result))])
}
