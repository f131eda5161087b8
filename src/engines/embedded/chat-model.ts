/**
 * A small chat model as an engine, decoded in TypeScript. Answers are worked out one after another, in the order they were asked for,
 * so that many requests at once cost the memory of one; between two tokens everything else in the process gets its turn.
 *
 * It does what a model of a few million parameters can. Larger ones belong behind a model server.
 */
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { GenerateOptions, GenerationPart, LanguageModelEngine, Message } from '../../spec/index.ts'
import { readChatModel } from '../../nn/checkpoint/chat-model-file.ts'
import { type LogitsSource, generate } from '../../nn/decoder/generate.ts'
import { PlainDecoder, dequantiseDecoder } from '../../nn/decoder/plain-decoder.ts'
import { damagedModelFile } from '../../nn/model-file.ts'
import { createRandom } from '../../nn/random.ts'
import { streamDecoder } from '../../nn/tokenizer/stream-decoder.ts'
import { type TextTokenizer, loadTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { chatPrompt } from './chat-prompt.ts'
import { produceAhead } from './produce-ahead.ts'
import { stopTexts } from './stop-texts.ts'

/** Tokens of the context kept free for an answer, at most half of it. A conversation that is shorter leaves more. */
const ANSWER_ROOM = 70
/** Tokens of a prompt read before others get their turn. */
const READ_AT_ONCE = 16

interface ChatModel {
  readonly decoder: PlainDecoder
  readonly tokenizer: TextTokenizer
  /** Tokens that end an answer: those of the model, and every other control token, which has no place in one. */
  readonly stopTokens: readonly number[]
  /** 0 for tokens that the tokenizer does not know; undefined where it knows all. */
  readonly known: Uint8Array | undefined
}

/** An engine from the bytes of a file that `writeChatModel` wrote. Rejects with `engine_unavailable` when they are none. */
export async function createChatModel(bytes: Uint8Array, name = 'chat model'): Promise<LanguageModelEngine> {
  const { id, config, parameters, tokenizer: files } = readChatModel(bytes, name)
  const tokenizer = await loadTokenizer(files).catch((cause: unknown) => {
    throw damagedModelFile(name, 'its tokenizer cannot be read', cause)
  })
  if (tokenizer.vocabularySize > config.vocabularySize)
    throw damagedModelFile(name, 'its tokenizer has more tokens than the model')
  const model: ChatModel = {
    // What is small on the disk is slower in JavaScript: float32 numbers read prompts a fifth faster than int8.
    decoder: new PlainDecoder(config, dequantiseDecoder(parameters)),
    tokenizer,
    stopTokens: [...new Set([...(config.endTokens ?? []), ...tokenizer.controlTokens])],
    known:
      tokenizer.vocabularySize === config.vocabularySize
        ? undefined
        : new Uint8Array(config.vocabularySize).fill(1, 0, tokenizer.vocabularySize),
  }
  let line: Promise<void> = Promise.resolve()
  return {
    specVersion: 'v1',
    kind: 'language-model',
    id,
    generate: (messages, options) =>
      produceAhead<GenerationPart>((give, signal) => {
        const mine = line.then(() => answer(model, messages, { ...options, signal }, give))
        line = mine.catch(() => undefined)
        return mine
      }, options.signal),
  }
}

/** Gives the parts of an answer; ends early, without an end, when the signal fires. */
async function answer(
  { decoder, tokenizer, stopTokens, known }: ChatModel,
  messages: readonly Message[],
  options: GenerateOptions & { readonly signal: AbortSignal },
  give: (part: GenerationPart) => void,
): Promise<void> {
  const { temperature, topP, seed, signal } = options
  if (signal.aborted) return
  const { maxLength } = decoder.config
  const kept = Math.min(options.maxTokens, ANSWER_ROOM, Math.floor(maxLength / 2))
  const prompt = chatPrompt(tokenizer, messages, maxLength - kept)
  const parts = generate(politeSource(decoder), prompt, {
    maxTokens: Math.min(options.maxTokens, maxLength - prompt.length),
    ...{ stopTokens, signal },
    sampling: { temperature, ...(topP === undefined ? {} : { topP }), random: createRandom(seed) },
    ...(known === undefined ? {} : { allowed: () => known }),
  })
  const texts = streamDecoder(tokenizer)
  const stops = stopTexts(options.stop ?? [])
  const say = (text: string): void => {
    if (text !== '') give({ type: 'text', text })
  }
  let completionTokens = 0
  const end = (reason: 'stop' | 'length'): void =>
    give({ type: 'end', reason, usage: { promptTokens: prompt.length, completionTokens } })
  for await (const part of parts) {
    if (part.type === 'token') {
      completionTokens += 1
      say(stops.push(texts.push(part.id)))
      if (stops.stopped) return end('stop')
    } else if (part.reason !== 'aborted') {
      say(stops.push(texts.end()))
      say(stops.end())
      end(stops.stopped ? 'stop' : part.reason)
    }
  }
}

/** Logits over a cache of its own, giving others their turn before each token and each piece of the prompt. */
function politeSource(decoder: PlainDecoder): LogitsSource {
  const cache = decoder.start()
  return {
    async prefill(ids) {
      for (let from = 0; ; from += READ_AT_ONCE) {
        await othersTurn()
        const logits = decoder.prefill(cache, ids.slice(from, from + READ_AT_ONCE))
        if (from + READ_AT_ONCE >= ids.length) return logits
      }
    },
    async step(id) {
      await othersTurn()
      return decoder.step(cache, id)
    },
  }
}
