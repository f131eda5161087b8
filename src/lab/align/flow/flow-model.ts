/**
 * The small bot of the flow experiment: its tokenizer and shape, how it learns to take part in flows at all, and how it answers. What it
 * is then taught on logs or preferences is `flow-regimes.ts`.
 */
import { type DecoderConfig, initialDecoder } from '../../../nn/decoder/config.ts'
import { type GeneratedTokens, DecoderGenerator } from '../../../nn/decoder/generator.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { trainBytePairs } from '../../../nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../../nn/tokenizer/chat-template.ts'
import { type TextTokenizer, loadTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import type { CheckpointTokenizer } from '../../checkpoints/checkpoint.ts'
import { encodeConversation } from '../../train/decoder/encode.ts'
import { trainDecoder } from '../../train/decoder/train-decoder.ts'
import type { StepProgress } from '../../train/step-loop.ts'
import type { WorldMessage } from '../../world/types.ts'
import { copyOf } from '../copy-parameters.ts'
import type { LabelledTurn } from '../pairs.ts'

export interface FlowModel {
  readonly config: DecoderConfig
  readonly tokenizer: TextTokenizer
  readonly files: CheckpointTokenizer
}

/** Narrow and three layers deep: a turn needs the last step found in the guideline, and what stands behind it. */
export const FLOW_SHAPE: Omit<DecoderConfig, 'vocabularySize'> = {
  ...{ architecture: 'llama', width: 64, layers: 3, heads: 4, keyValueHeads: 4, headWidth: 16, feedForward: 160 },
  ...{ maxLength: 256, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
}

/** Of fresh parameters: a little below what their width would give. */
export const FLOW_DEVIATION = 0.08

/** Longest turn that is sampled; right ones take about twenty tokens. */
export const TURN_TOKENS = 40

/** A tokenizer of the text of the given turns, and the shape of the model. */
export async function flowModel(
  turns: readonly LabelledTurn[],
  { vocabularySize, shape }: { readonly vocabularySize: number; readonly shape?: Partial<DecoderConfig> },
): Promise<FlowModel> {
  const [begin, end] = CHATML_TOKENS
  const texts = turns.flatMap(({ prompt, response }) => [...prompt.map(({ content }) => String(content)), response])
  const files = trainBytePairs(texts, {
    ...{ vocabularySize, specialTokens: [begin, end], endToken: end, padToken: end },
    ...{ chatTemplate: CHATML_TEMPLATE, maxLength: FLOW_SHAPE.maxLength },
  })
  const tokenizer = await loadTokenizer(files)
  const { endToken, padToken } = tokenizer
  const config: DecoderConfig = {
    ...{ ...FLOW_SHAPE, ...shape, vocabularySize: tokenizer.vocabularySize },
    ...(endToken === undefined ? {} : { endTokens: [endToken] }),
    ...(padToken === undefined ? {} : { padToken }),
  }
  return { config, tokenizer, files }
}

export interface PretrainOptions {
  readonly runtime: OnnxRuntime
  readonly model: FlowModel
  readonly turns: readonly LabelledTurn[]
  /** Changed in place; fresh numbers if absent. */
  readonly from?: ParameterValues
  readonly steps: number
  readonly tokensPerStep: number
  readonly learningRate: number
  readonly seed: number
  readonly threads?: number
  readonly checkpoint?: { readonly path: string; readonly every: number; readonly resume: boolean }
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StepProgress) => void
}

/** Teaches every turn of the bot in whole conversations. */
export async function pretrain(
  options: PretrainOptions,
): Promise<{ readonly parameters: ParameterValues; readonly history: readonly StepProgress[] }> {
  const { model, turns, from, ...rest } = options
  const { config, tokenizer } = model
  const sequences = turns.flatMap(({ prompt, response }) => {
    const messages = [...(prompt as readonly WorldMessage[]), { role: 'assistant', content: response } as const]
    return encodeConversation({ messages }, { tokenizer, maxLength: config.maxLength }) ?? []
  })
  const parameters = from ?? initialDecoder(config, options.seed, { deviation: FLOW_DEVIATION })
  const { history } = await trainDecoder({ ...rest, config, parameters, sequences })
  return { parameters, history }
}

export interface AnswerOptions {
  readonly runtime: OnnxRuntime
  readonly model: FlowModel
  readonly parameters: ParameterValues
  /** 0 is greedy. */
  readonly temperature: number
  readonly seed: number
  readonly threads?: number
  readonly signal?: AbortSignal
}

export interface FlowAnswer {
  readonly prompt: readonly number[]
  /** With the token that ended it, if one did. */
  readonly response: readonly number[]
  readonly text: string
}

/** Answers prompts until `use` is done; the parameters are copied first. */
export async function withAnswers<Result>(
  { runtime, model, parameters, temperature, seed, threads = 1, signal }: AnswerOptions,
  use: (answer: (prompts: readonly (readonly WorldMessage[])[]) => Promise<readonly FlowAnswer[]>) => Promise<Result>,
): Promise<Result> {
  const { config, tokenizer } = model
  const generator = await DecoderGenerator.load(runtime, config, copyOf(parameters), { threads })
  const room = config.maxLength - TURN_TOKENS
  try {
    return await use(async (conversations) => {
      // A conversation of overlong turns is answered from its end; it is mostly lost by then.
      const prompts = conversations.map((messages) =>
        tokenizer.encodeChat(messages, { addGenerationPrompt: true }).slice(-room),
      )
      const answers = await generator.generate(prompts, {
        ...{ maxTokens: TURN_TOKENS, sampling: { temperature }, seed },
        ...(signal === undefined ? {} : { signal }),
      })
      return answers.map((answer, at) => ({
        prompt: prompts[at] ?? [],
        response: responseOf(answer, tokenizer.endToken),
        text: tokenizer.decode(answer.ids),
      }))
    })
  } finally {
    await generator.dispose()
  }
}

function responseOf({ ids, end }: GeneratedTokens, endToken: number | undefined): readonly number[] {
  return end === 'stop' && endToken !== undefined ? [...ids, endToken] : ids
}
