/** Sessions that do not train: gradients of parameters and inputs, the forward pass alone; and where sessions run. */
import { describe, expect, test } from 'vitest'
import { runtime } from '../../../test/support/nn/run-graph.ts'
import { constantSchedule } from '../optim/schedules.ts'
import { crossEntropyLosses, gather, matmul, mean, mul, sum, tanh } from '../tensor/index.ts'
import { BucketCache } from './bucket-cache.ts'
import { EvaluationSession } from './evaluation-session.ts'
import { type GradientResult, GradientSession } from './gradient-session.ts'
import { loadOnnxRuntime } from './onnx-runtime.ts'
import type { BuildLoss } from './training-graph.ts'
import { TrainingSession } from './training-session.ts'

const parameters = () => ({
  table: { shape: [3, 2], data: Float32Array.of(0.1, -0.4, 0.3, 0.2, -0.5, 0.6) },
  out: { shape: [2, 3], data: Float32Array.of(0.5, -0.2, 0.1, 0.3, 0.4, -0.6) },
})
interface Bucket {
  readonly length: number
}
/** Next-token loss of a one-hot input: the gradient of the input is what a search over tokens needs. */
const build: BuildLoss<Bucket> = (graph, { table = expect.fail(), out = expect.fail() }, { length }) => {
  const tokens = graph.input('tokens', [length, 3])
  const labels = graph.input('labels', [length], { dataType: 'int64' })
  const logits = matmul(tanh(matmul(tokens, table)), out)
  return { loss: mean(crossEntropyLosses(logits, labels)), outputs: { logits } }
}
const feeds = { tokens: Float32Array.of(0, 1, 0, 1, 0, 0), labels: BigInt64Array.of(2n, 0n) }
const evaluate: ConstructorParameters<typeof EvaluationSession<Bucket>>[0]['build'] = (graph, symbols, { length }) => {
  const { table = expect.fail(), out = expect.fail() } = symbols
  const rows = gather(table, graph.input('ids', [length], { dataType: 'int64' }))
  return { logits: matmul(tanh(rows), out), rows }
}

describe('GradientSession', () => {
  test('gradients of parameters and of an input equal finite differences of its own loss', async () => {
    const values = parameters()
    const session = new GradientSession({
      runtime: await runtime(),
      parameters: values,
      build,
      targets: ['table', 'tokens'],
    })
    const { loss, outputs, gradients } = await session.run({ length: 2 }, feeds)
    expect(Object.keys(gradients)).toEqual(['table', 'tokens'])
    expect(outputs['logits']).toHaveLength(6)
    expect(loss).toBeGreaterThan(0)
    const lossNow = async (): Promise<number> => (await session.run({ length: 2 }, feeds)).loss
    for (const [array, gradient] of [
      [values.table.data, gradients['table']],
      [feeds.tokens, gradients['tokens']],
    ] as const)
      for (let at = 0; at < array.length; at += 1) {
        const before = array[at] ?? 0
        array[at] = before + 0.05
        const above = await lossNow()
        array[at] = before - 0.05
        const below = await lossNow()
        array[at] = before
        expect(gradient?.[at]).toBeCloseTo((above - below) / 0.1, 3)
      }
    expect((await session.feedsOf({ length: 2 })).map(({ name }) => name)).toEqual(['tokens', 'labels'])
    await session.dispose()
  })

  test('a batch is the mean of its examples, and training sees the same gradients', async () => {
    const options = { runtime: await runtime(), build, targets: ['out'] }
    const session = new GradientSession({ ...options, parameters: parameters() })
    const whole = await session.run({ length: 2 }, feeds)
    const each: GradientResult[] = []
    for (const at of [0, 1])
      each.push(
        await session.run(
          { length: 1 },
          { tokens: feeds.tokens.slice(at * 3, at * 3 + 3), labels: feeds.labels.slice(at, at + 1) },
        ),
      )
    whole.gradients['out']?.forEach((value, at) =>
      expect(((each[0]?.gradients['out']?.[at] ?? 0) + (each[1]?.gradients['out']?.[at] ?? 0)) / 2).toBeCloseTo(
        value,
        6,
      ),
    )
    const trainedValues = parameters()
    const trained = new TrainingSession({
      ...options,
      parameters: trainedValues,
      schedule: constantSchedule(1),
      optimizer: { kind: 'sgd' },
      rule: (name) => ({ frozen: name !== 'out' }),
    })
    await trained.step({ length: 2 }, feeds)
    const start = parameters().out.data
    whole.gradients['out']?.forEach((value, at) =>
      expect((start[at] ?? 0) - (trainedValues.out.data[at] ?? 0)).toBeCloseTo(value, 6),
    )
    await session.dispose()
    await trained.dispose()
  })

  test('gradient arrays belong to the caller: the next run leaves them alone', async () => {
    const options = { runtime: await runtime(), parameters: parameters(), build, targets: ['out'] }
    const session = new GradientSession(options)
    const first = (await session.run({ length: 2 }, feeds)).gradients['out'] ?? expect.fail()
    const copy = first.slice()
    const second = (await session.run({ length: 2 }, { ...feeds, labels: BigInt64Array.of(1n, 1n) })).gradients['out']
    expect(first).toEqual(copy)
    expect(second).not.toEqual(copy)
    await session.dispose()
  })

  test('mistakes', async () => {
    const options = { runtime: await runtime(), parameters: parameters(), build }
    const run = (targets: readonly string[]) => new GradientSession({ ...options, targets }).run({ length: 2 }, feeds)
    await expect(run(['nothing'])).rejects.toThrow('no parameter or input nothing')
    await expect(run(['labels'])).rejects.toThrow('one-hot')
    expect(() => new GradientSession({ ...options, targets: [] })).toThrow('needs targets')
    await expect(
      new GradientSession({ ...options, targets: ['out'] }).run({ length: 2 }, { labels: feeds.labels }),
    ).rejects.toThrow('Feed tokens needs 6 elements of float32, not nothing')
    const short = { table: { shape: [3, 2], data: new Float32Array(5) } }
    expect(() => new GradientSession({ ...options, parameters: short, targets: ['table'] })).toThrow('table needs 6')
  })
})

describe('EvaluationSession', () => {
  test('gives outputs by name; parameters are read in place, or stored as they were', async () => {
    const ids = BigInt64Array.of(1n, 0n)
    for (const storeParameters of [false, true]) {
      const values = parameters()
      const session = new EvaluationSession({
        runtime: await runtime(),
        parameters: values,
        build: evaluate,
        storeParameters,
      })
      const before = await session.run({ length: 2 }, { ids })
      expect([...(before['rows'] as Float32Array)]).toEqual([...Float32Array.of(0.3, 0.2, 0.1, -0.4)])
      const [x, y] = [Math.tanh(0.3), Math.tanh(0.2)]
      const expected = [0.5 * x + 0.3 * y, -0.2 * x + 0.4 * y, 0.1 * x - 0.6 * y]
      expected.forEach((value, at) => expect((before['logits'] as Float32Array)[at]).toBeCloseTo(value, 6))
      values.table.data.fill(0)
      const after = await session.run({ length: 2 }, { ids })
      if (storeParameters) expect(after).toEqual(before)
      else expect([...(after['rows'] as Float32Array)]).toEqual([0, 0, 0, 0])
      expect((await session.feedsOf({ length: 2 })).map(({ name }) => name)).toEqual(['ids'])
      await session.dispose()
    }
  })

  test('nothing to give is a mistake', async () => {
    const session = new EvaluationSession({ runtime: await runtime(), parameters: {}, build: () => ({}) })
    await expect(session.run(null, {})).rejects.toThrow('needs outputs')
  })
})

test('a bucket is built once, anew after a failure, and freed', async () => {
  let built = 0
  const cache = new BucketCache(async ({ size }: { size: number }) => {
    built += 1
    if (size === 0 && built === 1) throw new Error('no room')
    return { size }
  })
  await expect(cache.get({ size: 0 })).rejects.toThrow('no room')
  const [one, same, other] = [await cache.get({ size: 0 }), await cache.get({ size: 0 }), await cache.get({ size: 1 })]
  expect(one).toBe(same)
  expect(built).toBe(3)
  const freed: number[] = []
  await cache.clear(async ({ size }) => void freed.push(size))
  expect(freed).toEqual([0, 1])
  expect(await cache.get({ size: 1 })).not.toBe(other)
})

test('clearing waits for what is in use', async () => {
  const cache = new BucketCache(async (size: number) => ({ size }))
  const told: string[] = []
  let finish = (): void => undefined
  const used = cache.use(1, async () => {
    await new Promise<void>((resolve) => (finish = resolve))
    told.push('used')
  })
  const cleared = cache.clear(async () => void told.push('freed'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([])
  finish()
  await Promise.all([used, cleared])
  expect(told).toEqual(['used', 'freed'])
})

test('calls that overlap give what each gives alone, also while the session is given up', async () => {
  const values = parameters()
  const options = { runtime: await runtime(), parameters: values }
  const forward = new EvaluationSession({ ...options, build: evaluate })
  const slopes = new GradientSession({ ...options, build, targets: ['table', 'out'] })
  const inputs = Array.from({ length: 12 }, (_, at) => BigInt64Array.of(BigInt(at % 3), BigInt((at + 1) % 3)))
  const alone = { rows: [] as unknown[], slopes: [] as unknown[] }
  for (const ids of inputs) {
    alone.rows.push(await forward.run({ length: 2 }, { ids }))
    alone.slopes.push(await slopes.run({ length: 2 }, { ...feeds, labels: ids }))
  }
  const rows = inputs.map((ids) => forward.run({ length: 2 }, { ids }))
  const gradients = inputs.map((ids) => slopes.run({ length: 2 }, { ...feeds, labels: ids }))
  await Promise.all([forward.dispose(), slopes.dispose()])
  expect(await Promise.all(rows)).toEqual(alone.rows)
  expect(await Promise.all(gradients)).toEqual(alone.slopes)
})

test('a training step during another is refused, and harms neither', async () => {
  const trained = async (overlap: boolean): Promise<Float32Array> => {
    const values = parameters()
    const session = new TrainingSession({
      ...{ runtime: await runtime(), build, parameters: values, schedule: constantSchedule(1) },
      optimizer: { kind: 'sgd' },
    })
    const first = session.step({ length: 2 }, feeds)
    if (overlap) {
      await expect(session.step({ length: 2 }, feeds)).rejects.toThrow('still running in this training session')
      expect(() => session.update()).toThrow('still running')
      expect(() => session.state()).toThrow('still running')
    }
    await first
    await session.step({ length: 2 }, feeds)
    await session.dispose()
    return values.out.data
  }
  expect(await trained(true)).toEqual(await trained(false))
})

describe('where a session runs', () => {
  const model = async (): Promise<Parameters<typeof EvaluationSession.prototype.run>> => [
    null,
    { x: Float32Array.of(3) },
  ]
  const session = async (provider: string | readonly string[]): Promise<EvaluationSession<unknown>> =>
    new EvaluationSession<unknown>({
      runtime: await loadOnnxRuntime(),
      parameters: {},
      build: (graph) => ({ y: sum(mul(graph.input('x', [1]), 2)) }),
      provider,
    })

  test.each([['cuda'], [['cuda', 'cpu']]])(
    '%s without CUDA says what to install and never falls back',
    async (provider) => {
      const outcome = await (await session(provider)).run(...(await model())).then(
        () => 'ran',
        (cause: unknown) => cause,
      )
      expect(outcome).toMatchObject({
        code: 'engine_unavailable',
        message: expect.stringMatching(/cannot run on cuda here.*CUDA 12.*ONNXRUNTIME_NODE_INSTALL=cuda12/) as string,
      })
    },
  )

  test('a name nobody knows, an empty list, and the processor by name', async () => {
    for (const provider of ['nonsense', ['nonsense', 'cpu']])
      await expect((await session(provider)).run(...(await model()))).rejects.toThrow('cannot run on nonsense here')
    await expect((await session([])).run(...(await model()))).rejects.toThrow('list of execution providers is empty')
    const onProcessor = await session(['cpu'])
    expect(await onProcessor.run(...(await model()))).toEqual({ y: Float32Array.of(6) })
    await onProcessor.dispose()
  })

  test('without a memory arena the numbers are the same', async () => {
    const ort = await loadOnnxRuntime()
    const { TensorGraph } = await import('../tensor/index.ts')
    const graph = new TensorGraph()
    graph.output('y', sum(mul(graph.input('x', [2]), 2)))
    const plain = await ort.session(graph.build(), { memoryArena: false })
    const results = await plain.run({ x: ort.tensor('float32', Float32Array.of(1, 2), [2]) })
    expect(results['y']?.data).toEqual(Float32Array.of(6))
    await plain.release()
  })
})
