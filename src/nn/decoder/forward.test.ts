/** The decoder against plain float64 loops: values, every gradient, one-hot inputs, what observers see and change, adapters. */
import { describe, expect, test } from 'vitest'
import { decoderReference } from '../../../test/support/nn/decoder-reference.ts'
import { evaluate, expectClose } from '../../../test/support/nn/run-graph.ts'
import { mergeAdapter } from '../checkpoint/adapter.ts'
import { createRandom } from '../random.ts'
import { TensorGraph, gradients, mul, sum } from '../tensor/index.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import {
  type DecoderConfig,
  EMBEDDING,
  checkDecoderParameters,
  decoderShapes,
  initialDecoder,
  parameterCount,
} from './config.ts'
import { type Observe, decode } from './forward.ts'
import { adapterParameters, initialAdapter, withAdapter } from './lora.ts'
import { decoderWeights } from './weights.ts'

const LLAMA: DecoderConfig = {
  architecture: 'llama',
  ...{ vocabularySize: 7, width: 8, layers: 2, heads: 2, keyValueHeads: 2, headWidth: 4, feedForward: 6 },
  ...{ maxLength: 16, ropeTheta: 100, epsilon: 1e-5, tiedEmbeddings: true },
}
const MODELS: Readonly<Record<string, DecoderConfig>> = {
  llama: LLAMA,
  'grouped queries, untied': { ...LLAMA, heads: 4, headWidth: 6, tiedEmbeddings: false },
  'qwen2, one head of keys': { ...LLAMA, architecture: 'qwen2', heads: 2, keyValueHeads: 1 },
}
const IDS = [3, 1, 6, 1, 0]

/** Larger numbers than a fresh model has, so that nothing is nearly linear; norms and biases away from 1 and 0. */
function parametersOf(config: DecoderConfig): ParameterValues {
  const random = createRandom(11)
  const fresh = initialDecoder(config, 1)
  for (const { data } of Object.values(fresh))
    for (let at = 0; at < data.length; at += 1) data[at] = (data[at] ?? 0) + 0.8 * (random() - 0.5)
  return fresh
}

function exact(parameters: ParameterValues): Record<string, Float64Array> {
  return Object.fromEntries(Object.entries(parameters).map(([name, { data }]) => [name, Float64Array.from(data)]))
}

/** A loss that weighs every logit differently. */
function weightOf(index: number): number {
  return Math.sin(1 + index)
}

function lossOf(rows: readonly (readonly number[])[]): number {
  return rows.flat().reduce((total, value, index) => total + weightOf(index) * value, 0)
}

async function graphLoss(config: DecoderConfig, parameters: ParameterValues, oneHot = false, observe?: Observe) {
  const graph = new TensorGraph()
  const symbols = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]) => [name, graph.input(name, shape, { requiresGradient: true })]),
  )
  const weights = decoderWeights(config, symbols)
  const size = config.vocabularySize
  const tokens = oneHot
    ? graph.input('tokens', [1, IDS.length, size], { requiresGradient: true })
    : graph.input('tokens', [1, IDS.length], { dataType: 'int64' })
  const logits = weights.output(decode(config, weights, tokens, observe === undefined ? {} : { observe }))
  const weighing = Float32Array.from({ length: IDS.length * size }, (_, index) => weightOf(index))
  const loss = sum(mul(logits, graph.constant(logits.shape as number[], weighing)))
  const targets = { ...symbols, ...(oneHot ? { tokens } : {}) }
  const slopes = gradients(loss, Object.values(targets))
  const outputs = Object.fromEntries(Object.keys(targets).map((name, at) => [`d ${name}`, slopes[at] ?? loss]))
  const hot = Float32Array.from({ length: IDS.length * size }, (_, at) =>
    Number(IDS[Math.floor(at / size)] === at % size),
  )
  return evaluate(
    graph,
    { logits, ...outputs },
    {
      ...Object.fromEntries(Object.entries(parameters).map(([name, { data }]) => [name, data])),
      tokens: oneHot ? hot : BigInt64Array.from(IDS, BigInt),
    },
  )
}

describe.each(Object.entries(MODELS))('%s', (_, config) => {
  test('gives the logits of the plain loops', async () => {
    const parameters = parametersOf(config)
    const results = await graphLoss(config, parameters)
    expectClose(results['logits'], decoderReference(config, exact(parameters), IDS).flat(), 1e-4)
  })

  test('gives every gradient that central differences give, one-hot inputs included', async () => {
    const parameters = parametersOf(config)
    const results = await graphLoss(config, parameters, true)
    const step = 1e-5
    const numbers = exact(parameters)
    for (const [name, values] of Object.entries(numbers))
      for (let at = 0; at < values.length; at += Math.max(1, Math.floor(values.length / 5))) {
        const value = values[at] ?? 0
        const [up, down] = [value + step, value - step].map((moved) => {
          values[at] = moved
          return lossOf(decoderReference(config, numbers, IDS))
        }) as [number, number]
        values[at] = value
        expectClose([results[`d ${name}`]?.[at] ?? Number.NaN], [(up - down) / (2 * step)], 1e-3)
      }
    const hot = IDS.map((id) => Array.from({ length: config.vocabularySize }, (__, other) => Number(other === id)))
    for (const [position, other] of [
      [0, 5],
      [2, 6],
      [4, 2],
    ] as const) {
      const moved = (by: number): number =>
        lossOf(
          decoderReference(
            config,
            numbers,
            hot.with(
              position,
              (hot[position] ?? []).map((share, at) => share + (at === other ? by : 0)),
            ),
          ),
        )
      const slope = (moved(step) - moved(-step)) / (2 * step)
      expectClose([results['d tokens']?.[position * config.vocabularySize + other] ?? Number.NaN], [slope], 1e-3)
    }
  })
})

test('the gradient through ids is that through one-hot rows', async () => {
  const parameters = parametersOf(LLAMA)
  const [ids, hot] = [await graphLoss(LLAMA, parameters), await graphLoss(LLAMA, parameters, true)]
  expectClose(ids[`d ${EMBEDDING}`], hot[`d ${EMBEDDING}`] ?? [], 1e-5)
})

test('observers see every linear layer and can take a part out', async () => {
  const parameters = parametersOf(LLAMA)
  const seen: string[] = []
  const results = await graphLoss(LLAMA, parameters, false, (name, value) => {
    seen.push(name)
    return name === 'model.layers.1.mlp.down_proj.output' || name === 'model.layers.1.self_attn.o_proj.output'
      ? mul(value, 0)
      : value
  })
  expect(seen).toHaveLength(2 + LLAMA.layers * (2 * 7 + 1))
  expect(seen[0]).toBe('embedding')
  expect(seen.at(-1)).toBe('final')
  const first = Object.fromEntries(Object.entries(exact(parameters)).filter(([name]) => !name.includes('layers.1')))
  expectClose(results['logits'], decoderReference({ ...LLAMA, layers: 1 }, first, IDS).flat(), 1e-4)
})

test('a fresh adapter changes nothing, a tuned one what merging it into the weights changes', async () => {
  const parameters = parametersOf(LLAMA)
  const adapter = initialAdapter(
    LLAMA,
    { rank: 2, alpha: 6, targets: ['self_attn.q_proj', 'self_attn.o_proj', 'mlp.down_proj'] },
    3,
  )
  const run = async (): Promise<ArrayLike<number> | undefined> => {
    const all = { ...parameters, ...adapterParameters(adapter) }
    const graph = new TensorGraph()
    const symbols = Object.fromEntries(Object.entries(all).map(([name, { shape }]) => [name, graph.input(name, shape)]))
    const weights = withAdapter(decoderWeights(LLAMA, symbols), adapter, symbols)
    const tokens = graph.input('tokens', [1, IDS.length], { dataType: 'int64' })
    const logits = weights.output(decode(LLAMA, weights, tokens))
    const feeds = Object.fromEntries(Object.entries(all).map(([name, { data }]) => [name, data]))
    return (await evaluate(graph, { logits }, { ...feeds, tokens: BigInt64Array.from(IDS, BigInt) }))['logits']
  }
  const plain = decoderReference(LLAMA, exact(parameters), IDS).flat()
  expectClose(await run(), plain, 1e-4)
  const random = createRandom(4)
  for (const { b } of Object.values(adapter.layers)) b.data.forEach((__, at) => (b.data[at] = random() - 0.5))
  const merged = decoderReference(LLAMA, exact(mergeAdapter(parameters, adapter)), IDS).flat()
  expect(Math.max(...merged.map((value, at) => Math.abs(value - (plain[at] ?? 0))))).toBeGreaterThan(0.1)
  expectClose(await run(), merged, 1e-4)
})

test('counting parameters is counting their shapes', () => {
  for (const architecture of ['llama', 'qwen2'] as const)
    for (const tiedEmbeddings of [false, true])
      for (const layers of [1, 2, 5]) {
        const config = { ...LLAMA, architecture, tiedEmbeddings, layers }
        const sizes = Object.values(decoderShapes(config)).map((shape) => shape.reduce((size, axis) => size * axis, 1))
        expect(parameterCount(config)).toBe(sizes.reduce((sum, size) => sum + size, 0))
      }
  expect(parameterCount({ ...LLAMA, layers: 1e9 })).toBeGreaterThan(1e9)
  expect(() => parameterCount({ ...LLAMA, layers: 0 })).toThrow('layers must be a whole number above 0')
})

test('parameters of another model are named before anything runs', () => {
  const parameters = initialDecoder(LLAMA, 1)
  const { [EMBEDDING]: _, ...rest } = parameters
  expect(() => checkDecoderParameters(LLAMA, rest)).toThrow(/embed_tokens\.weight is missing/)
  expect(() => checkDecoderParameters({ ...LLAMA, feedForward: 8 }, parameters)).toThrow(/is \[6, 8\] and not \[8, 8\]/)
  expect(() => initialDecoder({ ...LLAMA, keyValueHeads: 3 }, 1)).toThrow(/3 heads of keys and values do not divide 2/)
})
