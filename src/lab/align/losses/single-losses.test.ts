/** The losses on single responses, KTO and SFT: formulas, the reference point, rows that only fill a batch. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evaluate } from '../../../../test/support/nn/run-graph.ts'
import { TensorGraph, gradients } from '../../../nn/tensor/index.ts'
import * as align from '../index.ts'

interface Batch {
  readonly policy: readonly number[]
  readonly reference: readonly number[]
  readonly policyMismatched: readonly number[]
  readonly referenceMismatched: readonly number[]
  readonly desirable: readonly number[]
  readonly weights?: readonly number[]
}

async function kto(batch: Batch, options: align.KtoOptions = {}): Promise<Readonly<Record<string, readonly number[]>>> {
  const graph = new TensorGraph()
  const size = batch.policy.length
  const inputs = {
    policy: graph.input('policy', [size], { requiresGradient: true }),
    reference: graph.input('reference', [size], { requiresGradient: true }),
    policyMismatched: graph.input('policyMismatched', [size], { requiresGradient: true }),
    referenceMismatched: graph.input('referenceMismatched', [size]),
    desirable: graph.input('desirable', [size]),
    ...(batch.weights === undefined ? {} : { weights: graph.input('weights', [size]) }),
  }
  const { loss, outputs } = align.ktoLoss(inputs, options)
  const [slope = loss, ofMismatch = loss, ofReference = loss] = gradients(loss, [
    inputs.policy,
    inputs.policyMismatched,
    inputs.reference,
  ])
  const feeds = Object.fromEntries(
    Object.entries(batch).map(([name, data]) => [name, Float32Array.from(data as number[])]),
  )
  const results = await evaluate(graph, { loss, ...outputs, slope, ofMismatch, ofReference }, feeds)
  return Object.fromEntries(Object.entries(results).map(([name, data]) => [name, [...data]]))
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const FIXTURE: Batch = {
  policy: [-1, -4],
  reference: [-3, -3],
  policyMismatched: [-2, -2],
  referenceMismatched: [-2.5, -2.5],
  desirable: [1, 0],
}
const number = fc.integer({ min: -32, max: 32 }).map((x) => x / 8)
const batches = fc.integer({ min: 2, max: 5 }).chain((size) => {
  const column = fc.array(number, { minLength: size, maxLength: size })
  return fc.record({
    policy: column,
    reference: column,
    policyMismatched: column,
    referenceMismatched: column,
    desirable: fc.array(fc.constantFrom(0, 1), { minLength: size, maxLength: size }),
  })
})
const RUNS = { numRuns: 8, seed: 20261126 }

describe('KTO', () => {
  test('fixture: log-ratios 2 and -1, reference point 0.5', async () => {
    const { losses = [], referencePoint } = await kto(FIXTURE, { beta: 1 })
    expect(referencePoint).toEqual([0.5])
    expect(losses).toEqual([expect.closeTo(0.1824, 4), expect.closeTo(0.1824, 4)])
  })

  test('the reference point is a mean, not below 0, and no gradient flows through it', async () => {
    const below = await kto({ ...FIXTURE, policyMismatched: [-2.4, -2.2], referenceMismatched: [-2, -2] })
    expect(below['referencePoint']).toEqual([0])
    const above = await kto({ ...FIXTURE, policyMismatched: [-1.4, -1.8], referenceMismatched: [-2, -2] })
    expect(above['referencePoint']?.[0]).toBeCloseTo(0.4, 6)
    for (const { ofMismatch, ofReference } of [below, above]) {
      expect(ofMismatch).toEqual([0, 0])
      expect(ofReference).toEqual([0, 0])
    }
    expect((await kto(FIXTURE, { referencePoint: 'zero' }))['referencePoint']).toEqual([0])
  })

  test('one half where the policy is the reference', async () => {
    const same = {
      ...FIXTURE,
      policy: [-3, -2],
      reference: [-3, -2],
      policyMismatched: [-5, -1],
      referenceMismatched: [-5, -1],
    }
    expect((await kto(same))['losses']).toEqual([0.5, 0.5])
  })

  test('formula and slope', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (batch) => {
        const options = { beta: 0.5, desirableWeight: 1.25, undesirableWeight: 0.75 }
        const { loss = [], slope = [], referencePoint = [] } = await kto(batch, options)
        const size = batch.policy.length
        const mismatch =
          batch.policyMismatched.reduce((sum, x, i) => sum + x - (batch.referenceMismatched[i] ?? 0), 0) / size
        const z0 = Math.max(0, mismatch)
        expect(referencePoint[0]).toBeCloseTo(z0, 5)
        const rows = batch.policy.map((x, i) => {
          const sign = batch.desirable[i] === 1 ? 1 : -1
          const weight = sign > 0 ? 1.25 : 0.75
          const v = 0.5 * sign * (x - (batch.reference[i] ?? 0) - z0)
          return { loss: weight * (1 - sigmoid(v)), slope: (-weight * 0.5 * sign * sigmoid(v) * sigmoid(-v)) / size }
        })
        expect(loss[0]).toBeCloseTo(rows.reduce((sum, row) => sum + row.loss, 0) / size, 5)
        rows.forEach((row, i) => expect(slope[i]).toBeCloseTo(row.slope, 5))
        // Likelier good answers and less likely bad ones lower the loss.
        slope.forEach((s, i) => expect(Math.sign(s)).toBe(batch.desirable[i] === 1 ? -1 : 1))
      }),
      RUNS,
    )
  })

  test('weights scale, filling rows count for nothing, duplicates change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (batch) => {
        const plain = await kto(batch)
        const [loss = 0] = plain['loss'] ?? []
        const ones = batch.policy.map(() => 1)
        const scaled = await kto({ ...batch, weights: ones.map(() => 3) })
        const asClasses = await kto(batch, { desirableWeight: 3, undesirableWeight: 3 })
        for (const other of [scaled, asClasses]) {
          expect(other['loss']?.[0]).toBeCloseTo(3 * loss, 5)
          plain['slope']?.forEach((s, i) => expect(other['slope']?.[i]).toBeCloseTo(3 * s, 5))
        }
        const entries = Object.entries(batch) as [keyof Batch, number[]][]
        const filled = Object.fromEntries(entries.map(([name, data]) => [name, [...data, 1]])) as unknown as Batch
        const withFiller = await kto({
          ...filled,
          policyMismatched: [...batch.policyMismatched, 900],
          weights: [...ones, 0],
        })
        expect(withFiller['loss']?.[0]).toBeCloseTo(loss, 5)
        expect(withFiller['referencePoint']?.[0]).toBeCloseTo(plain['referencePoint']?.[0] ?? Number.NaN, 5)
        const twice = Object.fromEntries(entries.map(([name, data]) => [name, [...data, ...data]])) as unknown as Batch
        expect((await kto(twice))['loss']?.[0]).toBeCloseTo(loss, 5)
      }),
      RUNS,
    )
  })

  test('refuses a batch of one and missing mismatches', () => {
    const graph = new TensorGraph()
    const one = graph.input('one', [1])
    const row = { policy: one, reference: one, desirable: one }
    expect(() => align.ktoLoss(row)).toThrow('needs mismatched responses')
    expect(() => align.ktoLoss({ ...row, policyMismatched: one, referenceMismatched: one })).toThrow(
      'at least two rows',
    )
    expect(align.ktoLoss(row, { referencePoint: 'zero' }).loss.shape).toEqual([])
  })
})

describe('SFT', () => {
  const sft = async (
    options: align.SftOptions,
    weights?: readonly number[],
  ): Promise<Readonly<Record<string, readonly number[]>>> => {
    const graph = new TensorGraph()
    const policy = graph.input('policy', [3], { requiresGradient: true })
    const inputs = { policy, tokens: graph.input('tokens', [3]) }
    const { loss, outputs } = align.sftLoss(
      weights === undefined ? inputs : { ...inputs, weights: graph.input('weights', [3]) },
      options,
    )
    const [slope = loss] = gradients(loss, [policy])
    const feeds = { policy: Float32Array.of(-4, -3, -12), tokens: Float32Array.of(2, 1, 4) }
    const results = await evaluate(
      graph,
      { loss, ...outputs, slope },
      { ...feeds, weights: Float32Array.from(weights ?? []) },
    )
    return Object.fromEntries(Object.entries(results).map(([name, data]) => [name, [...data]]))
  }

  test('means over tokens and over responses, and their slopes', async () => {
    const byToken = await sft({})
    expect(byToken['losses']).toEqual([2, 3, 3])
    expect(byToken['loss']?.[0]).toBeCloseTo(19 / 7, 6)
    byToken['slope']?.forEach((slope) => expect(slope).toBeCloseTo(-1 / 7, 6))
    const byResponse = await sft({ mean: 'response' })
    expect(byResponse['loss']?.[0]).toBeCloseTo(8 / 3, 6)
    byResponse['slope']?.forEach((slope, i) => expect(slope).toBeCloseTo(-1 / 3 / ([2, 1, 4][i] ?? 1), 6))
  })

  test('a row of weight 0 is not there', async () => {
    expect((await sft({}, [1, 0, 1]))['loss']?.[0]).toBeCloseTo(16 / 6, 6)
    expect((await sft({ mean: 'response' }, [1, 0, 1]))['loss']?.[0]).toBeCloseTo(2.5, 6)
  })
})
