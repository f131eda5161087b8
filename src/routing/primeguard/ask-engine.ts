/** One whole answer of an engine, under a deadline. An engine that ignores its signal is left waiting, not waited for. */
import type { Clock, CompletionUsage, GenerationPart, LanguageModelEngine, Message } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'

export interface AskOptions {
  readonly maxTokens: number
  /** Text after which no more is read, in UTF-16 units. */
  readonly longest: number
  /** Milliseconds. */
  readonly deadline: number
  readonly clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>
  readonly signal: AbortSignal | undefined
}

export interface EngineAnswer {
  readonly text: string
  /** Absent where the engine told none. */
  readonly usage?: CompletionUsage
}

/** Greedy. Rejects with `aborted`, with `upstream_timeout` at the deadline, and as the engine does. */
export async function askEngine(
  engine: LanguageModelEngine,
  messages: readonly Message[],
  { maxTokens, longest, deadline, clock, signal }: AskOptions,
): Promise<EngineAnswer> {
  const stop = new AbortController()
  const stopped = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error), { once: true })
  })
  stopped.catch(() => undefined)
  const leave = (): void => stop.abort(new ParapetError('aborted', 'The caller went away.'))
  if (signal?.aborted === true) leave()
  signal?.addEventListener('abort', leave, { once: true })
  const late = new ParapetError('upstream_timeout', `The request was not checked within ${deadline} ms.`)
  const timer = clock.setTimeout(() => stop.abort(late), deadline)
  let answer = ''
  let usage: Pick<EngineAnswer, 'usage'> = {}
  let iterator: AsyncIterator<GenerationPart> | undefined
  let read = false
  try {
    stop.signal.throwIfAborted()
    const parts = engine.generate(messages, { maxTokens, temperature: 0, seed: 0, signal: stop.signal })
    iterator = parts[Symbol.asyncIterator]()
    for (;;) {
      const { done, value } = await Promise.race([iterator.next(), stopped])
      if (done === true) {
        read = true
        return { text: answer, ...usage }
      }
      if (value.type === 'text') answer += value.text
      else if (value.usage !== undefined) usage = { usage: value.usage }
      if (answer.length > longest) {
        stop.abort()
        return { text: answer.slice(0, longest), ...usage }
      }
    }
  } catch (cause) {
    // Whatever an engine makes of its signal, the reason it fired is the reason.
    throw stop.signal.aborted ? stop.signal.reason : cause
  } finally {
    clock.clearTimeout(timer)
    // Not awaited: it waits for the piece that is under way.
    if (!read) iterator?.return?.().catch(() => undefined)
    signal?.removeEventListener('abort', leave)
  }
}
