import { expect, test } from 'vitest'
import { encoderCoverage, languagesOf } from './encoder-coverage.ts'

test('a language that the encoder never saw is untested, however many rows taught a head', () => {
  const rows = {
    prompt_harm: { en: 'trained', zh: 'trained', fr: 'transferred' },
    refusal: { ja: 'transferred' },
  } as const
  const known = encoderCoverage(rows, ['en', 'fr'])
  expect(known).toEqual({
    ...{ prompt_harm: { en: 'trained', zh: 'untested', fr: 'transferred' }, refusal: { ja: 'untested' } },
  })
  expect(languagesOf(known)).toEqual(['en', 'fr'])
  expect(encoderCoverage(rows, undefined)).toEqual(rows)
})
