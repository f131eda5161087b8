/** Attention in halves and in parts: the same as in one piece, gradients included. */
import { expect, test } from 'vitest'
import { evaluate, expectClose, randomNd } from '../../../test/support/nn/run-graph.ts'
import { type SymbolicTensor, TensorGraph, concat, gradients, mul, sum } from '../tensor/index.ts'
import { attention, causalAttention, causalBias } from './attention.ts'

const LENGTH = 96
/** Axes of queries and of keys and values: a head each, and groups of queries that share them. */
const SHAPES = {
  plain: [
    [2, 2, LENGTH, 4],
    [2, 2, LENGTH, 4],
  ],
  grouped: [
    [1, 2, 3, LENGTH, 4],
    [1, 2, 1, LENGTH, 4],
  ],
} as const

function inputsOf(graph: TensorGraph, [query, key]: (typeof SHAPES)[keyof typeof SHAPES]): readonly SymbolicTensor[] {
  const shapes = { queries: query, keys: key, values: key }
  return Object.entries(shapes).map(([name, shape]) => graph.input(name, shape, { requiresGradient: true }))
}

function feedsOf([query, key]: (typeof SHAPES)[keyof typeof SHAPES]): Record<string, Float32Array> {
  const data = (shape: readonly number[], seed: number): Float32Array => Float32Array.from(randomNd(shape, seed).data)
  return { queries: data(query, 1), keys: data(key, 2), values: data(key, 3) }
}

test.each(Object.entries(SHAPES))('in halves it is that under the whole mask: %s', async (_, shapes) => {
  const results = []
  for (const halves of [true, false]) {
    const graph = new TensorGraph()
    const [queries, keys, values] = inputsOf(graph, shapes) as [SymbolicTensor, SymbolicTensor, SymbolicTensor]
    const bias = causalBias(graph, LENGTH)
    const mixed = halves
      ? causalAttention(queries, { keys, values }, bias)
      : attention(queries, [{ keys, values }], bias)
    const weights = randomNd(shapes[0], 4)
    const loss = sum(mul(mixed, graph.constant(weights.shape, Float32Array.from(weights.data))))
    const slopes = gradients(loss, [queries, keys, values])
    const outputs = { mixed, ...Object.fromEntries(slopes.map((slope, at) => [`slope${at}`, slope])) }
    results.push(await evaluate(graph, outputs, feedsOf(shapes)))
  }
  const [inHalves = {}, whole = {}] = results
  expect(Object.keys(inHalves)).toEqual(['mixed', 'slope0', 'slope1', 'slope2'])
  for (const [name, value] of Object.entries(inHalves)) expectClose(value, whole[name] ?? [], 1e-5)
})

test.each(Object.entries(SHAPES))('over parts it is that over the keys joined: %s', async (_, shapes) => {
  const graph = new TensorGraph()
  const [queries, keys, values] = inputsOf(graph, shapes) as [SymbolicTensor, SymbolicTensor, SymbolicTensor]
  const more = (shapes[1] as readonly number[]).with(-2, 5)
  const stored = { keys: graph.input('storedKeys', more), values: graph.input('storedValues', more) }
  const bias = graph.constant([LENGTH, 5 + LENGTH], Float32Array.from(randomNd([LENGTH, 5 + LENGTH], 5).data))
  const parts = attention(queries, [stored, { keys, values }], bias, graph.constant([2], BigInt64Array.of(5n, 96n)))
  const axis = queries.rank - 2
  const joined = { keys: concat([stored.keys, keys], axis), values: concat([stored.values, values], axis) }
  const whole = attention(queries, [joined], bias)
  const given = { storedKeys: randomNd(more, 6), storedValues: randomNd(more, 7) }
  const results = await evaluate(
    graph,
    { parts, whole },
    {
      ...feedsOf(shapes),
      ...Object.fromEntries(Object.entries(given).map(([name, { data }]) => [name, Float32Array.from(data)])),
    },
  )
  expectClose(results['parts'], results['whole'] ?? [], 1e-5)
})
