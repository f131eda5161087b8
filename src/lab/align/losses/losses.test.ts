/** Every loss against its formula in float64, gradients against central differences of it; fixtures; invariants. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Nd } from '../../../../test/support/nn/float64.ts'
import { evaluate, expectOperation } from '../../../../test/support/nn/run-graph.ts'
import { TensorGraph, gradients } from '../../../nn/tensor/index.ts'
import type { SymbolicTensor } from '../../../nn/tensor/index.ts'
import * as align from '../index.ts'

type Row = Readonly<
  Record<
    'policyChosen' | 'policyRejected' | 'referenceChosen' | 'referenceRejected' | 'chosenTokens' | 'rejectedTokens',
    number
  >
>
type PairLossOf = (inputs: align.ReferencePairInputs) => align.PairLoss

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const nls = (x: number): number => Math.log1p(Math.exp(-x))
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const odds = (m: number): number => Math.log(Math.exp(m) / (1 - Math.exp(m)))
const plus = (r: Row): number => r.policyChosen - r.referenceChosen
const minus = (r: Row): number => r.policyRejected - r.referenceRejected
const meanPlus = (r: Row): number => r.policyChosen / r.chosenTokens
const meanMinus = (r: Row): number => r.policyRejected / r.rejectedTokens

/** Each pair loss and its formula for one row. */
const CASES: Readonly<Record<string, readonly [PairLossOf, (row: Row) => number]>> = {
  dpo: [(i) => align.dpoLoss(i), (r) => nls(0.1 * (plus(r) - minus(r)))],
  'dpo of beta 0.7, smoothed': [
    (i) => align.dpoLoss(i, { beta: 0.7, labelSmoothing: 0.2 }),
    (r) => 0.8 * nls(0.7 * (plus(r) - minus(r))) + 0.2 * nls(-0.7 * (plus(r) - minus(r))),
  ],
  'ipo by token': [
    (i) => align.ipoLoss(i, { tau: 0.5 }),
    (r) => (plus(r) / r.chosenTokens - minus(r) / r.rejectedTokens - 1) ** 2,
  ],
  'ipo summed': [(i) => align.ipoLoss(i, { logRatio: 'sum' }), (r) => (plus(r) - minus(r) - 5) ** 2],
  orpo: [
    (i) => align.orpoLoss(i, { lambda: 0.5 }),
    (r) => -meanPlus(r) + 0.5 * nls(odds(meanPlus(r)) - odds(meanMinus(r))),
  ],
  simpo: [
    (i) => align.simpoLoss(i, { beta: 2.5, marginRatio: 0.3 }),
    (r) => nls(2.5 * (meanPlus(r) - meanMinus(r) - 0.3)),
  ],
  'hard-dpo': [(i) => align.hardDpoLoss(i, { beta: 0.3 }), (r) => nls(0.3 * (plus(r) - minus(r))) - 2 * meanPlus(r)],
}

const NAMES = [
  'policyChosen',
  'policyRejected',
  'referenceChosen',
  'referenceRejected',
  'chosenTokens',
  'rejectedTokens',
] as const
const logProbability = fc.integer({ min: -64, max: -2 }).map((x) => x / 8)
const tokens = fc.integer({ min: 1, max: 6 })
const row: fc.Arbitrary<Row> = fc.record({
  policyChosen: logProbability,
  policyRejected: logProbability,
  referenceChosen: logProbability,
  referenceRejected: logProbability,
  chosenTokens: tokens,
  rejectedTokens: tokens,
})
const rows = fc.array(row, { minLength: 1, maxLength: 4 })
const RUNS = { numRuns: 4, seed: 20261126 }

/** The loss, its outputs and the gradients of the policy's two inputs. */
async function run(
  loss: PairLossOf,
  batch: readonly Row[],
  weights?: readonly number[],
): Promise<Readonly<Record<string, readonly number[]>>> {
  const graph = new TensorGraph()
  const inputs = Object.fromEntries(
    NAMES.map((name) => [name, graph.input(name, [batch.length], { requiresGradient: true })]),
  ) as Record<(typeof NAMES)[number], SymbolicTensor>
  const weighed = weights === undefined ? inputs : { ...inputs, weights: graph.input('weights', [batch.length]) }
  const built = loss(weighed)
  const [chosen = built.loss, rejected = built.loss, reference = built.loss] = gradients(built.loss, [
    inputs.policyChosen,
    inputs.policyRejected,
    inputs.referenceChosen,
  ])
  const feeds = Object.fromEntries(NAMES.map((name) => [name, Float32Array.from(batch, (r) => r[name])]))
  const results = await evaluate(
    graph,
    { loss: built.loss, ...built.outputs, chosen, rejected, reference },
    { ...feeds, ...(weights === undefined ? {} : { weights: Float32Array.from(weights) }) },
  )
  return Object.fromEntries(Object.entries(results).map(([name, data]) => [name, [...data]]))
}

async function value(loss: PairLossOf, batch: readonly Row[], weights?: readonly number[]): Promise<number> {
  return (await run(loss, batch, weights))['loss']?.[0] ?? Number.NaN
}

/** Both configurations give the same losses, rewards and gradients. */
async function expectSame(
  one: Promise<Readonly<Record<string, readonly number[]>>>,
  other: Promise<Readonly<Record<string, readonly number[]>>>,
  names: readonly string[] = ['loss', 'losses', 'margins', 'chosen', 'rejected'],
): Promise<void> {
  const [left, right] = [await one, await other]
  for (const name of names) {
    expect(left[name]?.length).toBeGreaterThan(0)
    left[name]?.forEach((x, index) => expect(x).toBeCloseTo(right[name]?.[index] ?? Number.NaN, 5))
  }
}

const AT_REFERENCE: Row = {
  policyChosen: -3,
  policyRejected: -2,
  referenceChosen: -3,
  referenceRejected: -2,
  chosenTokens: 3,
  rejectedTokens: 1,
}
/** Log-ratios +1 of 4 tokens and -1 of 2. */
const APART: Row = {
  policyChosen: -3,
  policyRejected: -5,
  referenceChosen: -4,
  referenceRejected: -4,
  chosenTokens: 4,
  rejectedTokens: 2,
}

describe('losses on pairs', () => {
  test.each(Object.entries(CASES))('%s follows its formula and its slope', async (_, [loss, formula]) => {
    await fc.assert(
      fc.asyncProperty(rows, (batch) => {
        const column = (name: keyof Row): Float32Array => Float32Array.from(batch, (r) => r[name])
        const policy = (name: keyof Row): Nd => ({ shape: [batch.length], data: Float64Array.from(column(name)) })
        return expectOperation(
          [policy('policyChosen'), policy('policyRejected')],
          (graph, policyChosen, policyRejected) => {
            const constant = (name: keyof Row): SymbolicTensor => graph.constant([batch.length], column(name))
            const inputs = {
              referenceChosen: constant('referenceChosen'),
              referenceRejected: constant('referenceRejected'),
              chosenTokens: constant('chosenTokens'),
              rejectedTokens: constant('rejectedTokens'),
            }
            return loss({
              ...inputs,
              policyChosen,
              policyRejected,
            }).loss
          },
          (chosen, rejected) => ({
            shape: [],
            data: Float64Array.of(
              mean(
                batch.map((r, i) =>
                  formula({
                    ...r,
                    policyChosen: chosen?.data[i] ?? Number.NaN,
                    policyRejected: rejected?.data[i] ?? Number.NaN,
                  }),
                ),
              ),
            ),
          }),
        )
      }),
      RUNS,
    )
  })

  test('fixtures', async () => {
    expect(await value((i) => align.dpoLoss(i), [APART])).toBeCloseTo(0.5981, 4)
    expect(await value((i) => align.ipoLoss(i), [APART])).toBeCloseTo(18.0625, 4)
    expect(await value((i) => align.ipoLoss(i, { tau: 1 }), [APART])).toBeCloseTo(0.0625, 5)
    const halfAndQuarter = { ...APART, policyChosen: 4 * Math.log(0.5), policyRejected: 2 * Math.log(0.25) }
    expect(await value((i) => align.orpoLoss(i), [halfAndQuarter])).toBeCloseTo(0.7219, 4)
    expect(await value((i) => align.simpoLoss(i), [halfAndQuarter])).toBeCloseTo(0.5185, 4)
  })

  test('where the policy is the reference: ln 2 and 1/(4τ²)', async () => {
    expect(await value((i) => align.dpoLoss(i), [AT_REFERENCE])).toBeCloseTo(Math.LN2, 6)
    expect(await value((i) => align.dpoLoss(i, { beta: 3, labelSmoothing: 0.3 }), [AT_REFERENCE])).toBeCloseTo(
      Math.LN2,
      6,
    )
    expect(await value((i) => align.ipoLoss(i), [AT_REFERENCE])).toBeCloseTo(25, 5)
    expect(await value((i) => align.ipoLoss(i, { tau: 0.3, logRatio: 'sum' }), [AT_REFERENCE])).toBeCloseTo(1 / 0.36, 5)
  })

  test('ORPO and SimPO know no reference, the others do not train it', async () => {
    const moved = { ...APART, referenceChosen: -9, referenceRejected: -1 }
    for (const loss of [CASES['orpo'], CASES['simpo']])
      if (loss !== undefined) expect(await run(loss[0], [APART])).toEqual(await run(loss[0], [moved]))
    for (const [loss] of Object.values(CASES)) expect((await run(loss, [APART]))['reference']).toEqual([0])
  })

  test.each(Object.entries(CASES))('%s falls as the chosen answer gets likelier', async (name, [loss]) => {
    // IPO and smoothed DPO aim at a margin: below it the loss falls, beyond it the loss rises again.
    const aim = name.startsWith('ipo') || name.endsWith('smoothed')
    await fc.assert(
      fc.asyncProperty(rows, async (batch) => {
        const near = aim
          ? batch.map((r) => ({ ...r, policyChosen: r.referenceChosen, policyRejected: r.referenceRejected }))
          : batch
        const { chosen = [] } = await run(loss, near)
        expect(chosen.length).toBe(batch.length)
        for (const slope of chosen) expect(slope).toBeLessThan(0)
      }),
      RUNS,
    )
    if (aim) expect((await run(loss, [{ ...APART, policyChosen: 40 }]))['chosen']?.[0]).toBeGreaterThan(0)
  })

  test('ORPO keeps its value and slope for answers that are all but certain or all but impossible', async () => {
    for (const surprise of [1e-5, 1e-3, 0.5, 20, 60]) {
      const { losses = [], chosen = [] } = await run(
        (i) => align.orpoLoss(i, { lambda: 1 }),
        [{ ...APART, policyChosen: -surprise, chosenTokens: 1, policyRejected: -Math.LN2, rejectedTokens: 1 }],
      )
      const a = Math.fround(surprise)
      const ratio = a > 30 ? -a : -Math.log(Math.expm1(a))
      expect((losses[0] ?? 0) / (a + nls(ratio))).toBeCloseTo(1, 4)
      // The kernel of the sigmoid is good to 1e-8, which 1/a makes larger.
      expect((chosen[0] ?? 0) / (-1 - sigmoid(-ratio) / -Math.expm1(-a))).toBeCloseTo(1, 2)
    }
  })
})

describe('configurations that must agree', () => {
  const agree = (name: string, check: (batch: readonly Row[], weights: readonly number[]) => Promise<void>): void => {
    test(name, () =>
      fc.assert(
        fc.asyncProperty(
          rows.chain((batch) =>
            fc.tuple(
              fc.constant(batch),
              fc.array(
                fc.integer({ min: 1, max: 8 }).map((w) => w / 4),
                { minLength: batch.length, maxLength: batch.length },
              ),
            ),
          ),
          ([batch, weights]) => check(batch, weights),
        ),
        RUNS,
      ),
    )
  }

  agree('cDPO without smoothing is DPO', (batch) =>
    expectSame(
      run((i) => align.dpoLoss(i, { labelSmoothing: 0 }), batch),
      run((i) => align.dpoLoss(i), batch),
    ),
  )
  agree('hard-DPO of equal weights and no likelihood is DPO', (batch) =>
    expectSame(
      run(
        (i) => align.hardDpoLoss(i, { sftCoefficient: 0, beta: 0.4 }),
        batch,
        batch.map(() => 1),
      ),
      run((i) => align.dpoLoss(i, { beta: 0.4 }), batch),
    ),
  )
  agree('hard-DPO weighs a row as DPO does', (batch, weights) =>
    expectSame(
      run((i) => align.hardDpoLoss(i, { sftCoefficient: 0, beta: 0.4 }), batch, weights),
      run((i) => align.dpoLoss(i, { beta: 0.4 }), batch, weights),
    ),
  )
  agree('IPO by token and summed are one for answers of one token', (batch) => {
    const short = batch.map((r) => ({ ...r, chosenTokens: 1, rejectedTokens: 1 }))
    return expectSame(
      run((i) => align.ipoLoss(i), short),
      run((i) => align.ipoLoss(i, { logRatio: 'sum' }), short),
    )
  })
  agree('cDPO of a turned pair is cDPO with the smoothing mirrored', async (batch) => {
    const turned = batch.map((r) => ({
      ...r,
      policyChosen: r.policyRejected,
      policyRejected: r.policyChosen,
      referenceChosen: r.referenceRejected,
      referenceRejected: r.referenceChosen,
    }))
    const straight = await run((i) => align.dpoLoss(i), batch)
    const reverse = await run((i) => align.dpoLoss(i), turned)
    const smoothed = await run((i) => align.dpoLoss(i, { labelSmoothing: 0.25 }), batch)
    expect(smoothed['loss']?.[0]).toBeCloseTo(
      0.75 * (straight['loss']?.[0] ?? 0) + 0.25 * (reverse['loss']?.[0] ?? 0),
      5,
    )
    reverse['margins']?.forEach((margin, i) => expect(margin).toBeCloseTo(-(straight['margins']?.[i] ?? Number.NaN), 5))
  })
  agree('DPO of beta b on log-ratios is DPO of beta 2b on half of them', (batch) => {
    const halved = batch.map((r) => ({
      ...r,
      policyChosen: r.policyChosen / 2,
      policyRejected: r.policyRejected / 2,
      referenceChosen: r.referenceChosen / 2,
      referenceRejected: r.referenceRejected / 2,
    }))
    return expectSame(
      run((i) => align.dpoLoss(i, { beta: 0.2 }), batch),
      run((i) => align.dpoLoss(i, { beta: 0.4 }), halved),
      ['loss', 'losses', 'margins'],
    )
  })

  test.each(Object.entries(CASES))('%s: duplicates, filling rows and weights', async (_, [loss]) => {
    await fc.assert(
      fc.asyncProperty(rows, async (batch) => {
        const plain = await run(loss, batch)
        const twice = await run(loss, [...batch, ...batch])
        expect(twice['loss']?.[0]).toBeCloseTo(plain['loss']?.[0] ?? Number.NaN, 4)
        plain['chosen']?.forEach((slope, i) => {
          expect((twice['chosen']?.[i] ?? 0) + (twice['chosen']?.[i + batch.length] ?? 0)).toBeCloseTo(slope, 4)
        })
        const ones = batch.map(() => 1)
        const nothing: Row = { ...APART, policyChosen: 0, policyRejected: 0, chosenTokens: 0, rejectedTokens: 0 }
        const filled = await run(loss, [...batch, nothing], [...ones, 0])
        expect(filled['loss']?.[0]).toBeCloseTo(plain['loss']?.[0] ?? Number.NaN, 4)
        plain['chosen']?.forEach((slope, i) => expect(filled['chosen']?.[i]).toBeCloseTo(slope, 4))
        expect(filled['chosen']?.at(-1)).toBeCloseTo(0, 12)
      }),
      RUNS,
    )
  })
})

describe('hard-DPO', () => {
  const published: Row = {
    policyChosen: -40,
    policyRejected: -60,
    referenceChosen: -50,
    referenceRejected: -50,
    chosenTokens: 100,
    rejectedTokens: 100,
  }
  test.each([
    [0.01, 1, 1.398139, 1.398139],
    [0.01, 0.8, 1.278511, 1.118511],
    [0.01, 1.2, 1.517767, 1.677767],
    [0.1, 1, 0.926928, 0.926928],
  ])('beta %d, weight %d', async (beta, weight, mixed, both) => {
    expect(await value((i) => align.hardDpoLoss(i, { beta }), [published], [weight])).toBeCloseTo(mixed, 5)
    expect(await value((i) => align.hardDpoLoss(i, { beta, weighSft: true }), [published], [weight])).toBeCloseTo(
      both,
      5,
    )
  })

  test('at the reference, and as DPO + RPO', async () => {
    const same = { ...published, policyChosen: -50, policyRejected: -50 }
    expect(await value((i) => align.hardDpoLoss(i), [same], [1])).toBeCloseTo(1.693147, 5)
    const rpo = { ...published, chosenTokens: 20 }
    expect(await value((i) => align.hardDpoLoss(i, { sftCoefficient: 0.4, sftMean: 'batch' }), [rpo])).toBeCloseTo(
      1.398139,
      5,
    )
    // 40 nats over 20 tokens and 40 over 100: the mean over tokens is 80/120, the mean of means (2 + 0.4)/2.
    const of = (sftMean: 'batch' | 'response'): Promise<number> =>
      value((i) => align.hardDpoLoss(i, { sftCoefficient: 1, sftMean }), [rpo, published])
    expect(await of('batch')).toBeCloseTo(0.598139 + 80 / 120, 5)
    expect(await of('response')).toBeCloseTo(0.598139 + 1.2, 5)
  })

  test.each([
    [
      [-2, 0, 2],
      [0.8, 1, 1.2],
    ],
    [
      [-2, -1, 0, 1, 2],
      [0.8, 0.9, 1, 1.1, 1.2],
    ],
    [
      [-1, 1],
      [0.8, 1.2],
    ],
    [
      [-2, -1, 0],
      [0.8, 1, 1.2],
    ],
    [
      [2, 2],
      [1, 1],
    ],
    [[], []],
  ])('weights of %j', (differences, weights) => {
    align
      .hardSampleWeights(differences)
      .forEach((weight, i) => expect(weight).toBeCloseTo(weights[i] ?? Number.NaN, 12))
    expect(align.hardSampleWeights(differences)).toHaveLength(weights.length)
  })

  test('weights refuse what cannot be', () => {
    expect(() => align.hardSampleWeights([1, 2], 1)).toThrow('gamma must be at least 0 and below 1')
    expect(() => align.hardSampleWeights([1, Number.NaN])).toThrow('is not a number')
  })
})

describe('options', () => {
  test.each([
    [() => align.checkDpoOptions({ beta: 0 }), 'beta of the dpo loss must be a number above 0, not 0.'],
    [
      () => align.checkDpoOptions({ labelSmoothing: 0.5 }),
      'labelSmoothing of the dpo loss must be a number of at least 0 and below 0.5',
    ],
    [() => align.checkIpoOptions({ tau: Number.NaN }), 'tau of the ipo loss must be a number above 0'],
    [
      () => align.checkIpoOptions({ beta: 1 } as align.IpoOptions),
      'The ipo loss has no option beta; it has tau, logRatio.',
    ],
    [
      () => align.checkKtoOptions({ desirableWeight: -1 }),
      'desirableWeight of the kto loss must be a number of at least 0',
    ],
    [() => align.checkSimpoOptions({ marginRatio: -1 }), 'marginRatio of the simpo loss'],
    [() => align.checkOrpoOptions({ lambda: -1 }), 'lambda of the orpo loss'],
    [
      () => align.checkSftOptions({ mean: 'row' } as unknown as align.SftOptions),
      'mean of the sft loss must be one of token, response',
    ],
    [
      () => align.checkHardDpoOptions({ weighSft: 1 } as unknown as align.HardDpoOptions),
      'weighSft of the hard-dpo loss must be true or false',
    ],
  ])('%#', (check, message) => {
    expect(check).toThrow(message)
  })
  test('shapes that do not fit say which', () => {
    const graph = new TensorGraph()
    const [a, b] = [graph.input('a', [2]), graph.input('b', [3])]
    expect(() => align.simpoLoss({ policyChosen: a, policyRejected: b, chosenTokens: a, rejectedTokens: a })).toThrow(
      'simpo: policyRejected is float32 [3]; every input must be [batch] like policyChosen.',
    )
  })
})
