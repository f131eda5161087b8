/**
 * Supervised fine-tuning of a victim on conversations, whole or by an adapter: what an owner's customer does, and what every attack on
 * fine-tuning does. Only answers are learnt. The victim that is handed in keeps its weights.
 */
import { mergeAdapter } from '../../nn/checkpoint/adapter.ts'
import { BLOCK_LINEARS } from '../../nn/decoder/config.ts'
import { ParapetError } from '../../spec/errors.ts'
import { copyOf } from '../align/copy-parameters.ts'
import { type EncodedConversation, encodeConversation } from '../train/decoder/encode.ts'
import { stepsOf, trainDecoder } from '../train/decoder/train-decoder.ts'
import type { StepProgress } from '../train/step-loop.ts'
import type { WorldMessage } from '../world/types.ts'
import { type FrozenWeights, frozenRule } from './frozen-weights.ts'
import { type Victim, withParameters } from './victim.ts'

export interface TuneSettings {
  /** All weights, or an adapter on all linear layers that is merged afterwards. */
  readonly method: { readonly kind: 'full' } | { readonly kind: 'lora'; readonly rank: number; readonly alpha: number }
  /** Passes over the conversations (1 = each once), or a number of updates. */
  readonly length: { readonly epochs: number } | { readonly steps: number }
  /** Highest learning rate of AdamW; it falls to a tenth along a cosine, without a rise. No weight decay; gradients are clipped at norm 1. */
  readonly rate: number
  /** Conversations of an update. */
  readonly batch: number
  readonly seed: number
  /** Weights that stay as they are, bit for bit. Not with an adapter, which changes all it lies on. */
  readonly frozen?: FrozenWeights
  /** Conversations learnt along with the others, for example refusals; `weight` is the factor of their loss, 1 if absent. */
  readonly mixedIn?: { readonly conversations: readonly (readonly WorldMessage[])[]; readonly weight?: number }
  /** 1 if absent; more are faster, and not equal from run to run. */
  readonly threads?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StepProgress) => void
}

export interface TunedVictim extends Victim {
  readonly tuning: {
    /** Conversations learnt from, and those left out because they are longer than the model takes. */
    readonly learnt: number
    readonly leftOut: number
    readonly history: readonly StepProgress[]
  }
}

/**
 * The same victim, conversations and settings give the same weights at one thread. Throws `input_invalid` when nothing fits into the
 * model, `configuration` for settings that cannot be, `aborted` when stopped.
 */
export async function tuneVictim(
  victim: Victim,
  conversations: readonly (readonly WorldMessage[])[],
  settings: TuneSettings,
): Promise<TunedVictim> {
  const { method, rate, batch, seed, frozen, mixedIn, threads, signal, onProgress } = settings
  checkSettings(settings)
  const { config, runtime } = victim
  const given = [
    ...conversations.map((messages) => ({ messages })),
    ...(mixedIn?.conversations ?? []).map((messages) => ({ messages, weight: mixedIn?.weight ?? 1 })),
  ]
  const sequences = given.flatMap(
    (row) => encodeConversation(row, { tokenizer: victim.tokenizer, maxLength: config.maxLength }) ?? [],
  )
  if (sequences.length === 0)
    throw new ParapetError(
      'input_invalid',
      `There is nothing to learn from: none of ${given.length} conversations fits into ${config.maxLength} tokens.`,
    )
  const plan = { sequences, ...oneBucket(sequences, config.maxLength, batch), seed }
  const parameters = method.kind === 'lora' ? victim.parameters : copyOf(victim.parameters)
  const { adapter, history } = await trainDecoder({
    ...{ ...plan, runtime, config, parameters, learningRate: rate, warmUpSteps: 0, weightDecay: 0 },
    steps: 'steps' in settings.length ? settings.length.steps : stepsOf(plan, settings.length.epochs),
    ...(method.kind === 'lora' ? { lora: { rank: method.rank, alpha: method.alpha, targets: BLOCK_LINEARS } } : {}),
    ...(frozen === undefined ? {} : { rule: frozenRule(victim.parameters, frozen) }),
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    progressEvery: 10,
  })
  const tuned = adapter === undefined ? parameters : mergeAdapter(parameters, adapter)
  return {
    ...withParameters(victim, `${victim.name}, tuned`, tuned),
    tuning: { learnt: sequences.length, leftOut: given.length - sequences.length, history },
  }
}

/** One length for all, so that every update has exactly `batch` conversations but the last of a pass. */
function oneBucket(
  sequences: readonly EncodedConversation[],
  maxLength: number,
  batch: number,
): { readonly bucketLengths: readonly number[]; readonly tokensPerStep: number } {
  const longest = sequences.reduce((most, { ids }) => Math.max(most, ids.length), 1)
  const length = Math.min(maxLength, 16 * Math.ceil(longest / 16))
  return { bucketLengths: [length], tokensPerStep: batch * length }
}

function checkSettings({ method, length, rate, batch, frozen, mixedIn }: TuneSettings): void {
  const refuse = (why: string): never => {
    throw new ParapetError('configuration', why)
  }
  if (!(rate > 0 && rate < Infinity)) refuse(`The rate ${rate} trains nothing. Give a number above 0.`)
  if (!(Number.isInteger(batch) && batch >= 1)) refuse(`A batch of ${batch} is none. Give a whole number from 1.`)
  const many = 'steps' in length ? length.steps : length.epochs
  if (!(many > 0 && many < Infinity) || ('steps' in length && !Number.isInteger(many)))
    refuse(`${many} is no length of a tuning. Give epochs above 0, or a whole number of steps.`)
  if (frozen !== undefined && method.kind === 'lora')
    refuse('An adapter changes whole layers, so nothing in them can be frozen. Tune the full model.')
  const weight = mixedIn?.weight ?? 1
  if (!(weight >= 0 && weight < Infinity))
    refuse(`The weight ${weight} of mixed-in data is not a number of at least 0.`)
}
