/** The exported file and generation with it: cached steps, padding and batches change nothing but rounding. */
import { describe, expect, test } from 'vitest'
import { decoderReference } from '../../../test/support/nn/decoder-reference.ts'
import { expectClose, runtime } from '../../../test/support/nn/run-graph.ts'
import { createRandom } from '../random.ts'
import type { OnnxTensor } from '../runtime/onnx-runtime.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { type DecoderConfig, initialDecoder } from './config.ts'
import { cacheNames, exportDecoder } from './export.ts'
import { DecoderGenerator } from './generator.ts'

const PLAIN: DecoderConfig = {
  architecture: 'llama',
  ...{ vocabularySize: 9, width: 8, layers: 2, heads: 2, keyValueHeads: 2, headWidth: 4, feedForward: 6 },
  ...{ maxLength: 24, ropeTheta: 100, epsilon: 1e-5, tiedEmbeddings: true, endTokens: [8] },
}
const MODELS = {
  plain: PLAIN,
  grouped: { ...PLAIN, architecture: 'qwen2', heads: 4, keyValueHeads: 2, headWidth: 2 },
} as const

function parametersOf(config: DecoderConfig): ParameterValues {
  const random = createRandom(5)
  const fresh = initialDecoder(config, 1)
  for (const { data } of Object.values(fresh))
    for (let at = 0; at < data.length; at += 1) data[at] = (data[at] ?? 0) + 1.5 * (random() - 0.5)
  return fresh
}

function logitsOf(
  config: DecoderConfig,
  parameters: ParameterValues,
  ids: readonly number[],
): readonly (readonly number[])[] {
  const exact = Object.fromEntries(
    Object.entries(parameters).map(([name, { data }]) => [name, Float64Array.from(data)]),
  )
  return decoderReference(config, exact, ids)
}

/** The best next token again and again, without a cache. */
function greedy(
  config: DecoderConfig,
  parameters: ParameterValues,
  prompt: readonly number[],
  count: number,
): number[] {
  const made: number[] = []
  while (made.length < count) {
    const row = logitsOf(config, parameters, [...prompt, ...made]).at(-1) ?? []
    const best = row.indexOf(Math.max(...row))
    if (config.endTokens?.includes(best) === true) break
    made.push(best)
  }
  return made
}

describe.each(Object.entries(MODELS))('%s', (_, config) => {
  const parameters = parametersOf(config)

  test('the file gives the logits of the whole text when it is fed in two parts, padded on the left', async () => {
    const ort = await runtime()
    const session = await ort.session(exportDecoder(config, parameters))
    const ids = [3, 1, 7, 2, 2]
    const int64 = (values: readonly number[]): OnnxTensor =>
      ort.tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length])
    const empty = ort.tensor('float32', new Float32Array(), [1, config.keyValueHeads, 0, config.headWidth])
    const layers = Array.from({ length: config.layers }, (__, layer) => cacheNames(layer))
    const first = await session.run({
      ...{ input_ids: int64([0, 0, ...ids.slice(0, 3)]), attention_mask: int64([0, 0, 1, 1, 1]) },
      position_ids: int64([0, 0, 0, 1, 2]),
      ...Object.fromEntries(layers.flatMap(({ past }) => past.map((name) => [name, empty]))),
    })
    const cache = layers.flatMap(({ past, present }) =>
      past.map((name, at) => [name, first[present[at] ?? '']] as const),
    )
    const second = await session.run({
      ...{ input_ids: int64(ids.slice(3)), attention_mask: int64([0, 0, 1, 1, 1, 1, 1]), position_ids: int64([3, 4]) },
      ...Object.fromEntries(cache),
    })
    await session.release()
    const expected = logitsOf(config, parameters, ids)
    const whole = first['logits']?.data as Float32Array
    expectClose(whole.subarray(2 * config.vocabularySize), expected.slice(0, 3).flat(), 1e-4)
    expectClose(second['logits']?.data as Float32Array, expected.slice(3).flat(), 1e-4)
  })

  test('prompts of unequal length in one batch get what each gets alone', async () => {
    const prompts = [[3], [1, 7, 2, 5, 4], [2, 2], [6, 0, 1]]
    const generator = await DecoderGenerator.load(await runtime(), config, parameters)
    const answers = await generator.generate(prompts, { maxTokens: 8, batch: 3 })
    const sampled = await generator.generate(prompts, { maxTokens: 8, sampling: { temperature: 1 }, seed: 2 })
    const alone = await generator.generate(prompts, { maxTokens: 8, sampling: { temperature: 1 }, seed: 2, batch: 1 })
    await generator.dispose()
    expect(answers.map(({ ids }) => ids)).toEqual(prompts.map((prompt) => greedy(config, parameters, prompt, 8)))
    expect(answers.map(({ end }) => end)).toEqual(answers.map(({ ids }) => (ids.length < 8 ? 'stop' : 'length')))
    expect(sampled.map(({ ids }) => ids)).toEqual(alone.map(({ ids }) => ids))
    for (const [at, { ids, logProbabilities }] of sampled.entries()) {
      const prompt = prompts[at] ?? []
      const rows = logitsOf(config, parameters, [...prompt, ...ids])
      const expected = ids.map((id, step) => {
        const row = rows[prompt.length - 1 + step] ?? []
        return (row[id] ?? 0) - Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0))
      })
      expectClose(logProbabilities, expected, 1e-4)
    }
  })
})

test('a batch in which some stop early goes on as the others would alone, over any length', async () => {
  const config = { ...PLAIN, vocabularySize: 60, maxLength: 200 }
  const parameters = parametersOf(config)
  const generator = await DecoderGenerator.load(await runtime(), config, parameters)
  const prompts = Array.from({ length: 12 }, (_, at) => [at % 8, (3 * at) % 8, 1 + (at % 5)].slice(at % 3))
  const options = { maxTokens: 150, sampling: { temperature: 1.5 }, seed: 4, stopTokens: [8] }
  const together = await generator.generate(prompts, options)
  const alone = await generator.generate(prompts, { ...options, batch: 1 })
  await generator.dispose()
  expect(together.map(({ ids }) => ids)).toEqual(alone.map(({ ids }) => ids))
  expect(new Set(together.map(({ ids }) => ids.length)).size).toBeGreaterThan(3)
  expect(Math.max(...together.map(({ ids }) => ids.length))).toBeGreaterThan(64)
})

test('what cannot be generated is refused before the model runs', async () => {
  const generator = await DecoderGenerator.load(await runtime(), PLAIN, parametersOf(PLAIN))
  await expect(generator.generate([[1], []], { maxTokens: 4 })).rejects.toThrow(/Prompt 1 is empty/)
  await expect(generator.generate([[1, 2, 3]], { maxTokens: 22 })).rejects.toThrow(/3 tokens; with 22 more/)
  for (const id of [9, -1, 0.5])
    await expect(generator.generate([[1], [id]], { maxTokens: 4 })).rejects.toThrow(
      `Prompt 1 has the token ${id}, and the model knows 9 tokens`,
    )
  const aborted = generator.generate([[1]], { maxTokens: 4, signal: AbortSignal.abort() })
  await expect(aborted).rejects.toThrow()
  await generator.dispose()
})
