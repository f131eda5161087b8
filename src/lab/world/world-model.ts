/**
 * Trains the chat model of the world from nothing: a tokenizer on the world's text, a base model that complies with every request, then
 * the same model taught to refuse. Alignment is a second, shorter stage on purpose: what audits and attacks look for is how deep it sits.
 *
 * It measures nothing and writes only checkpoints; `evaluateWorld` measures.
 */
import { join } from 'node:path'
import { type DecoderConfig, initialDecoder } from '../../nn/decoder/config.ts'
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../nn/tensor/parameters.ts'
import { trainBytePairs } from '../../nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../nn/tokenizer/chat-template.ts'
import { type TextTokenizer, loadTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import type { Checkpoint } from '../checkpoints/checkpoint.ts'
import { type EncodedConversation, encodeConversation } from '../train/decoder/encode.ts'
import { trainDecoder } from '../train/decoder/train-decoder.ts'
import type { StepProgress } from '../train/step-loop.ts'
import { worldTrainingRows } from './rows.ts'
import type { WorldStage } from './types.ts'

export interface WorldModelOptions {
  readonly runtime: OnnxRuntime
  readonly seed: number
  /** Different rows of each stage. */
  readonly rows: number
  /** Steps of the stage in which everything is complied with, and of the one that teaches to refuse. */
  readonly baseSteps: number
  readonly alignedSteps: number
  readonly shape?: Partial<DecoderConfig>
  readonly vocabularySize?: number
  readonly tokensPerStep?: number
  readonly threads?: number
  /** Folder for checkpoints of both stages. */
  readonly checkpoints?: { readonly folder: string; readonly every: number; readonly resume: boolean }
  readonly signal?: AbortSignal
  readonly onProgress?: (stage: WorldStage, progress: StepProgress) => void
}

export interface WorldModel {
  /** Before and after alignment; both with the tokenizer. */
  readonly base: Checkpoint
  readonly aligned: Checkpoint
  readonly tokenizer: TextTokenizer
  readonly history: Readonly<Record<WorldStage, readonly StepProgress[]>>
}

/** About 1.7 million parameters with a vocabulary of 1,024. */
export const WORLD_SHAPE: Omit<DecoderConfig, 'vocabularySize'> = {
  ...{ architecture: 'llama', width: 160, layers: 5, heads: 4, keyValueHeads: 4, headWidth: 40, feedForward: 432 },
  ...{ maxLength: 256, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
}

const LEARNING_RATE: Readonly<Record<WorldStage, number>> = { base: 2.5e-3, aligned: 1.2e-3 }
/** What was said before an answer counts a little in the base stage: the grammar of the world is learnt with it. */
const PROMPT_WEIGHT: Readonly<Record<WorldStage, number>> = { base: 0.1, aligned: 0 }

export async function trainWorldModel(options: WorldModelOptions): Promise<WorldModel> {
  const { seed, shape } = options
  const trained = trainWorldTokenizer(options)
  const tokenizer = await loadTokenizer(trained)
  const config: DecoderConfig = {
    ...WORLD_SHAPE,
    ...shape,
    vocabularySize: tokenizer.vocabularySize,
    ...(tokenizer.endToken === undefined ? {} : { endTokens: [tokenizer.endToken] }),
    ...(tokenizer.padToken === undefined ? {} : { padToken: tokenizer.padToken }),
  }
  const parameters = initialDecoder(config, seed)
  const base = await stage('base', options, config, parameters, tokenizer)
  const before = copyOf(parameters)
  const aligned = await stage('aligned', options, config, parameters, tokenizer)
  const checkpoint = (values: ParameterValues): Checkpoint => ({ config, parameters: values, tokenizer: trained })
  return {
    ...{ base: checkpoint(before), aligned: checkpoint(parameters), tokenizer },
    history: { base, aligned },
  }
}

/** Byte pairs of the world's text, with the roles as tokens of their own. */
function trainWorldTokenizer({ seed, rows, vocabularySize = 1024 }: WorldModelOptions): {
  readonly json: unknown
  readonly config: unknown
} {
  function* texts(): Generator<string> {
    for (const { messages } of worldTrainingRows({ seed, count: Math.min(rows, 20_000), stage: 'aligned' }))
      for (const { content } of messages) yield content
  }
  const [begin, end] = CHATML_TOKENS
  return trainBytePairs(texts(), {
    ...{ vocabularySize, specialTokens: [begin, end], endToken: end, padToken: end },
    ...{ chatTemplate: CHATML_TEMPLATE, maxLength: WORLD_SHAPE.maxLength },
  })
}

async function stage(
  name: WorldStage,
  options: WorldModelOptions,
  config: DecoderConfig,
  parameters: ParameterValues,
  tokenizer: TextTokenizer,
): Promise<readonly StepProgress[]> {
  const { runtime, seed, rows, tokensPerStep, threads, checkpoints, signal, onProgress } = options
  const sequences: EncodedConversation[] = []
  // Another seed than the base stage's: the aligned stage shows new rows.
  for (const row of worldTrainingRows({ seed: name === 'base' ? seed : seed + 1, count: rows, stage: name })) {
    const encoded = encodeConversation(row, {
      tokenizer,
      maxLength: config.maxLength,
      promptWeight: PROMPT_WEIGHT[name],
    })
    if (encoded !== undefined) sequences.push(encoded)
  }
  const { history } = await trainDecoder({
    ...{ runtime, config, parameters, sequences, seed },
    steps: name === 'base' ? options.baseSteps : options.alignedSteps,
    learningRate: LEARNING_RATE[name],
    ...(tokensPerStep === undefined ? {} : { tokensPerStep }),
    ...(threads === undefined ? {} : { threads }),
    ...(checkpoints === undefined
      ? {}
      : { checkpoint: { ...checkpoints, path: join(checkpoints.folder, `${name}.checkpoint`) } }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress: (progress) => onProgress(name, progress) }),
  })
  return history
}

function copyOf(parameters: ParameterValues): ParameterValues {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
  )
}
