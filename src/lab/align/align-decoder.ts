/**
 * Alignment of a decoder on preference data by any loss of the registry: whole or by an adapter, seeded, bit-equal at one thread,
 * resumable on the same course. It writes nothing but its checkpoint and samples nothing; data are made elsewhere.
 *
 * The reference of the losses that need one is the model as it was handed in, or one that is named. It is asked about every response once,
 * before the first step; KTO's mismatched responses are drawn anew for each pass and asked about when their pass begins.
 */
import { createHash } from 'node:crypto'
import type { LoraAdapter } from '../../nn/checkpoint/adapter.ts'
import type { DecoderConfig } from '../../nn/decoder/config.ts'
import { type LoraOptions, adapterParameters, initialAdapter } from '../../nn/decoder/lora.ts'
import { cosineSchedule } from '../../nn/optim/schedules.ts'
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import type { ParameterRule } from '../../nn/runtime/trained-parameters.ts'
import { type BatchResult, TrainingSession } from '../../nn/runtime/training-session.ts'
import type { ParameterValues } from '../../nn/tensor/parameters.ts'
import type { TextTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { type StepProgress, runSteps } from '../train/step-loop.ts'
import { type AlignmentData, encodeExamples } from './alignment-examples.ts'
import { AlignmentPasses } from './alignment-passes.ts'
import { positions } from './alignment-plan.ts'
import { copyOf } from './copy-parameters.ts'
import { type PreferenceSettings, type SettledPreferenceLoss, preferenceLoss } from './preference-loss.ts'
import { responsesOf } from './response-scorer.ts'
import { type ResponseBucket, type ResponseTokens, requireKnownTokens } from './sequence-log-probabilities.ts'

export interface AlignDecoderOptions {
  readonly runtime: OnnxRuntime
  readonly config: DecoderConfig
  /** Changed in place, unless an adapter is trained. */
  readonly parameters: ParameterValues
  /** Reference of the losses that need one, of the same shapes; `parameters` as they were handed in if absent. */
  readonly reference?: ParameterValues
  readonly tokenizer: TextTokenizer
  /** Losses of pairs need pairs. KTO takes pairs too, as two turns each; SFT takes the better or the good responses. */
  readonly data: AlignmentData
  readonly loss: PreferenceSettings
  /** Steps of the whole run, or passes over the data. */
  readonly steps: number | { readonly passes: number }
  /** Examples of a step: pairs or turns. KTO needs at least 2. */
  readonly batch: number
  /** Highest learning rate. It rises over the first steps and falls to a tenth along a cosine. */
  readonly learningRate: number
  /** Steps of the rise; a tenth of all, at most 50, if absent. */
  readonly warmUpSteps?: number
  /** λ of weights; norms and biases have none. 0 if absent: the losses have a pull of their own. */
  readonly weightDecay?: number
  /** Longest row, in tokens; longer ones are left out. That of the model if absent. */
  readonly maxLength?: number
  /** Train an adapter of this form and leave the parameters as they are. */
  readonly lora?: LoraOptions
  readonly rule?: (name: string, shape: readonly number[]) => ParameterRule
  readonly seed: number
  /** 1 if absent; more are faster, and not equal from run to run. */
  readonly threads?: number
  readonly checkpoint?: { readonly path: string; readonly every: number; readonly resume: boolean }
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StepProgress) => void
  /** 50 if absent. */
  readonly progressEvery?: number
  /** Sees what each step gave: the loss before the update, and the outputs of the loss. */
  readonly onStep?: (index: number, result: BatchResult) => void
}

export interface AlignedDecoder {
  /** Of an adapter, when one was trained. */
  readonly adapter?: LoraAdapter
  readonly history: readonly StepProgress[]
  /** Pairs or turns learnt from. */
  readonly examples: number
  /** Those that were too long. */
  readonly leftOut: number
}

/**
 * @throws ParapetError `configuration` for options or a loss that cannot be, `input_invalid` for data with nothing to learn from,
 * `aborted` when stopped; the session's error when a number is not finite, and then the last checkpoint stays.
 */
export async function alignDecoder(options: AlignDecoderOptions): Promise<AlignedDecoder> {
  const { runtime, config, parameters, lora, seed, threads, checkpoint, signal } = options
  const { onProgress, progressEvery, onStep } = options
  const loss = preferenceLoss(options.loss)
  const maxLength = Math.min(options.maxLength ?? config.maxLength, config.maxLength)
  const encoded = encodeExamples(loss, options.data, { tokenizer: options.tokenizer, maxLength })
  requireKnownTokens(encoded.rows, config.vocabularySize)
  const adapter = lora === undefined ? undefined : initialAdapter(config, lora, seed)
  const all = adapter === undefined ? parameters : { ...parameters, ...adapterParameters(adapter) }
  const run = checkpoint === undefined ? '' : fingerprint(options, all, encoded.rows)
  const passes = new AlignmentPasses({
    ...{ runtime, config, loss, encoded, batch: options.batch, maxLength, seed },
    // An adapter leaves the parameters as they are; else the reference needs numbers of its own.
    reference: options.reference ?? (lora === undefined && loss.needsReference ? copyOf(parameters) : parameters),
    ...(threads === undefined ? {} : { threads }),
  })
  const steps = typeof options.steps === 'number' ? options.steps : passes.stepsOf(options.steps.passes)
  const session = newSession(options, steps, loss, all, adapter)
  try {
    await passes.begin()
    const history = await runSteps<ResponseBucket>({
      ...{ session, steps },
      async step(index) {
        const batch = await passes.batch(index)
        const items = batch.rows.reduce((sum, row) => sum + positions(row), 0)
        return { bucket: batch.bucket, feeds: () => passes.feeds(batch), items }
      },
      ...(checkpoint === undefined ? {} : { checkpoint: { ...checkpoint, run } }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(progressEvery === undefined ? {} : { progressEvery }),
      ...(onStep === undefined ? {} : { onStep }),
    })
    const { examples, leftOut } = encoded
    return { history, examples: examples.rows.length, leftOut, ...(adapter === undefined ? {} : { adapter }) }
  } finally {
    await session.dispose()
    await passes.dispose()
  }
}

function newSession(
  options: AlignDecoderOptions,
  steps: number,
  loss: SettledPreferenceLoss,
  parameters: ParameterValues,
  adapter: LoraAdapter | undefined,
): TrainingSession<ResponseBucket> {
  const { runtime, config, threads = 1, rule, weightDecay = 0, learningRate } = options
  return new TrainingSession<ResponseBucket>({
    ...{ runtime, parameters, threads, clipNorm: 1 },
    rule(name, shape): ParameterRule {
      if (adapter !== undefined && !name.startsWith('lora.')) return { frozen: true }
      return { ...(shape.length === 1 ? { weightDecay: 0 } : {}), ...rule?.(name, shape) }
    },
    build: (graph, symbols, bucket) => loss.build(responsesOf(graph, symbols, bucket, config, adapter)),
    schedule: cosineSchedule({
      peak: learningRate,
      warmUpSteps: options.warmUpSteps ?? Math.min(50, Math.floor(steps / 10)),
      totalSteps: steps,
      floor: 0.1,
    }),
    optimizer: { beta2: 0.98, weightDecay },
  })
}

/** Digest of all that decides the course of a run; threads and folders do not. */
function fingerprint(
  options: AlignDecoderOptions,
  parameters: ParameterValues,
  rows: readonly ResponseTokens[],
): string {
  const { config, data, loss, steps, batch, learningRate, warmUpSteps, weightDecay, maxLength, lora, seed } = options
  const told = { config, loss, steps, batch, learningRate, warmUpSteps, weightDecay, maxLength, lora, seed }
  const hash = createHash('sha256').update(JSON.stringify(told))
  for (const row of 'pairs' in data ? data.pairs : data.turns) hash.update(JSON.stringify(row))
  // What another tokenizer or template makes of the same data is another course.
  for (const row of rows) hash.update(JSON.stringify(row))
  for (const [name, { data: numbers }] of [...Object.entries(parameters), ...Object.entries(options.reference ?? {})])
    hash.update(name).update(numbers)
  return hash.digest('hex')
}
