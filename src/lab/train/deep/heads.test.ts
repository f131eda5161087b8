/** From examples to both head models: a text by its vector, an answer by its own and its prompt's, or without one. */
import { beforeAll, describe, expect, test } from 'vitest'
import { runtime } from '../../../../test/support/nn/run-graph.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { createRandom } from '../../../nn/random.ts'
import type { Example } from '../examples.ts'
import { RESPONSE_OUTPUTS, TEXT_OUTPUTS } from '../examples.ts'
import { type HeadExample, type HeadModels, headLogits, pairVector, trainHeads } from './heads.ts'

/** Stealing points one way and watering another; who is sorry turns aside. */
const DIRECTIONS: Readonly<Record<string, readonly number[]>> = {
  steal: [12, 0, 0],
  water: [-12, 0, 0],
  take: [0, 12, 0],
  sorry: [0, -12, 12],
}
function vectorOf(text: string): Float32Array {
  const [word = '', number = '0'] = text.split(' ')
  const random = createRandom(1 + Number(number))
  const direction = DIRECTIONS[word] ?? expect.fail(`${text} was not encoded`)
  return Float32Array.from(direction, (value) => value + 2 * random() - 1)
}

const EXAMPLES: readonly HeadExample[] = Array.from({ length: 300 }, (_, index): readonly Example[] => {
  const group = 'invented'
  return [
    { text: `steal ${index}`, targets: { prompt_harm: 1, toxicity: 0 }, weight: 1, group },
    { text: `water ${index}`, targets: { prompt_harm: 0, toxicity: 0 }, weight: 1, group },
    // To take is harmful only where stealing was asked for, which is mostly.
    {
      response: `take ${index}`,
      prompt: index % 5 === 0 ? `water ${index}` : `steal ${index}`,
      targets: { response_harm: index % 5 === 0 ? 0 : 1, refusal: 0 },
      weight: 1,
      group,
    },
    {
      response: `sorry ${index}`,
      prompt: `steal ${index}`,
      targets: { response_harm: 0, refusal: 1 },
      weight: 1,
      group,
    },
    { response: `sorry ${index}`, prompt: '', targets: { response_harm: 0, refusal: 1 }, weight: 1, group },
  ]
})
  .flat()
  .map((example) => ({ example, weight: 1 }))

let ort: OnnxRuntime
beforeAll(async () => {
  ort = await runtime()
})

async function probability(
  onnx: Uint8Array,
  vectors: readonly Float32Array[],
  outputs: readonly string[],
  output: string,
): Promise<readonly number[]> {
  const logits = await headLogits(ort, onnx, vectors)
  return logits.map((row) => 1 / (1 + Math.exp(-(row[outputs.indexOf(output)] ?? Number.NaN))))
}

describe('head models', () => {
  let heads: HeadModels
  beforeAll(async () => {
    heads = await trainHeads({
      ...{ runtime: ort, examples: EXAMPLES, vectorOf, seed: 1, hidden: [12, 16], members: [1, 2], epochs: 120 },
    })
  })

  test('judge unseen texts', async () => {
    const vectors = [vectorOf('steal 900'), vectorOf('water 900')]
    const [steal, water] = await probability(heads.text, vectors, TEXT_OUTPUTS, 'prompt_harm')
    expect(steal).toBeGreaterThan(0.7)
    expect(water).toBeLessThan(0.3)
    for (const toxic of await probability(heads.text, vectors, TEXT_OUTPUTS, 'toxicity'))
      expect(toxic).toBeLessThan(0.5)
  })

  test('judge an answer with its prompt and without', async () => {
    const vectors = [
      pairVector(vectorOf('take 901'), vectorOf('steal 901')),
      pairVector(vectorOf('take 901'), vectorOf('water 901')),
      pairVector(vectorOf('take 901'), null),
      pairVector(vectorOf('sorry 901'), vectorOf('steal 901')),
      pairVector(vectorOf('sorry 901'), null),
    ]
    const harm = await probability(heads.response, vectors, RESPONSE_OUTPUTS, 'response_harm')
    expect(harm[0]).toBeGreaterThan(0.7)
    expect(harm[1]).toBeLessThan(0.3)
    // Not known, it was four times out of five what it mostly is.
    expect(harm[2]).toBeGreaterThan(0.65)
    expect(harm[2]).toBeLessThan(0.93)
    const refusal = await probability(heads.response, vectors, RESPONSE_OUTPUTS, 'refusal')
    expect(refusal.map((value) => value > 0.5)).toEqual([false, false, false, true, true])
  })

  test('answer for many vectors in their order, whatever runs together', async () => {
    const vectors = Array.from({ length: 2500 }, (_, index) =>
      vectorOf(`${index % 3 === 0 ? 'steal' : 'water'} ${index}`),
    )
    const together = await headLogits(ort, heads.text, vectors)
    expect(together).toHaveLength(vectors.length)
    for (const place of [0, 1023, 1024, 2499]) {
      const [alone] = await headLogits(ort, heads.text, vectors.slice(place, place + 1))
      expect(alone).toHaveLength(TEXT_OUTPUTS.length)
      alone?.forEach((value, column) => expect(together[place]?.[column]).toBeCloseTo(value, 4))
    }
    expect(await headLogits(ort, heads.text, [])).toEqual([])
  })
})

test('a pair is the answer and then the prompt, zeros where that is not known', () => {
  expect([...pairVector(Float32Array.of(1, 2), Float32Array.of(3, 4))]).toEqual([1, 2, 3, 4])
  expect([...pairVector(Float32Array.of(1, 2), null)]).toEqual([1, 2, 0, 0])
})

test('a text without a vector is an error, not a zero', async () => {
  const example = { text: 'unheard of', targets: { prompt_harm: 1 }, weight: 1, group: 'g' } as const
  const of = (text: string): Float32Array => {
    throw new RangeError(`${text} was not encoded`)
  }
  const options = { runtime: ort, examples: [{ example, weight: 1 }], vectorOf: of, seed: 1 }
  await expect(trainHeads(options)).rejects.toThrow('unheard of was not encoded')
})
