/** Training of a tiny encoder: it learns, repeats itself bit for bit, resumes where it stopped, and says what is wrong. */
import { describe, expect, test } from 'vitest'
import { runtime } from '../../../test/support/nn/run-graph.ts'
import { type EncoderConfig, USE_LITE, initialParameters } from '../encoder/config.ts'
import { dropoutFeeds, maskedDropout } from '../encoder/dropout.ts'
import { encode } from '../encoder/forward.ts'
import { symbolicWeights } from '../encoder/weights.ts'
import { adamWSettings, adamWUpdate } from '../optim/adamw.ts'
import { constantSchedule } from '../optim/schedules.ts'
import { createRandom } from '../random.ts'
import { binaryCrossEntropyLosses, gather, matmul, mean, mul, sub, sum } from '../tensor/index.ts'
import { loadOnnxRuntime } from './onnx-runtime.ts'
import { type TrainingOptions, TrainingSession } from './training-session.ts'

const CONFIG: EncoderConfig = {
  ...USE_LITE,
  vocabularySize: 12,
  embeddingWidth: 8,
  layers: [{ width: 8, heads: 2, feedForward: 16 }],
  maxLength: 6,
  projection: 0,
  unitLength: false,
  labels: 1,
}
interface Bucket {
  readonly batch: number
  readonly length: number
}
const BUCKET: Bucket = { batch: 8, length: 6 }
const RATE = 0.1

async function session(
  change: Partial<TrainingOptions<Bucket>> = {},
  dropout = false,
): Promise<TrainingSession<Bucket>> {
  return new TrainingSession<Bucket>({
    runtime: await runtime(),
    parameters: initialParameters(CONFIG, 5),
    schedule: constantSchedule(0.02),
    optimizer: { weightDecay: 0.01 },
    clipNorm: 1,
    build(graph, parameters, { batch, length }) {
      const ids = graph.input('ids', [batch, length], { dataType: 'int64' })
      const targets = graph.input('targets', [batch, 1])
      const { logits } = encode(
        CONFIG,
        symbolicWeights(parameters),
        ids,
        dropout ? maskedDropout(graph, RATE) : undefined,
      )
      if (logits === undefined) return expect.fail('no labels')
      return { loss: mean(binaryCrossEntropyLosses(logits, targets)), outputs: { logits } }
    },
    ...change,
  })
}

/** The toy task: does a text hold token 3? Some rows end in padding, and each other step half of the tokens rest. */
function batch(seed: number, { batch, length }: Bucket = BUCKET): { ids: BigInt64Array; targets: Float32Array } {
  const random = createRandom(seed)
  const ids = new BigInt64Array(batch * length)
  const targets = new Float32Array(batch)
  for (let row = 0; row < batch; row += 1) {
    const end = length - (row % 3)
    for (let place = 0; place < length; place += 1)
      ids[row * length + place] = place < end ? BigInt(4 + 4 * (seed % 2) + Math.floor(4 * random())) : -1n
    if (random() < 0.5) {
      ids[row * length + Math.floor(end * random())] = 3n
      targets[row] = 1
    }
  }
  return { ids, targets }
}

async function train(trained: TrainingSession<Bucket>, from: number, to: number): Promise<readonly number[]> {
  const losses: number[] = []
  for (let step = from; step < to; step += 1) losses.push((await trained.step(BUCKET, batch(step))).loss)
  return losses
}

describe('a tiny encoder', () => {
  const sparse: Partial<TrainingOptions<Bucket>> = { rule: (name) => ({ sparse: name === 'embedding' }) }

  test.each([
    ['dense', {}],
    ['sparse', sparse],
  ] as const)('learns the toy task, %s embedding', async (_, change) => {
    const trained = await session(change)
    const losses = await train(trained, 0, 120)
    const last = losses.slice(-20).reduce((total, loss) => total + loss, 0) / 20
    expect(losses[0]).toBeGreaterThan(0.5)
    expect(last).toBeLessThan(0.1)
    await trained.dispose()
  })

  test('two runs are equal bit for bit, and a resumed one is equal to both', async () => {
    for (const change of [{}, sparse]) {
      const [one, other] = [await session(change), await session(change)]
      await train(one, 0, 6)
      await train(other, 0, 3)
      const resumed = await session(change)
      resumed.restore(other.state())
      expect(resumed.stepCount).toBe(3)
      await train(other, 3, 6)
      await train(resumed, 3, 6)
      expect(other.state()).toEqual(one.state())
      expect(resumed.state()).toEqual(one.state())
      expect((await session(change)).state()).not.toEqual(one.state())
      for (const each of [one, other, resumed]) await each.dispose()
    }
  })

  test('a first step is the same for sparse and dense embeddings', async () => {
    const [dense, lazy] = [
      await session({ optimizer: { weightDecay: 0 } }),
      await session({ ...sparse, optimizer: { weightDecay: 0 } }),
    ]
    const [one, other] = [await dense.step(BUCKET, batch(1)), await lazy.step(BUCKET, batch(1))]
    expect(other.gradientNorm).toBeCloseTo(one.gradientNorm, 6)
    const [table, rows] = [dense, lazy].map((each) => each.state().arrays['parameter/embedding'])
    expect(rows).toHaveLength(96)
    rows?.forEach((value, index) => expect(value).toBeCloseTo(table?.[index] ?? Number.NaN, 5))
    await dense.dispose()
    await lazy.dispose()
  })

  test('batches that are accumulated count like one large batch', async () => {
    for (const change of [{}, sparse]) {
      const free = { ...change, clipNorm: Infinity }
      const [whole, parts] = [await session(free), await session(free)]
      const large = batch(7)
      const half = { batch: 4, length: 6 }
      const { gradientNorm } = await whole.step(BUCKET, large)
      for (const at of [0, 4])
        await parts.accumulate(half, {
          ids: large.ids.slice(at * 6, at * 6 + 24),
          targets: large.targets.slice(at, at + 4),
        })
      expect(parts.update().gradientNorm).toBeCloseTo(gradientNorm, 5)
      const [one, other] = [whole, parts].map((each) => each.state().arrays['first/embedding'])
      other?.forEach((value, index) => expect(value).toBeCloseTo(one?.[index] ?? Number.NaN, 7))
      expect(Math.max(...(one ?? []))).toBeGreaterThan(1e-5)
      expect(() => parts.update()).toThrow('no gradient to apply')
      await whole.dispose()
      await parts.dispose()
    }
  })

  test('dropout masks are fed, seeded, and hold back about their rate', async () => {
    const trained = await session({}, true)
    const masks = dropoutFeeds(await trained.feedsOf(BUCKET), RATE, 1)
    expect(Object.keys(masks)).toEqual([
      'dropout/embedding',
      'dropout/layer.0.attention',
      'dropout/layer.0.feedForward',
    ])
    expect(dropoutFeeds(await trained.feedsOf(BUCKET), RATE, 1)).toEqual(masks)
    const kept = Object.values(masks).flatMap((mask) => [...mask])
    expect(kept.reduce((total, bit) => total + bit, 0) / kept.length).toBeCloseTo(0.9, 1)
    const { loss } = await trained.step(BUCKET, { ...batch(1), ...masks })
    expect(loss).toBeGreaterThan(0)
    await trained.dispose()
  })

  test('a frozen parameter stays, others move', async () => {
    const parameters = initialParameters(CONFIG, 5)
    const before = parameters['layer.0.attention.qkv.weight']?.data.slice()
    const trained = await session({ parameters, rule: (name) => ({ frozen: name.startsWith('layer') }) })
    await train(trained, 0, 2)
    expect(parameters['layer.0.attention.qkv.weight']?.data).toEqual(before)
    expect(parameters['labels.weight']?.data).not.toEqual(initialParameters(CONFIG, 5)['labels.weight']?.data)
    await trained.dispose()
  })

  test('logits come back with the loss', async () => {
    const trained = await session()
    expect((await trained.accumulate(BUCKET, batch(1))).outputs['logits']).toHaveLength(8)
    await trained.dispose()
  })
})

test('eight steps through the graph equal eight steps with gradients by hand', async () => {
  const target = Float32Array.of(1, -2, 3)
  const w = { shape: [3], data: Float32Array.of(0.5, 0.5, 0.5) }
  const trained = new TrainingSession({
    runtime: await runtime(),
    parameters: { w },
    schedule: (step) => 0.1 / step,
    clipNorm: 2,
    optimizer: { weightDecay: 0.1 },
    rule: () => ({ learningRate: 0.5, weightDecay: 0.2 }),
    build(graph, { w }) {
      const difference = sub(w ?? expect.fail(), graph.constant([3], target))
      return { loss: sum(mul(difference, difference)) }
    },
  })
  const expected = w.data.slice()
  const state = { first: new Float32Array(3), second: new Float32Array(3) }
  for (let step = 1; step <= 8; step += 1) {
    const gradient = expected.map((value, index) => 2 * (value - (target[index] ?? 0)))
    const norm = Math.hypot(...gradient)
    const result = await trained.step(null, {})
    expect(result.gradientNorm).toBeCloseTo(norm, 4)
    adamWUpdate(expected, gradient, state, adamWSettings(), {
      step,
      learningRate: 0.05 / step,
      weightDecay: 0.2,
      gradientScale: Math.min(1, 2 / norm),
    })
  }
  w.data.forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 5))
  await trained.dispose()
})

describe('mistakes', () => {
  test('a feed of the wrong size or missing', async () => {
    const trained = await session()
    await expect(trained.step(BUCKET, { targets: new Float32Array(8) })).rejects.toThrow(
      'Feed ids needs 48 elements of int64, not nothing',
    )
    await expect(trained.step(BUCKET, { ...batch(1), targets: new Float32Array(7) })).rejects.toThrow('not 7')
    await trained.dispose()
  })

  test('a state of another model, or one taken between batch and update', async () => {
    const trained = await session()
    expect(() => trained.restore({ step: 1, arrays: {} })).toThrow('of another model')
    await trained.accumulate(BUCKET, batch(1))
    expect(() => trained.state()).toThrow('wait for update()')
    await trained.dispose()
  })

  test('a gradient that is not finite changes nothing', async () => {
    const w = { shape: [1], data: Float32Array.of(1) }
    const trained = new TrainingSession({
      runtime: await runtime(),
      parameters: { w },
      schedule: constantSchedule(1),
      build: (graph, { w }) => ({ loss: sum(mul(w ?? expect.fail(), graph.input('x', [1]))) }),
    })
    await expect(trained.step(null, { x: Float32Array.of(Number.NaN) })).rejects.toThrow('not finite')
    expect([...w.data, trained.stepCount]).toEqual([1, 0])
    await trained.dispose()
  })

  test('a sparse table that is also multiplied; a parameter nobody uses', async () => {
    const parameters = {
      table: { shape: [3, 3], data: new Float32Array(9) },
      spare: { shape: [1], data: new Float32Array(1) },
    }
    const make = async (sparse: boolean) =>
      new TrainingSession({
        runtime: await runtime(),
        parameters,
        schedule: constantSchedule(1),
        rule: (name) => ({ sparse: sparse && name === 'table' }),
        build(graph, { table = expect.fail() }) {
          const rows = gather(table, graph.constant([2], BigInt64Array.of(0n, 1n)))
          return { loss: sum(matmul(rows, table)) }
        },
      })
    await expect((await make(true)).step(null, {})).rejects.toThrow('table is used by MatMul, not only by gather')
    await expect((await make(false)).step(null, {})).rejects.toThrow('does not depend on spare')
  })

  test('a model that onnxruntime refuses', async () => {
    const ort = await loadOnnxRuntime()
    await expect(ort.session(new Uint8Array([1, 2, 3]))).rejects.toThrow('refused the model')
  })
})
