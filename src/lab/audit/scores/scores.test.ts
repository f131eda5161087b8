/** Scores and projections on a tiny decoder, against what they stand for: changes of the loss, inputs of layers, outputs kept. */
import { beforeAll, describe, expect, it } from 'vitest'
import { BlockSession } from '../../../nn/decoder/block-session.ts'
import { type DecoderConfig, initialDecoder } from '../../../nn/decoder/config.ts'
import { difference, energy, product } from '../../../nn/linear-algebra/matrix.ts'
import { thinSvd } from '../../../nn/linear-algebra/svd.ts'
import { createRandom } from '../../../nn/random.ts'
import { EvaluationSession } from '../../../nn/runtime/evaluation-session.ts'
import { GradientSession } from '../../../nn/runtime/gradient-session.ts'
import { type OnnxRuntime, loadOnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { decode } from '../../../nn/decoder/forward.ts'
import { decoderWeights } from '../../../nn/decoder/weights.ts'
import type { SymbolicTensor } from '../../../nn/tensor/index.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import type { EncodedConversation } from '../../train/decoder/encode.ts'
import { nextTokenFeeds, nextTokenLoss } from '../../train/decoder/next-token-loss.ts'
import { auditedLinears, weightOf } from '../audited-linears.ts'
import { projectBlocks } from '../low-rank/project-blocks.ts'
import { BitMask } from '../masks/bit-mask.ts'
import { pruneWeights } from '../masks/prune.ts'
import { measureSnip } from './measure-snip.ts'
import { measureWanda } from './measure-wanda.ts'
import { BlockWalk } from './walk-blocks.ts'

const CONFIG: DecoderConfig = {
  ...{ architecture: 'llama', vocabularySize: 32, width: 16, layers: 2, heads: 2, keyValueHeads: 2, headWidth: 8 },
  ...{ feedForward: 24, maxLength: 64, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
}

/** Sequences of random tokens whose last `response` ones are learnt. */
function sequences(
  count: number,
  seed: number,
  length: number = 9,
  response: number = 4,
): readonly EncodedConversation[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => ({
    ids: Int32Array.from({ length }, () => Math.floor(random() * 32)),
    weights: Float32Array.from({ length }, (_, at) => Number(at >= length - response)),
  }))
}

let runtime: OnnxRuntime
let parameters: ParameterValues
beforeAll(async () => {
  runtime = await loadOnnxRuntime()
  parameters = initialDecoder(CONFIG, 3)
})
const model = () => ({ config: CONFIG, parameters, runtime })

/** −log p of the response. */
async function lossOf(example: EncodedConversation, values: ParameterValues): Promise<number> {
  const bucket = { batch: 1, length: 32 }
  const session = new GradientSession({
    ...{ runtime, parameters: values, build: nextTokenLoss(CONFIG) },
    targets: ['model.norm.weight'],
  })
  const { loss } = await session.run(bucket, nextTokenFeeds([example], bucket))
  await session.dispose()
  return 4 * loss
}

describe('SNIP', () => {
  it('foretells to first order how the loss changes when a weight becomes 0', async () => {
    const [example] = sequences(1, 7) as [EncodedConversation]
    const scores = await measureSnip(model(), [example])
    const before = await lossOf(example, parameters)
    const name = 'model.layers.1.mlp.up_proj.weight'
    const all = scores.get(name) as Float32Array
    const random = createRandom(5)
    // Small weights with a score that float32 can tell from nothing.
    const size = (place: number): number => Math.abs(parameters[name]?.data[place] ?? 0)
    const places = Array.from(all.keys()).filter((place) => size(place) < 0.1 && (all[place] ?? 0) > 2e-4)
    for (let trial = 0; trial < 20; trial += 1) {
      const place = places[Math.floor(random() * places.length)] ?? 0
      const without = pruneWeights(parameters, new Map([[name, BitMask.of(all.length, [place])]]))
      const change = Math.abs((await lossOf(example, without)) - before)
      expect(Math.abs(change / (all[place] ?? 0) - 1)).toBeLessThan(0.1)
    }
  })

  it('is a mean over examples, each with its absolute value', async () => {
    const examples = sequences(3, 8)
    const name = 'model.layers.0.self_attn.q_proj.weight'
    const single = await Promise.all(examples.map((one) => measureSnip(model(), [one])))
    const together = (await measureSnip(model(), examples)).get(name) ?? []
    together.forEach((score, at) => {
      const mean = single.reduce((sum, one) => sum + (one.get(name)?.[at] ?? 0), 0) / 3
      expect(score).toBeCloseTo(mean, 5)
    })
  })
})

/** Inputs of a layer at the tokens that predict the response, from the whole model's forward pass. */
async function inputsAt(example: EncodedConversation, layer: string): Promise<readonly Float32Array[]> {
  const length = example.ids.length
  const session = new EvaluationSession<number>({
    ...{ runtime, parameters },
    build(graph, symbols) {
      const ids = graph.input('ids', [1, length], { dataType: 'int64' })
      let seen: SymbolicTensor = ids
      decode(CONFIG, decoderWeights(CONFIG, symbols), ids, {
        observe(name, value) {
          if (name === `${layer}.input`) seen = value
          return value
        },
      })
      return { seen }
    },
  })
  const { seen } = await session.run(0, { ids: BigInt64Array.from(example.ids, BigInt) })
  await session.dispose()
  const width = (seen?.length ?? 0) / length
  const rows = Array.from({ length }, (_, at) => (seen as Float32Array).slice(at * width, (at + 1) * width))
  return rows.filter((_, at) => (example.weights[at + 1] ?? 0) !== 0)
}

describe('inputs of layers', () => {
  it('are those of the whole model at the tokens that predict the response, for Wanda and Gram matrices', async () => {
    const examples = sequences(2, 9)
    const wanda = await measureWanda(model(), examples)
    const session = new BlockSession(runtime, CONFIG)
    const walk = new BlockWalk(session, model(), examples)
    await walk.pass(0, parameters)
    const grams = await walk.grams(1, parameters)
    await session.dispose()
    for (const input of ['self_attn.q_proj', 'self_attn.o_proj', 'mlp.gate_proj', 'mlp.down_proj'] as const) {
      const name = `model.layers.1.${input}`
      const rows = (await Promise.all(examples.map((one) => inputsAt(one, name)))).flat()
      const weight = parameters[`${name}.weight`]
      const columns = weight?.shape[1] ?? 0
      for (let column = 0; column < columns; column += 1) {
        const square = rows.reduce((sum, row) => sum + (row[column] ?? 0) ** 2, 0)
        expect(grams.get(input)?.data[column * columns + column]).toBeCloseTo(square, 4)
        expect(wanda.get(`${name}.weight`)?.[column]).toBeCloseTo(
          Math.abs(weight?.data[column] ?? 0) * Math.sqrt(square),
          4,
        )
      }
    }
  })

  it('change when tokens of the prompt are counted too', async () => {
    const examples = sequences(2, 10)
    const whole = examples.map(({ ids }) => ({ ids, weights: new Float32Array(ids.length).fill(1) }))
    const name = 'model.layers.0.mlp.down_proj.weight'
    const [masked, all] = [await measureWanda(model(), examples), await measureWanda(model(), whole)]
    expect((all.get(name)?.[0] ?? 0) / (masked.get(name)?.[0] ?? 1)).toBeGreaterThan(1.01)
  })
})

describe('projection by blocks', () => {
  const data = { safety: sequences(6, 11), utility: sequences(6, 12) }

  it('changes every layer by a bounded rank and nothing else, and counts the ranks', async () => {
    const { parameters: changed, removedRanks } = await projectBlocks(model(), data, { keep: 3, remove: 2 })
    expect(removedRanks).toBe(2 * 7 * 2)
    for (const [name, { shape, data: numbers }] of Object.entries(parameters)) {
      const linear = auditedLinears(CONFIG).find(({ parameter }) => parameter === name)
      if (linear === undefined) {
        expect(changed[name]).toBe(parameters[name])
        continue
      }
      const [rows = 0, columns = 0] = shape
      const part = difference({ rows, columns, data: numbers }, { rows, columns, data: changed[name]?.data ?? numbers })
      const { singularValues } = await thinSvd(part)
      expect(singularValues[0]).toBeGreaterThan(1e-3)
      expect(singularValues.filter((value) => value > 1e-5).length).toBeLessThanOrEqual(2)
    }
  })

  it('works out later blocks from what the changed ones give', async () => {
    const settings = { keep: 2, remove: 3 }
    const whole = await projectBlocks(model(), data, settings)
    // The same with the first block changed beforehand: the second then sees the same inputs, so it must come out the same.
    const first: Record<string, ParameterValues[string]> = { ...parameters }
    for (const { parameter, layer } of auditedLinears(CONFIG))
      if (layer === 0) first[parameter] = weightOf(whole.parameters, parameter)
    const session = new BlockSession(runtime, CONFIG)
    const grams = async (values: ParameterValues) => {
      const walk = new BlockWalk(session, { config: CONFIG, parameters: values }, data.safety)
      await walk.pass(0, values)
      return (await walk.grams(1, values)).get('self_attn.q_proj')
    }
    const [seen, unseen] = [await grams(first), await grams(parameters)]
    await session.dispose()
    if (seen === undefined || unseen === undefined) throw new Error('no Gram matrix')
    expect(energy(difference(seen, unseen)) / energy(unseen)).toBeGreaterThan(1e-4)
    // What the second block writes along the safety directions of those inputs is gone, up to what utility keeps.
    const weight = (values: ParameterValues) => ({
      ...{ rows: 16, columns: 16 },
      data: values['model.layers.1.self_attn.q_proj.weight']?.data ?? new Float32Array(256),
    })
    const outputs = (values: ParameterValues): number =>
      product(
        weight(values),
        product(seen, { rows: 16, columns: 16, data: transposed(weight(values).data) }),
      ).data.reduce((sum, value, at) => (at % 17 === 0 ? sum + value : sum), 0)
    expect(outputs(whole.parameters)).toBeLessThan(outputs(parameters))
  })

  it('refuses settings that make no sense', async () => {
    await expect(projectBlocks(model(), data, { keep: -1, remove: 1 })).rejects.toThrow('keeps 0 or more')
    await expect(projectBlocks(model(), data, { keep: 1, remove: 99 })).rejects.toThrow('directions are possible')
  })
})

function transposed(data: Float32Array): Float32Array {
  return data.map((_, at) => data[(at % 16) * 16 + Math.floor(at / 16)] ?? 0)
}
