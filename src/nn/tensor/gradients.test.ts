/** The walk backwards: shared use, pruning, targets in between; and what shapes that do not fit say. */
import { describe, expect, test } from 'vitest'
import { evaluate } from '../../../test/support/nn/run-graph.ts'
import * as nn from './index.ts'

const numbers = (array: Float32Array | undefined): readonly number[] => [...(array ?? [])]
const the = (list: readonly nn.SymbolicTensor[]): nn.SymbolicTensor => list[0] ?? expect.fail('there is none')

describe('gradients', () => {
  test('a value used three times sums its three parts', async () => {
    const graph = new nn.TensorGraph()
    const x = graph.input('x', [2], { requiresGradient: true })
    // d/dx (x·x + 3x) = 2x + 3
    const slope = the(nn.gradients(nn.sum(nn.add(nn.mul(x, x), nn.mul(x, 3))), [x]))
    const results = await evaluate(graph, { slope }, { x: Float32Array.of(1, -4) })
    expect(numbers(results['slope'])).toEqual([5, -5])
  })

  test('a value in between can be a target, and blocks nothing', async () => {
    const graph = new nn.TensorGraph()
    const x = graph.input('x', [2], { requiresGradient: true })
    const middle = nn.mul(x, 2)
    const [ofMiddle = x, ofX = x] = nn.gradients(nn.sum(nn.mul(middle, middle)), [middle, x])
    const results = await evaluate(graph, { ofMiddle, ofX }, { x: Float32Array.of(1, 3) })
    expect(numbers(results['ofMiddle'])).toEqual([4, 12])
    expect(numbers(results['ofX'])).toEqual([8, 24])
  })

  test('what the loss does not depend on gets zeros, or an error on demand', async () => {
    const graph = new nn.TensorGraph()
    const x = graph.input('x', [2], { requiresGradient: true })
    const unused = graph.input('unused', [3], { requiresGradient: true })
    const loss = nn.sum(nn.mul(nn.stopGradient(x), x))
    const [slope = x, none = x] = nn.gradients(loss, [x, unused])
    const results = await evaluate(graph, { slope, none }, { x: Float32Array.of(2, 5), unused: new Float32Array(3) })
    expect(numbers(results['slope'])).toEqual([2, 5])
    expect(numbers(results['none'])).toEqual([0, 0, 0])
    expect(() => nn.gradients(loss, [unused], { disconnected: 'throw' })).toThrow('does not depend on unused')
  })

  test('no backward node is written for what nobody asked for', () => {
    const backwardNodes = (wanted: 'both' | 'small'): number => {
      const graph = new nn.TensorGraph()
      const x = graph.input('x', [4, 4], { requiresGradient: true })
      const bias = graph.input('bias', [4], { requiresGradient: true })
      const loss = nn.sum(nn.add(nn.tanh(nn.matmul(nn.exp(x), x)), bias))
      const before = graph.onnx.nodeCount
      nn.gradients(loss, wanted === 'both' ? [x, bias] : [bias])
      return graph.onnx.nodeCount - before
    }
    // The way to the bias: the gradient of the sum brought into shape and stretched, then summed and brought into shape.
    expect(backwardNodes('small')).toBeLessThanOrEqual(4)
    expect(backwardNodes('both')).toBeGreaterThan(8)
  })

  test('a rule of its own replaces those of the operations inside, and flows to nothing else', async () => {
    const graph = new nn.TensorGraph()
    const x = graph.input('x', [2], { requiresGradient: true })
    const y = graph.input('y', [2], { requiresGradient: true })
    const inside = nn.exp(nn.mul(x, y))
    const value = graph.withGradient(inside, [x], [([gradient]) => nn.mul(gradient ?? x, 7)])
    const [ofX = x, ofY = x] = nn.gradients(nn.sum(nn.mul(value, x)), [x, y])
    const results = await evaluate(graph, { ofX, ofY }, { x: Float32Array.of(2, 1), y: Float32Array.of(0, 0) })
    // d/dx (v x) = v + 7 x, with v = 1.
    expect([numbers(results['ofX']), numbers(results['ofY'])]).toEqual([
      [15, 8],
      [0, 0],
    ])
  })

  test('a gradient can be differentiated again', async () => {
    const graph = new nn.TensorGraph()
    const x = graph.input('x', [2], { requiresGradient: true })
    const once = the(nn.gradients(nn.sum(nn.mul(nn.mul(x, x), x)), [x]))
    const twice = the(nn.gradients(nn.sum(once), [x]))
    const results = await evaluate(graph, { twice }, { x: Float32Array.of(1, -2) })
    expect(numbers(results['twice'])).toEqual([6, -12])
  })
})

test('mistakes name the operation and both shapes', () => {
  const graph = new nn.TensorGraph()
  const x = graph.input('x', [2, 3])
  const named = graph.input('named', ['batch', 3], { requiresGradient: true })
  const ids = graph.input('ids', [2], { dataType: 'int64' })
  expect(() => nn.add(x, graph.constant([4], new Float32Array(4)))).toThrow('Add: [2, 3] and [4]')
  expect(() => nn.matmul(x, x)).toThrow('matmul: [2, 3] and [2, 3] do not fit: 3 columns, 2 rows')
  expect(() => nn.reshape(x, [4])).toThrow('reshape: [2, 3] and [4]')
  expect(() => nn.exp(ids)).toThrow('Exp: works on float32, not on int64 [2]')
  expect(() => nn.gather(x, x)).toThrow('int64 ids')
  expect(() => nn.slice(x, 1, 2, 4)).toThrow('slice: 2 to 4')
  expect(() => nn.sum(x, { axes: [2] })).toThrow('sum: axis 2')
  expect(() => nn.gradients(x, [x])).toThrow('one element')
  expect(() => nn.gradients(nn.sum(named), [named])).toThrow('named size batch')
  expect(() => nn.add(x, new nn.TensorGraph().input('x', [2, 3]))).toThrow('another graph')
  expect(() => graph.input('y', [1], { dataType: 'int64', requiresGradient: true })).toThrow('only float32')
})
