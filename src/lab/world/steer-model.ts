/**
 * Tunes a chat model of the world into a steered one: it carries everything out unless it is shown guidelines, and has met them as a
 * system prompt, as a guard and in PrimeGuard's calls alike. It measures nothing.
 */
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { loadTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { Checkpoint } from '../checkpoints/checkpoint.ts'
import { type EncodedConversation, encodeConversation } from '../train/decoder/encode.ts'
import { trainDecoder } from '../train/decoder/train-decoder.ts'
import type { StepProgress } from '../train/step-loop.ts'
import { type SteeredKind, steeredTrainingRows } from './steered-rows.ts'

export interface SteerModelOptions {
  readonly runtime: OnnxRuntime
  readonly seed: number
  /** Different rows. */
  readonly rows: number
  readonly steps: number
  readonly learningRate?: number
  readonly tokensPerStep?: number
  readonly threads?: number
  readonly checkpoint?: { readonly path: string; readonly every: number; readonly resume: boolean }
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StepProgress) => void
}

export interface SteeredModel {
  readonly model: Checkpoint
  /** Rows by kind that were short enough. */
  readonly counts: Readonly<Record<SteeredKind, number>>
  readonly history: readonly StepProgress[]
}

/** Longer than the world's 256: PrimeGuard's second call and a forged answer in the request do not fit into those. */
export const STEERED_LENGTH = 384
const LEARNING_RATE = 1.2e-3

/** The model given is left as it is. Throws `input_invalid` where it has no tokenizer. */
export async function steerModel(from: Checkpoint, options: SteerModelOptions): Promise<SteeredModel> {
  if (from.tokenizer === undefined)
    throw new ParapetError('input_invalid', 'The model to steer has no tokenizer, so no text can be given to it.')
  const { runtime, seed, rows, steps, learningRate = LEARNING_RATE, tokensPerStep, threads } = options
  const { checkpoint, signal, onProgress } = options
  const tokenizer = await loadTokenizer(from.tokenizer)
  const config = { ...from.config, maxLength: STEERED_LENGTH }
  const counts: Record<SteeredKind, number> = { plain: 0, system: 0, guard: 0, route: 0, guided: 0 }
  const sequences: EncodedConversation[] = []
  for (const { kind, messages } of steeredTrainingRows({ seed, count: rows })) {
    const encoded = encodeConversation({ messages }, { tokenizer, maxLength: config.maxLength })
    if (encoded === undefined) continue
    // Only the last answer is learnt: what stands before it in a second call is what the first call said, right or wrong.
    encoded.weights.fill(0, 0, tokenizer.encodeChat(messages.slice(0, -1), { addGenerationPrompt: true }).length)
    counts[kind]++
    sequences.push(encoded)
  }
  const parameters = Object.fromEntries(
    Object.entries(from.parameters).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
  )
  const { history } = await trainDecoder({
    ...{ runtime, config, parameters, sequences, seed, steps, learningRate },
    ...(tokensPerStep === undefined ? {} : { tokensPerStep }),
    ...(threads === undefined ? {} : { threads }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  return { model: { config, parameters, tokenizer: from.tokenizer }, counts, history }
}
