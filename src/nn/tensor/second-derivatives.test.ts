/**
 * Gradients of functions of gradients, against central differences of the first gradient: rules that use values of their own kernels, and rules
 * whose nodes must have rules themselves. A lost path would be a wrong number without an error.
 */
import { expect, test } from 'vitest'
import { expectClose, randomNd, runtime } from '../../../test/support/nn/run-graph.ts'
import type { Nd } from '../../../test/support/nn/float64.ts'
import { rotate, rotation } from '../decoder/rotary.ts'
import * as nn from './index.ts'

type Build = (graph: nn.TensorGraph, ...inputs: nn.SymbolicTensor[]) => nn.SymbolicTensor

const ids = (graph: nn.TensorGraph): nn.SymbolicTensor => graph.constant([4], BigInt64Array.of(2n, 0n, 2n, 4n))
/** Of [4, 5]; the loss is not linear in it, so that a gradient depends on the value too. */
const CASES: Readonly<Record<string, { readonly shapes: readonly (readonly number[])[]; readonly build: Build }>> = {
  rmsNorm: { shapes: [[4, 5], [5]], build: (_, x, scale) => nn.rmsNorm(of(x), of(scale), 0.1) },
  layerNorm: {
    shapes: [[4, 5], [5], [5]],
    build: (_, x, scale, bias) => nn.layerNorm(of(x), of(scale), of(bias), 0.1),
  },
  softmax: { shapes: [[4, 5]], build: (_, x) => nn.softmax(of(x)) },
  logSoftmax: { shapes: [[4, 5]], build: (_, x) => nn.logSoftmax(of(x)) },
  crossEntropyLosses: { shapes: [[4, 5]], build: (graph, x) => nn.crossEntropyLosses(of(x), ids(graph)) },
  binaryCrossEntropyLosses: {
    shapes: [
      [4, 5],
      [4, 5],
    ],
    build: (_, x, y) => nn.binaryCrossEntropyLosses(of(x), nn.sigmoid(of(y))),
  },
  pick: { shapes: [[4, 5]], build: (graph, x) => nn.pick(of(x), ids(graph)) },
  gather: { shapes: [[5, 3]], build: (graph, x) => nn.gather(of(x), ids(graph)) },
  silu: { shapes: [[4, 5]], build: (_, x) => nn.silu(of(x)) },
  gelu: { shapes: [[4, 5]], build: (_, x) => nn.gelu(of(x)) },
  log1mExp: { shapes: [[4, 5]], build: (_, x) => nn.log1mExp(nn.sub(nn.neg(nn.square(of(x))), 0.3)) },
  l2Normalise: { shapes: [[4, 5]], build: (_, x) => nn.l2Normalise(of(x)) },
  softplus: { shapes: [[4, 5]], build: (_, x) => nn.softplus(of(x)) },
  tanh: { shapes: [[4, 5]], build: (_, x) => nn.tanh(of(x)) },
  div: { shapes: [[4, 5], [5]], build: (_, x, y) => nn.div(of(x), nn.add(nn.square(of(y)), 1)) },
  matmul: {
    shapes: [
      [2, 3, 4],
      [5, 4],
    ],
    build: (_, x, y) => nn.matmul(of(x), of(y), { transposeRight: true, scale: 0.5 }),
  },
  slice: { shapes: [[4, 5]], build: (_, x) => nn.slice(of(x), 1, 1, 4) },
  cumulativeSum: { shapes: [[4, 5]], build: (_, x) => nn.cumulativeSum(of(x), 1) },
  rotate: {
    shapes: [[1, 3, 8]],
    build: (graph, x) => rotate(of(x), rotation(graph.constant([1], BigInt64Array.of(0n)), 3, 4, 10)),
  },
}

test.each(Object.entries(CASES))('%s can be differentiated twice', async (_, { shapes, build }) => {
  const inputs = shapes.map((shape, at) => randomNd(shape, 11 + at, -1.5, 1.5))
  const { run, release } = await slopesOf(build, inputs)
  const { seconds } = await run(inputs)
  const step = 1 / 256
  for (const [at, input] of inputs.entries())
    for (let direction = 0; direction < 4; direction += 1) {
      const along = randomNd(input.shape, 40 + direction, -1, 1).data
      const moved = (by: number): readonly Nd[] =>
        inputs.with(at, { ...input, data: input.data.map((value, place) => value + by * (along[place] ?? 0)) })
      const [ahead, behind] = [(await run(moved(step))).value, (await run(moved(-step))).value]
      const second = (seconds[at] ?? expect.fail()).reduce((sum, value, place) => sum + value * (along[place] ?? 0), 0)
      expectClose([second], [(ahead - behind) / (2 * step)], 5e-3)
      // A rule that is lost gives zero: none of these functions has so small a curvature.
      expect(Math.abs(second)).toBeGreaterThan(1e-3)
    }
  await release()
})

interface Slopes {
  run(inputs: readonly Nd[]): Promise<{ readonly value: number; readonly seconds: readonly Float32Array[] }>
  release(): Promise<void>
}

/** g = Σ v · ∇(Σ w (y³/3 + y²)) for random v and w, with its gradient. */
async function slopesOf(build: Build, inputs: readonly Nd[]): Promise<Slopes> {
  const graph = new nn.TensorGraph()
  const symbols = inputs.map(({ shape }, at) => graph.input(`x${at}`, shape, { requiresGradient: true }))
  const y = build(graph, ...symbols)
  const constant = (shape: readonly number[], seed: number): nn.SymbolicTensor =>
    graph.constant(shape, Float32Array.from(randomNd(shape, seed, -1, 1).data))
  const bent = nn.add(nn.mul(nn.square(y), nn.div(y, 3)), nn.square(y))
  const firsts = nn.gradients(nn.sum(nn.mul(constant(y.shape.map(Number), 98), bent)), symbols)
  const value = firsts
    .map((first, at) => nn.sum(nn.mul(first, constant(first.shape.map(Number), 70 + at))))
    .reduce((one, other) => nn.add(one, other))
  graph.output('value', value)
  for (const [at, second] of nn.gradients(value, symbols).entries()) graph.output(`second${at}`, second)
  const ort = await runtime()
  const session = await ort.session(graph.build())
  return {
    async run(moved) {
      const results = await session.run(
        Object.fromEntries(
          moved.map(({ shape, data }, at) => [`x${at}`, ort.tensor('float32', Float32Array.from(data), shape)]),
        ),
      )
      const numbers = (name: string): Float32Array => {
        const data = results[name]?.data
        return data instanceof Float32Array ? data : expect.fail(name)
      }
      return { value: numbers('value')[0] ?? Number.NaN, seconds: symbols.map((_, at) => numbers(`second${at}`)) }
    },
    release: () => session.release(),
  }
}

function of(tensor: nn.SymbolicTensor | undefined): nn.SymbolicTensor {
  return tensor ?? expect.fail('an input is missing')
}
