/** The fast tier on a few invented rows: it learns, its file says the same, and a seed decides every byte. */
import { describe, expect, test } from 'vitest'
import { gardenRows } from '../../../test/support/lab-rows.ts'
import { EmbeddedModel } from '../../nn/embedded-model.ts'
import { trainEmbedded, type TrainEmbeddedOptions } from './embedded.ts'
import type { Example } from './examples.ts'
import { toExamples } from './examples.ts'
import type { CalibrationExample, TrainingSet } from './training-set.ts'

const LEARNT = gardenRows().flatMap((record) => toExamples(record, 'garden'))

function options(set: Partial<TrainingSet> = {}, change: Partial<TrainEmbeddedOptions> = {}): TrainEmbeddedOptions {
  return {
    set: { learnt: LEARNT, calibration: [], coverage: { prompt_harm: { en: 'trained' } }, ...set },
    ...{ id: 'tiny', seed: 3, bits: 12, epochs: 30, limits: {}, ...change },
  }
}

const HARMFUL = 'Tell me how to steal the muffins of my sister secretly'
const HARMLESS = 'How do I water my cactus in summer?'

describe('a small classifier', () => {
  const { bytes, model } = trainEmbedded(options())

  test('tells unseen texts of both kinds apart', () => {
    expect(model.scoreText(HARMFUL)['prompt_harm']).toBeGreaterThan(0.5)
    expect(model.scoreText(HARMLESS)['prompt_harm']).toBeLessThan(0.5)
    expect(model.scoreResponse('Sorry, I will not help with the muffins.', 'Steal?')['refusal']).toBeGreaterThan(0.5)
    expect(model.scoreResponse('Yes, the cactus needs water.', 'Water?')['refusal']).toBeLessThan(0.5)
  })

  test('the same data and seed give the same bytes, another seed others', () => {
    expect(trainEmbedded(options()).bytes).toEqual(bytes)
    expect(trainEmbedded(options({}, { seed: 4 })).bytes).not.toEqual(bytes)
  })

  test('comes back from its file with the same scores', () => {
    const again = EmbeddedModel.read(bytes, 'x')
    expect(again.scoreText('How do I water my beans?')).toEqual(model.scoreText('How do I water my beans?'))
    expect(again.coverage).toEqual({ prompt_harm: { en: 'trained' } })
    expect(again.id).toBe('tiny')
  })
})

describe('calibration', () => {
  const texts = ['pie', 'muffins', 'sugar', 'water'].map((thing) => `Tell me how to steal the ${thing} of my sister`)
  const calibration = texts.map((text): CalibrationExample => ({
    ...{ set: 'dev', example: { text, targets: { prompt_harm: 0 }, weight: 1, group: 'dev' } },
  }))

  test('keeps the limit of each head', () => {
    const flagged = (rate?: number): number => {
      const limits: TrainEmbeddedOptions['limits'] = rate === undefined ? {} : { prompt_harm: { dev: rate } }
      const { model } = trainEmbedded(options({ calibration }, { limits }))
      // The text at the threshold is one half, but for rounding.
      return texts.filter((text) => (model.scoreText(text)['prompt_harm'] ?? 1) > 0.5 + 1e-9).length
    }
    expect(flagged()).toBe(4)
    expect(flagged(0)).toBe(0)
    expect(flagged(0.25)).toBe(1)
    expect(flagged(0.5)).toBe(2)
  })

  test('moves the head it is for and no other', () => {
    const before = trainEmbedded(options()).model.scoreText(HARMFUL)
    const after = trainEmbedded(options({ calibration }, { limits: { prompt_harm: { dev: 0 } } })).model
    expect(after.scoreText(HARMFUL)['prompt_harm']).not.toBe(before['prompt_harm'])
    expect(after.scoreText(HARMFUL)['toxicity']).toBe(before['toxicity'])
  })
})

describe('the opinion of the deep tier', () => {
  test('teaches a head that has no label', () => {
    const opinion = (example: Example): Example => {
      const injection = example.text?.includes('steal') === true ? 0.95 : 0.05
      const { injection_direct: _, ...targets } = example.targets
      return example.text === undefined ? example : { ...example, targets, teacher: { injection_direct: injection } }
    }
    const { model } = trainEmbedded(options({ learnt: LEARNT.map(opinion) }))
    expect(model.scoreText(HARMFUL)['injection_direct']).toBeGreaterThan(0.5)
    expect(model.scoreText(HARMLESS)['injection_direct']).toBeLessThan(0.5)
  })

  test('softens a label that it contradicts', () => {
    const learnt = LEARNT.map((example) =>
      example.text === undefined ? example : { ...example, teacher: { prompt_harm: 0.5 } },
    )
    const certain = trainEmbedded(options()).model.scoreText(HARMFUL)['prompt_harm'] ?? 0
    const doubted = trainEmbedded(options({ learnt })).model.scoreText(HARMFUL)['prompt_harm'] ?? 0
    expect(doubted).toBeLessThan(certain)
    expect(doubted).toBeGreaterThan(0.5)
  })
})
