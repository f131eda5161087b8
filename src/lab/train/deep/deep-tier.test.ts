/** The file of the deep tier: what calibrates it, that limits and languages are kept, and that the request path reads it so. */
import { beforeAll, describe, expect, test } from 'vitest'
import { headModel } from '../../../../test/support/nn/guard-model.ts'
import { runtime } from '../../../../test/support/nn/run-graph.ts'
import { ENGLISH_WORDS, TINY_PIECES, tinyConfig, tinyPretrained } from '../../../../test/support/nn/tiny-encoder.ts'
import { exportEncoder } from '../../../nn/encoder/export.ts'
import { type GuardEncoderData, readGuardEncoder } from '../../../nn/encoder/guard-encoder.ts'
import { createRandom } from '../../../nn/random.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { logitOf, trainEmbedded } from '../embedded.ts'
import { RESPONSE_OUTPUTS, TEXT_OUTPUTS } from '../examples.ts'
import { type CalibrationExample, HELD_OUT_SET } from '../training-set.ts'
import { type DeepTierOptions, buildDeepTier, encodeTexts, thinCalibration } from './deep-tier.ts'
import type { TrainedEncoder } from './encoder.ts'
import { headLogits } from './heads.ts'

const WIDTH = 8
const CONFIG = tinyConfig(TINY_PIECES.length)
const ENCODER: TrainedEncoder = {
  ...{ config: CONFIG, pieces: TINY_PIECES, reserved: 1, cosine: {} },
  onnx: exportEncoder(CONFIG, tinyPretrained().parameters),
}
const HEADS = {
  text: headModel(WIDTH, TEXT_OUTPUTS.length, 7),
  response: headModel(2 * WIDTH, RESPONSE_OUTPUTS.length, 11),
}

function sentence(random: () => number): string {
  return Array.from({ length: 5 }, () => ENGLISH_WORDS[Math.floor(random() * ENGLISH_WORDS.length)] ?? '').join(' ')
}

/** Sentences of the words the encoder knows; who steals does harm, but for one in ten. German has more of it than English. */
function rows(set: string, count: number, language: string, seed: number): readonly CalibrationExample[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => {
    const text = sentence(random)
    const harm = text.includes('steal') !== random() < 0.1 ? 1 : 0
    return { set, example: { text, language, targets: { prompt_harm: harm }, weight: 1, group: set } }
  })
}

const ANSWERS = rows(HELD_OUT_SET, 200, 'en', 4).map(({ set, example }, index): CalibrationExample => {
  const targets = { response_harm: example.targets['prompt_harm'] ?? 0, refusal: index % 2 === 0 ? 1 : 0 } as const
  const prompt = index % 3 === 0 ? '' : 'water roses'
  return { set, example: { response: example.text ?? '', prompt, language: 'en', targets, weight: 1, group: set } }
})
const CALIBRATION = [
  ...rows(HELD_OUT_SET, 400, 'en', 1),
  ...rows(HELD_OUT_SET, 400, 'de', 2),
  ...rows(HELD_OUT_SET, 20, 'fr', 5),
  ...rows('dev', 200, 'en', 3),
  ...ANSWERS,
]
const FAST = trainEmbedded({
  set: {
    learnt: rows('learnt', 300, 'en', 9).map(({ example }) => example),
    ...{ calibration: [], coverage: {} },
  },
  ...{ id: 'fast', seed: 1, bits: 10, epochs: 5, limits: {} },
}).model

let ort: OnnxRuntime
let vectors: ReadonlyMap<string, Float32Array>
const vectorOf = (text: string): Float32Array => vectors.get(text) ?? expect.fail(`${text} was not encoded`)
beforeAll(async () => {
  ort = await runtime()
  const texts = CALIBRATION.flatMap(({ example: { text, response, prompt = '' } }) => [text ?? response ?? '', prompt])
  // Where there is no prompt, nobody may ask for its vector.
  vectors = await encodeTexts(
    ort,
    ENCODER,
    texts.filter((text) => text !== ''),
  )
})

async function build(limits: DeepTierOptions['limits'] = {}): Promise<GuardEncoderData> {
  const bytes = await buildDeepTier({
    ...{ runtime: ort, id: 'tiny-deep', encoder: ENCODER, heads: HEADS, fast: FAST, calibration: CALIBRATION },
    ...{ vectorOf, coverage: { prompt_harm: { en: 'trained' } }, limits, bands: { prompt_harm: [0.2, 0.7] } },
  })
  return readGuardEncoder(bytes, 'tiny-deep')
}

/** Share of harmless rows above one half, by what the file says of both tiers. */
async function flagged(
  model: GuardEncoderData,
  wanted: readonly CalibrationExample[],
  language = '*',
): Promise<number> {
  const harmless = wanted.filter(({ example }) => example.text !== undefined && example.targets['prompt_harm'] === 0)
  const texts = harmless.map(({ example }) => example.text ?? '')
  const logits = await headLogits(ort, model.text, texts.map(vectorOf))
  const { deep, fast, bias } = model.calibration['prompt_harm']?.[language] ?? expect.fail(`no ${language}`)
  const above = texts.filter((text, index) => {
    const ofFast = logitOf(FAST.scoreText(text)['prompt_harm'] ?? Number.NaN)
    return deep * (logits[index]?.[TEXT_OUTPUTS.indexOf('prompt_harm')] ?? Number.NaN) + fast * ofFast + bias > 1e-9
  })
  return above.length / harmless.length
}

const ofSet = (set: string, language = 'en'): readonly CalibrationExample[] =>
  CALIBRATION.filter((each) => each.set === set && each.example.language === language)

describe('the file', () => {
  test('holds encoder, heads, bands and coverage as they were given, and calibrates every output', async () => {
    const model = await build()
    expect(model).toMatchObject({ id: 'tiny-deep', reserved: 1, band: { prompt_harm: [0.2, 0.7] } })
    expect(model.heads).toEqual({ text: TEXT_OUTPUTS, response: RESPONSE_OUTPUTS })
    expect(model.coverage['prompt_harm']).toEqual({ en: 'trained' })
    expect(Buffer.from(model.encoder).equals(ENCODER.onnx)).toBe(true)
    expect(Buffer.from(model.response).equals(HEADS.response)).toBe(true)
    expect(Object.keys(model.calibration).toSorted()).toEqual([...TEXT_OUTPUTS, ...RESPONSE_OUTPUTS].toSorted())
    // The fast tier has learnt who steals; of the untrained heads nobody knows anything.
    const { deep, fast } = model.calibration['prompt_harm']?.['*'] ?? expect.fail('no calibration')
    expect(fast).toBeGreaterThan(deep)
  })

  test('keeps the limit of each set', async () => {
    const free = await build()
    expect(await flagged(free, ofSet('dev'))).toBeGreaterThan(0.05)
    const limited = await build({ prompt_harm: { dev: 0.05 } })
    const share = await flagged(limited, ofSet('dev'))
    expect(share).toBeLessThanOrEqual(0.05)
    expect(share).toBeGreaterThan(0)
  })

  test('flags as large a share of a language with enough rows as of all; others have no calibration of their own', async () => {
    const model = await build({ prompt_harm: { '*': 0.06 } })
    expect(Object.keys(model.calibration['prompt_harm'] ?? {}).toSorted()).toEqual(['*', 'de'])
    const all = await flagged(
      model,
      CALIBRATION.filter(({ set }) => set === HELD_OUT_SET),
    )
    expect(await flagged(model, ofSet(HELD_OUT_SET, 'de'), 'de')).toBeLessThanOrEqual(all + 1e-9)
  })

  test('is the same to the byte for the same parts', async () => {
    expect(await build()).toEqual(await build())
  })
})

describe('rows that calibrate', () => {
  test('are of every set, no more than so many, and the same whatever their order', () => {
    const many = [...rows('dev', 5000, 'en', 1), ...rows('small', 30, 'en', 2), ...rows(HELD_OUT_SET, 500, 'en', 3)]
    const thin = thinCalibration(many)
    const count = (list: readonly CalibrationExample[], name: string): number =>
      list.filter(({ set }) => set === name).length
    expect(count(thin, 'dev')).toBeLessThan(5000)
    expect(count(thin, 'small')).toBe(30)
    expect(count(thin, HELD_OUT_SET)).toBe(500)
    const texts = (list: readonly CalibrationExample[]): readonly string[] =>
      list.map(({ set, example }) => `${set} ${example.text}`).toSorted()
    expect(texts(thinCalibration(many.toReversed()))).toEqual(texts(thin))
  })
})

test('texts are encoded once each', async () => {
  const encoded = await encodeTexts(ort, ENCODER, ['water roses', 'steal cake', 'water roses'])
  expect([...encoded.keys()]).toEqual(['water roses', 'steal cake'])
  expect(encoded.get('water roses')).toHaveLength(WIDTH)
  const stopped = encodeTexts(ort, ENCODER, ['water roses'], { signal: AbortSignal.abort() })
  await expect(stopped).rejects.toMatchObject({ code: 'aborted' })
})
