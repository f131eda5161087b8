/** Runs small tensor graphs for tests and compares them, gradients included, with the float64 reference. */
import { expect } from 'vitest'
import type { TensorData } from '../../../src/nn/onnx/graph.ts'
import { type OnnxRuntime, loadOnnxRuntime } from '../../../src/nn/runtime/onnx-runtime.ts'
import { type SymbolicTensor, TensorGraph, gradients, mul, sum } from '../../../src/nn/tensor/index.ts'
import { staticShape } from '../../../src/nn/tensor/shape.ts'
import { createRandom } from '../../../src/nn/random.ts'
import { type Nd, elementwise, sizeOf, slopes, total } from './float64.ts'

let loaded: Promise<OnnxRuntime> | undefined
export function runtime(): Promise<OnnxRuntime> {
  return (loaded ??= loadOnnxRuntime())
}

/** Values of the named tensors for the given feeds. */
export async function evaluate(
  graph: TensorGraph,
  outputs: Readonly<Record<string, SymbolicTensor>>,
  feeds: Readonly<Record<string, TensorData>> = {},
): Promise<Readonly<Record<string, Float32Array>>> {
  const ort = await runtime()
  for (const [name, tensor] of Object.entries(outputs)) graph.output(name, tensor)
  const session = await ort.session(graph.build())
  const given = graph.inputs.map(({ name, shape, dataType }) => {
    const data = feeds[name]
    if (data === undefined) throw new Error(`no feed ${name}`)
    return [name, ort.tensor(dataType, data, staticShape(name, shape))] as const
  })
  const results = await session.run(Object.fromEntries(given))
  await session.release()
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]))
}

/** Numbers from `low` to `high`, rounded to float32 so that both sides get the same ones. */
export function randomNd(shape: readonly number[], seed: number, low = -2, high = 2): Nd {
  const random = createRandom(seed)
  return { shape, data: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(low + (high - low) * random())) }
}

/**
 * Checks an operation: its value against the reference, its gradients (of a random weighted sum of the value) against central
 * differences of the reference in float64.
 */
export async function expectOperation(
  inputs: readonly Nd[],
  operation: (graph: TensorGraph, ...inputs: SymbolicTensor[]) => SymbolicTensor,
  reference: (...inputs: Nd[]) => Nd,
  tolerance = 2e-4,
): Promise<void> {
  const graph = new TensorGraph()
  const symbols = inputs.map(({ shape }, index) => graph.input(`x${index}`, shape, { requiresGradient: true }))
  const value = operation(graph, ...symbols)
  const expected = reference(...inputs)
  expect(value.shape).toEqual(expected.shape)
  const weights = randomNd(expected.shape, 99)
  const loss = sum(mul(value, graph.constant(weights.shape, Float32Array.from(weights.data))))
  const parts = gradients(loss, symbols)
  const feeds = Object.fromEntries(inputs.map(({ data }, index) => [`x${index}`, Float32Array.from(data)]))
  const results = await evaluate(
    graph,
    { value, ...Object.fromEntries(parts.map((part, index) => [`g${index}`, part])) },
    feeds,
  )
  expectClose(results['value'], expected.data, tolerance)
  inputs.forEach((input, index) => {
    const numeric = slopes(
      (moved) =>
        total([...elementwise((one, other) => one * other, reference(...inputs.with(index, moved)), weights).data]),
      input,
    )
    expect(parts[index]?.shape).toEqual(input.shape)
    expectClose(results[`g${index}`], numeric.data, tolerance)
  })
}

/** Every element within `tolerance`, relative above 1 and absolute below. */
export function expectClose(
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(actual?.length).toBe(expected.length)
  const worst = Array.from(
    expected,
    (want, index) => Math.abs((actual?.[index] ?? Number.NaN) - want) / Math.max(1, Math.abs(want)),
  )
  expect(Math.max(0, ...worst)).toBeLessThan(tolerance)
}
