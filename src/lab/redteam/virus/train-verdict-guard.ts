/** Trains the decoder guard from a chat model: all weights, on verdicts alone. The chat model keeps its own. Seeded. */
import { copyOf } from '../../align/copy-parameters.ts'
import { trainDecoder } from '../../train/decoder/train-decoder.ts'
import { type Victim, withParameters } from '../../victim/index.ts'
import { guardTraining } from './judged-conversations.ts'
import { encodeVerdict } from './verdict-format.ts'

export interface VerdictGuardSettings {
  readonly seed: number
  /** Updates of about 2,048 tokens. */
  readonly steps: number
  readonly rate: number
}

export async function trainVerdictGuard(
  model: Victim,
  { seed, steps, rate }: VerdictGuardSettings,
  context: {
    readonly threads?: number
    /** File in which an unfinished training is kept, and from which it goes on. */
    readonly checkpoint?: string
    readonly signal?: AbortSignal
    readonly onProgress?: (message: string) => void
  },
): Promise<Victim> {
  const { config, runtime, tokenizer } = model
  const { threads, checkpoint, signal, onProgress } = context
  const sequences = guardTraining({ seed, count: 24 * steps }).flatMap(
    (row) => encodeVerdict(tokenizer, row, config.maxLength) ?? [],
  )
  const parameters = copyOf(model.parameters)
  await trainDecoder({
    ...{ runtime, config, parameters, sequences, steps, seed, learningRate: rate },
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
    ...(checkpoint === undefined ? {} : { checkpoint: { path: checkpoint, every: 10, resume: true } }),
    progressEvery: 25,
    onProgress: ({ step, loss }) => onProgress?.(`guard ${step} of ${steps}: loss ${loss.toFixed(4)}`),
  })
  return withParameters(model, `${model.name}, as guard`, parameters)
}
