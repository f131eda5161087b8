import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gardenRows } from '../../../test/support/lab-rows.ts'
import { createEmbeddedClassifier } from '../../engines/embedded/classifier.ts'
import { EmbeddedModel } from '../../nn/embedded-model.ts'
import { readModelFile, writeModelFile } from '../../nn/model-file.ts'
import { calibrateLanguages, LARGEST_SHIFT, type SpokenRow } from './calibrate-languages.ts'
import { trainEmbedded } from './embedded.ts'
import { toExamples } from './examples.ts'

const GENERAL = { slope: 2, intercept: 0 }
const row = (language: string, label: number, logit: number, set = 'held-out'): SpokenRow => ({
  ...{ language, label, logit, set },
})
const spread = (count: number, from: number, to: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + ((to - from) * index) / (count - 1))
const ENGLISH = spread(200, -0.9, 0.1).map((logit) => row('en', 0, logit))
const shareAbove = (logits: readonly number[], { slope, intercept }: typeof GENERAL): number =>
  logits.filter((logit) => slope * logit + intercept > 0).length / logits.length

test('a language with harmless rows alone is flagged as often as all are', () => {
  const logits = spread(200, -0.6, 0.4)
  const french = logits.map((logit) => row('fr', 0, logit))
  const all = [...ENGLISH, ...french].map(({ logit }) => logit)
  const { fr } = calibrateLanguages([...ENGLISH, ...french], GENERAL)
  expect(shareAbove(logits, GENERAL)).toBeCloseTo(0.4, 1)
  expect(fr?.slope).toBe(GENERAL.slope)
  expect(shareAbove(logits, fr ?? GENERAL)).toBeCloseTo(shareAbove(all, GENERAL), 2)
})

test('one with both labels has its own; English, few rows and rows that were not held out have none', () => {
  const french = [
    ...spread(80, -0.5, 0.2).map((x) => row('fr', 0, x)),
    ...spread(80, 0.3, 2).map((x) => row('fr', 1, x)),
  ]
  expect(Object.keys(calibrateLanguages([...ENGLISH, ...french], GENERAL))).toEqual(['fr'])
  expect(calibrateLanguages([...ENGLISH, ...french.slice(0, 40)], GENERAL)).toEqual({})
  expect(calibrateLanguages([...ENGLISH, ...french.map((one) => ({ ...one, set: 'dev' }))], GENERAL)).toEqual({})
})

test('thresholds move no further than the bound, and scores keep their order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 60 }),
      fc.boolean(),
      (logits, both) => {
        const rows = logits.flatMap((logit) => [row('fr', 0, logit), ...(both ? [row('fr', 1, logit + 1)] : [])])
        for (const { slope, intercept } of Object.values(calibrateLanguages([...ENGLISH, ...rows], GENERAL))) {
          expect(slope).toBeGreaterThan(0)
          expect(Math.abs(intercept / slope) * GENERAL.slope).toBeLessThanOrEqual(LARGEST_SHIFT + 1e-9)
        }
      },
    ),
  )
})

test('a file may calibrate languages apart; the deep tier is told what the general calibration says', async () => {
  const learnt = gardenRows().flatMap((record) => toExamples(record, 'garden'))
  const { bytes, model } = trainEmbedded({
    ...{ set: { learnt, calibration: [], coverage: {} }, id: 'tiny', seed: 3, bits: 10, epochs: 2, limits: {} },
  })
  const { header, blocks } = readModelFile(bytes, 'x')
  const { blocks: _, ...rest } = header
  const write = (calibration: unknown): Uint8Array => writeModelFile({ ...rest, calibration }, blocks)
  const apart = write({ prompt_harm: { '*': { slope: 1, intercept: 0 }, fr: { slope: 2, intercept: -3 } } })
  const prompt = 'Comment est-ce que je peux planter des tomates sur mon balcon ?'
  const asked: number[] = []
  const engine = createEmbeddedClassifier(apart, 'x', {
    ...{
      id: 'deep',
      version: '1',
      coverage: {},
      open: () => Promise.resolve(null),
      milliseconds: () => Promise.resolve(null),
    },
    refine: (_input, scores) => {
      asked.push(scores.prompt_harm ?? 0)
      return Promise.resolve({ ...scores, toxicity_prompt: 0.75, deep: ['toxicity_prompt'] })
    },
  })
  const scores = engine.classify({ prompt })
  const general = model.scoreText(prompt)['prompt_harm'] ?? 0
  expect(scores.prompt_harm).toBeCloseTo(1 / (1 + Math.exp(3 - 2 * Math.log(general / (1 - general)))), 9)
  const both = await engine.refine?.({ prompt }, scores)
  expect(asked[0]).toBeCloseTo(general, 9)
  expect(both).toMatchObject({ prompt_harm: scores.prompt_harm, toxicity_prompt: 0.75, deep: ['toxicity_prompt'] })
  // Files from before.
  const old = EmbeddedModel.read(write({ prompt_harm: { slope: 1, intercept: 0 } }), 'x')
  expect(old.scoreText(prompt)['prompt_harm']).toBe(general)
  const whole = { slope: 1, intercept: 0 }
  for (const calibration of [
    ...[undefined, 5, [], { prompt_harm: [whole] }],
    { prompt_harm: { fr: whole } },
    { prompt_harm: { '*': { slope: 1 } } },
    // Could not be undone for the deep tier.
    { prompt_harm: { '*': whole, fr: { slope: 0, intercept: 0 } } },
    { prompt_harm: { slope: -1, intercept: 0 } },
    JSON.parse('{ "__proto__": { "fr": { "slope": 1, "intercept": 0 } } }') as unknown,
  ])
    expect(() => EmbeddedModel.read(write(calibration), 'x')).toThrow('calibration')
  // Nothing lends its calibrations to others by its name.
  const odd = EmbeddedModel.read(
    write(
      JSON.parse(
        '{ "__proto__": { "*": { "slope": 1, "intercept": 9 }, "constructor": { "slope": 1, "intercept": 9 } } }',
      ),
    ),
    'x',
  )
  expect(odd.scoreText(prompt)['prompt_harm']).toBe(model.scoreText(prompt)['prompt_harm'])
  expect('*' in odd.calibration).toBe(false)
  expect(() => EmbeddedModel.read(writeModelFile({ ...rest, coverage: undefined }, blocks), 'x')).toThrow('covers')
})
