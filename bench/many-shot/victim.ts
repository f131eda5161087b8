/**
 * The model that is attacked: trained from nothing on conversations of both modes, then aligned on short ones in which everything harmful
 * is refused. It takes a few minutes; nothing is written.
 */
import { type DecoderConfig, initialDecoder } from '../../src/nn/decoder/config.ts'
import { DecoderGenerator } from '../../src/nn/decoder/generator.ts'
import { loadOnnxRuntime, type OnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import { createRandom } from '../../src/nn/random.ts'
import { trainBytePairs } from '../../src/nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../src/nn/tokenizer/chat-template.ts'
import { loadTokenizer, type TextTokenizer } from '../../src/nn/tokenizer/tokenizer-json.ts'
import type { ParameterValues } from '../../src/nn/tensor/parameters.ts'
import { encodeConversation } from '../../src/lab/train/decoder/encode.ts'
import { trainDecoder } from '../../src/lab/train/decoder/train-decoder.ts'
import { modeConversation, type Turn } from './mode-world.ts'

export interface Victim {
  readonly parameters: number
  /** Greedy answers to conversations that end with a request. */
  readonly answer: (conversations: readonly (readonly Turn[])[]) => Promise<readonly string[]>
  readonly dispose: () => Promise<void>
}

export interface VictimOptions {
  readonly seed: number
  readonly baseSteps: number
  readonly alignedSteps: number
  /** Share of the alignment's conversations that are of both modes, as before it. With none, success jumps where they stop in length. */
  readonly modeShare: number
  readonly onProgress: (message: string) => void
}

const SHAPE: Omit<DecoderConfig, 'vocabularySize'> = {
  ...{ architecture: 'llama', width: 96, layers: 3, heads: 4, keyValueHeads: 4, headWidth: 24, feedForward: 256 },
  ...{ maxLength: 1024, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
}
const CONVERSATIONS = 4000
/** Attacks have up to 25: none is longer than what was seen before alignment. */
const LONGEST = 26
/** Alignment data are short; most have one turn. */
const ALIGNED_LENGTHS = [1, 1, 2, 3]

export async function trainVictim(
  options: VictimOptions,
): Promise<{ readonly base: Victim; readonly aligned: Victim }> {
  const { seed, baseSteps, alignedSteps, modeShare, onProgress } = options
  const runtime = await loadOnnxRuntime()
  const random = createRandom(seed)
  const either = (): readonly Turn[] =>
    modeConversation(1 + Math.floor(random() * LONGEST), random() < 0.5 ? 'complying' : 'refusing', random)
  const base = Array.from({ length: CONVERSATIONS }, either)
  const aligned = Array.from({ length: CONVERSATIONS }, () =>
    random() < modeShare
      ? either()
      : modeConversation(ALIGNED_LENGTHS[Math.floor(random() * ALIGNED_LENGTHS.length)] ?? 1, 'aligned', random),
  )
  const [begin, end] = CHATML_TOKENS
  const tokenizer = await loadTokenizer(
    trainBytePairs(
      base.flat().map(({ content }) => content),
      {
        ...{ vocabularySize: 512, specialTokens: [begin, end], endToken: end, padToken: end },
        ...{ chatTemplate: CHATML_TEMPLATE, maxLength: SHAPE.maxLength },
      },
    ),
  )
  const { endToken, padToken } = tokenizer
  const config: DecoderConfig = {
    ...{ ...SHAPE, vocabularySize: tokenizer.vocabularySize },
    ...(endToken === undefined ? {} : { endTokens: [endToken] }),
    ...(padToken === undefined ? {} : { padToken }),
  }
  const parameters = initialDecoder(config, seed)
  const train = async (name: string, conversations: readonly (readonly Turn[])[], steps: number, rate: number) => {
    const sequences = conversations.flatMap(
      (messages) => encodeConversation({ messages }, { tokenizer, maxLength: config.maxLength }) ?? [],
    )
    await trainDecoder({
      ...{ runtime, config, parameters, sequences, steps, seed, learningRate: rate, tokensPerStep: 2048 },
      onProgress: ({ step, loss }) => onProgress(`${name} ${step} of ${steps}: loss ${loss.toFixed(3)}`),
    })
    return victimOf(runtime, config, structuredClone(parameters), tokenizer)
  }
  return {
    base: await train('base', base, baseSteps, 3e-3),
    aligned: await train('aligned', aligned, alignedSteps, 5e-4),
  }
}

async function victimOf(
  runtime: OnnxRuntime,
  config: DecoderConfig,
  parameters: ParameterValues,
  tokenizer: TextTokenizer,
): Promise<Victim> {
  const generator = await DecoderGenerator.load(runtime, config, parameters)
  return {
    parameters: Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0),
    async answer(conversations) {
      const prompts = conversations.map((turns) => tokenizer.encodeChat(turns, { addGenerationPrompt: true }))
      const answers = await generator.generate(prompts, { maxTokens: 24, stopTokens: config.endTokens ?? [] })
      return answers.map(({ ids }) => tokenizer.decode(ids))
    },
    dispose: () => generator.dispose(),
  }
}
