/** SGD against PyTorch's formula in float64, its sparse form against the dense one, and elements that a mask keeps. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../random.ts'
import { createOptimizer } from './optimizer.ts'
import { type SgdOptions, sgdSettings, sgdUpdate } from './sgd.ts'
import { RowGradients } from './sparse-embedding.ts'

function randomArray(length: number, seed: number): Float32Array {
  const random = createRandom(seed)
  return Float32Array.from({ length }, () => random() - 0.5)
}

describe('SGD', () => {
  const options = fc.record({
    momentum: fc.constantFrom(0, 0.5, 0.9),
    nesterov: fc.boolean(),
    weightDecay: fc.constantFrom(0, 0.1),
  })
  test('steps equal the formula in float64', () => {
    fc.assert(
      fc.property(options, fc.integer(), ({ momentum, nesterov: wished, weightDecay }, seed) => {
        const nesterov = wished && momentum > 0
        const settings = sgdSettings({ kind: 'sgd', momentum, nesterov, weightDecay })
        const weights = randomArray(5, seed)
        const velocity = new Float32Array(5)
        const expected = [...weights]
        let buffer: readonly number[] | undefined
        for (let step = 1; step <= 6; step += 1) {
          const gradient = randomArray(5, seed + step)
          sgdUpdate(weights, gradient, velocity, settings, {
            learningRate: 0.1 / step,
            weightDecay,
            gradientScale: 0.5,
          })
          const slopes = expected.map((weight, at) => 0.5 * (gradient[at] ?? 0) + weightDecay * weight)
          // As PyTorch says it: the first step sets the buffer, later ones move it.
          buffer = buffer === undefined ? slopes : buffer.map((b, at) => momentum * b + (slopes[at] ?? 0))
          const moves = buffer.map((b, at) => (nesterov ? (slopes[at] ?? 0) + momentum * b : b))
          moves.forEach((move, at) => (expected[at] = (expected[at] ?? 0) - (0.1 / step) * move))
        }
        weights.forEach((weight, at) => expect(weight).toBeCloseTo(expected[at] ?? Number.NaN, 5))
      }),
      { numRuns: 30, seed: 1 },
    )
  })

  test('a step by hand: momentum 0.5, w = 1, gradient 1, rate 0.1', () => {
    const run = (nesterov: boolean): readonly number[] => {
      const [weights, velocity] = [Float32Array.of(1), new Float32Array(1)]
      const settings = sgdSettings({ kind: 'sgd', momentum: 0.5, nesterov })
      for (let step = 0; step < 2; step += 1)
        sgdUpdate(weights, Float32Array.of(1), velocity, settings, {
          learningRate: 0.1,
          weightDecay: 0,
          gradientScale: 1,
        })
      return [...weights, ...velocity].map((value) => Number(value.toFixed(6)))
    }
    // 1 - 0.1 - 0.15, and with a look ahead 1 - 0.15 - 0.175.
    expect(run(false)).toEqual([0.75, 1.5])
    expect(run(true)).toEqual([0.675, 1.5])
  })

  test('settings without meaning are refused', () => {
    expect(() => sgdSettings({ kind: 'sgd', momentum: 1 })).toThrow('momentum from 0')
    expect(() => sgdSettings({ kind: 'sgd', nesterov: true })).toThrow('Nesterov')
    expect(() => createOptimizer({ kind: 'sgd', momentum: 0.9 }).requireSparse('table')).toThrow('table sparsely')
  })

  test('a table whose rows rest now and then ends where dense SGD ends', () => {
    const optimizer = createOptimizer({ kind: 'sgd', weightDecay: 0.1 })
    const dense = randomArray(6, 3)
    const table = dense.slice()
    const lazy = { touched: new Int32Array(3), decayed: new Float64Array(3) }
    let totalDecay = 0
    for (let step = 1; step <= 6; step += 1) {
      const row = step < 6 ? step % 2 : 2
      const gradient = randomArray(2, 10 + step)
      const full = new Float32Array(6)
      full.set(gradient, row * 2)
      const at = { step, learningRate: 0.2, weightDecay: 0.1, gradientScale: 1 }
      optimizer.update(dense, full, {}, at)
      const rows = new RowGradients(3, 2)
      rows.add(BigInt64Array.of(BigInt(row)), gradient)
      // At the last step all rows are touched, so that each has caught up.
      if (step === 6) rows.add(BigInt64Array.of(0n, 1n), new Float32Array(4))
      optimizer.updateRows(table, rows, {}, lazy, at, totalDecay)
      totalDecay += Math.log(1 - 0.2 * 0.1)
    }
    table.forEach((value, at) => expect(value).toBeCloseTo(dense[at] ?? Number.NaN, 5))
  })
})

test('elements with mask 0 keep their bits, others move as without a mask', () => {
  const optimizers: readonly (SgdOptions | { readonly kind?: 'adamw'; readonly weightDecay: number })[] = [
    { kind: 'sgd', weightDecay: 0.1 },
    { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.1 },
    { weightDecay: 0.1 },
  ]
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 9 }),
      fc.constantFrom(...optimizers),
      fc.integer(),
      (bits, options, seed) => {
        const optimizer = createOptimizer(options)
        const fresh = (): Record<string, Float32Array> =>
          Object.fromEntries(optimizer.slots.map((slot) => [slot, new Float32Array(bits.length)]))
        const mask = Uint8Array.from(bits)
        const before = randomArray(bits.length, seed)
        const [masked, free] = [before.slice(), before.slice()]
        const [maskedSlots, freeSlots] = [fresh(), fresh()]
        for (let step = 1; step <= 3; step += 1) {
          const gradient = randomArray(bits.length, seed + step)
          const at = { step, learningRate: 0.1, weightDecay: 0.1, gradientScale: 1 }
          optimizer.update(masked, gradient, maskedSlots, at, mask)
          optimizer.update(free, gradient, freeSlots, at)
        }
        expect(masked).toEqual(free.map((value, at) => (mask[at] === 0 ? (before[at] ?? 0) : value)))
      },
    ),
    { numRuns: 40, seed: 2 },
  )
})
