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
import { evaluate, expectOperation as expectReference, randomNd } from '../../../test/support/nn/run-graph.ts'
import * as operations from './index.ts'
import type { SymbolicTensor } from './index.ts'

/** Exports used inside a check of `expectOperation`: those compared with both float64 and finite differences. */
const checked = new Set<string>()
let checking = false
const nn = Object.fromEntries(
  Object.entries(operations).map(([name, operation]) => {
    if (name === 'TensorGraph') return [name, operation]
    const recorded = (...given: unknown[]): unknown => {
      if (checking) checked.add(name)
      return (operation as (...given: unknown[]) => unknown)(...given)
    }
    return [name, recorded]
  }),
) as unknown as typeof operations

function expectOperation(
  inputs: readonly Nd[],
  operation: Parameters<typeof expectReference>[1],
  reference: (...inputs: Nd[]) => Nd,
  tolerance?: number,
): Promise<void> {
  const recording: typeof operation = (...given) => {
    checking = true
    try {
      return operation(...given)
    } finally {
      checking = false
    }
  }
  return expectReference(inputs, recording, reference, tolerance)
}

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
    square: [nn.square, (z) => z ** 2],
    round: [nn.round, (z) => (Math.abs(z) % 0.5 === 0 ? Number.NaN : Math.round(z))],
    relu: [nn.relu, (z) => Math.max(0, z)],
    erf: [nn.erf, erf],
    gelu: [nn.gelu, (z) => (z * (1 + erf(z / Math.SQRT2))) / 2],
    silu: [nn.silu, (z) => z * logistic(z)],
    softplus: [nn.softplus, (z) => Math.log1p(Math.exp(z))],
    logSigmoid: [nn.logSigmoid, (z) => -Math.log1p(Math.exp(-z))],
    log1mExp: [(z) => nn.log1mExp(nn.neg(z)), (z) => Math.log(-Math.expm1(-z)), 0.3],
    clampMax: [(z) => nn.clampMax(z, 0.3), (z) => Math.min(0.3, z)],
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

  test.each([
    [
      'logSigmoid',
      nn.logSigmoid,
      (z: number) => Math.min(0, z) - Math.log1p(Math.exp(-Math.abs(z))),
      [-200, -20, 20, 80],
    ],
    ['log1mExp', nn.log1mExp, (z: number) => Math.log(-Math.expm1(z)), [-1e-6, -0.01, -0.69, -0.7, -10, -16]],
  ] as const)('%s keeps small and large values', async (_, operation, reference, places) => {
    const graph = new nn.TensorGraph()
    const z = graph.input('z', [places.length], { requiresGradient: true })
    const value = operation(z)
    const slope = the(nn.gradients(nn.sum(value), [z]))
    const at = Float32Array.from(places)
    const results = await evaluate(graph, { value, slope }, { z: at })
    at.forEach((place, index) => {
      expect((results['value']?.[index] ?? Number.NaN) / reference(place)).toBeCloseTo(1, 4)
      const step = 1e-6 * Math.max(1e-3, Math.abs(place)) * (place > -1e-3 ? 1e-4 : 1)
      const difference = (reference(place + step) - reference(place - step)) / (2 * step)
      if (Math.abs(difference) > 1e-6) expect((results['slope']?.[index] ?? Number.NaN) / difference).toBeCloseTo(1, 2)
      else expect(Math.abs(results['slope']?.[index] ?? Number.NaN)).toBeLessThan(1e-5)
    })
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
    maximum: [nn.maximum, Math.max],
    minimum: [nn.minimum, Math.min],
    greater: [(l, r) => nn.cast(nn.greater(l, r), 'float32'), (l, r) => Number(l > r)],
    equal: [
      (l, r) => nn.cast(nn.equal(nn.round(l), nn.round(r)), 'float32'),
      (l, r) => Number(Math.round(l) === Math.round(r)),
    ],
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

test('maximum and minimum share the gradient of equal elements', async () => {
  for (const operation of [nn.maximum, nn.minimum]) {
    const graph = new nn.TensorGraph()
    const [x, y] = ['x', 'y'].map((name) => graph.input(name, [2], { requiresGradient: true })) as [
      SymbolicTensor,
      SymbolicTensor,
    ]
    const [left = x, right = y] = nn.gradients(nn.sum(operation(x, y)), [x, y])
    const results = await evaluate(graph, { left, right }, { x: Float32Array.of(1, 2), y: Float32Array.of(1, 2) })
    expect([...(results['left'] ?? []), ...(results['right'] ?? [])]).toEqual([0.5, 0.5, 0.5, 0.5])
  }
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

describe('running sums', () => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('exclusive %s, reverse %s', async (exclusive, reverse) => {
    for (const axis of [0, -1])
      await expectOperation(
        [randomNd([3, 4], 20)],
        (_g, x) => nn.cumulativeSum(x, axis, { exclusive, reverse }),
        (z) =>
          build([3, 4], ([i = 0, j = 0]) => {
            const place = axis === 0 ? i : j
            const line = Array.from({ length: axis === 0 ? 3 : 4 }, (_, k) => at(z, axis === 0 ? [k, j] : [i, k]))
            const skip = Number(exclusive)
            return total(reverse ? line.slice(place + skip) : line.slice(0, place + 1 - skip))
          }),
      )
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
  test('firstRows', async () => {
    await expectOperation(
      [randomNd([4, 2], 17), randomNd([2, 3], 18)],
      (_g, table, like) => nn.firstRows(table, like, 1),
      (table) => build([3, 2], (index) => at(table, index)),
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
  test('oneHot, with padding and an id outside as zeros', async () => {
    const ids = [2, 0, -1, 3, 1, 2]
    await expectOperation(
      [randomNd([3, 2], 19)],
      (graph, table) => nn.matmul(nn.oneHot(graph.constant([2, 3], BigInt64Array.from(ids, BigInt)), 3), table),
      (table) =>
        build([2, 3, 2], ([i = 0, j = 0, k = 0]) => {
          const id = ids[i * 3 + j] ?? -1
          return id >= 0 && id < 3 ? at(table, [id, k]) : 0
        }),
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
  test('cross-entropy of more axes, far from zero, differentiated again', async () => {
    const labels = BigInt64Array.of(1n, 0n, 2n, 1n)
    await expectOperation(
      [randomNd([2, 2, 3], 21, -30, 30)],
      (graph, x) => nn.crossEntropyLosses(x, graph.constant([2, 2], labels)),
      (z) =>
        build([2, 2], ([i = 0, j = 0]) => {
          const row = [0, 1, 2].map((k) => at(z, [i, j, k]))
          const top = Math.max(...row)
          const label = Number(labels[i * 2 + j] ?? 0n)
          return top + Math.log(total(row.map((value) => Math.exp(value - top)))) - (row[label] ?? 0)
        }),
    )
    // The gradient as the value: its own gradient is a row of the Hessian, diag(p) - p pᵀ.
    await expectOperation(
      [randomNd([2, 3], 22)],
      (graph, x) =>
        the(nn.gradients(nn.sum(nn.crossEntropyLosses(x, graph.constant([2], BigInt64Array.of(2n, 0n)))), [x])),
      (z) => {
        const p = rows(z, softmaxRow)
        return build([2, 3], ([i = 0, k = 0]) => at(p, [i, k]) - Number(k === (i === 0 ? 2 : 0)))
      },
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

test('every exported operation was checked against float64 and finite differences', () => {
  // No operation, and the one whose gradient must differ from the slope of its value: see gradients.test.ts.
  const others = new Set(['TensorGraph', 'gradients', 'stopGradient'])
  const missing = Object.keys(operations).filter((name) => !checked.has(name) && !others.has(name))
  expect(missing).toEqual([])
})
