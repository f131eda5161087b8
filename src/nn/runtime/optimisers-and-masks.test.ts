/** Training sessions with SGD and with masks: they resume bit for bit, keep what is masked, and survive a loss that is no number. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runtime } from '../../../test/support/nn/run-graph.ts'
import { constantSchedule } from '../optim/schedules.ts'
import { createRandom } from '../random.ts'
import { add, gather, log, matmul, mean, meanSquaredError, mul, reshape, square, sum, tanh } from '../tensor/index.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { type TrainingOptions, TrainingSession } from './training-session.ts'

function randomArray(length: number, seed: number): Float32Array {
  const random = createRandom(seed)
  return Float32Array.from({ length }, () => random() - 0.5)
}
function network(): ParameterValues {
  return {
    first: { shape: [3, 4], data: randomArray(12, 1) },
    bias: { shape: [4], data: randomArray(4, 2) },
    last: { shape: [4, 1], data: randomArray(4, 3) },
  }
}
async function session(change: Partial<TrainingOptions<number>> = {}): Promise<TrainingSession<number>> {
  return new TrainingSession<number>({
    runtime: await runtime(),
    parameters: network(),
    schedule: constantSchedule(0.05),
    clipNorm: 0.5,
    build(graph, { first = expect.fail(), bias = expect.fail(), last = expect.fail() }, rows) {
      const x = graph.input('x', [rows, 3])
      const y = matmul(tanh(add(matmul(x, first), bias)), last)
      return { loss: meanSquaredError(y, graph.input('y', [rows, 1])) }
    },
    ...change,
  })
}
const batch = (seed: number, rows = 4): { x: Float32Array; y: Float32Array } => ({
  x: randomArray(3 * rows, seed),
  y: randomArray(rows, seed + 1000),
})
async function train(trained: TrainingSession<number>, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step += 1) await trained.step(4, batch(step))
}

const mask = Uint8Array.of(1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0)
describe.each([
  ['SGD', { optimizer: { kind: 'sgd', weightDecay: 0.1 } }],
  ['SGD with Nesterov', { optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.1 } }],
  [
    'SGD with a mask',
    {
      optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.1 },
      rule: (name: string) => (name === 'first' ? { mask } : {}),
    },
  ],
  ['AdamW with a mask', { rule: (name: string) => (name === 'first' ? { mask } : {}) }],
] as const satisfies readonly (readonly [string, Partial<TrainingOptions<number>>])[])('%s', (_, change) => {
  test('a resumed run is equal bit for bit', async () => {
    const [one, other, resumed] = [await session(change), await session(change), await session(change)]
    await train(one, 0, 6)
    await train(other, 0, 3)
    resumed.restore(other.state())
    await train(resumed, 3, 6)
    expect(resumed.state()).toEqual(one.state())
    expect(other.state()).not.toEqual(one.state())
    for (const each of [one, other, resumed]) await each.dispose()
  })

  test('three batches that are accumulated count like one of their union', async () => {
    const free = { ...change, clipNorm: Infinity }
    const [whole, parts] = [await session(free), await session(free)]
    const large = batch(9, 6)
    const { gradientNorm } = await whole.step(6, large)
    for (const at of [0, 2, 4])
      await parts.accumulate(2, { x: large.x.slice(at * 3, at * 3 + 6), y: large.y.slice(at, at + 2) })
    expect(parts.update().gradientNorm).toBeCloseTo(gradientNorm, 5)
    const [one, other] = [whole.state().arrays, parts.state().arrays]
    for (const [name, values] of Object.entries(one))
      values.forEach((value, at) => expect(other[name]?.[at]).toBeCloseTo(value, 5))
    for (const each of [whole, parts]) await each.dispose()
  })
})

describe('masks', () => {
  test('kept elements stay bit-equal under decay and clipping, trained ones move', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        fc.constantFrom<TrainingOptions<number>['optimizer']>(
          { weightDecay: 0.1 },
          { kind: 'sgd', momentum: 0.9, weightDecay: 0.1 },
        ),
        async (bits, optimizer) => {
          const parameters = network()
          const before = parameters['first']?.data.slice() ?? expect.fail()
          const trained = await session({
            parameters,
            ...(optimizer === undefined ? {} : { optimizer }),
            rule: (name) => (name === 'first' ? { mask: Float32Array.from(bits, Number) } : {}),
          })
          await train(trained, 0, 3)
          const after = parameters['first']?.data
          expect(bits.map((bit, at) => bit || after?.[at] === before[at])).not.toContain(false)
          expect(bits.map((bit, at) => !bit || after?.[at] !== before[at])).not.toContain(false)
          await trained.dispose()
        },
      ),
      { numRuns: 8, seed: 3 },
    )
  })

  test('the norm leaves kept elements out', async () => {
    const w = { shape: [2], data: Float32Array.of(1, 1) }
    const trained = new TrainingSession({
      runtime: await runtime(),
      parameters: { w },
      schedule: constantSchedule(1),
      clipNorm: 1,
      optimizer: { kind: 'sgd' },
      rule: () => ({ mask: Uint8Array.of(0, 1) }),
      build: (graph, { w }) => ({ loss: sum(mul(w ?? expect.fail(), graph.constant([2], Float32Array.of(400, 3)))) }),
    })
    expect((await trained.step(null, {})).gradientNorm).toBe(3)
    // Clipped from 3 to 1: with the kept element in the norm the step would be 3/400.
    expect([...w.data]).toEqual([1, 0])
    await trained.dispose()
  })

  test('mistakes', async () => {
    const table = { table: { shape: [2, 2], data: new Float32Array(4) } }
    const make = async (rule: TrainingOptions<null>['rule'], optimizer?: TrainingOptions<null>['optimizer']) =>
      new TrainingSession<null>({
        runtime: await runtime(),
        parameters: table,
        schedule: constantSchedule(1),
        ...(rule === undefined ? {} : { rule }),
        ...(optimizer === undefined ? {} : { optimizer }),
        build: (graph, { table = expect.fail() }) => ({
          loss: sum(gather(table, graph.constant([1], BigInt64Array.of(0n)))),
        }),
      })
    await expect(make(() => ({ mask: new Uint8Array(3) }))).rejects.toThrow('mask of table needs 4 elements, not 3')
    await expect(make(() => ({ mask: Float32Array.of(0, 1, 0.5, 1) }))).rejects.toThrow('holds 0.5')
    await expect(make(() => ({ sparse: true, mask: new Uint8Array(4) }))).rejects.toThrow('takes no mask')
    await expect(make(() => ({ sparse: true }), { kind: 'sgd', momentum: 0.9 })).rejects.toThrow('table sparsely')
    const plain = await make(() => ({ sparse: true }), { kind: 'sgd' })
    await plain.step(null, {})
    expect([...table.table.data]).toEqual([-1, -1, 0, 0])
    expect(() => plain.restore({ step: 1, arrays: {} })).toThrow('optimiser')
    await plain.dispose()
  })
})

test('a loss that is not finite changes nothing, though its gradient is, and the session goes on', async () => {
  const w = { shape: [1], data: Float32Array.of(2) }
  const trained = new TrainingSession({
    runtime: await runtime(),
    parameters: { w },
    schedule: constantSchedule(0.5),
    optimizer: { kind: 'sgd', momentum: 0.5 },
    build: (graph, { w }) => ({ loss: add(mean(square(w ?? expect.fail())), reshape(log(graph.input('x', [1])), [])) }),
  })
  const good = { x: Float32Array.of(1) }
  for (const x of [-1, 0]) {
    await expect(trained.step(null, { x: Float32Array.of(x) })).rejects.toThrow('The loss is not finite after 0 steps')
    expect([...w.data, trained.stepCount]).toEqual([2, 0])
  }
  // One bad batch among those accumulated spoils the update, not the session.
  await trained.accumulate(null, good)
  await trained.accumulate(null, { x: Float32Array.of(-1) })
  expect(() => trained.update()).toThrow('The loss is not finite')
  expect([...w.data, ...(trained.state().arrays['momentum/w'] ?? [])]).toEqual([2, 0])
  expect((await trained.step(null, good)).loss).toBe(4)
  expect([...w.data, trained.stepCount]).toEqual([0, 1])
  await trained.dispose()
})
