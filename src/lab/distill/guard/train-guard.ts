/**
 * Trains a guard in place: supervised on examples (ThinkGuard's turns, GuardReasoner's R-SFT), or on hard pairs by hard-sample DPO. Seeded,
 * bit-equal at one thread, resumable by the checkpoint it is given.
 */
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { alignDecoder } from '../../align/index.ts'
import type { HardDpoOptions, PreferencePair } from '../../align/index.ts'
import { requireTrainingMemory } from '../../checkpoints/training-memory.ts'
import { stepsOf, trainDecoder } from '../../train/decoder/index.ts'
import type { StepProgress } from '../../train/step-loop.ts'
import { guardReasonerPrompt, rawChats } from '../examples/guard-reasoner.ts'
import { type TrainingExample, encodeExample } from '../examples/training-example.ts'
import type { Reduction } from '../examples/turn-weights.ts'
import type { WeightedHardSample } from '../mining/hard-samples.ts'
import type { GuardedRow } from '../rows/guarded-row.ts'
import type { Guard } from './small-guard.ts'

export interface TrainingCall {
  readonly runtime: OnnxRuntime
  readonly seed: number
  readonly learningRate: number
  /** Passes over the examples; parts of one are possible. */
  readonly passes: number
  readonly threads?: number
  readonly checkpoint?: { readonly path: string; readonly every: number; readonly resume: boolean }
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StepProgress) => void
}

export interface Trained {
  readonly history: readonly StepProgress[]
  readonly examples: number
  /** Examples that were too long. */
  readonly leftOut: number
  /** Tokens of all examples learnt from, in one pass. */
  readonly tokens: number
}

/** Throws `input_invalid` where no example fits, or the numbers of training do not fit into memory. */
export async function trainGuard(
  guard: Guard,
  examples: readonly TrainingExample[],
  options: TrainingCall & { readonly reduction: Reduction; readonly tokensPerStep?: number },
): Promise<Trained> {
  const { config, parameters, tokenizer } = guard
  requireTrainingMemory('the guard', config, 4)
  const { reduction, passes, tokensPerStep = 4_096, seed, ...call } = options
  const maxLength = config.maxLength
  const sequences = examples.flatMap((example) => encodeExample(example, { tokenizer, maxLength, reduction }) ?? [])
  if (sequences.length === 0)
    throw new ParapetError(
      'input_invalid',
      `Of ${examples.length} examples none fits into ${maxLength} tokens. Cut the texts shorter.`,
    )
  const plan = { sequences, tokensPerStep, seed }
  const { history } = await trainDecoder({
    ...{ ...call, ...plan, config, parameters, progressEvery: 10 },
    steps: stepsOf(plan, passes),
  })
  return {
    ...{ history, examples: sequences.length, leftOut: examples.length - sequences.length },
    tokens: sequences.reduce((sum, { ids }) => sum + ids.length, 0),
  }
}

/** Hard samples as preference pairs with their weights. Throws `input_invalid` for a sample whose row is not given. */
export function hardPairs(
  samples: readonly WeightedHardSample[],
  rows: readonly GuardedRow[],
): readonly PreferencePair[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return samples.map(({ id, chosen, rejected, weight }) => {
    const row = byId.get(id)
    if (row === undefined)
      throw new ParapetError('input_invalid', `There is no row ${id} that a hard sample was mined from.`)
    return { prompt: [{ role: 'user', content: guardReasonerPrompt(row) }], chosen, rejected, weight }
  })
}

/** The reference is the guard as it is handed in. */
export async function alignGuard(
  guard: Guard,
  pairs: readonly PreferencePair[],
  options: TrainingCall & { readonly loss?: HardDpoOptions; readonly batch?: number },
): Promise<Trained> {
  const { config, parameters } = guard
  requireTrainingMemory('the guard', config, 4)
  const { loss = {}, batch = 8, passes, ...call } = options
  const tokenizer = rawChats(guard.tokenizer)
  const { history, examples, leftOut } = await alignDecoder({
    ...{ ...call, config, parameters, tokenizer, batch, steps: { passes }, progressEvery: 5 },
    ...{ data: { pairs }, loss: { kind: 'hard-dpo', ...loss } },
  })
  return { history, examples, leftOut, tokens: 0 }
}
