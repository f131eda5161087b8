/** Every operation against plain float64 arithmetic, every gradient against central differences of it, over random shapes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Nd,
  at,
  build,
  elementwise,
  erf,
  matmul as product,
  reduce,
  rows,
  softmax as softmaxRow,
  total,
  transpose as moved,
} from '../../../test/support/nn/float64.ts'
import { evaluate, expectOperation, randomNd } from '../../../test/support/nn/run-graph.ts'
import * as nn from './index.ts'
import type { SymbolicTensor } from './index.ts'

const RUNS = { numRuns: 4, seed: 20261126 }
const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 })
/** Two shapes that broadcast: axes of either may shrink to 1, and the front of either may be missing. */
const pairs = fc
  .tuple(
    shapes,
    fc.array(fc.constantFrom('both', 'left', 'right'), { minLength: 3, maxLength: 3 }),
    fc.integer({ min: 0, max: 2 }),
    fc.boolean(),
  )
  .map(([shape, kept, missing, which]) => {
    const left = shape.map((size, axis) => (kept[axis] === 'right' ? 1 : size))
    const right = shape.map((size, axis) => (kept[axis] === 'left' ? 1 : size))
    return which ? ([left.slice(missing), right] as const) : ([left, right.slice(missing)] as const)
  })

/** The only one of a list. */
function the(list: readonly SymbolicTensor[]): SymbolicTensor {
  return list[0] ?? expect.fail('there is none')
}
const logistic = (z: number): number => 1 / (1 + Math.exp(-z))

describe('one operand', () => {
  const cases: Readonly<
    Record<string, readonly [(x: SymbolicTensor) => SymbolicTensor, (x: number) => number, number?]>
  > = {
    neg: [nn.neg, (z) => -z],
    abs: [nn.abs, Math.abs],
    exp: [nn.exp, Math.exp],
    log: [nn.log, Math.log, 0.2],
    sqrt: [nn.sqrt, Math.sqrt, 0.2],
    'pow -0.5': [(z) => nn.pow(z, -0.5), (z) => z ** -0.5, 0.2],
    'pow 2': [(z) => nn.pow(z, 2), (z) => z ** 2],
    'pow 3': [(z) => nn.pow(z, 3), (z) => z ** 3],
    tanh: [nn.tanh, Math.tanh],
    sigmoid: [nn.sigmoid, logistic],
    relu: [nn.relu, (z) => Math.max(0, z)],
    erf: [nn.erf, erf],
    gelu: [nn.gelu, (z) => (z * (1 + erf(z / Math.SQRT2))) / 2],
    silu: [nn.silu, (z) => z * logistic(z)],
    softplus: [nn.softplus, (z) => Math.log1p(Math.exp(z))],
    clampMin: [(z) => nn.clampMin(z, 0.3), (z) => Math.max(0.3, z)],
    'a number on the left': [(z) => nn.sub(2, nn.div(3, z)), (z) => 2 - 3 / z, 0.5],
  }
  test.each(Object.entries(cases))('%s', async (_, [operation, reference, low = -2]) => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer(), (shape, seed) =>
        expectOperation(
          [randomNd(shape, seed, low)],
          (_graph, x) => operation(x),
          (z) => elementwise(reference, z),
        ),
      ),
      RUNS,
    )
  })

  test('softplus and sigmoid keep their values far from zero', async () => {
    const graph = new nn.TensorGraph()
    const z = graph.input('z', [4], { requiresGradient: true })
    const value = nn.softplus(z)
    const slope = nn.gradients(nn.sum(value), [z])
    const results = await evaluate(graph, { value, slope: the(slope) }, { z: Float32Array.of(-200, -20, 20, 200) })
    expect([...(results['value'] ?? [])].map((v) => Number(v.toPrecision(5)))).toEqual([
      0,
      expect.closeTo(2.0612e-9, 8),
      20,
      200,
    ])
    expect([...(results['slope'] ?? [])]).toEqual([0, expect.closeTo(2.0612e-9, 8), 1, 1])
  })
})

describe('two operands, broadcast', () => {
  const cases: Readonly<
    Record<
      string,
      readonly [(l: SymbolicTensor, r: SymbolicTensor) => SymbolicTensor, (l: number, r: number) => number, number?]
    >
  > = {
    add: [nn.add, (l, r) => l + r],
    sub: [nn.sub, (l, r) => l - r],
    mul: [nn.mul, (l, r) => l * r],
    div: [nn.div, (l, r) => l / r, 0.5],
    where: [(l, r) => nn.where(nn.greater(l, r), l, nn.mul(r, 3)), (l, r) => (l > r ? l : 3 * r)],
  }
  test.each(Object.entries(cases))('%s', async (_, [operation, reference, low = -2]) => {
    await fc.assert(
      fc.asyncProperty(pairs, fc.integer(), ([left, right], seed) =>
        expectOperation(
          [randomNd(left, seed, low), randomNd(right, seed + 1, low)],
          (_graph, x, y) => operation(x, y),
          (...inputs) => elementwise(reference, ...inputs),
        ),
      ),
      RUNS,
    )
  })
})

describe('reductions', () => {
  const cases = {
    sum: [nn.sum, total],
    mean: [nn.mean, (values: readonly number[]) => total(values) / values.length],
    max: [nn.max, (values: readonly number[]) => Math.max(...values)],
  } as const
  test.each(Object.entries(cases))('%s', async (_, [operation, reference]) => {
    const some = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.subarray(
          shape.map((_, axis) => axis),
          { minLength: 1 },
        ),
        fc.boolean(),
      ),
    )
    await fc.assert(
      fc.asyncProperty(some, fc.integer(), ([shape, axes, keepAxes], seed) =>
        expectOperation(
          [randomNd(shape, seed)],
          (_graph, x) => operation(x, { axes, keepAxes }),
          (z) => reduce(z, axes, keepAxes, reference),
        ),
      ),
      RUNS,
    )
  })

  test('max shares the gradient of equal elements', async () => {
    const graph = new nn.TensorGraph()
    const z = graph.input('z', [4], { requiresGradient: true })
    const slope = nn.gradients(nn.max(z), [z])
    const results = await evaluate(graph, { slope: the(slope) }, { z: Float32Array.of(3, 1, 3, 2) })
    expect([...(results['slope'] ?? [])]).toEqual([0.5, 0, 0.5, 0])
  })
})

describe('layout', () => {
  test('reshape and transpose', async () => {
    await expectOperation(
      [randomNd([2, 3, 4], 1)],
      (_g, x) => nn.reshape(nn.transpose(x, [2, 0, 1]), [4, 6]),
      (z) => ({ shape: [4, 6], data: moved(z, [2, 0, 1]).data }),
    )
  })
  test('expand', async () => {
    await expectOperation(
      [randomNd([3, 1], 2)],
      (_g, x) => nn.expand(x, [2, 3, 4]),
      (z) => build([2, 3, 4], (index) => at(z, index)),
    )
  })
  test('slice', async () => {
    await expectOperation(
      [randomNd([2, 5], 3)],
      (_g, x) => nn.slice(x, -1, 1, 4),
      (z) => build([2, 3], ([i = 0, j = 0]) => at(z, [i, j + 1])),
    )
  })
  test('concat of three, and of a part twice', async () => {
    await expectOperation(
      [randomNd([2, 1], 4), randomNd([2, 3], 5)],
      (_g, x, y) => nn.concat([x, y, x], 1),
      (l, r) => build([2, 5], ([i = 0, j = 0]) => (j > 0 && j < 4 ? at(r, [i, j - 1]) : at(l, [i, 0]))),
    )
  })
  test('split, with one part unused', async () => {
    await expectOperation(
      [randomNd([2, 6], 6)],
      (_g, x) => {
        const [a, , c] = nn.split(x, 1, [1, 2, 3])
        return nn.mul(a ?? x, c ?? x)
      },
      (z) => build([2, 3], ([i = 0, j = 0]) => at(z, [i, 0]) * at(z, [i, j + 3])),
    )
  })
})

describe('matmul', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  const batches = fc.constantFrom(
    [[], []],
    [[2], []],
    [[2, 3], []],
    [[2], [2]],
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 1], [3]],
    [[], [2]],
  )
  test('all transposes, scales and batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        batches,
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(1, 0.25),
        fc.integer(),
        ([m, k, n], [one = [], other = []], transposeLeft, transposeRight, scale, seed) =>
          expectOperation(
            [
              randomNd([...one, ...(transposeLeft ? [k, m] : [m, k])], seed),
              randomNd([...other, ...(transposeRight ? [n, k] : [k, n])], seed + 1),
            ],
            (_g, x, y) => nn.matmul(x, y, { transposeLeft, transposeRight, scale }),
            (l, r) => product(l, r, transposeLeft, transposeRight, scale),
          ),
      ),
      { numRuns: 60, seed: 1 },
    )
  })
})

describe('normalisation', () => {
  const center = (row: readonly number[]): readonly number[] => {
    const mean = total(row) / row.length
    return row.map((value) => value - mean)
  }
  const unit = (row: readonly number[], epsilon: number): readonly number[] => {
    const size = Math.sqrt(total(row.map((value) => value ** 2)) / row.length + epsilon)
    return row.map((value) => value / size)
  }
  const wide = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 2, max: 5 }))
  const check = (
    inputs: (shape: readonly number[], seed: number) => readonly Nd[],
    operation: (...inputs: SymbolicTensor[]) => SymbolicTensor,
    reference: (...inputs: Nd[]) => Nd,
  ): Promise<void> =>
    fc.assert(
      fc.asyncProperty(wide, fc.integer(), (shape, seed) =>
        expectOperation(inputs([2, ...shape], seed), (_g, ...given) => operation(...given), reference, 1e-3),
      ),
      RUNS,
    )
  const alone = (shape: readonly number[], seed: number): readonly Nd[] => [randomNd(shape, seed)]
  const withVectors =
    (count: number) =>
    (shape: readonly number[], seed: number): readonly Nd[] => [
      randomNd(shape, seed),
      ...Array.from({ length: count }, (_, index) => randomNd(shape.slice(-1), seed + 1 + index)),
    ]

  test('softmax', () => check(alone, nn.softmax, (z) => rows(z, softmaxRow)))
  test('logSoftmax', () => check(alone, nn.logSoftmax, (z) => rows(z, (row) => softmaxRow(row).map(Math.log))))
  test('layerNorm', () =>
    check(
      withVectors(2),
      (x, scale, bias) => nn.layerNorm(x, scale, bias, 0.1),
      (z, scale, bias) =>
        elementwise(
          (value, s, b) => value * s + b,
          rows(z, (row) => unit(center(row), 0.1)),
          scale,
          bias,
        ),
    ))
  test('rmsNorm', () =>
    check(
      withVectors(1),
      (x, scale) => nn.rmsNorm(x, scale, 0.1),
      (z, scale) =>
        elementwise(
          (value, s) => value * s,
          rows(z, (row) => unit(row, 0.1)),
          scale,
        ),
    ))
  test('l2Normalise', () =>
    check(
      alone,
      (z) => nn.l2Normalise(z),
      (z) => rows(z, (row) => unit(row, 0).map((value) => value / Math.sqrt(row.length))),
    ))
})

describe('by index', () => {
  test('gather sums the gradients of a row that is read several times', async () => {
    const ids = [1, 3, 1, 1, 0, 3]
    await expectOperation(
      [randomNd([4, 3], 7)],
      (graph, x) => nn.gather(x, graph.constant([2, 3], BigInt64Array.from(ids, BigInt))),
      (table) => build([2, 3, 3], ([i = 0, j = 0, k = 0]) => at(table, [ids[i * 3 + j] ?? 0, k])),
    )
  })
  test('pick', async () => {
    const ids = [2, 0, 1, 1]
    await expectOperation(
      [randomNd([2, 2, 3], 8)],
      (graph, x) => nn.pick(x, graph.constant([2, 2], BigInt64Array.from(ids, BigInt))),
      (z) => build([2, 2], ([i = 0, j = 0]) => at(z, [i, j, ids[i * 2 + j] ?? 0])),
    )
  })
  test('dropout keeps by its mask and scales what it keeps', async () => {
    const mask = [1, 0, 1, 1]
    await expectOperation(
      [randomNd([4], 9)],
      (graph, x) => nn.dropout(x, graph.constant([4], Uint8Array.from(mask)), 0.2),
      (z) => build([4], ([i = 0]) => (at(z, [i]) * (mask[i] ?? 0)) / 0.8),
    )
  })
})

describe('losses', () => {
  test('binary cross-entropy, with weights and soft targets', async () => {
    const targets = randomNd([2, 3], 10, 0, 1)
    const weights = { shape: [2, 3], data: Float64Array.of(1, 0, 0.5, 1, 2, 0) }
    await expectOperation(
      [randomNd([2, 3], 11, -4, 4)],
      (graph, x) =>
        nn.weightedMean(
          nn.binaryCrossEntropyLosses(x, graph.constant([2, 3], Float32Array.from(targets.data))),
          graph.constant([2, 3], Float32Array.from(weights.data)),
        ),
      (z) => {
        const losses = elementwise(
          (logit, t, w) => -w * (t * Math.log(logistic(logit)) + (1 - t) * Math.log(1 - logistic(logit))),
          z,
          targets,
          weights,
        )
        return { shape: [], data: Float64Array.of(total([...losses.data]) / 4.5) }
      },
    )
  })
  test('cross-entropy', async () => {
    const labels = [2, 0]
    await expectOperation(
      [randomNd([2, 3], 12)],
      (graph, x) => nn.crossEntropyLosses(x, graph.constant([2], BigInt64Array.from(labels, BigInt))),
      (z) => build([2], ([i = 0]) => -Math.log(softmaxRow([0, 1, 2].map((k) => at(z, [i, k])))[labels[i] ?? 0] ?? 0)),
    )
  })
  test('mean squared error', async () => {
    await expectOperation(
      [randomNd([2, 3], 13), randomNd([2, 3], 14)],
      (_g, x, y) => nn.meanSquaredError(x, y),
      (l, r) => ({
        shape: [],
        data: Float64Array.of(total([...elementwise((one, other) => (one - other) ** 2, l, r).data]) / 6),
      }),
    )
  })
  test('distillation, without a gradient for the teacher', async () => {
    const teacher = randomNd([2, 3], 15)
    const cool = (row: readonly number[]): readonly number[] => softmaxRow(row.map((value) => value / 2))
    await expectOperation(
      [randomNd([2, 3], 16)],
      (graph, x) => nn.distillationLosses(x, graph.constant([2, 3], Float32Array.from(teacher.data)), 2),
      (z) => {
        const p = rows(teacher, cool)
        const q = rows(z, cool)
        return build(
          [2],
          ([i = 0]) => 4 * total([0, 1, 2].map((k) => at(p, [i, k]) * Math.log(at(p, [i, k]) / at(q, [i, k])))),
        )
      },
    )
    const graph = new nn.TensorGraph()
    const t = graph.input('t', [2, 3], { requiresGradient: true })
    const none = nn.gradients(nn.sum(nn.distillationLosses(graph.constant([2, 3], new Float32Array(6)), t)), [t])
    expect([
      ...((await evaluate(graph, { none: the(none) }, { t: Float32Array.from(teacher.data) }))['none'] ?? []),
    ]).toEqual([0, 0, 0, 0, 0, 0])
  })
})
