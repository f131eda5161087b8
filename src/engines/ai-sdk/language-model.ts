/**
 * Any language model of the AI SDK's providers as a model that answers conversations and streams, for PrimeGuard's first call and for
 * `steerEngine`. Media and tool calls of a conversation are left out; whoever needs them guards the model itself (`parapet/ai-sdk`).
 */
import type {
  ChatMessage,
  CompletionOptions,
  GenerateOptions,
  GenerationPart,
  LanguageModelEngine,
  Message,
} from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { callAborted, engineFailure } from '../calls/failure.ts'
import { timedCall } from '../calls/timed-call.ts'
import { stopTexts } from '../embedded/stop-texts.ts'
import { isRecord } from '../openai-compatible/wire.ts'
import { finished, messageOf } from './call-options.ts'
import type { AiSdkCall } from './model.ts'
import type { AiSdkOptions } from './options.ts'
import { engineSettings } from './options.ts'
import { providerFailure } from './provider-failure.ts'
import { finishOf, malformed, usageOf } from './read-answer.ts'

/**
 * Creates the model; nothing is asked yet. Its `generate` rejects as an engine's `complete` does, and with `input_invalid` for no messages.
 *
 * @throws ParapetError `configuration`
 */
export function createAiSdkLanguageModel(options: AiSdkOptions): LanguageModelEngine {
  const { model, timeout } = engineSettings(options)
  return {
    specVersion: 'v1',
    kind: 'language-model',
    id: `${model.modelId} at ${model.provider}`,
    async *generate(messages, asked) {
      if (messages.length === 0) throw new ParapetError('input_invalid', 'There is no message to answer.')
      if (asked.signal?.aborted === true) throw callAborted()
      const controller = new AbortController()
      const call = { ...callFor(messages, asked, options), abortSignal: controller.signal }
      const begin = async (): Promise<ReadableStream<unknown>> => {
        const { stream } = await model.doStream(call)
        // It came when nobody waited for it any more.
        if (controller.signal.aborted) stream.cancel().catch(() => undefined)
        return stream
      }
      let reader: ReadableStreamDefaultReader<unknown> | undefined
      try {
        const source = (reader = (await inTime(begin, timeout, asked)).getReader())
        yield* untilStop(
          answerOf(() => inTime(() => source.read(), timeout, asked)),
          asked.stop ?? [],
        )
      } catch (thrown) {
        throw providerFailure(thrown)
      } finally {
        // Ends a call that nobody reads any more. Nothing happens where it was read to its end.
        controller.abort()
        reader?.cancel().catch(() => undefined)
      }
    },
  }
}

function callFor(
  messages: readonly Message[],
  { maxTokens, temperature, topP, seed, stop }: GenerateOptions,
  options: AiSdkOptions,
): Omit<AiSdkCall, 'abortSignal'> {
  return finished(
    {
      ...{ prompt: messages.map((message) => messageOf(ROLES[message.role], wordsOf(message))) },
      ...{ maxOutputTokens: maxTokens, temperature, seed },
      ...(topP === undefined ? {} : { topP }),
      ...(stop === undefined || stop.length === 0 ? {} : { stopSequences: [...stop] }),
    },
    options,
  )
}

async function* answerOf(
  next: () => Promise<{ readonly done: boolean; readonly value?: unknown }>,
): AsyncGenerator<GenerationPart> {
  for (;;) {
    const { done, value: part } = await next()
    if (done) throw engineFailure('broken_off', 'The stream of the model ended before the answer was whole.')
    if (!isRecord(part)) throw malformed('a part of its stream is no object')
    if (part['type'] === 'error') throw providerFailure(part['error'])
    if (part['type'] === 'tool-call') throw malformed('it calls a tool')
    if (part['type'] === 'text-delta') {
      if (typeof part['delta'] !== 'string') throw malformed('a text in its stream is none')
      if (part['delta'] !== '') yield { type: 'text', text: part['delta'] }
    }
    if (part['type'] === 'finish') {
      const [finish, usage] = [finishOf(part['finishReason']), usageOf(part['usage'], part['providerMetadata'])]
      if (finish === 'filtered')
        throw engineFailure('rejected', "The provider's content filter stopped the answer before its end.")
      yield { type: 'end', reason: finish, ...(usage === null ? {} : { usage }) }
      return
    }
  }
}

/** Not every provider knows stop texts. Tokens are not counted where an answer was ended here. */
async function* untilStop(
  parts: AsyncIterable<GenerationPart>,
  stops: readonly string[],
): AsyncGenerator<GenerationPart> {
  const seen = stopTexts(stops)
  for await (const part of parts) {
    const text = part.type === 'text' ? seen.push(part.text) : seen.end()
    if (text !== '') yield { type: 'text', text }
    if (part.type === 'end') yield part
    else if (seen.stopped) {
      yield { type: 'end', reason: 'stop' }
      return
    }
  }
}

/** What was waited for, or why it did not come. */
function inTime<Value>(wait: () => Promise<Value>, timeout: number, { signal }: CompletionOptions): Promise<Value> {
  const work = async (): Promise<Value> => {
    try {
      return await wait()
    } catch (thrown) {
      throw providerFailure(thrown)
    }
  }
  return timedCall(work, timeout, signal)
}

const ROLES: Readonly<Record<Message['role'], ChatMessage['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'user',
}

function wordsOf({ content }: Message): string {
  if (typeof content === 'string') return content
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}
