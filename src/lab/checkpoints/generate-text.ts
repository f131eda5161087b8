/** A checkpoint answers: a folder, a conversation, a text. For looking at a model, not for serving one. */
import { DecoderGenerator } from '../../nn/decoder/generator.ts'
import { loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { type ChatMessage } from '../../nn/tokenizer/chat-template.ts'
import { loadTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../spec/errors.ts'
import { readAdaptedCheckpoint } from './adapted-checkpoint.ts'

export interface GenerateTextOptions {
  /** A Hugging Face folder with a tokenizer. */
  readonly folder: string
  /** A PEFT folder of an adapter to merge into it. */
  readonly adapter?: string
  readonly messages: readonly ChatMessage[]
  readonly maxTokens: number
  /** 0 is greedy. */
  readonly temperature: number
  readonly topP?: number
  readonly seed: number
  /** Answers wanted; the first is seeded by `seed`, the others by what follows. */
  readonly count: number
  readonly signal?: AbortSignal
}

export async function generateText(options: GenerateTextOptions): Promise<readonly string[]> {
  const { folder, adapter, messages, maxTokens, temperature, topP, seed, count, signal } = options
  const { config, parameters, tokenizer: files } = await readAdaptedCheckpoint(folder, adapter)
  if (files === undefined)
    throw new ParapetError('input_invalid', `${folder} has no tokenizer.json, so no text can be given to the model.`)
  const tokenizer = await loadTokenizer(files)
  const prompt = tokenizer.encodeChat(messages, { addGenerationPrompt: true })
  const generator = await DecoderGenerator.load(await loadOnnxRuntime(), config, parameters)
  try {
    const room = config.maxLength - prompt.length
    const answers = await generator.generate(
      Array.from({ length: count }, () => prompt),
      {
        maxTokens: room > 0 ? Math.min(maxTokens, room) : maxTokens,
        ...{ sampling: { temperature, ...(topP === undefined ? {} : { topP }) }, seed },
        stopTokens: config.endTokens ?? (tokenizer.endToken === undefined ? [] : [tokenizer.endToken]),
        ...(signal === undefined ? {} : { signal }),
      },
    )
    return answers.map(({ ids }) => tokenizer.decode(ids))
  } finally {
    await generator.dispose()
  }
}
