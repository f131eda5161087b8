/** SNIP scores of a model's weights on examples: a forward and a backward pass for each. What they mean is in `snip.ts`. */
import { GradientSession } from '../../../nn/runtime/gradient-session.ts'
import type { TokenBucket } from '../../train/decoder/batches.ts'
import type { EncodedConversation } from '../../train/decoder/encode.ts'
import { learntTokens, nextTokenFeeds, nextTokenLoss } from '../../train/decoder/next-token-loss.ts'
import type { Victim } from '../../victim/victim.ts'
import { type WeightScores, auditedLinears, weightOf } from '../audited-linears.ts'
import { GradientMagnitudes } from './snip.ts'

export interface MeasureScoresOptions {
  /** 1 if absent; more are faster, and not equal from run to run. */
  readonly threads?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, all: number) => void
}

/** Lengths are padded to a multiple of this, so that few graphs are needed. */
const PADDING = 32

export async function measureSnip(
  { config, parameters, runtime }: Pick<Victim, 'config' | 'parameters' | 'runtime'>,
  examples: readonly EncodedConversation[],
  options: MeasureScoresOptions = {},
): Promise<WeightScores> {
  const { threads = 1, signal, onProgress } = options
  const linears = auditedLinears(config)
  const sums = linears.map(({ parameter, rows, columns }) => ({
    parameter,
    magnitudes: new GradientMagnitudes(rows * columns),
  }))
  const session = new GradientSession<TokenBucket>({
    ...{ runtime, parameters, threads, build: nextTokenLoss(config) },
    targets: linears.map(({ parameter }) => parameter),
  })
  try {
    for (const [at, example] of examples.entries()) {
      signal?.throwIfAborted()
      const bucket = { batch: 1, length: PADDING * Math.ceil(example.ids.length / PADDING) }
      const { gradients } = await session.run(bucket, nextTokenFeeds([example], bucket))
      // The session's loss is a mean over tokens; −log p of the response is their sum.
      const tokens = learntTokens(example)
      for (const { parameter, magnitudes } of sums) magnitudes.add(gradients[parameter] ?? new Float32Array(0), tokens)
      onProgress?.(at + 1, examples.length)
    }
  } finally {
    await session.dispose()
  }
  return new Map(
    sums.map(({ parameter, magnitudes }) => [parameter, magnitudes.scores(weightOf(parameters, parameter).data)]),
  )
}
