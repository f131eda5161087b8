/** The loss over learnt positions: the same number and the same gradients as over all positions, and as worked out token by token. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectClose, runtime } from '../../../../test/support/nn/run-graph.ts'
import { type DecoderConfig, decoderShapes, initialDecoder } from '../../../nn/decoder/config.ts'
import { PlainDecoder } from '../../../nn/decoder/plain-decoder.ts'
import { logSoftmaxAt } from '../../../nn/decoder/sampling.ts'
import { createRandom } from '../../../nn/random.ts'
import { GradientSession } from '../../../nn/runtime/gradient-session.ts'
import type { TokenBucket } from './batches.ts'
import type { EncodedConversation } from './encode.ts'
import { learntTokens, nextTokenFeeds, nextTokenLoss } from './next-token-loss.ts'

const config: DecoderConfig = {
  architecture: 'llama',
  ...{ vocabularySize: 23, width: 16, layers: 2, heads: 2, keyValueHeads: 1, headWidth: 8, feedForward: 24 },
  ...{ maxLength: 16, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
}
const parameters = initialDecoder(config, 4)
for (const { data } of Object.values(parameters))
  data.forEach((value, at) => (data[at] = value * (value === 1 ? 1 : 10)))

/** Sequences of which every token is learnt with the given chance, with different weights. */
function sequencesOf(seed: number, lengths: readonly number[], chance: number): readonly EncodedConversation[] {
  const random = createRandom(seed)
  return lengths.map((length) => ({
    ids: Int32Array.from({ length }, () => Math.floor(random() * config.vocabularySize)),
    weights: Float32Array.from({ length }, () => (random() < chance ? Math.ceil(4 * random()) / 4 : 0)),
  }))
}

/** Weighted mean of the negative log-probabilities, from the logits of the decoder in plain TypeScript. */
function lossOf(sequences: readonly EncodedConversation[]): number {
  const decoder = new PlainDecoder(config, parameters)
  let [losses, total] = [0, 0]
  for (const { ids, weights } of sequences)
    decoder.prefill(decoder.start(), [...ids], (logits, place) => {
      const weight = weights[place + 1] ?? 0
      losses -= weight === 0 ? 0 : weight * logSoftmaxAt(logits, ids[place + 1] ?? 0)
      total += weight
    })
  return losses / total
}

test('the loss and its gradients do not depend on whether all positions are worked out', async () => {
  const session = new GradientSession<TokenBucket>({
    ...{ runtime: await runtime(), parameters, build: nextTokenLoss(config) },
    targets: Object.keys(decoderShapes(config)),
  })
  for (const [seed, chance] of [0.1, 0.3, 0.6].entries()) {
    const sequences = sequencesOf(seed, [12, 3, 9], chance)
    const count = sequences.reduce((sum, sequence) => sum + learntTokens(sequence), 0)
    const run = (learnt?: number): ReturnType<typeof session.run> => {
      const bucket = { batch: 4, length: 12, ...(learnt === undefined ? {} : { learnt }) }
      return session.run(bucket, nextTokenFeeds(sequences, bucket))
    }
    const all = await run()
    expect(Math.abs(all.loss - lossOf(sequences))).toBeLessThan(1e-5)
    // Exactly as much room as is needed, and more.
    for (const learnt of [count, count + 5]) {
      const chosen = await run(learnt)
      expect(Math.abs(chosen.loss - all.loss)).toBeLessThan(1e-5)
      for (const [name, gradient] of Object.entries(chosen.gradients)) {
        expect(gradient.some((slope) => slope !== 0)).toBe(true)
        expectClose(gradient, all.gradients[name] ?? [], 1e-5)
      }
    }
  }
  await session.dispose()
})

describe('feeds', () => {
  test('name the place before each learnt token, and leave the rest without weight', () => {
    const sequences = [
      { ids: Int32Array.of(5, 6, 7), weights: Float32Array.of(3, 0, 2) },
      { ids: Int32Array.of(8, 9), weights: Float32Array.of(0, 0.5) },
    ]
    expect(nextTokenFeeds(sequences, { batch: 2, length: 4, learnt: 3 })).toEqual({
      ids: BigInt64Array.of(5n, 6n, 7n, 0n, 8n, 9n, 0n, 0n),
      places: BigInt64Array.of(1n, 4n, 0n),
      labels: BigInt64Array.of(7n, 9n, 0n),
      weights: Float32Array.of(2, 0.5, 0),
    })
  })

  test('hold every learnt token once, whatever the sequences', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seed, lengths, chance) => {
          const sequences = sequencesOf(seed, lengths, chance)
          const count = sequences.reduce((sum, sequence) => sum + learntTokens(sequence), 0)
          const feeds = nextTokenFeeds(sequences, { batch: 5, length: 12, learnt: count + 1 })
          const told = Array.from({ length: count }, (_, row) => [
            Number(feeds['places']?.[row]),
            Number(feeds['labels']?.[row]),
            feeds['weights']?.[row],
          ])
          const expected = sequences.flatMap(({ ids, weights }, slot) =>
            [...ids].flatMap((id, at) => (at > 0 && weights[at] !== 0 ? [[slot * 12 + at - 1, id, weights[at]]] : [])),
          )
          expect(told).toEqual(expected)
          expect(feeds['weights']?.at(-1)).toBe(0)
        },
      ),
    )
  })

  test('that do not fit their bucket are refused', () => {
    const sequences = sequencesOf(1, [6, 6], 1)
    expect(() => nextTokenFeeds(sequences, { batch: 2, length: 6, learnt: 9 })).toThrow(
      /10 tokens learnt, is too large/,
    )
    expect(() => nextTokenFeeds(sequences, { batch: 1, length: 6 })).toThrow(/2 sequences/)
  })
})
