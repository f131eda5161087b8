/**
 * Supervised training of a decoder on encoded conversations: from fresh parameters, from a checkpoint, or of an adapter beside frozen
 * weights. The same function serves pre-training (weights on every token) and tuning (weights on answers).
 *
 * Seeded, bit-equal at one thread, and resumable on the same course. It reads no text and writes nothing but its checkpoint.
 */
import { createHash } from 'node:crypto'
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import { type LoraOptions, adapterParameters, initialAdapter } from '../../../nn/decoder/lora.ts'
import type { LoraAdapter } from '../../../nn/checkpoint/adapter.ts'
import { cosineSchedule } from '../../../nn/optim/schedules.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterRule } from '../../../nn/runtime/trained-parameters.ts'
import { TrainingSession } from '../../../nn/runtime/training-session.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { type StepProgress, runSteps } from '../step-loop.ts'
import { type PlannedBatch, type TokenBucket, planPass } from './batches.ts'
import type { EncodedConversation } from './encode.ts'
import { learntTokens, nextTokenFeeds, nextTokenLoss } from './next-token-loss.ts'

export interface TrainDecoderOptions {
  readonly runtime: OnnxRuntime
  readonly config: DecoderConfig
  /** Changed in place, unless an adapter is trained. */
  readonly parameters: ParameterValues
  readonly sequences: readonly EncodedConversation[]
  /** Steps of the whole run. */
  readonly steps: number
  /** Tokens of one step, padding included; 2,048 if absent. */
  readonly tokensPerStep?: number
  /** Lengths that sequences are padded to; a few between 32 and the longest sequence if absent. */
  readonly bucketLengths?: readonly number[]
  /** Highest learning rate. It rises over the first steps and falls to a tenth along a cosine. */
  readonly learningRate: number
  /** Steps of the rise; a twentieth of all, at most 200, if absent. */
  readonly warmUpSteps?: number
  /** λ of weights; norms and biases have none. 0.01 if absent. */
  readonly weightDecay?: number
  /** Train an adapter of this form and leave the parameters as they are. */
  readonly lora?: LoraOptions
  /** More about how each parameter is trained: frozen ones, masks. */
  readonly rule?: (name: string, shape: readonly number[]) => ParameterRule
  readonly seed: number
  /** 1 if absent; more are faster, and not equal from run to run. */
  readonly threads?: number
  readonly checkpoint?: { readonly path: string; readonly every: number; readonly resume: boolean }
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StepProgress) => void
  /** 50 if absent. */
  readonly progressEvery?: number
}

export interface TrainedDecoder {
  /** Of an adapter, when one was trained. */
  readonly adapter?: LoraAdapter
  readonly history: readonly StepProgress[]
}

/** Steps of `passes` over the sequences, by which a run is usually measured. */
export function stepsOf(
  options: Pick<TrainDecoderOptions, 'sequences' | 'tokensPerStep' | 'bucketLengths' | 'seed'>,
  passes: number,
): number {
  return Math.max(1, Math.round(planOf(options, 0).length * passes))
}

export async function trainDecoder(options: TrainDecoderOptions): Promise<TrainedDecoder> {
  const { config, parameters, sequences, steps, checkpoint, signal, onProgress, progressEvery, lora, seed } = options
  checkSequences(config, sequences)
  const adapter = lora === undefined ? undefined : initialAdapter(config, lora, seed)
  const all = adapter === undefined ? parameters : { ...parameters, ...adapterParameters(adapter) }
  const session = newSession(options, all, adapter)
  const plans = planner(options)
  try {
    const history = await runSteps({
      ...{ session, steps },
      step(index) {
        const { bucket, rows } = plans(index)
        const items = rows.reduce((sum, row) => sum + (sequences[row]?.ids.length ?? 0), 0)
        const batch = (): readonly EncodedConversation[] => rows.map((row) => sequences[row] as EncodedConversation)
        return { bucket, feeds: () => nextTokenFeeds(batch(), bucket), items }
      },
      ...(checkpoint === undefined ? {} : { checkpoint: { ...checkpoint, run: fingerprint(options, all) } }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(progressEvery === undefined ? {} : { progressEvery }),
    })
    return { history, ...(adapter === undefined ? {} : { adapter }) }
  } finally {
    await session.dispose()
  }
}

function newSession(
  options: TrainDecoderOptions,
  parameters: ParameterValues,
  adapter: LoraAdapter | undefined,
): TrainingSession<TokenBucket> {
  const { runtime, config, steps, threads = 1, rule, weightDecay = 0.01 } = options
  return new TrainingSession<TokenBucket>({
    ...{ runtime, parameters, threads, clipNorm: 1 },
    rule(name, shape): ParameterRule {
      if (adapter !== undefined && !name.startsWith('lora.')) return { frozen: true }
      return { ...(shape.length === 1 ? { weightDecay: 0 } : {}), ...rule?.(name, shape) }
    },
    build: nextTokenLoss(config, adapter),
    schedule: cosineSchedule({
      peak: options.learningRate,
      warmUpSteps: options.warmUpSteps ?? Math.min(200, Math.floor(steps / 20)),
      totalSteps: steps,
      floor: 0.1,
    }),
    optimizer: { beta2: 0.98, weightDecay },
  })
}

const BUCKET_LENGTHS = [32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]

function planOf(
  {
    sequences,
    tokensPerStep = 2048,
    bucketLengths,
    seed,
  }: Pick<TrainDecoderOptions, 'sequences' | 'tokensPerStep' | 'bucketLengths' | 'seed'>,
  pass: number,
): readonly PlannedBatch[] {
  const lengths = sequences.map(({ ids }) => ids.length)
  // A list of hundreds of thousands is too long for the arguments of one call.
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1)
  const usual = [
    ...BUCKET_LENGTHS.filter((length) => length < longest),
    BUCKET_LENGTHS.find((length) => length >= longest) ?? longest,
  ]
  const learnt = sequences.map(learntTokens)
  return planPass({ ...{ lengths, learnt, tokensPerStep, seed }, bucketLengths: bucketLengths ?? usual }, pass)
}

/** The batch of each step; passes are planned when they begin. */
function planner(options: TrainDecoderOptions): (step: number) => PlannedBatch {
  let [pass, first] = [0, 0]
  let plan = planOf(options, pass)
  return (step) => {
    if (step < first) [pass, first, plan] = [0, 0, planOf(options, 0)]
    while (step >= first + plan.length) {
      first += plan.length
      plan = planOf(options, (pass += 1))
    }
    return plan[step - first] as PlannedBatch
  }
}

function checkSequences({ vocabularySize, maxLength }: DecoderConfig, sequences: readonly EncodedConversation[]): void {
  if (!sequences.some(({ weights }) => weights.some((weight) => weight > 0)))
    throw new ParapetError('input_invalid', 'There is nothing to learn from: no sequence has a token that counts.')
  for (const [row, { ids }] of sequences.entries()) {
    if (ids.length > maxLength)
      throw new ParapetError('input_invalid', `Sequence ${row} has ${ids.length} tokens, the model takes ${maxLength}.`)
    if (ids.some((id) => !(id >= 0 && id < vocabularySize)))
      throw new ParapetError(
        'input_invalid',
        `Sequence ${row} has a token outside the vocabulary of ${vocabularySize}.`,
      )
  }
}

/** Digest of all that decides the course of a run; threads and folders do not. */
function fingerprint(options: TrainDecoderOptions, parameters: ParameterValues): string {
  const { config, sequences, steps, tokensPerStep, bucketLengths, learningRate, warmUpSteps, weightDecay } = options
  const { seed, lora } = options
  const hash = createHash('sha256').update(
    JSON.stringify({ config, steps, tokensPerStep, bucketLengths, learningRate, warmUpSteps, weightDecay, seed, lora }),
  )
  for (const [name, { data }] of Object.entries(parameters)) hash.update(name).update(data)
  for (const { ids, weights } of sequences) hash.update(ids).update(weights)
  return hash.digest('hex')
}
