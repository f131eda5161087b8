/**
 * RepNoise (Rosati et al. 2024, arXiv 2405.14577, eq. 2): alignment that makes the hidden values of harmful texts look like noise, so that
 * tuning finds nothing there to build on. The loss of an update is
 *
 *     L(alignment data) + β · noise − α · log(harm)
 *
 * noise: mean over layers of the squared maximum mean discrepancy between outputs of the feed-forward part on harmful texts and N(0, 1),
 * with five Gaussian kernels, only at tokens where the harmful text and its refusal differ; harm: 1 + mean over layers of the
 * cross-entropy of the harmful answer when the residual stream goes straight through the output layer. β = 0.001 and α = 0.1, as in the
 * released code.
 */
import { linearName } from '../../../../nn/decoder/config.ts'
import type { DecoderConfig } from '../../../../nn/decoder/config.ts'
import { gaussian } from '../../../../nn/encoder/config.ts'
import { createRandom } from '../../../../nn/random.ts'
import type { BuildLoss } from '../../../../nn/runtime/training-graph.ts'
import { type SymbolicTensor, add, log, mul, sub } from '../../../../nn/tensor/index.ts'
import type { TokenBucket } from '../../../train/decoder/batches.ts'
import { type EncodedConversation, encodeConversation } from '../../../train/decoder/encode.ts'
import { nextTokenFeeds, rowsAt } from '../../../train/decoder/next-token-loss.ts'
import type { Victim } from '../../../victim/victim.ts'
import type { Defence } from './defence.ts'
import { FixedBatches } from './fixed-batches.ts'
import { HARDENING, harden } from './hardening.ts'
import { discrepancy } from './mean-discrepancy.ts'
import { observedSequences } from './observed-loss.ts'
import { alignmentData, simulatedAttack, simulatedRefusals } from './safety-data.ts'

/** α, β, and the tokens of a batch whose hidden values are compared with noise. */
export const REP_NOISE = { alpha: 0.1, beta: 0.001, tokens: 64 } as const

interface RepNoiseBucket extends TokenBucket {
  /** Of the harmful batch. */
  readonly harmful: TokenBucket
}

export const REP_NOISE_DEFENCE: Defence = {
  id: 'rep-noise',
  title: 'RepNoise',
  source: 'arXiv 2405.14577',
  async prepare(victim, context) {
    const { config } = victim
    const { batch } = HARDENING
    const { rows } = context
    const { seed } = context
    const aligned = FixedBatches.of(victim, alignmentData(rows, seed), { batch, seed })
    const differing = differingPlaces(victim, rows, seed)
    const harmful = new FixedBatches([...differing.keys()], { batch, seed, maxLength: config.maxLength })
    const random = createRandom(seed * 31 + 7)
    return harden<RepNoiseBucket>(
      ...([victim, context, 'noised', repNoiseLoss(config)] as const),
      async ({ session, step }) => {
        const texts = harmful.at(step)
        const harm = Object.entries(nextTokenFeeds(texts, harmful.bucket))
        await session.step(
          { ...aligned.bucket, harmful: harmful.bucket },
          {
            ...aligned.feeds(step),
            ...Object.fromEntries(harm.map(([name, data]) => [`harm/${name}`, data])),
            places: placesOf(texts, differing, harmful.bucket.length),
            noise: Float32Array.from({ length: REP_NOISE.tokens * config.width }, () => gaussian(random)),
          },
        )
      },
    )
  },
}

export function repNoiseLoss(config: DecoderConfig): BuildLoss<RepNoiseBucket> {
  return (graph, parameters, { harmful, ...bucket }) => {
    const aligned = observedSequences(graph, parameters, { config, bucket })
    const feedForward: SymbolicTensor[] = []
    const residual: SymbolicTensor[] = []
    const layers = Array.from({ length: config.layers }, (_, layer) => layer)
    const feedForwardNames = new Set(layers.map((layer) => `${linearName(layer, 'mlp.down_proj')}.output`))
    const residualNames = new Set(layers.map((layer) => `model.layers.${layer}`))
    const harm = observedSequences(graph, parameters, {
      ...{ config, bucket: harmful, prefix: 'harm/' },
      observe(name, value) {
        if (feedForwardNames.has(name)) feedForward.push(value)
        if (residualNames.has(name)) residual.push(value)
        return value
      },
    })
    const places = graph.input('places', [REP_NOISE.tokens], { dataType: 'int64' })
    const noise = graph.input('noise', [REP_NOISE.tokens, config.width])
    const distances = feedForward.map((values) => discrepancy(rowsAt(values, places), noise))
    const losses = residual.map((values) => harm.lossThroughHead(values))
    const gain = log(add(meanOf(losses), 1))
    const term = sub(mul(meanOf(distances), REP_NOISE.beta), mul(gain, REP_NOISE.alpha))
    return { loss: add(aligned.loss, term) }
  }
}

function meanOf(values: readonly SymbolicTensor[]): SymbolicTensor {
  return mul(
    values.reduce((total, one) => add(total, one)),
    1 / values.length,
  )
}

/** Each harmful text with the places of its tokens that its refusal does not have there. */
function differingPlaces(
  { config: { maxLength }, tokenizer }: Victim,
  rows: number,
  seed: number,
): ReadonlyMap<EncodedConversation, readonly number[]> {
  const refusals = simulatedRefusals(rows, seed)
  const places = new Map<EncodedConversation, readonly number[]>()
  for (const [at, messages] of simulatedAttack(rows, seed).entries()) {
    const harmful = encodeConversation({ messages }, { tokenizer, maxLength })
    const refused = encodeConversation({ messages: refusals[at] ?? [] }, { tokenizer, maxLength })
    if (harmful === undefined || refused === undefined) continue
    const differ = [...harmful.ids.keys()].filter((place) => harmful.ids[place] !== refused.ids[place])
    if (differ.length > 0) places.set(harmful, differ)
  }
  return places
}

/** As many places in batch · length as are compared: those of the batch, again from the first where they are too few. */
function placesOf(
  texts: readonly EncodedConversation[],
  differing: ReadonlyMap<EncodedConversation, readonly number[]>,
  length: number,
): BigInt64Array {
  const all = texts.flatMap((text, row) => (differing.get(text) ?? []).map((place) => row * length + place))
  // Evenly over the batch, not only its first rows.
  const stride = Math.max(1, Math.floor(all.length / REP_NOISE.tokens))
  return BigInt64Array.from({ length: REP_NOISE.tokens }, (_, at) => BigInt(all[(at * stride) % all.length] ?? 0))
}
