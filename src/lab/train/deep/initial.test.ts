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
const CONFIG: EncoderConfig = { ...SMALL, vocabularySize: PIECES.length }

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

  test('other parameters are the pretrained ones in memory of their own', () => {
    expect(Object.keys(parameters)).toEqual(Object.keys(PRETRAINED.parameters))
    for (const [name, { data }] of Object.entries(PRETRAINED.parameters)) {
      if (name === 'embedding') continue
      expect(parameters[name]?.data).toEqual(data)
      expect(parameters[name]?.data).not.toBe(data)
    }
  })

  test('the seed decides the noise', () => {
    expect(initialDeepParameters(options).parameters).toEqual(parameters)
    const other = initialDeepParameters({ ...options, seed: 2 }).parameters['embedding']?.data
    expect(rows(other, 7)).not.toEqual(rows(table, 7))
    expect(rows(other, 6)).toEqual(rows(table, 6))
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
  const config = deepConfig(pieces.length)
  const lexicon = new Map([['regenbogen', ['rainbow']]])
  const { parameters, translated } = initialDeepParameters({ pretrained, config, pieces, lexicon, seed: 1 })
  expect(pretrained.pieces).toHaveLength(8000)
  expect(translated).toBe(1)
  expect(parameters['embedding']?.shape).toEqual([8001, 256])
  expect(parameters['projection.weight']?.shape).toEqual([512, 512])
})
