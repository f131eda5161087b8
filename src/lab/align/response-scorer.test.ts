/** Log-probabilities of responses by a decoder: what all positions give, what the plain decoder gives, whatever the room and the batches. */
import { describe, expect, test } from 'vitest'
import { expectClose, runtime } from '../../../test/support/nn/run-graph.ts'
import { type DecoderConfig, decoderShapes, initialDecoder } from '../../nn/decoder/config.ts'
import { decode } from '../../nn/decoder/forward.ts'
import { PlainDecoder } from '../../nn/decoder/plain-decoder.ts'
import { logSoftmaxAt } from '../../nn/decoder/sampling.ts'
import { decoderWeights } from '../../nn/decoder/weights.ts'
import { createRandom } from '../../nn/random.ts'
import { type GradientResult, GradientSession } from '../../nn/runtime/gradient-session.ts'
import type { BuildLoss } from '../../nn/runtime/training-graph.ts'
import { type SymbolicTensor, logSoftmax, mul, pick, sum } from '../../nn/tensor/index.ts'
import { ResponseScorer, responsesOf } from './response-scorer.ts'
import {
  type ResponseBatch,
  type ResponseBucket,
  type ResponseTokens,
  responseBatch,
} from './sequence-log-probabilities.ts'

const config: DecoderConfig = {
  architecture: 'llama',
  ...{ vocabularySize: 23, width: 16, layers: 2, heads: 2, keyValueHeads: 1, headWidth: 8, feedForward: 24 },
  ...{ maxLength: 64, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
}
const parameters = initialDecoder(config, 4)
for (const { data } of Object.values(parameters))
  data.forEach((value, at) => (data[at] = value * (value === 1 ? 1 : 10)))

function rowsOf(seed: number, lengths: readonly (readonly [prompt: number, response: number])[]): ResponseTokens[] {
  const random = createRandom(seed)
  const tokens = (length: number): number[] =>
    Array.from({ length }, () => Math.floor(random() * config.vocabularySize))
  return lengths.map(([prompt, response]) => ({ prompt: tokens(prompt), response: tokens(response) }))
}

/** A token at a time in plain TypeScript. */
function plainScore({ prompt, response }: ResponseTokens): number {
  const decoder = new PlainDecoder(config, parameters)
  let total = 0
  decoder.prefill(decoder.start(), [...prompt, ...response], (logits, place) => {
    const next = response[place + 1 - prompt.length]
    if (next !== undefined) total += logSoftmaxAt(logits, next)
  })
  return total
}

/** Weights of the rows in the loss, so that each has a gradient of its own. */
const WEIGHTS = [1, -0.5, 2]
const rowWeights = ({ graph }: SymbolicTensor): SymbolicTensor => graph.constant([3], Float32Array.from(WEIGHTS))

const chosenPositions: BuildLoss<ResponseBucket> = (graph, symbols, bucket) => {
  const { logProbabilities, tokens } = responsesOf(graph, symbols, bucket, config)
  return { loss: sum(mul(logProbabilities, rowWeights(logProbabilities))), outputs: { logProbabilities, tokens } }
}

/** Logits of every position, and a mask. */
const allPositions: BuildLoss<Omit<ResponseBucket, 'learnt'>> = (graph, symbols, { rows, length }) => {
  const ids = graph.input('ids', [rows, length], { dataType: 'int64' })
  const labels = graph.input('labels', [rows, length], { dataType: 'int64' })
  const mask = graph.input('mask', [rows, length])
  const weights = decoderWeights(config, symbols)
  const logits = weights.output(decode(config, weights, ids))
  const logProbabilities = sum(mul(pick(logSoftmax(logits), labels), mask), { axes: [-1] })
  return {
    loss: sum(mul(logProbabilities, rowWeights(logProbabilities))),
    outputs: { logProbabilities, tokens: sum(mask, { axes: [-1] }) },
  }
}

function scoresOf({ logProbabilities }: GradientResult['outputs']): readonly number[] {
  return Array.from(logProbabilities ?? [], Number)
}

/** The same batch for all positions. */
function spread({ ids, places, labels, owner }: ResponseBatch): Readonly<Record<string, BigInt64Array | Float32Array>> {
  const all = { ids, labels: new BigInt64Array(ids.length), mask: new Float32Array(ids.length) }
  places.forEach((place, at) => {
    const counted = WEIGHTS.some((_, row) => owner[row * places.length + at] === 1)
    if (!counted) return
    all.labels[Number(place)] = labels[at] ?? 0n
    all.mask[Number(place)] = 1
  })
  return all
}

test('sums and gradients are those of all positions, with room as needed and with more', async () => {
  const shared = { runtime: await runtime(), parameters, targets: Object.keys(decoderShapes(config)) }
  const full = new GradientSession({ ...shared, build: allPositions })
  const chosen = new GradientSession({ ...shared, build: chosenPositions })
  const rows = rowsOf(1, [
    [9, 3],
    [1, 11],
    [4, 1],
  ])
  const [size, length] = [3, 12]
  const expected = await full.run(
    { rows: size, length },
    spread(responseBatch(rows, { rows: size, length, learnt: 15 }, 0)),
  )
  expectClose(scoresOf(expected.outputs), rows.map(plainScore), 1e-5)
  for (const learnt of [15, 20, 36]) {
    const bucket = { rows: size, length, learnt }
    const { outputs, gradients } = await chosen.run(bucket, { ...responseBatch(rows, bucket, 0) })
    expect(outputs['tokens']).toEqual(Float32Array.of(3, 11, 1))
    expectClose(scoresOf(outputs), scoresOf(expected.outputs), 1e-5)
    for (const [name, gradient] of Object.entries(gradients)) {
      expect(gradient.some((slope) => slope !== 0)).toBe(true)
      expectClose(gradient, expected.gradients[name] ?? [], 1e-5)
    }
  }
  await Promise.all([full.dispose(), chosen.dispose()])
})

describe('the scorer', () => {
  test('scores every row in its place, whatever its length', async () => {
    const scorer = new ResponseScorer({ runtime: await runtime(), config, parameters })
    const random = createRandom(2)
    const lengths = Array.from(
      { length: 12 },
      () => [1 + Math.floor(40 * random()), 1 + Math.floor(20 * random())] as const,
    )
    const rows = rowsOf(3, lengths)
    expectClose(await scorer.score(rows), rows.map(plainScore), 1e-5)
    expectClose(await scorer.score(rows.slice(0, 1)), rows.slice(0, 1).map(plainScore), 1e-5)
    expect(await scorer.score([])).toEqual(new Float64Array(0))
    await scorer.dispose()
  })

  test('tokens of another model’s tokenizer are named with their row before anything runs', async () => {
    const scorer = new ResponseScorer({ runtime: await runtime(), config, parameters })
    const row = { prompt: [1, 2], response: [3] }
    await expect(scorer.score([row, { ...row, prompt: [1, 23] }])).rejects.toThrow(
      'The prompt of row 2 has the token 23, and the model knows 23 tokens',
    )
    await expect(scorer.score([{ ...row, response: [-1] }])).rejects.toThrow('The response of row 1 has the token -1')
    await scorer.dispose()
  })
})
