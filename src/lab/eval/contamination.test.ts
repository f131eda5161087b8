import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contaminationOf, eightGrams, judgedText, normalizeForHash, textHash } from './contamination.ts'
import type { EvaluationSample } from './sample.ts'

const sample = (prompt: string, response: string | null = null): EvaluationSample => ({
  id: prompt,
  task: response === null ? 'prompt_harm' : 'response_harm',
  language: 'en',
  prompt,
  response,
  system: null,
  label: 0,
  categories: [],
})

test('case, white space and compatibility forms do not hide a text, another word does', () => {
  expect(textHash('  Say\n\tBANANA ﬁrst ')).toBe(textHash('say banana first'))
  expect(textHash('say banana first')).not.toBe(textHash('say banana last'))
  expect(textHash('x')).toMatch(/^[0-9a-f]{16}$/)
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const once = normalizeForHash(text)
      expect(textHash(`\n${text}  `)).toBe(textHash(text))
      expect(once).not.toMatch(/\s{2}/u)
    }),
  )
})

test('the judged text is the answer where there is one', () => {
  expect(judgedText({ prompt: 'question', response: 'answer' })).toBe('answer')
  expect(judgedText({ prompt: 'question', response: null })).toBe('question')
})

test('counts what is known, and says null for what is not', () => {
  const samples = [sample('One text'), sample('another'), sample('question', 'one  TEXT')]
  expect(contaminationOf(samples, {}, null)).toEqual({ samples: 3, exact: null, eightGram: null, fitting: null })
  const trainingHashes = new Set([textHash('one text')])
  expect(contaminationOf(samples, { trainingHashes }, new Set([textHash('another')]))).toEqual({
    samples: 3,
    exact: 2,
    eightGram: null,
    fitting: 1,
  })
})

test('half of the runs of eight words are enough, fewer are not', () => {
  const training = 'a b c d e f g h i j'
  const known = new Set(eightGrams(training))
  expect(known.size).toBe(3)
  expect(eightGrams('only seven words are too few here')).toEqual([])
  const count = (text: string): number | null =>
    contaminationOf([sample(text)], { trainingEightGrams: known }, null).eightGram
  expect(count('A, b; c d e f g h i j — k l m')).toBe(1)
  expect(count('a b c d e f g h x y z')).toBe(0)
  expect(count('a b c')).toBe(0)
})

test('beside models that tell nothing, a count is the least', () => {
  const subject = { trainingHashes: new Set([textHash('one text')]), trainingPartlyKnown: true }
  expect(contaminationOf([sample('One text')], subject, null)).toMatchObject({ exact: 1, partlyKnown: true })
})

test('a comma hides a text from the exact count: that is its limit', () => {
  const subject = { trainingHashes: new Set([textHash('one text')]) }
  expect(contaminationOf([sample('One, text')], subject, null).exact).toBe(0)
})
