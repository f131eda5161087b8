/** Where training starts: pretrained numbers untouched, new ones where they belong; and the real weights, when they are installed. */
import { describe, expect, test } from 'vitest'
import { type EncoderConfig, USE_LITE, initialParameters } from '../../../nn/encoder/config.ts'
import { addToLexicon, deepConfig, initialDeepParameters, loadUseLite, type PretrainedEncoder } from './initial.ts'
import type { Pieces } from './vocabulary.ts'

const SMALL: EncoderConfig = {
  ...USE_LITE,
  vocabularySize: 6,
  embeddingWidth: 4,
  layers: [{ width: 4, heads: 2, feedForward: 6 }],
  projection: 4,
}
const PRETRAINED: PretrainedEncoder = {
  // One row more than pieces, as USE lite has two.
  parameters: initialParameters(SMALL, 1),
  pieces: [
    ['<unk>', 0],
    ['▁', -3],
    ['▁rain', -2],
    ['▁bow', -2],
    ['▁sun', -2],
  ],
  reserved: 1,
}
const PIECES: Pieces = [...PRETRAINED.pieces, ['▁Regen', -5], ['bogen', -5], ['▁Wort', -5], ['▁R', -5]]
const CONFIG: EncoderConfig = { ...SMALL, vocabularySize: PIECES.length, segments: 4, hidden: 3, labels: 2 }

function rows(data: Float32Array | undefined, id: number): readonly number[] {
  return [...(data?.subarray(4 * id, 4 * id + 4) ?? [])]
}

describe('initial parameters', () => {
  const lexicon = new Map<string, string[]>()
  addToLexicon(lexicon, 'rain\tRegen\nbow\tBogen\nsun\tBogen\nrain\tR\n\nbroken line\n')
  const options = { pretrained: PRETRAINED, config: CONFIG, pieces: PIECES, lexicon, seed: 1 }
  const { parameters, translated } = initialDeepParameters(options)
  const table = parameters['embedding']?.data
  const before = PRETRAINED.parameters['embedding']?.data

  test('old rows stay, translated ones are means, the rest is noise', () => {
    for (const id of PRETRAINED.pieces.keys()) expect(rows(table, id)).toEqual(rows(before, id))
    expect(rows(table, 5)).toEqual(rows(before, 2))
    const [bow, sun] = [rows(before, 3), rows(before, 4)]
    rows(table, 6).forEach((value, column) =>
      expect(value).toBeCloseTo(((bow[column] ?? 0) + (sun[column] ?? 0)) / 2, 6),
    )
    // A single letter is no word, whatever the lexicon says.
    expect(translated).toBe(2)
    for (const id of [7, 8]) expect(Math.hypot(...rows(table, id))).toBeGreaterThan(0)
    expect(Math.max(...rows(table, 7).map(Math.abs))).toBeLessThan(0.1)
  })

  test('other parameters are the pretrained ones in memory of their own; heads are fresh', () => {
    const qkv = 'layer.0.attention.qkv.weight'
    expect(parameters[qkv]?.data).toEqual(PRETRAINED.parameters[qkv]?.data)
    expect(parameters[qkv]?.data).not.toBe(PRETRAINED.parameters[qkv]?.data)
    expect([...(parameters['segment']?.data ?? [1])]).toEqual(Array.from({ length: 16 }, () => 0))
    expect([...(parameters['labels.bias']?.data ?? [])]).toEqual([-1, -1])
    expect(Math.hypot(...(parameters['hidden.weight']?.data ?? []))).toBeGreaterThan(0)
  })

  test('the seed decides', () => {
    expect(initialDeepParameters(options).parameters).toEqual(parameters)
    expect(initialDeepParameters({ ...options, seed: 2 }).parameters['hidden.weight']).not.toEqual(
      parameters['hidden.weight'],
    )
  })

  test('other pieces or another encoder are refused', () => {
    expect(() => initialDeepParameters({ ...options, pieces: PIECES.toReversed() })).toThrow(
      'must be the pretrained ones',
    )
    expect(() => initialDeepParameters({ ...options, pieces: PIECES.slice(0, 6) })).toThrow(
      'must be the pretrained ones',
    )
    const wider = { ...CONFIG, layers: [{ width: 4, heads: 2, feedForward: 7 }] }
    expect(() => initialDeepParameters({ ...options, config: wider })).toThrow(
      'no fitting layer.0.feedForward.in.weight',
    )
  })
})

test('USE lite fits the deep configuration', () => {
  const pretrained = loadUseLite()
  const pieces: Pieces = [...pretrained.pieces, ['▁Regenbogen', -12]]
  const config = deepConfig(pieces.length, 19)
  const lexicon = new Map([['regenbogen', ['rainbow']]])
  const { parameters, translated } = initialDeepParameters({ pretrained, config, pieces, lexicon, seed: 1 })
  expect(pretrained.pieces).toHaveLength(8000)
  expect(translated).toBe(1)
  expect(parameters['embedding']?.shape).toEqual([8001, 256])
  expect(parameters['labels.weight']?.shape).toEqual([256, 19])
  expect(parameters['segment']?.shape).toEqual([4, 256])
})
