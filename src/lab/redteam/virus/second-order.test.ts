/** The finite-difference slope of F2 against the exact second-order gradient, and batched figures against gradients of single examples. */
import { describe, expect, test } from 'vitest'
import { type DecoderConfig, initialDecoder } from '../../../nn/decoder/config.ts'
import { createRandom } from '../../../nn/random.ts'
import { EvaluationSession } from '../../../nn/runtime/evaluation-session.ts'
import { loadOnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { add, gradients, mul, sum } from '../../../nn/tensor/index.ts'
import { type RowsBucket, rowsFeeds, rowsLoss } from '../tokens/token-rows.ts'
import { CandidateGradients } from './candidate-gradients.ts'
import { TUNED, trainedLayers } from './trained-layers.ts'
import { VictimGradients, type WeightGradient, squaredLength } from './victim-gradients.ts'

const CONFIG: DecoderConfig = {
  ...{ architecture: 'llama', vocabularySize: 24, width: 16, layers: 2, heads: 2, keyValueHeads: 2, headWidth: 8 },
  ...{ feedForward: 32, maxLength: 32, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
}
const LENGTH = 16
const parameters = Object.fromEntries(
  // Larger than at the start of a training, so that the network is far from linear.
  Object.entries(initialDecoder(CONFIG, 5)).map(([name, { shape, data }]) => [
    name,
    { shape, data: shape.length === 1 ? data : data.map((value) => 8 * value) },
  ]),
)

function sequence(seed: number): { readonly ids: Int32Array; readonly weights: Float32Array } {
  const random = createRandom(seed)
  const ids = Int32Array.from({ length: LENGTH }, () => Math.floor(random() * CONFIG.vocabularySize))
  return { ids, weights: Float32Array.from(ids, (_, at) => (at >= 9 ? 1 : 0)) }
}

describe.each(TUNED)('gradients of a poison slot where the service tunes %s', (tuned) => {
  test('the finite difference is the exact second-order gradient', async () => {
    const runtime = await loadOnnxRuntime()
    const [slot, other] = [sequence(1), sequence(2)]
    const session = new VictimGradients({ runtime, config: CONFIG, parameters, tuned })
    const { gradient: direction } = await session.ofWeights(other)
    const { gradient } = await session.ofWeights(slot)
    const slope = await session.slopeOfTokens(slot, direction)
    await session.dispose()
    expect(Object.keys(direction)).toEqual(trainedLayers(CONFIG, tuned))
    const exact = await exactGradients(slot, direction)
    for (const name of trainedLayers(CONFIG, tuned))
      expect(cosine(gradient[name] ?? new Float32Array(0), exact.first[name] ?? new Float32Array(0))).toBeGreaterThan(
        0.99999,
      )
    expect(cosine(slope, exact.second)).toBeGreaterThan(0.999)
    const ratio = length(slope) / length(exact.second)
    expect(ratio).toBeGreaterThan(0.99)
    expect(ratio).toBeLessThan(1.01)
  })

  test('figures of a batch are those of single gradients, whatever stands beside them', async () => {
    const runtime = await loadOnnxRuntime()
    const slots = [sequence(3), sequence(4), sequence(5)]
    const single = new VictimGradients({ runtime, config: CONFIG, parameters, tuned })
    const batched = new CandidateGradients({ runtime, config: CONFIG, parameters, tuned }, 4)
    const { gradient: direction } = await single.ofWeights(sequence(6))
    const figures = await batched.figures(slots, direction)
    for (const [at, slot] of slots.entries()) {
      const { loss, gradient } = await single.ofWeights(slot)
      const { along, norm } = figures[at] ?? expect.fail()
      expect(figures[at]?.loss).toBeCloseTo(loss, 4)
      expect(norm / Math.sqrt(squaredLength(gradient))).toBeCloseTo(1, 3)
      expect(along / inner(gradient, direction)).toBeCloseTo(1, 2)
    }
    const [alone] = await batched.figures(slots.slice(0, 1), direction)
    expect(alone?.norm).toBeCloseTo(figures[0]?.norm ?? 0, 3)
    await single.dispose()
    await batched.dispose()
  })
})

/** ∇_w f, and d⟨∇_w f, v⟩/d(one-hot rows) by differentiating twice. */
async function exactGradients(
  { ids, weights }: { readonly ids: Int32Array; readonly weights: Float32Array },
  direction: WeightGradient,
): Promise<{ readonly first: WeightGradient; readonly second: Float32Array }> {
  const names = Object.keys(direction)
  const session = new EvaluationSession<RowsBucket>({
    ...{ runtime: await loadOnnxRuntime(), parameters },
    build: (graph, symbols, bucket) => {
      const { loss } = rowsLoss(CONFIG)(graph, symbols, bucket)
      const first = gradients(
        loss,
        names.map((name) => symbols[`${name}.weight`] ?? expect.fail()),
      )
      const along = first
        .map((slope, at) => sum(mul(slope, graph.input(`v/${names[at]}`, slope.shape))))
        .reduce((left, right) => add(left, right))
      const tokens = graph.inputs.find(({ name }) => name === 'tokens') ?? expect.fail()
      const [second = expect.fail()] = gradients(along, [tokens], { disconnected: 'throw' })
      return { ...Object.fromEntries(first.map((slope, at) => [names[at] ?? '', slope])), second }
    },
  })
  const { bucket, feeds } = rowsFeeds({ ids, weights }, CONFIG)
  const { second, ...first } = await session.run(bucket, {
    ...feeds,
    ...Object.fromEntries(Object.entries(direction).map(([name, values]) => [`v/${name}`, values])),
  })
  await session.dispose()
  const numbers = (values: unknown): Float32Array => (values instanceof Float32Array ? values : expect.fail())
  return {
    second: numbers(second),
    first: Object.fromEntries(Object.entries(first).map(([name, values]) => [name, numbers(values)])),
  }
}

function length(values: Float32Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0))
}

function cosine(one: Float32Array, other: Float32Array): number {
  const product = one.reduce((total, value, at) => total + value * (other[at] ?? 0), 0)
  return product / (length(one) * length(other))
}

function inner(one: WeightGradient, other: WeightGradient): number {
  return Object.entries(one).reduce(
    (total, [name, values]) => total + values.reduce((part, value, at) => part + value * (other[name]?.[at] ?? 0), 0),
    0,
  )
}
