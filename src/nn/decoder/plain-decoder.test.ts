/** The plain decoder against a straightforward one in float64 without a cache, and its caches against fresh readings. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../random.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { type DecoderConfig, initialDecoder, parameterCount } from './config.ts'
import { generate } from './generate.ts'
import { PlainDecoder, type QuantisedParameters, quantiseDecoder } from './plain-decoder.ts'

const LLAMA: DecoderConfig = {
  architecture: 'llama',
  vocabularySize: 23,
  width: 18,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headWidth: 6,
  feedForward: 21,
  maxLength: 80,
  ropeTheta: 100,
  epsilon: 1e-5,
  tiedEmbeddings: true,
}
const FORMS: Readonly<Record<string, DecoderConfig>> = {
  'Llama, grouped heads, tied': LLAMA,
  'Llama, one head of keys, untied': { ...LLAMA, keyValueHeads: 1, tiedEmbeddings: false },
  'Qwen2, heads of their own': { ...LLAMA, architecture: 'qwen2', keyValueHeads: 4, width: 24 },
}

/** Large numbers everywhere, biases and norms too, so that every part counts. */
function parametersOf(config: DecoderConfig): ParameterValues {
  const random = createRandom(5)
  const parameters = initialDecoder(config, 3)
  for (const [name, { data }] of Object.entries(parameters))
    for (let index = 0; index < data.length; index += 1)
      data[index] = /norm/.test(name) ? 0.5 + random() : 0.8 * (random() - 0.5)
  return parameters
}

/** Logits after every token; all positions, float64, formulas as in the papers. */
function reference(config: DecoderConfig, parameters: QuantisedParameters, ids: readonly number[]): number[][] {
  const { heads, keyValueHeads, headWidth } = config
  const at = (name: string, row: number, column: number, columns: number): number => {
    const value = parameters[name] ?? expect.fail(name)
    const scale = 'scales' in value ? (value.scales[row] ?? 0) : 1
    return scale * (value.data[row * columns + column] ?? Number.NaN)
  }
  const linear = (name: string, x: readonly number[]): number[] =>
    Array.from({ length: parameters[`${name}.weight`]?.shape[0] ?? 0 }, (_, row) =>
      x.reduce(
        (sum, value, column) => sum + value * at(`${name}.weight`, row, column, x.length),
        parameters[`${name}.bias`] === undefined ? 0 : at(`${name}.bias`, row, 0, 1),
      ),
    )
  const norm = (name: string, x: readonly number[]): number[] => {
    const mean = x.reduce((sum, value) => sum + value * value, 0) / x.length
    return x.map((value, index) => (value / Math.sqrt(mean + config.epsilon)) * at(`${name}.weight`, index, 0, 1))
  }
  const turn = (x: readonly number[], position: number): number[] =>
    x.map((value, index) => {
      const [place, half] = [index % headWidth, headWidth / 2]
      const angle = position * config.ropeTheta ** ((-2 * (place % half)) / headWidth)
      const partner = place < half ? -(x[index + half] ?? 0) : (x[index - half] ?? 0)
      return value * Math.cos(angle) + partner * Math.sin(angle)
    })
  let states = ids.map((id) =>
    Array.from({ length: config.width }, (_, index) => at('model.embed_tokens.weight', id, index, config.width)),
  )
  for (let layer = 0; layer < config.layers; layer += 1) {
    const name = `model.layers.${layer}`
    const normal = states.map((state) => norm(`${name}.input_layernorm`, state))
    const queries = normal.map((state, position) => turn(linear(`${name}.self_attn.q_proj`, state), position))
    const keys = normal.map((state, position) => turn(linear(`${name}.self_attn.k_proj`, state), position))
    const values = normal.map((state) => linear(`${name}.self_attn.v_proj`, state))
    states = states.map((state, position) => {
      const mixed = Array.from({ length: heads }, (_, head) => {
        const shared = Math.floor(head / (heads / keyValueHeads)) * headWidth
        const weights = keys.slice(0, position + 1).map((key) => {
          let dot = 0
          for (let index = 0; index < headWidth; index += 1)
            dot += (queries[position]?.[head * headWidth + index] ?? 0) * (key[shared + index] ?? 0)
          return Math.exp(dot / Math.sqrt(headWidth))
        })
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        return Array.from({ length: headWidth }, (_, index) =>
          weights.reduce((sum, weight, place) => sum + (weight / total) * (values[place]?.[shared + index] ?? 0), 0),
        )
      }).flat()
      const attended = linear(`${name}.self_attn.o_proj`, mixed).map((value, index) => value + (state[index] ?? 0))
      const inward = norm(`${name}.post_attention_layernorm`, attended)
      const up = linear(`${name}.mlp.up_proj`, inward)
      const gated = linear(`${name}.mlp.gate_proj`, inward).map(
        (value, index) => (value / (1 + Math.exp(-value))) * (up[index] ?? 0),
      )
      return linear(`${name}.mlp.down_proj`, gated).map((value, index) => value + (attended[index] ?? 0))
    })
  }
  const head = config.tiedEmbeddings ? 'model.embed_tokens' : 'lm_head'
  return states.map((state) => linear(head, norm('model.norm', state)))
}

function expectNear(actual: Float32Array, wanted: ArrayLike<number> | undefined): void {
  expect(actual.length).toBe(wanted?.length)
  expect(Math.max(...actual.map((value, index) => Math.abs(value - (wanted?.[index] ?? Number.NaN))))).toBeLessThan(
    1e-4,
  )
}

const tokens = (least: number, most: number) =>
  fc.array(fc.nat(LLAMA.vocabularySize - 1), { minLength: least, maxLength: most })

describe.each(Object.entries(FORMS))('%s', (_, config) => {
  const exact = parametersOf(config)
  describe.each([
    ['float32', exact],
    ['int8', quantiseDecoder(exact)],
  ] as const)('%s', (_, parameters) => {
    const decoder = new PlainDecoder(config, parameters)

    test('logits equal those of the formulas at every position, across blocks', () => {
      const ids = Array.from({ length: 37 }, (_, index) => (index * index + 3) % config.vocabularySize)
      const wanted = reference(config, parameters, ids)
      const seen: number[] = []
      const last = decoder.prefill(decoder.start(), ids, (logits, place) => {
        seen.push(place)
        expectNear(logits, wanted[place])
      })
      expect(seen).toEqual(ids.map((_, place) => place))
      expectNear(last, wanted.at(-1))
      expectNear(decoder.prefill(decoder.start(), ids), wanted.at(-1))
    })

    test('token by token equals all at once', () => {
      fc.assert(
        fc.property(tokens(1, 40), (ids) => {
          const cache = decoder.start()
          const steps = ids.map((id) => decoder.step(cache, id))
          expect(cache.length).toBe(ids.length)
          expectNear(steps.at(-1) ?? expect.fail(), decoder.prefill(decoder.start(), ids))
        }),
        { seed: 20261126, numRuns: 20 },
      )
    })

    test('a cache cut back, and a copy, go on as fresh ones do', () => {
      fc.assert(
        fc.property(tokens(1, 30), tokens(1, 20), fc.nat(29), (ids, more, cut) => {
          const length = Math.min(cut, ids.length)
          const cache = decoder.start()
          decoder.prefill(cache, ids)
          const copy = cache.copy()
          cache.truncate(length)
          expectNear(decoder.prefill(cache, more), decoder.prefill(decoder.start(), [...ids.slice(0, length), ...more]))
          expectNear(decoder.prefill(copy, more), decoder.prefill(decoder.start(), [...ids, ...more]))
        }),
        { seed: 20261126, numRuns: 20 },
      )
    })
  })
})

test('int8 is near float32, but not the same', () => {
  const parameters = parametersOf(LLAMA)
  const exact = new PlainDecoder(LLAMA, parameters)
  const small = new PlainDecoder(LLAMA, quantiseDecoder(parameters))
  const [one, other] = [exact.prefill(exact.start(), [1, 2, 3]), small.prefill(small.start(), [1, 2, 3])]
  const apart = Math.max(...one.map((value, index) => Math.abs(value - (other[index] ?? 0))))
  expect(apart).toBeGreaterThan(1e-4)
  expect(apart).toBeLessThan(0.3)
  const bytes = Object.values(quantiseDecoder(parameters)).reduce((sum, { data }) => sum + data.byteLength, 0)
  expect(bytes).toBeLessThan(1.5 * parameterCount(LLAMA))
})

test('generation from a cache equals taking the best token after a fresh reading', async () => {
  const decoder = new PlainDecoder(LLAMA, parametersOf(LLAMA))
  const ids = [4, 5, 6]
  const sampling = { temperature: 0, random: createRandom(1) }
  for await (const part of generate(decoder.source(), [4, 5, 6], { maxTokens: 8, sampling })) {
    if (part.type === 'end') continue
    const logits = decoder.prefill(decoder.start(), ids)
    expect(part.id).toBe(logits.indexOf(Math.max(...logits)))
    ids.push(part.id)
  }
  expect(ids).toHaveLength(11)
})

test('what does not fit is refused, and the cache stays as it was', () => {
  const decoder = new PlainDecoder(LLAMA, parametersOf(LLAMA))
  const cache = decoder.start()
  decoder.prefill(cache, [1, 2])
  expect(() => decoder.step(cache, 23)).toThrow('23 is not one of the 23 tokens')
  expect(() => decoder.prefill(cache, [1, -1])).toThrow('-1 is not one of')
  expect(() => decoder.prefill(cache, [])).toThrow('no tokens')
  expect(() => decoder.prefill(cache, Array<number>(79).fill(1))).toThrow('81 tokens do not fit')
  expect(() => cache.truncate(3)).toThrow('cannot be cut back to 3')
  expect(cache.length).toBe(2)
  const other = new PlainDecoder({ ...LLAMA, layers: 1 }, parametersOf({ ...LLAMA, layers: 1 }))
  expect(() => other.step(cache, 1)).toThrow('another shape')
  expect(() => new PlainDecoder({ ...LLAMA, layers: 3 }, parametersOf(LLAMA))).toThrow('model.layers.2')
})
