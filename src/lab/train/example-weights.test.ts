/** Weights of examples: groups, translations, languages. */
import { expect, test } from 'vitest'
import { exampleWeights } from './example-weights.ts'
import type { Example } from './examples.ts'

function examples(count: number, group: string, label: 0 | 1, language = 'en'): readonly Example[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ text: `${group} ${index}`, targets: { prompt_harm: label }, weight: 1, group, language },
  }))
}

function total(list: readonly Example[], weights: readonly number[], language: string, label: 0 | 1): number {
  return list.reduce(
    (sum, one, index) =>
      one.language === language && one.targets['prompt_harm'] === label ? sum + (weights[index] ?? 0) : sum,
    0,
  )
}

test('a large group counts more than a small one in all, and less for each row', () => {
  const list = [...examples(6000, 'large', 1), ...examples(1500, 'small', 0)]
  const weights = exampleWeights(list)
  expect(weights[0]).toBeLessThan(weights.at(-1) ?? 0)
  expect(6000 * (weights[0] ?? 0)).toBeGreaterThan(1500 * (weights.at(-1) ?? 0))
})

test('a translated row counts less than its original', () => {
  const list = [...examples(10, 'original', 1), ...examples(10, 'translate/apertium/es:prompt_harm:es/1', 1, 'es')]
  const weights = exampleWeights(list)
  expect(weights.at(-1)).toBeLessThan((weights[0] ?? 0) / 2)
})

test('harmful and harmless prompts stand to each other in every language as in English', () => {
  const list = [
    ...examples(300, 'a', 1),
    ...examples(600, 'b', 0),
    ...examples(900, 'c', 1, 'fr'),
    ...examples(700, 'd', 0, 'fr'),
  ]
  const weights = exampleWeights(list)
  const ratio = (language: string): number => total(list, weights, language, 1) / total(list, weights, language, 0)
  expect(ratio('fr')).toBeCloseTo(ratio('en'), 6)
})

test('a language with one label only, and data without English, are left as they are', () => {
  const list = [...examples(300, 'c', 1, 'fr'), ...examples(700, 'd', 0, 'de')]
  expect(exampleWeights(list)).toEqual(exampleWeights(list.map((one) => ({ ...one, language: 'xx' }))))
})
