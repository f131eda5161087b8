/** From logits to a loss through the registry: masks, batches of ids, and blocks of rows against the losses called directly. */
import { describe, expect, test } from 'vitest'
import { expectOperation, evaluate, randomNd } from '../../../test/support/nn/run-graph.ts'
import { TensorGraph, gradients } from '../../nn/tensor/index.ts'
import type { TensorData } from '../../nn/onnx/graph.ts'
import * as align from './index.ts'

const KINDS = Object.keys(align.PREFERENCE_LOSSES) as align.PreferenceKind[]

describe('log-probabilities of responses', () => {
  const ROWS: readonly align.ResponseTokens[] = [
    { prompt: [3, 1], response: [4, 2] },
    { prompt: [2], response: [1, 1, 0] },
  ]
  const batch = align.responseBatch(ROWS, { rows: 2, length: 4, learnt: 6 }, 0)

  test('rows of ids: the last token of the prompt predicts the first of the response', () => {
    expect([...batch.ids].map(Number)).toEqual([3, 1, 4, 0, 2, 1, 1, 0])
    expect([...batch.places].map(Number)).toEqual([1, 2, 4, 5, 6, 0])
    expect([...batch.labels].map(Number)).toEqual([4, 2, 1, 1, 0, 0])
    expect([...batch.owner]).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0])
  })

  test('room for more rows is filled with padding', () => {
    const { ids, owner } = align.responseBatch(ROWS.slice(0, 1), { rows: 2, length: 3, learnt: 2 }, 7)
    expect([...ids].map(Number)).toEqual([3, 1, 4, 7, 7, 7])
    expect([...owner]).toEqual([1, 1, 0, 0])
  })

  test('what does not fit is refused', () => {
    const read = (rows: readonly align.ResponseTokens[], change: Partial<align.ResponseBucket>): unknown =>
      align.responseBatch(rows, { rows: 2, length: 4, learnt: 6, ...change }, 0)
    expect(() => read(ROWS, { length: 2 })).toThrow('Row 1 needs 3 positions')
    expect(() => read([{ prompt: [], response: [3] }], {})).toThrow('empty prompt or response')
    expect(() => read([{ prompt: [3], response: [] }], {})).toThrow('empty prompt or response')
    expect(() => read(ROWS, { learnt: 4 })).toThrow('room for 2 rows and 4 tokens of responses, not for 2 and 5')
    expect(() => read(ROWS, { rows: 1 })).toThrow('room for 1 rows')
  })

  test('sums over the response, and its gradient', async () => {
    const logProbability = (logits: ArrayLike<number>, position: number): number => {
      const row = Array.from({ length: 5 }, (_, token) => logits[position * 5 + token] ?? 0)
      return (row[Number(batch.labels[position])] ?? 0) - Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0))
    }
    await expectOperation(
      [randomNd([6, 5], 7)],
      (graph, logits) =>
        align.responseLogProbabilities(logits, graph.constant([6], batch.labels), graph.constant([2, 6], batch.owner))
          .logProbabilities,
      (logits) => ({
        shape: [2],
        data: Float64Array.from(
          [
            [0, 1],
            [2, 3, 4],
          ],
          (places) => places.reduce((sum, place) => sum + logProbability(logits?.data ?? [], place), 0),
        ),
      }),
    )
  })

  test('what only fills the batch counts for nothing, and no row for another, even where they are infinite', async () => {
    const run = async (...infinite: readonly number[]): Promise<readonly (readonly number[])[]> => {
      const graph = new TensorGraph()
      const logits = graph.input('logits', [6, 5], { requiresGradient: true })
      const { logProbabilities, tokens } = align.responseLogProbabilities(
        logits,
        graph.constant([6], batch.labels),
        graph.constant([2, 6], batch.owner),
      )
      const data = Float32Array.from(randomNd([6, 5], 7).data)
      for (const at of infinite) data[at] = -Infinity
      const results = await evaluate(graph, { logProbabilities, tokens }, { logits: data })
      return Object.values(results).map((values) => [...values])
    }
    const [scores = [], tokens] = await run()
    expect(tokens).toEqual([2, 3])
    // The label of the place that fills the batch, then the first label of the second row.
    expect(await run(25)).toEqual([scores, tokens])
    expect(await run(25, 11)).toEqual([[scores[0], -Infinity], tokens])
  })

  test('shapes that do not fit are refused', () => {
    const read = (logits: readonly number[], owner: readonly number[]): unknown => {
      const graph = new TensorGraph()
      const labels = graph.input('labels', [4], { dataType: 'int64' })
      return align.responseLogProbabilities(graph.input('x', logits), labels, graph.input('o', owner))
    }
    expect(() => read([2, 4, 5], [2, 4])).toThrow('must be [learnt, vocabulary]')
    expect(() => read([4, 5], [4])).toThrow('must be [learnt, vocabulary]')
  })
})

describe('registry', () => {
  const POLICY = [-3, -5, -2.5, -4, -6, -1]
  const TOKENS = [3, 2, 1, 4, 2, 1]
  const REFERENCE = [-4, -4, -3, -4.5, -5, -2]

  async function run(
    settings: align.PreferenceSettings,
    rows: readonly number[],
    batch: number,
  ): Promise<readonly number[]> {
    const loss = align.preferenceLoss(settings)
    const graph = new TensorGraph()
    const policy = graph.input('policy', [rows.length], { requiresGradient: true })
    const tokens = graph.input('tokens', [rows.length])
    const built = loss.build({ logProbabilities: policy, tokens })
    const [slope = policy] = gradients(built.loss, [policy], { disconnected: 'throw' })
    const feeds: Record<string, TensorData> = {
      policy: Float32Array.from(rows),
      tokens: Float32Array.from(TOKENS.slice(0, rows.length)),
      reference: Float32Array.from(REFERENCE.slice(0, rows.length)),
      exampleWeights: new Float32Array(batch).fill(1),
      desirable: Float32Array.from({ length: batch }, (_, i) => i % 2),
    }
    const declared = graph.inputs.map(({ name }) => name).slice(2)
    expect(declared.toSorted()).toEqual(
      [
        align.PREFERENCE_FEEDS.weights,
        ...(loss.needsReference ? [align.PREFERENCE_FEEDS.reference] : []),
        ...(settings.kind === 'kto' ? [align.PREFERENCE_FEEDS.desirable] : []),
      ].toSorted(),
    )
    const results = await evaluate(graph, { loss: built.loss, slope }, feeds)
    return [...(results['loss'] ?? []), ...(results['slope'] ?? [])]
  }

  test.each(KINDS)('%s builds, with finite numbers', async (kind) => {
    const settled = align.preferenceLoss({ kind })
    const values = await run({ kind }, POLICY, 6 / settled.rowsPerExample)
    expect(values).toHaveLength(7)
    expect(values.every(Number.isFinite)).toBe(true)
    expect(settled.needsPairs).toBe(!['sft', 'kto'].includes(kind))
    expect(settled.needsReference).toBe(['dpo', 'ipo', 'kto', 'hard-dpo'].includes(kind))
  })

  test('blocks: chosen rows first, then rejected; matched first, then mismatched', async () => {
    const [dpo] = await run({ kind: 'dpo', beta: 1 }, [-3, -5], 1)
    expect(dpo).toBeCloseTo(Math.log1p(Math.exp(-2)), 5)
    // Log-ratios 1 (bad) and -1 (good), mismatched 0.5 and 0.5: z₀ is 0.5.
    const [kto, ...slopes] = await run({ kind: 'kto', beta: 1 }, [-3, -5, -2.5, -4], 2)
    const loss = (v: number): number => 1 / (1 + Math.exp(v))
    expect(kto).toBeCloseTo((loss(-0.5) + loss(-1.5)) / 2, 5)
    expect(slopes.slice(2)).toEqual([0, 0])
    const [zero] = await run({ kind: 'kto', beta: 1, referencePoint: 'zero' }, [-3, -5], 2)
    expect(zero).toBeCloseTo((loss(-1) + loss(-1)) / 2, 5)
  })

  test('settings are filled in or refused', () => {
    expect(align.preferenceLoss({ kind: 'ipo', tau: 0.5 }).settings).toEqual({
      kind: 'ipo',
      tau: 0.5,
      logRatio: 'token-mean',
    })
    expect(align.preferenceLoss({ kind: 'kto', referencePoint: 'zero' }).rowsPerExample).toBe(1)
    expect(() => align.preferenceLoss({ kind: 'ppo' } as never)).toThrow(
      'There is no alignment loss ppo. There are sft, dpo',
    )
    expect(() => align.preferenceLoss({ kind: 'dpo', beta: -1 })).toThrow('beta of the dpo loss')
    const graph = new TensorGraph()
    const odd = graph.input('odd', [3])
    expect(() => align.preferenceLoss({ kind: 'dpo' }).build({ logProbabilities: odd, tokens: odd })).toThrow(
      'a multiple of 2',
    )
  })
})
