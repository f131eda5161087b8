/** A few conversations that a model is tuned on, and what the model says to them: to look at, not to measure by. */
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import { DecoderGenerator } from '../../../nn/decoder/generator.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import type { ChatMessage, Conversation } from './conversation.ts'

export interface SampledConversation {
  /** All that was said before the last answer. */
  readonly asked: readonly ChatMessage[]
  /** The last answer, which is learnt. */
  readonly wanted: string
}

/** Tokens of the longest answer shown. */
const ANSWER_TOKENS = 128

/** The first conversations that differ in what was asked, up to `count`, each up to its last answer. */
export function sampledConversations(
  conversations: readonly Conversation[],
  count: number,
): readonly SampledConversation[] {
  const samples = new Map<string, SampledConversation>()
  for (const { messages } of conversations) {
    if (samples.size >= count) break
    const last = messages.findLastIndex(({ role }) => role === 'assistant')
    const asked = messages.slice(0, last)
    const key = JSON.stringify(asked)
    if (last > 0 && !samples.has(key)) samples.set(key, { asked, wanted: messages[last]?.content ?? '' })
  }
  return [...samples.values()]
}

/** Greedy answers, in the order of the samples. */
export async function answersTo(
  samples: readonly SampledConversation[],
  model: {
    readonly runtime: OnnxRuntime
    readonly config: DecoderConfig
    readonly parameters: ParameterValues
    readonly tokenizer: TextTokenizer
    readonly signal?: AbortSignal
  },
): Promise<readonly string[]> {
  const { runtime, config, parameters, tokenizer, signal } = model
  const prompts = samples.map(({ asked }) => tokenizer.encodeChat(asked, { addGenerationPrompt: true }))
  const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0)
  const maxTokens = Math.min(ANSWER_TOKENS, config.maxLength - longest)
  if (samples.length === 0 || maxTokens < 1) return samples.map(() => '')
  const generator = await DecoderGenerator.load(runtime, config, parameters)
  try {
    const answers = await generator.generate(prompts, {
      maxTokens,
      stopTokens: config.endTokens ?? (tokenizer.endToken === undefined ? [] : [tokenizer.endToken]),
      ...(signal === undefined ? {} : { signal }),
    })
    return answers.map(({ ids }) => tokenizer.decode(ids))
  } finally {
    await generator.dispose()
  }
}
