/**
 * A language model engine as a target. A conversation that does not fit the model's context is a failure, not an answer: engines with a
 * short context read the end of it, and what was then measured would be another attack.
 */
import { failureReason } from '../../../../engines/calls/index.ts'
import type { LanguageModelEngine, Message } from '../../../../spec/index.ts'
import { ParapetError } from '../../../../spec/index.ts'
import { type AskOptions, type Cost, estimatedTokens, type Reply, type Target, textOf } from './target.ts'

export interface EngineTargetOptions {
  readonly engine: LanguageModelEngine
  /** Whether a conversation fits with its answer. Default: all do. */
  readonly fits?: (messages: readonly Message[], maxTokens: number) => boolean
  /** Milliseconds for an answer. Default: none, since what this process works out itself comes when its turn comes. */
  readonly timeout?: number
}

/** Errors after which asking again makes no sense. */
const FATAL: ReadonlySet<string> = new Set(['configuration', 'engine_unavailable', 'aborted', 'unauthorized'])
const FATAL_REASONS: ReadonlySet<string> = new Set(['unauthorized', 'not_found', 'redirected'])

export function engineTarget({ engine, fits = () => true, timeout }: EngineTargetOptions): Target {
  return {
    id: engine.id,
    async ask(messages, options) {
      if (!fits(messages, options.maxTokens))
        return { outcome: 'failed', reason: 'too_long', calls: 0, promptTokens: 0, answerTokens: 0 }
      const late = timeout === undefined ? new AbortController().signal : AbortSignal.timeout(timeout)
      const signal = options.signal === undefined ? late : AbortSignal.any([options.signal, late])
      try {
        return await answered(engine, messages, { ...options, signal })
      } catch (error) {
        return failed(error, messages, { run: options.signal, late })
      }
    },
  }
}

async function answered(
  engine: LanguageModelEngine,
  messages: readonly Message[],
  options: AskOptions & { readonly signal: AbortSignal },
): Promise<Reply> {
  let text = ''
  let ended = false
  let cost: Cost | null = null
  for await (const part of engine.generate(messages, options)) {
    if (part.type === 'text') text += part.text
    else {
      ended = true
      const { usage } = part
      if (usage !== undefined)
        cost = { calls: 1, promptTokens: usage.promptTokens, answerTokens: usage.completionTokens }
    }
  }
  // Engines that are aborted end without an end.
  if (!ended) throw new ParapetError('aborted', 'The answer was broken off.')
  return { outcome: 'answered', text, ...(cost ?? estimated(messages, text)) }
}

function failed(
  error: unknown,
  messages: readonly Message[],
  signals: { readonly run: AbortSignal | undefined; readonly late: AbortSignal },
): Reply {
  if (signals.run?.aborted === true) throw error
  const cost = estimated(messages, '')
  const reason = failureReason(error)
  if (signals.late.aborted || reason === 'timeout') return { outcome: 'timed_out', ...cost }
  if (!ParapetError.isInstance(error)) return { outcome: 'failed', reason: 'internal', ...cost }
  if (FATAL.has(error.code) || (reason !== null && FATAL_REASONS.has(reason))) throw error
  if (error.code === 'upstream_timeout') return { outcome: 'timed_out', ...cost }
  return { outcome: 'failed', reason: reason ?? error.code, ...cost }
}

export function estimated(messages: readonly Message[], text: string): Cost {
  const promptTokens = messages.reduce((sum, message) => sum + estimatedTokens(textOf(message)), 0)
  return { calls: 1, promptTokens, answerTokens: estimatedTokens(text) }
}
