/** The demo language model: what it says was in its texts, and a seed says the same again. */
import { describe, expect, test } from 'vitest'
import { NgramModel, START, writeNgramModel } from '../../nn/ngram-model.ts'
import { createRandom } from '../../nn/random.ts'
import { trainNgram } from './ngram-trainer.ts'

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
