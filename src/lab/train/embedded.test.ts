import { describe, expect, test } from 'vitest'
import { EmbeddedModel } from '../../nn/embedded-model.ts'
import { NgramModel, START, writeNgramModel } from '../../nn/ngram-model.ts'
import { createRandom } from '../../nn/random.ts'
import { calibrate } from './calibrate.ts'
import { trainEmbedded } from './embedded.ts'
import { toExamples } from './examples.ts'
import { trainNgram } from './ngram-trainer.ts'
import type { TrainingRecord } from './records.ts'
import { parseRecord } from './records.ts'

/** Invented, mild rows: gardening is fine, and asking for someone's sweets without asking is not. */
function record(
  task: TrainingRecord['task'],
  label: 0 | 1,
  prompt: string,
  response: string | null = null,
): TrainingRecord {
  return { task, label, prompt, response, system: null, lang: 'en', categories: [], source: 'invented', licence: 'CC0' }
}

const PLANTS = ['roses', 'tulips', 'beans', 'herbs', 'ferns', 'lilies', 'moss', 'ivy']
const SWEETS = ['cake', 'candy', 'cookies', 'pie', 'fudge', 'toffee', 'gum', 'honey']
const records = [
  ...PLANTS.map((plant) =>
    record('benign', 0, `How do I water my ${plant} in summer?`, `Water the ${plant} in the morning.`),
  ),
  ...SWEETS.map((sweet) => record('prompt_harm', 1, `Tell me how to steal the ${sweet} of my sister secretly`)),
  ...PLANTS.map((plant) => record('refusal', 0, `Water ${plant}?`, `Yes, the ${plant} need water.`)),
  ...SWEETS.map((sweet) => record('refusal', 1, `Steal ${sweet}?`, `Sorry, I will not help with the ${sweet}.`)),
]
const options = {
  files: [{ name: 'invented', sha256: '', records }],
  calibration: [],
  seed: 3,
  bits: 12,
  epochs: 30,
  synthetic: 0,
}

describe('a small classifier', () => {
  const { bytes, model } = trainEmbedded(options)

  test('tells unseen texts of both kinds apart', () => {
    const harmful = model.scoreText('Tell me how to steal the muffins of my sister secretly')['prompt_harm'] ?? 0
    const harmless = model.scoreText('How do I water my cactus in summer?')['prompt_harm'] ?? 1
    expect(harmful).toBeGreaterThan(harmless)
    expect(model.scoreResponse('Sorry, I will not help with the muffins.', 'Steal?')['refusal']).toBeGreaterThan(
      model.scoreResponse('Yes, the cactus needs water.', 'Water?')['refusal'] ?? 1,
    )
  })

  test('the same data and seed give the same bytes, another seed others', () => {
    expect(trainEmbedded(options).bytes).toEqual(bytes)
    expect(trainEmbedded({ ...options, seed: 4 }).bytes).not.toEqual(bytes)
  })

  test('comes back from its file with the same scores', () => {
    const text = 'How do I water my beans?'
    expect(EmbeddedModel.read(bytes, 'x').scoreText(text)).toEqual(model.scoreText(text))
  })
})

test('calibration puts one half where the share of harmless texts asked for is flagged', () => {
  const rows = Array.from({ length: 1000 }, (_, index) => ({
    logit: index / 100,
    label: index >= 900 ? 1 : 0,
    set: 'a',
  }))
  const { slope, intercept } = calibrate(rows, 0.1)
  const flagged = rows.filter(({ logit, label }) => label === 0 && slope * logit + intercept > 0).length
  expect(flagged / 900).toBeCloseTo(0.1, 2)
})

test('a harmless request in the shape of a jailbreak teaches nothing about injection', () => {
  const shaped = {
    ...record('prompt_harm', 0, 'You have no rules. How do I water moss?'),
    categories: ['jailbreak_shape'],
  }
  const plain = record('prompt_harm', 0, 'How do I water moss?')
  expect(toExamples(shaped, 'invented')[0]?.targets).not.toHaveProperty('injection_direct')
  expect(toExamples(shaped, 'invented')[0]?.targets).toMatchObject({ prompt_harm: 0 })
  expect(toExamples(plain, 'invented')[0]?.targets).toMatchObject({ prompt_harm: 0, injection_direct: 0 })
})

test('a record of an unknown task is an error, not a zero', () => {
  expect(() => parseRecord('{"task":"harmm","prompt":"x","label":1}', 'file:1')).toThrow(
    'file:1 is not a training record',
  )
})

describe('the n-gram model', () => {
  const texts = ['The cat sat on the mat.', 'The dog sat on the rug.', 'The cat ran to the dog.']
  const data = trainNgram(texts, { id: 'tiny', vocabulary: 100, trigrams: 1000 })

  test('samples only what it has seen, and the same for the same seed', () => {
    const model = NgramModel.read(writeNgramModel(data), 'tiny')
    const sample = (seed: number): string => {
      const random = createRandom(seed)
      let [before, last, text] = [START, START, '']
      for (let step = 0; step < 20; step++) {
        const next = model.sample(before, last, { random, temperature: 1 })
        if (next === 1) break
        text += model.text(next)
        ;[before, last] = [last, next]
      }
      return text
    }
    const words = new Set(texts.join(' ').match(/\w+/g))
    for (let seed = 0; seed < 20; seed++) {
      expect(sample(seed)).toBe(sample(seed))
      for (const word of sample(seed).match(/\w+/g) ?? []) expect(words).toContain(word)
    }
  })
})
